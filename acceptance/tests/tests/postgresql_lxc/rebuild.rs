//! The container is replaced, the database is not.

use anyhow::{Result, ensure};
use hybridops_lab::TEMPLATE;

use crate::support::{expect_one_container, fill, identifier, machine, on_host, rows, scene};

#[test]
fn the_container_goes_and_comes_and_the_data_stays() -> Result<()> {
    let Some(scene) = scene("the_container_goes_and_comes_and_the_data_stays")? else { return Ok(()) };
    let it = on_host(&scene, 31)?;
    scene.converge(&[&it])?;
    let first = machine(&scene, 31)?;
    let (id, kept) = (identifier(&scene)?, fill(&scene, &first)?);

    // Destroyed by hand: the plan makes the container anew, and never an empty cluster.
    first.stop(&scene.lab)?;
    scene.lab.remove_guest(first.vmid);
    scene.real()?.remove(first.vmid)?;
    let plan = scene.ws.plan()?.ok()?.says("is made anew")?;
    plan.says("1 to change")?;
    let began = std::time::Instant::now();
    scene.converge(&[&it])?;
    scene.tell(&format!(
        "container destroyed by hand and made anew in {:.1} s",
        began.elapsed().as_secs_f64()
    ))?;
    let second = machine(&scene, 31)?;
    ensure!(identifier(&scene)? == id && rows(&scene, &second)? == kept, "another database");
    expect_one_container(&scene, second.vmid)?;

    // Replaced by Terraform: destroyed and made again.
    scene.ws.run(&["apply", "-auto-approve", "-replace=hybridops_postgresql_lxc.it"])?.ok()?;
    scene.ws.expect_empty_plan()?;
    let third = machine(&scene, 31)?;
    ensure!(identifier(&scene)? == id && rows(&scene, &third)? == kept, "another database");
    expect_one_container(&scene, third.vmid)?;

    // Built anew from another template, which has neither PostgreSQL nor its user.
    let other = it.text("container.template", TEMPLATE);
    scene.declare(&[&other])?;
    scene.ws.plan()?.ok()?.says("is rebuilt")?.says("container.template")?;
    let began = std::time::Instant::now();
    scene.converge(&[&other])?;
    scene.tell(&format!("built anew from a bare template in {:.1} s", began.elapsed().as_secs_f64()))?;
    let fourth = machine(&scene, 31)?;
    ensure!(fourth.vmid != third.vmid, "it is the same container");
    ensure!(identifier(&scene)? == id && rows(&scene, &fourth)? == kept, "another database");
    expect_one_container(&scene, fourth.vmid)?;
    scene.ws.destroy()?.ok()?;
    Ok(())
}
