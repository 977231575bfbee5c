//! An instance in a container that follows another one: its data come from there, and a new container goes on following.

use std::time::Duration;

use acceptance_tests::postgresql::{Declared, Machine, Scene};
use acceptance_tests::wait_until;
use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use crate::support::{ADDRESS, fill, on_host, rows, scene};

const STANDBY: &str = "hybridops_postgresql_lxc.standby";

fn standby_of(scene: &Scene, primary: &Machine, number: u8) -> Result<Declared> {
    let expected = Machine::expected(&scene.lab, "db-02", number)?;
    Ok(on_host(scene, number)?
        .label("standby")
        .text("name", "db-02")
        .text("data.host_path", "/srv/db-02")
        .text("container.network.address", &format!("{}/24", expected.address))
        .without("postgresql.roles")
        .without("postgresql.databases")
        .text("role", "standby")
        .set(
            "standby",
            format!(
                "{{ host = \"{}\", login = {{ user = \"streamer\", password = var.stream_password, password_version = 1 }} }}",
                primary.address
            ),
        )
        .set("depends_on", format!("[{ADDRESS}]")))
}

fn container(scene: &Scene, number: u8) -> Result<Machine> {
    let vmid = scene.ws.state()?.get(STANDBY, "container.vmid")?.as_u64().context("a number in state")?;
    Ok(Machine { vmid: u32::try_from(vmid)?, ..Machine::expected(&scene.lab, "db-02", number)? })
}

#[test]
fn a_standby_follows_in_whatever_container() -> Result<()> {
    let Some(scene) = scene("a_standby_follows_in_whatever_container")? else { return Ok(()) };
    let access = |database: &str, user: &str| -> Result<String> {
        let network = scene.real()?.network();
        Ok(format!(
            "{{ databases = [\"{database}\", \"postgres\"], users = [\"{user}\"], address = \"{network}.0/24\" }}"
        ))
    };
    let primary = on_host(&scene, 91)?
        .set("postgresql.access", format!("[{}]", access("replication", "streamer")?))
        .set(
            "postgresql.roles.streamer",
            "{ login = true, replication = true, password = var.stream_password, password_version = 1 }",
        );
    scene.converge(&[&primary])?;
    let first = crate::support::machine(&scene, 91)?;
    let kept = fill(&scene, &first)?;
    let standby = standby_of(&scene, &first, 92)?;
    let made = scene.converge(&[&primary, &standby])?;
    scene.tell(&format!("a standby in a container in {:.1} s", made.took.as_secs_f64()))?;
    let follows = |inside: &Machine| -> Result<()> {
        let state = scene.ws.state()?;
        ensure!(*state.get(STANDBY, "status.current_role")? == json!("standby"));
        ensure!(
            state.get(STANDBY, "status.system_identifier")?
                == state.get(ADDRESS, "status.system_identifier")?
        );
        wait_until("the rows to arrive", Duration::from_secs(60), || {
            Ok(rows(&scene, inside).is_ok_and(|there| rows(&scene, &first).is_ok_and(|here| there == here)))
        })
    };
    let inside = container(&scene, 92)?;
    follows(&inside)?;
    ensure!(rows(&scene, &inside)? == kept);

    // Imported: what was declared of the standby stands in its marker.
    let node = scene.node("pve1")?;
    let place = json!({
        "vmid": inside.vmid, "version": 15,
        "node_machine": {
            "host": node.address.ip().to_string(), "port": node.address.port(), "host_keys": [node.host_key],
        },
    });
    scene.ws.run(&["state", "rm", STANDBY])?.ok()?;
    scene.ws.import(STANDBY, &place.to_string())?.ok()?;
    scene.ws.expect_empty_plan()?;

    // Another container on the same data is a standby again, and never a second primary.
    scene.ws.run(&["apply", "-auto-approve", &format!("-replace={STANDBY}")])?.ok()?;
    scene.ws.expect_empty_plan()?;
    let again = container(&scene, 92)?;
    scene.sql(&first, "INSERT INTO kept VALUES (100000, 'after')")?;
    follows(&again)?;
    scene.ws.destroy()?.ok()?;
    Ok(())
}
