//! The store has bad days: WAL waits on the machine, nothing is lost, and archiving goes on by itself.

use std::time::{Duration, Instant};

use acceptance_tests::postgresql::{Declared, Load, Machine, Scene, lost};
use acceptance_tests::wait_until;
use anyhow::{Result, ensure};
use hybridops_lab::{StoreFault, TEMPLATE_POSTGRESQL};

use crate::told;

/// Segments that wait for the archive.
fn waiting(scene: &Scene, machine: &Machine) -> Result<u64> {
    let sql = "SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name ~ '^[0-9A-F]{24}[.]ready$'";
    Ok(scene.value(machine, sql)?.parse()?)
}

fn archived(scene: &Scene, machine: &Machine) -> Result<String> {
    scene.value(machine, "SELECT coalesce(last_archived_wal, '') FROM pg_stat_archiver")
}

#[test]
fn a_store_that_fails_costs_time_and_no_data() -> Result<()> {
    let Some(scene) = Scene::start("a_store_that_fails_costs_time_and_no_data")? else { return Ok(()) };
    let machine = scene.machine("db-01", 11, TEMPLATE_POSTGRESQL)?;
    let declared = Declared::host("it", &machine)
        .backed_up(&scene.store, "db01")
        .set("backup.timeouts", "{ archive = \"10s\" }")
        .set("postgresql.settings", "{ max_wal_size = \"256MB\" }");
    scene.converge(&[&declared])?;
    let started = scene.value(&machine, "SELECT pg_postmaster_start_time()")?;
    let load = Load::start(&[&machine.address], 2, Duration::from_millis(20))?;
    let mut figures = Vec::new();
    for (name, fault) in [
        ("503", StoreFault::Unavailable),
        ("credentials refused", StoreFault::Denied),
        ("connections cut", StoreFault::Cut),
        ("no answer", StoreFault::Hang),
        ("0.5 s a request", StoreFault::Slow(Duration::from_millis(500))),
    ] {
        let before = archived(&scene, &machine)?;
        scene.store.s3().fail("", "", fault)?;
        let rows = load.count();
        let slow = matches!(fault, StoreFault::Slow(_));
        let began = Instant::now();
        if slow {
            wait_until("a slow store to take a segment", Duration::from_secs(90), || {
                Ok(archived(&scene, &machine)? != before)
            })?;
        } else {
            wait_until("segments to wait", Duration::from_secs(90), || Ok(waiting(&scene, &machine)? >= 2))?;
            ensure!(archived(&scene, &machine)? == before, "{name}: a segment counts as archived");
        }
        let held = waiting(&scene, &machine)?;
        let wal: u64 =
            scene.value(&machine, "SELECT (sum(size) / 1048576)::bigint FROM pg_ls_waldir()")?.parse()?;
        ensure!(load.count() > rows, "{name}: the writers stand still");
        scene.store.s3().heal();
        let healed = Instant::now();
        wait_until("the backlog to be archived", Duration::from_secs(150), || {
            Ok(waiting(&scene, &machine)? == 0 && archived(&scene, &machine)? != before)
        })?;
        figures.push(format!(
            "{name}: {:.0} s, {held} segments waited, pg_wal {wal} MiB, archived again {:.1} s after",
            (healed - began).as_secs_f64(),
            healed.elapsed().as_secs_f64()
        ));
        ensure!(wal < 512, "{name}: pg_wal grew to {wal} MiB");
    }
    let acknowledged = load.stop();
    let gone = lost(&acknowledged, &scene.ledger(&machine)?);
    ensure!(gone.is_empty(), "acknowledged rows are gone: {gone:?}");
    ensure!(
        scene.value(&machine, "SELECT pg_postmaster_start_time()")? == started,
        "it took a restart to archive again"
    );
    for figure in figures {
        told(&figure)?;
    }
    told(&format!("{} rows written during it, 0 lost", acknowledged.len()))?;
    // Every segment is in the store, whole: the archive has no hole.
    let objects = scene.store.list("db01/wal_005/")?;
    let mut names: Vec<u64> = objects
        .iter()
        .filter_map(|(key, _)| key.rsplit('/').next()?.get(8..24))
        .filter_map(|name| {
            let (log, segment) = (name.get(..8)?, name.get(8..)?);
            Some(u64::from_str_radix(log, 16).ok()? * 256 + u64::from_str_radix(segment, 16).ok()?)
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    ensure!(names.windows(2).all(|pair| pair[1] == pair[0] + 1), "the archive has a hole: {names:?}");
    told(&format!("the archive has {} segments without a hole", names.len()))?;
    scene.ws.expect_empty_plan().map(drop)
}
