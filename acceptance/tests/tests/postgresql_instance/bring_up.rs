//! A machine with nothing on it becomes a primary, and what is already right is left alone.

use acceptance_tests::postgresql::{Declared, Scene, query, settings};
use anyhow::{Result, ensure};
use hybridops_lab::TEMPLATE;

#[test]
fn from_a_bare_system_to_a_primary() -> Result<()> {
    let Some(scene) = Scene::start("from_a_bare_system_to_a_primary")? else { return Ok(()) };
    let machine = scene.machine("db-01", 11, TEMPLATE)?;
    scene.tell("the machine is there")?;
    let declared = Declared::host("it", &machine).set(
        "postgresql.settings",
        settings(&[("max_connections", "50"), ("log_min_duration_statement", "5s")]),
    );
    let made = scene.converge(&[&declared])?;
    scene.tell(&format!("applied in {:.1} s, the second plan is empty", made.took.as_secs_f64()))?;

    // What was declared is what runs.
    ensure!(query(&[&machine.address], "SELECT current_user || current_database()")? == ["appapp"]);
    ensure!(scene.value(&machine, "SHOW max_connections")? == "50");
    ensure!(scene.value(&machine, "SHOW data_checksums")? == "on");
    ensure!(scene.value(&machine, "SHOW password_encryption")? == "scram-sha-256");
    let state = scene.ws.state()?;
    let status = state.get(&declared.address(), "status")?.clone();
    let identifier = scene.value(&machine, "SELECT system_identifier FROM pg_control_system()")?;
    ensure!(status["system_identifier"] == identifier.as_str(), "{status}");
    ensure!(status["current_role"] == "primary", "{status}");
    ensure!(scene.exec(&machine, "apt-mark showhold")?.contains("postgresql-15"), "the package is not held");

    // Limits are the container's, not those of the machine around it.
    ensure!(status["memory"] == 1024, "{status}");
    let shared: u64 = scene
        .value(&machine, "SELECT setting::bigint * 8 / 1024 FROM pg_settings WHERE name = 'shared_buffers'")?
        .parse()?;
    ensure!((64..=512).contains(&shared), "shared_buffers is {shared} MiB of 1024");

    // A reload is no restart; a restart is one.
    let postmaster = |what: &str| -> Result<String> {
        let started = scene.value(&machine, "SELECT pg_postmaster_start_time()")?;
        scene.tell(&format!("{what}: started {started}"))?;
        Ok(started)
    };
    let before = postmaster("made")?;
    let reloaded = declared
        .clone()
        .set("postgresql.settings.work_mem", "\"5MB\"")
        .set("postgresql.settings", settings(&[("max_connections", "50"), ("work_mem", "5MB")]));
    scene.converge(&[&reloaded])?;
    ensure!(scene.value(&machine, "SHOW work_mem")? == "5MB");
    ensure!(scene.value(&machine, "SHOW log_min_duration_statement")? == "-1", "what was taken out stays");
    ensure!(postmaster("reloaded")? == before, "a reload restarted the server");
    let restarted = reloaded.set("postgresql.settings", settings(&[("max_connections", "60")]));
    scene.converge(&[&restarted])?;
    ensure!(scene.value(&machine, "SHOW max_connections")? == "60");
    ensure!(postmaster("restarted")? != before, "max_connections takes a restart");

    // What somebody did by hand is seen, and put right.
    scene.exec(
        &machine,
        "rm -f /etc/postgresql/15/main/conf.d/50-hybridops.conf && systemctl stop postgresql@15-main",
    )?;
    let plan = scene.ws.plan()?.ok()?;
    ensure!(!plan.text().contains("No changes"), "a stopped server without its settings is no change?");
    scene.converge(&[&restarted])?;
    ensure!(scene.value(&machine, "SHOW max_connections")? == "60");
    scene.expect_refresh_within_budget(1)?;
    scene.ws.destroy()?.ok()?;
    ensure!(scene.value(&machine, "SELECT 1")? == "1", "the server went with its resource");
    Ok(())
}
