//! The data on a volume of the container: grown in place, handed over, kept when the resource goes.

use anyhow::{Result, ensure};
use hybridops_lab::TEMPLATE;

use crate::support::{expect_one_container, fill, identifier, machine, on_volume, rows, scene};

#[test]
fn a_volume_grows_moves_on_and_outlives_the_resource() -> Result<()> {
    let Some(scene) = scene("a_volume_grows_moves_on_and_outlives_the_resource")? else { return Ok(()) };
    let it = on_volume(&scene, 41)?;
    scene.converge(&[&it])?;
    let first = machine(&scene, 41)?;
    let (id, kept) = (identifier(&scene)?, fill(&scene, &first)?);

    // Grown in place; it never shrinks.
    let grown = it.clone().text("data.size", "384M");
    scene.converge(&[&grown])?;
    ensure!(machine(&scene, 41)?.vmid == first.vmid && rows(&scene, &first)? == kept);
    scene.refused(&[&it], &["data"])?;

    // Built anew: the volume is handed over.
    let other = grown.text("container.template", TEMPLATE);
    scene.converge(&[&other])?;
    let second = machine(&scene, 41)?;
    ensure!(second.vmid != first.vmid, "it is the same container");
    ensure!(identifier(&scene)? == id && rows(&scene, &second)? == kept, "another database");
    expect_one_container(&scene, second.vmid)?;

    // Destroyed: a volume cannot live alone, so the container is stopped and stays; made again, it goes on.
    scene.ws.destroy()?.ok()?.says("is stopped and stays")?;
    ensure!(!scene.real()?.is_running(second.vmid), "it still runs");
    scene.converge(&[&other])?;
    let third = machine(&scene, 41)?;
    ensure!(third.vmid == second.vmid, "another container");
    ensure!(identifier(&scene)? == id && rows(&scene, &third)? == kept, "another database");

    // Destroyed by hand with its volume: no empty cluster in its place.
    third.stop(&scene.lab)?;
    scene.lab.remove_guest(third.vmid);
    scene.real()?.remove(third.vmid)?;
    scene.refused(&[&other], &["is gone", "terraform state rm"])?;
    ensure!(scene.lab.guests().is_empty(), "a container was made");
    Ok(())
}

#[test]
fn a_volume_goes_only_where_that_is_said() -> Result<()> {
    let Some(scene) = scene("a_volume_goes_only_where_that_is_said")? else { return Ok(()) };
    let it = on_volume(&scene, 42)?.text("on_destroy", "destroy_volume");
    scene.converge(&[&it])?;
    scene.ws.destroy()?.ok()?;
    ensure!(scene.lab.guests().is_empty() && scene.real()?.guests().is_empty(), "a container is left");
    Ok(())
}
