//! `kill -9` under load, the data directory gone, and what the archive gives back.

use std::collections::BTreeSet;
use std::time::{Duration, Instant, SystemTime};

use acceptance_tests::postgresql::{Declared, Load, Scene, lost};
use anyhow::{Context as _, Result, ensure};
use hybridops_lab::TEMPLATE_POSTGRESQL;

use crate::told;

/// What may be lost, in seconds.
const RPO: u64 = 10;

#[test]
fn what_is_lost_is_younger_than_the_recovery_point() -> Result<()> {
    let Some(scene) = Scene::start("what_is_lost_is_younger_than_the_recovery_point")? else { return Ok(()) };
    let machine = scene.machine("db-01", 11, TEMPLATE_POSTGRESQL)?;
    let spare = scene.machine("db-02", 12, TEMPLATE_POSTGRESQL)?;
    let declared = Declared::host("it", &machine)
        .backed_up(&scene.store, "db01")
        .set("objectives.rpo", format!("\"{RPO}s\""));
    scene.converge(&[&declared])?;
    let load = Load::start(&[&machine.address], 4, Duration::from_millis(5))?;
    std::thread::sleep(Duration::from_secs(2 * RPO + 5));
    scene.kill_postmaster(&machine)?;
    let killed = SystemTime::now();
    scene.exec(
        &machine,
        "systemctl stop postgresql@15-main; mv /var/lib/postgresql/15/main /var/lib/postgresql/gone",
    )?;
    let acknowledged = load.stop();
    scene.tell(&format!("{} rows were acknowledged until it was killed", acknowledged.len()))?;

    let restored = Declared::host("again", &spare)
        .backed_up(&scene.store, "db02")
        .set("restore.source.storage", scene.store.block("db01"))
        .set("restore.target", "{ latest = true }");
    let began = Instant::now();
    scene.converge(&[&restored])?;
    let took = began.elapsed();
    let present: BTreeSet<i64> = scene.ledger(&spare)?;
    let gone = lost(&acknowledged, &present);
    let oldest = gone.iter().map(|row| row.at).min();
    let age =
        oldest.map(|at| killed.duration_since(at)).transpose().context("a clock that runs backwards")?;
    let age = age.unwrap_or_default().as_secs_f64();
    told(&format!(
        "kill -9 under load: {} of {} rows lost, the oldest {age:.2} s before the kill (RPO {RPO} s); restored in {:.1} s",
        gone.len(),
        acknowledged.len(),
        took.as_secs_f64()
    ))?;
    #[allow(clippy::cast_precision_loss, reason = "a few seconds")]
    let limit = RPO as f64;
    ensure!(age <= limit, "a row older than the recovery point is lost");
    ensure!(present.len() >= 100, "so few rows prove nothing: {}", present.len());
    Ok(())
}
