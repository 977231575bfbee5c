//! The scene itself: what the other tests stand on must be able to lose rows, to hold them, and to break.

use std::time::{Duration, Instant};

use acceptance_tests::postgresql::{
    APP_PASSWORD, BUCKET, Load, Machine, S3_KEY, S3_SECRET, Scene, lost, query,
};
use anyhow::{Result, ensure};
use hybridops_lab::{StoreFault, TEMPLATE_POSTGRESQL};

use crate::told;

/// A server made by hand, archived by the real WAL-G.
fn make(scene: &Scene, machine: &Machine, synchronous: &str) -> Result<()> {
    let network = machine.address.rsplit_once('.').map_or("", |(network, _)| network);
    let endpoint = scene.store.s3().endpoint();
    let script = format!(
        r#"set -eu
pg_createcluster 15 main -- --data-checksums --locale=C.UTF-8 >/dev/null
cat >/etc/wal-g.json <<END
{{"WALG_S3_PREFIX": "s3://{BUCKET}/{}", "AWS_ENDPOINT": "{endpoint}", "AWS_REGION": "us-east-1",
"AWS_S3_FORCE_PATH_STYLE": "true", "AWS_ACCESS_KEY_ID": "{S3_KEY}", "AWS_SECRET_ACCESS_KEY": "{S3_SECRET}",
"PGHOST": "/var/run/postgresql", "S3_MAX_RETRIES": "1"}}
END
chown postgres /etc/wal-g.json
cat >/etc/postgresql/15/main/conf.d/it.conf <<END
listen_addresses = '*'
archive_mode = on
archive_command = 'LAB_WAL_G_REAL=/opt/lab/wal-g timeout 5 /opt/lab/wal-g-double --config /etc/wal-g.json wal-push %p'
{synchronous}
END
echo 'host all app {network}.0/24 scram-sha-256' >>/etc/postgresql/15/main/pg_hba.conf
systemctl start postgresql@15-main
cd /
runuser -u postgres -- psql -qc "create role app login password '{APP_PASSWORD}'" -c "create database app owner app"
"#,
        machine.name
    );
    scene.exec(machine, &script).map(drop)
}

#[test]
fn a_scene_holds_rows_and_loses_them() -> Result<()> {
    let Some(scene) = Scene::start("a_scene_holds_rows_and_loses_them")? else { return Ok(()) };
    let machine = scene.machine("db-01", 11, TEMPLATE_POSTGRESQL)?;
    scene.tell("a machine")?;
    make(&scene, &machine, "")?;
    scene.tell("a server")?;
    let load = Load::start(&[&machine.address], 4, Duration::from_millis(2))?;
    std::thread::sleep(Duration::from_secs(2));

    // The archive: the real WAL-G through the proxy, the double in front of it, the store's faults.
    let switch = || scene.value(&machine, "SELECT pg_walfile_name(pg_switch_wal())");
    let archived = |segment: &str| -> Result<bool> {
        Ok(scene.value(&machine, "SELECT coalesce(last_archived_wal, '') FROM pg_stat_archiver")?.as_str()
            >= segment)
    };
    let patience = Duration::from_secs(100);
    let first = switch()?;
    acceptance_tests::wait_until("a segment to be archived", patience, || archived(&first))?;
    ensure!(scene.store.list("db-01/wal_005/")?.iter().any(|(key, size)| key.contains(&first) && *size > 0));
    scene.store.s3().fail("", "", StoreFault::Hang)?;
    let second = switch()?;
    std::thread::sleep(Duration::from_secs(3));
    ensure!(!archived(&second)?, "a store that hangs took a segment");
    scene.store.s3().heal();
    let healed = Instant::now();
    acceptance_tests::wait_until("a segment to be archived", patience, || archived(&second))?;
    told(&format!("archived {:.1} s after a store that hung came back", healed.elapsed().as_secs_f64()))?;
    scene.exec(&machine, "mkdir -p /etc/lab; echo 'wal-push exit 1' >/etc/lab/wal-g-faults")?;
    let third = switch()?;
    std::thread::sleep(Duration::from_secs(2));
    ensure!(!archived(&third)?, "the double did not fail");
    scene.exec(&machine, "rm /etc/lab/wal-g-faults")?;

    // kill -9: what was acknowledged is there.
    scene.kill_postmaster(&machine)?;
    std::thread::sleep(Duration::from_secs(1));
    ensure!(query(&[&machine.address], "SELECT 1").is_err(), "the postmaster lives");
    scene.exec(&machine, "systemctl reset-failed; systemctl start postgresql@15-main")?;
    scene.wait_answering(&machine, patience)?;
    let before = load.count();
    acceptance_tests::wait_until("the writers to come back", patience, || Ok(load.count() > before + 100))?;
    let acknowledged = load.stop();
    let gone = lost(&acknowledged, &scene.ledger(&machine)?);
    ensure!(gone.is_empty(), "a crash lost {} rows", gone.len());

    // Rows that are taken away are found missing: the test can fail.
    query(&[&machine.address], "DELETE FROM ledger WHERE id % 100 = 7")?;
    let gone = lost(&acknowledged, &scene.ledger(&machine)?);
    ensure!(!gone.is_empty() && gone.iter().all(|row| row.id % 100 == 7), "{gone:?}");
    told(&format!("{} rows acknowledged, {} taken away and found missing", acknowledged.len(), gone.len()))?;

    // A link that is cut, and a sum that sees a change.
    let real = scene.real()?;
    real.cut(machine.vmid)?;
    ensure!(query(&[&machine.address], "SELECT 1").is_err(), "the link is cut");
    real.mend(machine.vmid)?;
    scene.wait_answering(&machine, patience)?;
    scene.exec(&machine, "systemctl stop postgresql@15-main")?;
    let sum = |what: &str| {
        scene.sum_in(&machine, "/var/lib/postgresql").inspect(|sum| {
            let _ = told(&format!("{what}: {sum}"));
        })
    };
    let before = sum("before")?;
    ensure!(sum("again")? == before);
    scene.exec(&machine, "chmod 0755 /var/lib/postgresql/15/main")?;
    ensure!(sum("another mode")? != before);
    Ok(())
}
