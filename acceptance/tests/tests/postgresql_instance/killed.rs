//! The provider is killed after every single command over SSH; the next apply goes on from there.

use std::time::Instant;

use acceptance_tests::postgresql::{Declared, Load, Scene, lost, query};
use acceptance_tests::real::Kills;
use anyhow::{Result, ensure};
use hybridops_lab::TEMPLATE_POSTGRESQL;

use crate::told;

#[test]
fn killed_at_every_command() -> Result<()> {
    let Some(scene) = Scene::start("killed_at_every_command")? else { return Ok(()) };
    let machine = scene.machine("db-01", 11, TEMPLATE_POSTGRESQL)?;
    let declared = Declared::host("it", &machine).backed_up(&scene.store, "db01");
    scene.declare(&[&declared])?;
    let began = Instant::now();
    let kills = Kills { target: machine.name.clone(), ..Kills::default() };
    let commands = kills.apply(&scene.ws, scene.real()?)?.0;
    told(&format!("made: killed at {commands} different commands, in {} s", began.elapsed().as_secs()))?;
    scene.ws.expect_empty_plan()?;
    ensure!(query(&[&machine.address], "SELECT 1")? == ["1"], "the role cannot log in");
    ensure!(commands >= 6, "so few commands are no apply");

    // A change with a restart, under load: nothing that was acknowledged goes.
    let identifier = scene.value(&machine, "SELECT system_identifier FROM pg_control_system()")?;
    let load = Load::start(&[&machine.address], 2, std::time::Duration::from_millis(10))?;
    let changed = declared
        .set("postgresql.settings", "{ max_connections = \"60\", work_mem = \"6MB\" }")
        .set("postgresql.roles.reader", "{ login = true, member_of = [\"pg_read_all_data\"] }")
        .set("postgresql.databases.more", "{ owner = \"app\" }")
        .set("backup.schedule", "\"03:30\"");
    scene.declare(&[&changed])?;
    let began = Instant::now();
    let commands = kills.apply(&scene.ws, scene.real()?)?.0;
    told(&format!("changed: killed at {commands} different commands, in {} s", began.elapsed().as_secs()))?;
    scene.ws.expect_empty_plan()?;
    let acknowledged = load.stop();
    let gone = lost(&acknowledged, &scene.ledger(&machine)?);
    ensure!(gone.is_empty(), "{} of {} rows are gone", gone.len(), acknowledged.len());
    told(&format!("{} rows were written during it, 0 lost", acknowledged.len()))?;
    ensure!(scene.value(&machine, "SHOW max_connections")? == "60");
    ensure!(scene.value(&machine, "SELECT system_identifier FROM pg_control_system()")? == identifier);
    Ok(())
}
