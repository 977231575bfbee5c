//! Retention of real backups: what the plan shows is what the apply deletes, and never more. The archive is a directory of
//! the machine, whose backups can be made old.

use std::collections::BTreeSet;

use acceptance_tests::postgresql::{Declared, Machine, Scene};
use anyhow::{Context as _, Result, ensure};
use hybridops_lab::TEMPLATE_POSTGRESQL;
use serde_json::{Value as Json, json};

const ARCHIVE: &str = "/srv/archive";
const WAL_G: &str = "runuser -u postgres -- sh -c '. /etc/hybridops/postgresql/15-main/instance.env; \
                     \"$HYBRIDOPS_WAL_G\" --config \"$WALG_CONFIG_PATH\" ";

/// A backup as WAL-G lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Backup {
    name: String,
    first: String,
    last: String,
}

fn wal_g(scene: &Scene, machine: &Machine, arguments: &str) -> Result<String> {
    scene.exec(machine, &format!("cd /; {WAL_G}{arguments}' 2>/dev/null"))
}

/// The backups in the order in which they were made.
fn backups(scene: &Scene, machine: &Machine) -> Result<Vec<Backup>> {
    let listed: Vec<Json> = serde_json::from_str(&wal_g(scene, machine, "backup-list --detail --json")?)?;
    let segment = |lsn: &Json| -> Result<String> {
        let number = lsn.as_u64().context("a position")? >> 24;
        Ok(format!("00000001{:08X}{:08X}", number >> 8, number & 0xff))
    };
    let mut found = Vec::new();
    for one in &listed {
        let name = one["backup_name"].as_str().context("a name")?.to_owned();
        found.push((
            one["start_time"].as_str().unwrap_or_default().to_owned(),
            Backup { name, first: segment(&one["start_lsn"])?, last: segment(&one["finish_lsn"])? },
        ));
    }
    found.sort_by(|a, b| a.1.first.cmp(&b.1.first).then(a.0.cmp(&b.0)));
    Ok(found.into_iter().map(|(_, backup)| backup).collect())
}

/// Makes a backup this many days old: its times, and those of its files.
fn aged(scene: &Scene, machine: &Machine, name: &str, days: usize) -> Result<()> {
    let script = format!(
        "cd {ARCHIVE}/basebackups_005; at=$(date -u -d '{days} days ago' +%FT%TZ); \
         sed -i -E 's/\"(StartTime|FinishTime|start_time|finish_time)\":\"[^\"]*\"/\"\\1\":\"'$at'\"/g' \
         {name}_backup_stop_sentinel.json {name}/metadata.json; \
         find {name} {name}_backup_stop_sentinel.json -exec touch -d $at {{}} +"
    );
    scene.exec(machine, &script).map(drop)
}

fn listed(scene: &Scene, machine: &Machine, below: &str) -> Result<BTreeSet<String>> {
    let found = scene.exec(machine, &format!("find {ARCHIVE}/{below} -type f -printf '%P %s\\n' | sort"))?;
    Ok(found.lines().map(str::to_owned).collect())
}

