//! What can only be chosen when a container is made: another one is built, and gets the volumes.

use anyhow::{Result, ensure};
use hybridops_lab::Effect;

use crate::ready;
use crate::support::{ADDRESS, Lxc, OTHER, Site};

fn rebuilt(lxc: &Lxc) -> Lxc {
    lxc.clone().text("template", OTHER)
}

#[test]
fn the_volumes_go_along() -> Result<()> {
    ready!();
    let site = Site::start()?;
    let lxc = Lxc::with_data("db", "pve1")
        .set("network", "{ net0 = { bridge = \"vmbr0\", address = \"dhcp\" } }")
        .text("power", "running");
    site.converge(&lxc)?;
    let old = site.vmid()?;
    let data = site.write(old, "mp0")?;
    let mac = site.attribute("network.net0.mac_address")?;
    site.declare(&rebuilt(&lxc))?;
    site.ws.planned()?.expect(&[(ADDRESS, "update")])?;
    site.converge(&rebuilt(&lxc))?.says("is rebuilt")?;
    let new = site.expect_only("db")?;
    ensure!(new != old, "it is another container");
    assert_eq!(site.fingerprint(new, "mp0")?, data);
    assert_eq!(site.attribute("network.net0.mac_address")?, mac);
    ensure!(site.guest(new)?.running, "it runs as the old one did");

    // Whether root inside is root outside can only be chosen when a container is made.
    site.converge(&rebuilt(&lxc).set("unprivileged", "false"))?;
    let last = site.expect_only("db")?;
    assert_eq!(site.fingerprint(last, "mp0")?, data);
    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}

#[test]
fn refused_where_it_cannot_be_done_safely() -> Result<()> {
    ready!();
    let site = Site::start()?;
    let lxc = Lxc::with_data("db", "pve1");
    site.converge(&lxc.clone().set("vmid", "150"))?;
    site.refused(&rebuilt(&lxc).set("vmid", "150"), &["two cannot have one number"])?;
    site.converge(&lxc.clone().set("protection", "true").set("vmid", "150"))?;
    site.refused(&rebuilt(&lxc).set("protection", "true"), &["It is protected"])?;
    site.converge(
        &lxc.set("protection", "false").text("template", OTHER).text("on_source_change", "ignore"),
    )?
    .says("changes nothing")?;
    assert_eq!(site.vmid()?, 150);
    Ok(())
}

#[test]
fn taken_back_when_the_configuration_is() -> Result<()> {
    ready!();
    let site = Site::start()?;
    let lxc = Lxc::with_data("db", "pve1").text("power", "running");
    site.converge(&lxc)?;
    let vmid = site.vmid()?;
    let data = site.write(vmid, "mp0")?;
    // The volume was handed over, and nothing after that works.
    site.fault("POST", "/lxc/[0-9]+/move_volume$", 1, Effect::KillClientAfter)?;
    site.declare(&rebuilt(&lxc))?;
    site.ws.apply()?.fails()?;
    site.lab.faults().clear();
    assert_eq!(site.holding(&data).len(), 1);
    site.declare(&lxc)?;
    site.ws.apply()?.ok()?.says("is taken back")?;
    site.ws.expect_empty_plan()?;
    assert_eq!(site.expect_only("db")?, vmid);
    assert_eq!(site.fingerprint(vmid, "mp0")?, data);
    Ok(())
}

#[test]
fn a_predecessor_that_would_not_go_is_destroyed_later() -> Result<()> {
    ready!();
    let site = Site::start()?;
    let lxc = Lxc::with_data("db", "pve1");
    site.converge(&lxc)?;
    let data = site.write(site.vmid()?, "mp0")?;
    let message = "storage is busy".to_owned();
    site.fault("DELETE", "/lxc/[0-9]+$", 1, Effect::Status { status: 500, message })?;
    site.declare(&rebuilt(&lxc))?;
    site.ws.apply()?.fails()?.says("storage is busy")?;
    site.lab.faults().clear();
    assert_eq!(site.lab.guests().len(), 2);
    site.ws.apply()?.ok()?.says("predecessor")?;
    site.ws.expect_empty_plan()?;
    let vmid = site.expect_only("db")?;
    assert_eq!(site.fingerprint(vmid, "mp0")?, data);
    Ok(())
}

#[test]
fn volumes_that_are_given_up_are_not_preserved() -> Result<()> {
    ready!();
    let site = Site::start()?;
    let lxc = Lxc::with_data("db", "pve1").set("preserve_volumes", "false");
    site.converge(&lxc)?;
    let data = site.write(site.vmid()?, "mp0")?;
    site.converge(&rebuilt(&lxc))?.says("DESTROYED")?;
    ensure!(site.holding(&data).is_empty(), "the data is still there");
    site.expect_only("db").map(drop)
}
