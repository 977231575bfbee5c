//! What an archive gives that does not work: nobody is ever promoted with fewer rows than there are.

use acceptance_tests::postgresql::{Declared, Scene};
use anyhow::{Context as _, Result, ensure};
use hybridops_lab::TEMPLATE_POSTGRESQL;

use crate::told;

/// What is hit, and how: one segment in the middle of what is to be replayed; or the history of the timeline that the
/// promotion would begin, of which nobody then knows whether somebody has it.
const FAULTS: [(&str, &str); 6] = [
    ("MIDDLE", "exit 1"),
    ("MIDDLE", "exit 126"),
    ("MIDDLE", "torn"),
    ("MIDDLE", "wrong 120"),
    ("MIDDLE", "foreign"),
    ("00000002.history", "exit 1"),
];

#[test]
fn a_segment_that_cannot_be_had_never_ends_a_recovery() -> Result<()> {
    let Some(scene) = Scene::start("a_segment_that_cannot_be_had_never_ends_a_recovery")? else {
        return Ok(());
    };
    let machine = scene.machine("db-01", 11, TEMPLATE_POSTGRESQL)?;
    let declared = Declared::host("it", &machine).backed_up(&scene.store, "db01");
    scene.converge(&[&declared])?;
    scene.sql(&machine, "CREATE TABLE steps (n int)")?;
    let mut segments = Vec::new();
    for number in 1..=4 {
        scene.sql(&machine, &format!("INSERT INTO steps VALUES ({number})"))?;
        segments.push(scene.value(&machine, "SELECT pg_walfile_name(pg_current_wal_lsn())")?);
        scene.sql(&machine, "SELECT pg_switch_wal()")?;
    }
    let (middle, last) = (segments.get(1).context("four")?, segments.last().context("four")?);
    acceptance_tests::wait_until("the archive to have it", std::time::Duration::from_secs(60), || {
        Ok(scene.store.list("db01/wal_005/")?.iter().any(|(key, _)| key.contains(last)))
    })?;
    let spare = scene.machine("db-02", 12, TEMPLATE_POSTGRESQL)?;
    let again = Declared::host("again", &spare)
        .backed_up(&scene.store, "again")
        .set("backup.wal_g", "{ binary = \"/opt/lab/wal-g-double\" }")
        .set("restore.source.storage", scene.store.block("db01"))
        .set("restore.target", "{ latest = true }")
        .set("timeouts", "{ create = \"50s\" }");
    scene.declare(&[&declared, &again])?;
    for (what, fault) in FAULTS {
        let what = if what == "MIDDLE" { middle } else { what };
        scene.exec(
            &spare,
            &format!("mkdir -p /etc/lab && echo 'wal-fetch@{what} {fault}' >/etc/lab/wal-g-faults"),
        )?;
        let refused = scene.ws.apply()?.fails()?;
        // It is down, or waits in recovery: whoever takes writes has all there is.
        let role = scene.value(&spare, "SELECT pg_is_in_recovery()").unwrap_or_default();
        ensure!(role != "f", "{what}, {fault}: promoted");
        told(&format!("{what}, {fault}: not promoted, given up after {:.1} s", refused.took.as_secs_f64()))?;
    }
    scene.exec(&spare, "rm /etc/lab/wal-g-faults")?;
    let again = again.set("timeouts", "{ create = \"10m\" }");
    let made = scene.converge(&[&declared, &again])?;
    let rows = scene.value(&spare, "SELECT string_agg(n::text, ',' ORDER BY n) FROM steps")?;
    told(&format!("without a fault: rows {rows} in {:.1} s", made.took.as_secs_f64()))?;
    ensure!(rows == "1,2,3,4", "rows {rows}");
    Ok(())
}
