//! Recovery to a point: exactly the rows of each target, and none of what cannot be reached.

use acceptance_tests::postgresql::{Declared, Machine, Scene};
use anyhow::{Context as _, Result, ensure};
use hybridops_lab::TEMPLATE_POSTGRESQL;

use crate::told;

/// A row that was written: when, where, by whom.
struct Row {
    committed: String,
    lsn: String,
    xid: u64,
}

fn write(scene: &Scene, machine: &Machine, number: u32) -> Result<Row> {
    scene.sql(machine, &format!("INSERT INTO steps VALUES ({number}, clock_timestamp())"))?;
    let sql = format!(
        "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') || ' ' || \
         pg_current_wal_lsn() || ' ' || xmin FROM steps WHERE n = {number}"
    );
    let said = scene.value(machine, &sql)?;
    let words: Vec<&str> = said.split_whitespace().collect();
    let [committed, lsn, xid] = words.as_slice() else { anyhow::bail!("{said:?}") };
    std::thread::sleep(std::time::Duration::from_millis(300));
    Ok(Row {
        committed: (*committed).to_owned(),
        lsn: (*lsn).to_owned(),
        xid: xid.parse().context("an xid")?,
    })
}

#[test]
fn each_target_gives_exactly_its_rows() -> Result<()> {
    let Some(scene) = Scene::start("each_target_gives_exactly_its_rows")? else { return Ok(()) };
    let machine = scene.machine("db-01", 11, TEMPLATE_POSTGRESQL)?;
    let declared = Declared::host("it", &machine).backed_up(&scene.store, "db01");
    scene.converge(&[&declared])?;
    scene.sql(&machine, "CREATE TABLE steps (n int, at timestamptz)")?;
    let mut rows = Vec::new();
    for number in 1..=5 {
        rows.push(write(&scene, &machine, number)?);
        if number == 3 {
            scene.sql(&machine, "SELECT pg_create_restore_point('three')")?;
        }
    }
    scene.sql(&machine, "SELECT pg_switch_wal()")?;
    std::thread::sleep(std::time::Duration::from_secs(5));
    let third = rows.get(2).context("five rows")?;
    let restored = |machine: &Machine, target: &str| {
        Declared::host("again", machine)
            .backed_up(&scene.store, &format!("again-{}", machine.name))
            .set("restore.source.storage", scene.store.block("db01"))
            .set("restore.target", target)
    };
    // What cannot be reached is refused by the plan, and the machine is not touched.
    let spare = scene.machine("db-02", 12, TEMPLATE_POSTGRESQL)?;
    for (target, said) in [
        ("{ time = \"2020-01-01T00:00:00Z\" }", "cannot be reached"),
        ("{ time = \"2099-01-01T00:00:00Z\" }", "cannot be reached"),
        ("{ lsn = \"FF/0\" }", "cannot be reached"),
        ("{ latest = true, timeline = 9 }", "cannot be reached"),
        ("{ lsn = \"0/3000000\", xid = 700 }", "target"),
    ] {
        scene.declare(&[&declared, &restored(&spare, target)])?;
        let refused = scene.ws.plan()?.fails()?;
        ensure!(refused.text().contains(said), "{target}: {}", refused.text());
    }
    let data = scene.exec(&spare, "ls -A /var/lib/postgresql /etc/hybridops 2>/dev/null || true")?;
    ensure!(!data.contains("restoring"), "{data}");
    let targets = [
        (format!("{{ time = \"{}\" }}", third.committed), 3),
        (format!("{{ lsn = \"{}\" }}", third.lsn), 3),
        (format!("{{ xid = {} }}", third.xid), 3),
        (format!("{{ xid = {}, inclusive = false }}", third.xid), 2),
        ("{ name = \"three\" }".to_owned(), 3),
        ("{ latest = true }".to_owned(), 5),
    ];
    for (number, (target, expected)) in (20u8..).zip(targets) {
        let machine = scene.machine(&format!("db-{number}"), number, TEMPLATE_POSTGRESQL)?;
        let again = restored(&machine, &target);
        let made = scene.converge(&[&declared, &again])?;
        let found = scene.value(&machine, "SELECT string_agg(n::text, ',' ORDER BY n) FROM steps")?;
        let wanted: Vec<String> = (1..=expected).map(|n: u32| n.to_string()).collect();
        ensure!(found == wanted.join(","), "{target}: rows {found}, not {}", wanted.join(","));
        let result = scene.ws.state()?.get(&again.address(), "restore")?["result"].clone();
        told(&format!("{target}: rows {found} in {:.1} s; {result}", made.took.as_secs_f64()))?;
        ensure!(result["timeline"].as_u64().is_some_and(|timeline| timeline >= 2), "{result}");
        scene.declare(&[&declared])?;
        scene.ws.apply()?.ok()?;
        scene.real()?.remove(machine.vmid)?;
        scene.lab.remove_guest(machine.vmid);
    }
    Ok(())
}
