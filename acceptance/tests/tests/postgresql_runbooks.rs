//! The runbooks, executed as they stand in `docs/runbooks`.

use std::time::Duration;

use acceptance_tests::postgresql::{BUCKET, Declared, Load, Machine, Scene, lost, query};
use acceptance_tests::runbook::{Runbook, give};
use acceptance_tests::wait_until;
use anyhow::{Context as _, Result, ensure};
use hybridops_lab::TEMPLATE_POSTGRESQL;

/// How long a row may take to be written, or to be sent on.
const PATIENCE: Duration = Duration::from_secs(60);

fn archive(scene: &Scene, folder: &str) -> String {
    format!(
        "{{ prefix = \"s3://{BUCKET}/{folder}\", endpoint = \"{}\", force_path_style = true }}",
        scene.store.s3().endpoint()
    )
}

const WAL_G: &str = "{ binary = \"/opt/lab/wal-g\" }";

/// A primary with rows and a backup, of which Terraform then knows nothing any more.
fn primary_with_an_archive(scene: &mut Scene, folder: &str) -> Result<(Machine, String)> {
    let machine = scene.machine("db-01", 11, TEMPLATE_POSTGRESQL)?;
    let declared = Declared::host("it", &machine).backed_up(&scene.store, folder);
    scene.converge(&[&declared])?;
    let load = Load::start(&[&machine.address], 2, Duration::from_millis(20))?;
    std::thread::sleep(Duration::from_secs(3));
    ensure!(!load.stop().is_empty(), "nothing was written");
    let point = scene
        .value(&machine, "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")?;
    let before = scene.ledger(&machine)?.len();
    scene.tell(&format!("{before} rows at {point}"))?;
    // Something after the point, so that it can be told from the end, and all of it archived.
    scene.exec(&machine, "cd /; runuser -u postgres -- psql -XAtq -d app -c 'DELETE FROM ledger'")?;
    for statement in ["SELECT pg_switch_wal()", "CHECKPOINT", "SELECT pg_switch_wal()"] {
        scene.sql(&machine, statement)?;
    }
    let archived = "SELECT last_archived_wal >= pg_walfile_name(pg_current_wal_lsn() - 32 * 1024 * 1024) FROM pg_stat_archiver";
    wait_until("the archive to have it", Duration::from_secs(60), || {
        Ok(scene.value(&machine, archived)? == "t")
    })?;
    scene.ws.run(&["state", "rm", &declared.address()])?.ok()?;
    scene.ws.write("main.tf", "")?;
    Ok((machine, point))
}

#[test]
fn restore() -> Result<()> {
    let Some(mut scene) = Scene::start("runbook: restore")? else { return Ok(()) };
    let (machine, point) = primary_with_an_archive(&mut scene, "restore")?;
    machine.stop(&scene.lab)?;
    let spare = scene.machine("db-01-restored", 12, TEMPLATE_POSTGRESQL)?;
    let given = [
        ("archive", archive(&scene, "restore")),
        ("point", point),
        ("spare", spare.block()),
        ("wal_g", WAL_G.to_owned()),
    ];
    Runbook::read("restore.md")?.run(&mut scene.ws, &given)?;
    let rows = scene.ledger(&spare)?;
    ensure!(!rows.is_empty(), "the rows that were deleted after the point are not there");
    scene.tell(&format!("{} rows are back", rows.len()))
}

#[test]
fn drill() -> Result<()> {
    let Some(mut scene) = Scene::start("runbook: drill")? else { return Ok(()) };
    let machine = scene.machine("db-01", 11, TEMPLATE_POSTGRESQL)?;
    let declared = Declared::host("it", &machine).backed_up(&scene.store, "drill");
    scene.converge(&[&declared])?;
    query(&[&machine.address], "CREATE TABLE ledger (id int); INSERT INTO ledger VALUES (1)")?;
    scene.sql(&machine, "SELECT pg_switch_wal()")?;
    scene.ws.run(&["state", "rm", &declared.address()])?.ok()?;
    scene.ws.write("main.tf", "")?;
    let spare = scene.machine("drill", 12, TEMPLATE_POSTGRESQL)?;
    let given =
        [("archive", archive(&scene, "drill")), ("spare", spare.block()), ("wal_g", WAL_G.to_owned())];
    Runbook::read("drill.md")?.run(&mut scene.ws, &given)
}

#[test]
fn key_rotation() -> Result<()> {
    let Some(mut scene) = Scene::start("runbook: key rotation")? else { return Ok(()) };
    let machine = scene.machine("db-01", 11, TEMPLATE_POSTGRESQL)?;
    let given =
        [("machine", machine.block()), ("archive", archive(&scene, "rotation")), ("wal_g", WAL_G.to_owned())];
    Runbook::read("key-rotation.md")?.run(&mut scene.ws, &given)
}

