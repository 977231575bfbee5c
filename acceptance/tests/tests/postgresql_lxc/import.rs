//! What is there already comes into a state: everything that was declared stands in the marker beside the data.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::support::{
    ADDRESS, expect_one_container, fill, identifier, machine, on_host, on_volume, rows, scene,
};

#[test]
fn an_import_knows_what_was_declared() -> Result<()> {
    let Some(scene) = scene("an_import_knows_what_was_declared")? else { return Ok(()) };
    let node = scene.node("pve1")?;
    for (it, number) in [(on_host(&scene, 71)?, 71), (on_volume(&scene, 72)?, 72)] {
        scene.converge(&[&it])?;
        let inside = machine(&scene, number)?;
        let (id, kept) = (identifier(&scene)?, fill(&scene, &inside)?);
        let boot = scene.exec(&inside, "cut -d' ' -f22 /proc/1/stat")?;
        let before = scene.ws.state()?.get(ADDRESS, "")?.clone();

        scene.ws.run(&["state", "rm", ADDRESS])?.ok()?;
        // The node of the laboratory listens at a port of its own: an import without it does not reach it.
        scene.ws.import(ADDRESS, &format!("{}/15/main", inside.vmid))?.fails()?;
        let place = json!({
            "vmid": inside.vmid, "version": 15,
            "node_machine": {
                "host": node.address.ip().to_string(), "port": node.address.port(), "host_keys": [node.host_key],
            },
        });
        scene.ws.import(ADDRESS, &place.to_string())?.ok()?;
        scene.ws.expect_empty_plan()?;
        let after = scene.ws.state()?.get(ADDRESS, "")?.clone();
        for name in
            ["name", "container", "data", "postgresql", "host_key", "role", "deletion_protection", "id"]
        {
            ensure!(
                after[name] == before[name],
                "{name}: {} was imported, it was {}",
                after[name],
                before[name]
            );
        }
        ensure!(identifier(&scene)? == id && rows(&scene, &inside)? == kept, "another database");
        expect_one_container(&scene, inside.vmid)?;

        // It is managed from now on, in the container that is there.
        let changed = it.clone().set("postgresql.settings", "{ work_mem = \"5MB\" }");
        scene.converge(&[&changed])?;
        ensure!(scene.value(&inside, "SHOW work_mem")? == "5MB");
        ensure!(scene.exec(&inside, "cut -d' ' -f22 /proc/1/stat")? == boot, "the container was restarted");
        scene.tell(&format!("container {} imported, the plan is empty", inside.vmid))?;
        scene.declare(&[&it.text("on_destroy", "destroy_volume")])?;
        scene.ws.apply()?.ok()?;
        scene.ws.destroy()?.ok()?;
    }
    Ok(())
}
