//! From nothing to a server, through every kind of change, to an import and the end.

use std::time::Instant;

use acceptance_tests::postgresql::{Scene, query};
use anyhow::{Result, ensure};
use hybridops_lab::TEMPLATE_POSTGRESQL;
use serde_json::json;

use crate::{IT, declared, told};

#[test]
fn the_life_of_an_instance() -> Result<()> {
    let Some(scene) = Scene::start("the_life_of_an_instance")? else { return Ok(()) };
    let machine = scene.machine("db-01", 11, TEMPLATE_POSTGRESQL)?;
    let it = declared(&machine);

    let begun = Instant::now();
    scene.declare(&[&it])?;
    let planned = scene.ws.planned()?;
    // The settings are derived from the container's limit of 1 GiB, and known before anything is made.
    let derived = planned.change(IT)?.after("effective_settings.shared_buffers");
    ensure!(*derived == json!("256MB"), "{derived}");
    scene.converge(&[&it])?;
    told(&format!("made and planned again in {:.1} s", begun.elapsed().as_secs_f64()))?;
    scene.expect_refresh_within_budget(1)?;

    let state = scene.ws.state()?;
    ensure!(*state.get(IT, "status.current_role")? == json!("primary"));
    ensure!(*state.get(IT, "postgresql.checksums")? == json!(true));
    let identifier = state.get(IT, "status.system_identifier")?.clone();
    ensure!(scene.value(&machine, "SHOW work_mem")? == "8MB");
    ensure!(scene.value(&machine, "SHOW data_checksums")? == "on");
    ensure!(query(&[&machine.address], "SELECT current_user")? == ["app"], "the role cannot log in");
    let verifier = scene.value(&machine, "SELECT rolpassword FROM pg_authid WHERE rolname = 'app'")?;
    ensure!(verifier.starts_with("SCRAM-SHA-256$4096:"), "the server got something else than a verifier");
    let started = "SELECT pg_postmaster_start_time()";
    let since = scene.value(&machine, started)?;

    // A reload: the server goes on.
    let changed = it.clone().set("postgresql.settings", "{ work_mem = \"16MB\" }");
    let output = scene.converge(&[&changed])?;
    output.says("reloads its configuration")?.says("work_mem")?;
    ensure!(scene.value(&machine, "SHOW work_mem")? == "16MB");
    ensure!(scene.value(&machine, started)? == since, "a reload restarted the server");

    // A restart that is not wanted waits, and is named.
    let settings = "{ work_mem = \"16MB\", max_connections = \"120\" }";
    let waits = changed.clone().set("postgresql.settings", settings).text("postgresql.restart", "never");
    scene.converge(&[&waits])?.says("wait for a restart")?.says("max_connections")?;
    ensure!(scene.value(&machine, "SHOW max_connections")? == "100");
    ensure!(*scene.ws.state()?.get(IT, "status.pending_restart")? == json!(["max_connections"]));

    // One that is wanted is made.
    let restarted = waits.clone().without("postgresql.restart");
    scene.converge(&[&restarted])?.says("is restarted")?.says("max_connections")?;
    ensure!(scene.value(&machine, "SHOW max_connections")? == "120");
    ensure!(*scene.ws.state()?.get(IT, "status.pending_restart")? == json!([]));

    // Another port, with the superuser's way in between.
    let moved = restarted.clone().set("postgresql.port", "5433");
    scene.converge(&[&moved])?.says("port")?;
    scene.converge(&[&restarted])?;

    // Roles, databases, extensions; a new password under a new version only.
    let grown = restarted
        .clone()
        .set("postgresql.roles.reader", "{ member_of = [\"pg_read_all_data\"], connection_limit = 5 }")
        .set("postgresql.databases.other", "{ owner = \"reader\", extensions = [\"pgcrypto\", \"amcheck\"] }")
        .set("postgresql.roles.app", "{ login = true, password = var.app_password, password_version = 2 }");
    scene.converge(&[&grown])?;
    ensure!(scene.value(&machine, "SELECT rolconnlimit FROM pg_roles WHERE rolname = 'reader'")? == "5");
    let again = scene.value(&machine, "SELECT rolpassword FROM pg_authid WHERE rolname = 'app'")?;
    ensure!(again != verifier, "the password was not set again");
    ensure!(query(&[&machine.address], "SELECT 1")? == ["1"]);

    // TLS by the machine's own authority, by a reload.
    let since = scene.value(&machine, started)?;
    let sealed =
        grown.clone().set("postgresql.tls", format!("{{ names = [\"db-01\", \"{}\"] }}", machine.address));
    scene.converge(&[&sealed])?;
    ensure!(scene.value(&machine, "SHOW ssl")? == "on");
    ensure!(scene.value(&machine, started)? == since, "a certificate restarted the server");
    let state = scene.ws.state()?;
    ensure!(
        state
            .get(IT, "status.tls_ca_certificate")?
            .as_str()
            .is_some_and(|pem| pem.contains("BEGIN CERTIFICATE"))
    );
    ensure!(state.get(IT, "status.tls_expires_at")?.is_string());

    // An import trusts no machine whose key is not known, and knows everything else from the marker.
    scene.ws.run(&["state", "rm", IT])?.ok()?;
    let unknown = scene.ws.import(IT, &format!("{}/15/main", machine.address))?.fails()?;
    unknown.says("nothing is known of the key")?.says("host_keys")?;
    let place = json!({ "host": machine.address, "host_keys": [machine.host_key], "version": 15 });
    scene.ws.import(IT, &place.to_string())?.ok()?;
    scene.ws.expect_empty_plan()?;
    ensure!(*scene.ws.state()?.get(IT, "status.system_identifier")? == identifier);

    // The machine starts again with the server.
    machine.stop(&scene.lab)?;
    machine.start(&scene.lab)?;
    scene.wait_answering(&machine, std::time::Duration::from_secs(60))?;
    scene.ws.expect_empty_plan()?;

    // The end: stopped, and every file is still there.
    scene.converge(&[&sealed.clone().text("on_destroy", "stop")])?;
    scene.ws.destroy()?.ok()?;
    ensure!(scene.exec(&machine, "pg_lsclusters -h")?.contains("down"));
    scene.exec(&machine, "test -f /var/lib/postgresql/15/main/PG_VERSION")?;

    // And made again on the same data, which carry this member's marker.
    scene.converge(&[&sealed])?;
    ensure!(*scene.ws.state()?.get(IT, "status.system_identifier")? == identifier);
    told(&format!("the whole life took {:.1} s", begun.elapsed().as_secs_f64()))
}