#[test]
fn what_is_shown_is_deleted_and_nothing_else() -> Result<()> {
    let Some(scene) = Scene::start("what_is_shown_is_deleted_and_nothing_else")? else { return Ok(()) };
    let machine = scene.machine("db-01", 11, TEMPLATE_POSTGRESQL)?;
    scene.exec(&machine, &format!("install -d -o postgres -g postgres -m 0700 {ARCHIVE}"))?;
    let storage = format!("{{ file = {{ prefix = \"{ARCHIVE}\" }} }}");
    let it = Declared::host("it", &machine)
        .set("backup.storage", &storage)
        .set("backup.wal_g", "{ binary = \"/opt/lab/wal-g\" }")
        .set("backup.delta_steps", "2")
        .set("objectives.rpo", "\"10s\"");
    scene.converge(&[&it])?;

    // A full one by the apply, and five more: two deltas, a full one, two deltas.
    for _ in 0..5 {
        scene.sql(
            &machine,
            "CREATE TABLE IF NOT EXISTS t (n int); INSERT INTO t SELECT generate_series(1, 2000)",
        )?;
        scene.exec(
            &machine,
            "cd /; runuser -u postgres -- /usr/local/lib/hybridops/hybridops-backup 15-main",
        )?;
        scene.sql(&machine, "SELECT pg_switch_wal()")?;
    }
    let made = backups(&scene, &machine)?;
    let [f1, d2, d3, f4, d5, d6] = made.as_slice() else { anyhow::bail!("six backups: {made:#?}") };
    let is_delta = |backup: &Backup| backup.name.contains("_D_");
    let kinds: Vec<bool> = made.iter().map(is_delta).collect();
    ensure!(kinds == [false, true, true, false, true, true], "{made:#?}");
    wal_g(&scene, &machine, &format!("backup-mark {}", f1.name))?;
    for (backup, days) in [(f1, 10), (d2, 9), (d3, 8), (f4, 7), (d5, 6)] {
        aged(&scene, &machine, &backup.name, days)?;
    }
    let old = format!(
        "cd {ARCHIVE}/wal_005; for file in 0*; do case $file in *.history*) continue ;; esac; \
         name=$(printf %.24s $file); if [ \"$(printf '%s\\n' $name {} | sort | head -1)\" = $name ] && [ $name != {} ]; \
         then touch -d '20 days ago' $file; fi; done",
        d5.first, d5.first
    );
    scene.exec(&machine, &old)?;
    scene.tell("six real backups, one of them permanent, five of them days old")?;

    // The floor: none was proved by a restore, so that none goes, and the plan says why.
    let short = it.clone().text("backup.window", "1h");
    scene.declare(&[&short])?;
    let before = listed(&scene, &machine, "")?;
    scene
        .ws
        .plan()?
        .ok()?
        .says("Backups are kept although they are over")?
        .says("run a restore drill first")?;
    scene.ws.apply()?.ok()?;
    let gone = |below: &str, before: &BTreeSet<String>| -> Result<BTreeSet<String>> {
        Ok(before.difference(&listed(&scene, &machine, below)?).cloned().collect())
    };
    ensure!(gone("", &before)?.is_empty(), "deleted below the floor: {:?}", gone("", &before)?);
    scene.tell("nothing is deleted while no backup is verified")?;

    // One is verified by a drill. Now the plan names what goes.
    let drill = Declared::new("hybridops_postgresql_restore_drill", "it")
        .text("name", "db-01")
        .set("machine", machine.block())
        .set("version", "15")
        .set("source.storage", &storage)
        .set("wal_g", "{ binary = \"/opt/lab/wal-g\" }")
        .set("depends_on", format!("[{}]", it.address()));
    scene.declare(&[&short, &drill])?;
    scene.ws.apply()?.ok()?;
    let verified = scene.ws.state()?.get(&drill.address(), "result.backup")?.clone();
    ensure!(verified == d6.name.as_str(), "{verified}");

    let before = (listed(&scene, &machine, "basebackups_005")?, listed(&scene, &machine, "wal_005")?);
    let planned = scene.ws.planned()?;
    let shown = planned.change(&it.address())?.after("backup.expired_backups").clone();
    let mut expected = vec![d2.name.clone(), d3.name.clone()];
    expected.sort();
    ensure!(shown == json!(expected), "the plan shows {shown}, not {expected:?}");
    ensure!(listed(&scene, &machine, "basebackups_005")? == before.0, "a plan deleted");
    let applied = scene.ws.apply()?.ok()?;

    // Exactly those are gone, with the log that only they needed.
    let left: Vec<Backup> = backups(&scene, &machine)?;
    ensure!(left == [f1, f4, d5, d6].map(Clone::clone), "{left:#?}");
    let files = gone("basebackups_005", &before.0)?;
    ensure!(
        !files.is_empty() && files.iter().all(|file| expected.iter().any(|name| file.starts_with(name))),
        "{files:?}"
    );
    let stray: Vec<String> = listed(&scene, &machine, "basebackups_005")?
        .into_iter()
        .filter(|file| expected.iter().any(|name| file.starts_with(name.as_str())))
        .collect();
    ensure!(stray.is_empty(), "left of what is gone: {stray:?}");
    let log = gone("wal_005", &before.1)?;
    let needed = |file: &String| {
        let name = file.get(..24).unwrap_or_default();
        name >= d5.first.as_str()
            || [f1, f4].iter().any(|backup| (backup.first.as_str()..=backup.last.as_str()).contains(&name))
    };
    ensure!(!log.is_empty() && !log.iter().any(needed), "{log:?}");
    let unneeded: Vec<String> = listed(&scene, &machine, "wal_005")?
        .into_iter()
        .filter(|file| file.starts_with('0') && !needed(file))
        .collect();
    ensure!(unneeded.is_empty(), "nobody needs {unneeded:?}");
    scene.ws.expect_empty_plan()?;
    scene.tell(&format!(
        "{} backups and {} objects of the log deleted in {:.1} s, as shown",
        expected.len(),
        log.len(),
        applied.took.as_secs_f64()
    ))?;

    // What stays can be restored: the permanent one with its own log, the newest by another drill.
    let fetched = format!(
        "backup-fetch /var/lib/postgresql/kept {} && test -f /var/lib/postgresql/kept/PG_VERSION && echo there",
        f1.name
    );
    ensure!(wal_g(&scene, &machine, &fetched)?.ends_with("there"), "{} cannot be fetched", f1.name);
    for segment in BTreeSet::from([&f1.first, &f1.last]) {
        wal_g(&scene, &machine, &format!("wal-fetch {segment} /tmp/{segment}"))?;
    }
    scene.converge(&[&short, &drill.text("run", "2")])?;
    Ok(())
}
