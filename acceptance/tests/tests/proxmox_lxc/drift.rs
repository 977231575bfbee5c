//! What others change, and what cannot be seen, which is not gone.

use anyhow::{Result, ensure};
use hybridops_lab::NodeState;

use crate::ready;
use crate::support::{Lxc, Site};

fn lxc() -> Lxc {
    Lxc::with_data("db", "pve1").set("memory", "512").text("power", "running")
}

#[test]
fn declared_settings_come_back() -> Result<()> {
    ready!();
    let site = Site::start()?;
    site.converge(&lxc())?;
    let vmid = site.vmid()?;
    site.lab.edit_guest(vmid, "memory", Some("300"));
    site.lab.edit_guest(vmid, "cores", Some("4"));
    site.lab.set_running(vmid, false);
    site.ws.plan()?.ok()?.says("memory")?.says("power")?;
    site.ws.apply()?.ok()?;
    site.ws.expect_empty_plan()?;
    ensure!(site.setting(vmid, "memory") == "512" && site.guest(vmid)?.running);
    ensure!(site.setting(vmid, "cores") == "4", "cores are nobody's business");
    Ok(())
}

#[test]
fn one_that_is_gone_is_made_again_and_a_stranger_is_left_alone() -> Result<()> {
    ready!();
    let site = Site::start()?;
    site.converge(&lxc())?;
    let vmid = site.vmid()?;
    site.lab.remove_guest(vmid);
    site.ws.plan()?.ok()?.says("1 to add, 0 to change, 0 to destroy")?;
    site.ws.apply()?.ok()?;
    let vmid = site.expect_only("db")?;
    site.lab.remove_guest(vmid);
    site.lab.add_guest("lxc", "pve1", vmid, &[("hostname", "stranger"), ("arch", "amd64")], false)?;
    site.ws.plan()?.ok()?.says("is another guest now")?;
    site.ws.apply()?.ok()?;
    ensure!(site.setting(vmid, "hostname") == "stranger" && site.vmid()? != vmid);
    Ok(())
}

#[test]
fn high_availability_moves_it_without_a_difference() -> Result<()> {
    ready!();
    let site = Site::cluster()?;
    let lxc = Lxc::of_template("web", "pve1")
        .without("node")
        .set("nodes", "[\"pve1\", \"pve2\"]")
        .set("ha", "{ max_restart = 2 }")
        .text("power", "running");
    site.converge(&lxc)?;
    let vmid = site.vmid()?;
    let other = if site.guest(vmid)?.node == "pve1" { "pve2" } else { "pve1" };
    site.lab.move_guest(vmid, other);
    site.ws.expect_empty_plan()?;
    assert_eq!(site.guest(vmid)?.ha.as_deref(), Some("started"));
    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}

#[test]
fn migrated_by_restart() -> Result<()> {
    ready!();
    let site = Site::cluster()?;
    site.converge(&lxc())?;
    let vmid = site.vmid()?;
    let data = site.write(vmid, "mp0")?;
    site.converge(&lxc().text("node", "pve3"))?;
    assert_eq!(site.guest(vmid)?.node, "pve3");
    assert_eq!(site.fingerprint(vmid, "mp0")?, data);
    ensure!(site.guest(vmid)?.running);
    Ok(())
}

#[test]
fn a_node_that_is_down_keeps_the_state() -> Result<()> {
    ready!();
    let site = Site::cluster()?;
    site.converge(&lxc().text("node", "pve2"))?;
    let vmid = site.vmid()?;
    site.lab.set_node("pve2", NodeState::Offline);
    site.ws.plan()?.ok()?.says("was not read")?.says("No changes")?;
    site.lab.set_node("pve2", NodeState::Online);
    site.ws.expect_empty_plan()?;
    assert_eq!(site.vmid()?, vmid);
    Ok(())
}

#[test]
fn a_token_that_lost_its_sight_plans_no_creation() -> Result<()> {
    ready!();
    let mut site = Site::start()?;
    site.converge(&lxc())?;
    let token = site.lab.add_token("blind@pve", "t");
    site.lab.grant("/storage", "blind@pve!t", "PVEDatastoreUser");
    site.ws.set_env("PROXMOX_VE_API_TOKEN", token);
    site.ws.plan()?.ok()?.says("VM.Audit")?.says("No changes")?;
    Ok(())
}