/// The archive's folder of a pair, and the members as the runbooks take them.
fn pair(scene: &mut Scene) -> Result<[Machine; 2]> {
    let one = scene.machine("db-01", 11, TEMPLATE_POSTGRESQL)?;
    let two = scene.machine("db-02", 12, TEMPLATE_POSTGRESQL)?;
    let network = one.address.rsplit_once('.').map_or("", |(network, _)| network).to_owned();
    let rule = |database: &str, user: &str| {
        format!("{{ databases = [\"{database}\"], users = [\"{user}\"], address = \"{network}.0/24\" }}")
    };
    let rules =
        [rule("all", "app"), rule("replication", "streamer"), rule("postgres", "streamer")].join(", ");
    let streams = |declared: Declared| {
        declared
            .set("postgresql.access", format!("[{rules}]"))
            .set(
                "postgresql.roles.streamer",
                "{ login = true, replication = true, password = var.stream_password, password_version = 1 }",
            )
            .backed_up(&scene.store, "db")
    };
    let first = streams(Declared::host("one", &one));
    let second = streams(Declared::host("two", &two))
        .text("role", "standby")
        .text("standby.host", &one.address)
        .set("standby.login", "{ user = \"streamer\", password = var.stream_password }")
        .set("depends_on", "[hybridops_postgresql_host.one]");
    scene.converge(&[&first, &second])?;
    scene.ws.run(&["state", "rm", &first.address(), &second.address()])?.ok()?;
    scene.ws.write("main.tf", "")?;
    let member = |machine: &Machine| {
        format!("{{ machine = {}, container = {{ vmid = {} }} }}", machine.block(), machine.vmid)
    };
    let members = format!("{{ db-01 = {}, db-02 = {} }}", member(&one), member(&two));
    let archive = archive(scene, "db");
    give(&mut scene.ws, &[("members", members), ("archive", archive)]);
    Ok([one, two])
}

#[test]
fn failover_and_failback() -> Result<()> {
    let Some(mut scene) = Scene::start("runbook: failover and failback")? else { return Ok(()) };
    let [one, two] = pair(&mut scene)?;
    let failover = Runbook::read("failover.md")?;
    failover.part(&scene.ws, "Before")?;
    failover.part(&scene.ws, "Switch over")?;
    // db-02 is the primary now. The table is on both before they part: whether its creation is archived in time
    // depends on how busy this machine is.
    let first = Load::start(&[&two.address], 1, Duration::from_millis(20))?;
    wait_until("a row to be written", PATIENCE, || Ok(first.count() > 0))?;
    let mut written = first.stop();
    wait_until("the rows to reach the standby", PATIENCE, || {
        Ok(scene.ledger(&one).is_ok_and(|there| lost(&written, &there).is_empty()))
    })?;
    // Its machine goes out with rows that nobody else has.
    scene.exec(&one, "systemctl stop postgresql@15-main")?;
    let load = Load::start(&[&two.address], 2, Duration::from_millis(20))?;
    std::thread::sleep(Duration::from_secs(2));
    written.extend(load.stop());
    // Not in order: a server that is shut down archives all it has.
    scene.kill_postmaster(&two)?;
    two.stop(&scene.lab)?;
    scene.exec(&one, "systemctl start postgresql@15-main")?;
    failover.part(&scene.ws, "Fail over")?;
    // What was archived in time is there.
    let missing = lost(&written, &scene.ledger(&one)?).len();
    ensure!(missing > 0, "nothing was lost: this proves nothing");

    two.start(&scene.lab)?;
    give(&mut scene.ws, &[("epoch", "3".into()), ("primary", "db-01".into())]);
    let failback = Runbook::read("failback.md")?;
    failback.part(&scene.ws, "Look")?;
    let status = scene.ws.state()?.get("hybridops_postgresql_primary.db", "status")?.clone();
    let counted =
        status["lost"]["db-02"]["commits"].as_u64().with_context(|| format!("no count: {status}"))?;
    let counted = usize::try_from(counted)?;
    scene.tell(&format!(
        "{} rows were written, {missing} are not on the new primary, {counted} commits would be lost",
        written.len()
    ))?;
    ensure!(counted >= missing, "the report is not complete: {counted} of {missing}");
    give(&mut scene.ws, &[("accept_loss", format!("{{ db-02 = {counted} }}"))]);
    failback.part(&scene.ws, "Turn it back")?;
    give(&mut scene.ws, &[("epoch", "4".into()), ("primary", "db-02".into())]);
    failback.part(&scene.ws, "Move back")
}
