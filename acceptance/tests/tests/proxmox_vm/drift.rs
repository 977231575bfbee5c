//! What others change: taken back where it is declared, left where it is not; and what cannot be seen is not gone.

use anyhow::{Result, ensure};
use hybridops_lab::NodeState;

use crate::ready;
use crate::support::{Site, Vm};

fn vm() -> Vm {
    Vm::clone_of_template("web", "pve1")
        .set("memory", "512")
        .set("network", "{ net0 = { bridge = \"vmbr0\", vlan = 7 } }")
}

#[test]
fn declared_settings_come_back() -> Result<()> {
    ready!();
    let site = Site::start()?;
    site.converge(&vm())?;
    let vmid = site.vmid()?;
    let mac = site.attribute("network")?["net0"]["mac_address"].clone();
    site.edit(vmid, &[("memory", "300"), ("cores", "4"), ("delete", "net0")])?;
    site.ws.plan()?.ok()?.says("net0")?.says("memory")?;
    site.ws.apply()?.ok()?;
    site.ws.expect_empty_plan()?;
    ensure!(site.setting(vmid, "memory") == "512", "memory");
    ensure!(site.setting(vmid, "net0").contains("vmbr0"), "net0");
    ensure!(site.setting(vmid, "cores") == "4", "cores are nobody's business");
    ensure!(site.attribute("network")?["net0"]["mac_address"] != mac, "a new card has a new address");
    Ok(())
}

#[test]
fn a_guest_that_is_gone_is_made_again() -> Result<()> {
    ready!();
    let site = Site::start()?;
    site.converge(&vm())?;
    let vmid = site.vmid()?;
    site.operator("DELETE", &format!("/nodes/pve1/qemu/{vmid}"), &[])?;
    site.ws.plan()?.ok()?.says("1 to add, 0 to change, 0 to destroy")?;
    site.ws.apply()?.ok()?;
    site.expect_only("web").map(drop)
}

#[test]
fn a_number_taken_by_another_guest_is_left_alone() -> Result<()> {
    ready!();
    let site = Site::start()?;
    site.converge(&vm())?;
    let vmid = site.vmid()?;
    site.operator("DELETE", &format!("/nodes/pve1/qemu/{vmid}"), &[])?;
    site.operator("POST", "/nodes/pve1/qemu", &[("vmid", &vmid.to_string()), ("name", "stranger")])?;
    site.ws.plan()?.ok()?.says("is another guest now")?;
    site.ws.apply()?.ok()?;
    ensure!(site.setting(vmid, "name") == "stranger", "the stranger was touched");
    ensure!(site.vmids().len() == 2 && site.vmid()? != vmid, "no guest was made");
    Ok(())
}

#[test]
fn a_node_that_is_down_keeps_the_state() -> Result<()> {
    ready!();
    let site = Site::cluster()?;
    site.converge(&vm())?;
    site.operator("POST", &format!("/nodes/pve1/qemu/{}/migrate", site.vmid()?), &[("target", "pve2")])
        .or_else(|_| {
            site.lab.move_guest(site.vmid()?, "pve2");
            anyhow::Ok(serde_json::Value::Null)
        })?;
    site.declare(&vm().text("node", "pve2"))?;
    site.ws.apply()?.ok()?;
    site.ws.expect_empty_plan()?;
    let before = site.ws.state()?;
    site.lab.set_node("pve2", NodeState::Offline);
    let output = site.ws.plan()?;
    output.ok()?.says("was not read")?.says("No changes")?;
    site.ws.apply()?.ok()?;
    ensure!(
        site.ws.state()?.get(crate::support::ADDRESS, "vmid")?
            == before.get(crate::support::ADDRESS, "vmid")?,
        "lost"
    );
    site.lab.set_node("pve2", NodeState::Online);
    site.ws.expect_empty_plan().map(drop)
}

#[test]
fn a_token_that_sees_nothing_plans_no_creation() -> Result<()> {
    ready!();
    let mut site = Site::start()?;
    site.converge(&vm())?;
    let token = site.lab.add_token("blind@pve", "t");
    site.lab.grant("/storage", "blind@pve", "PVEDatastoreUser");
    site.ws.set_env("PROXMOX_VE_API_TOKEN", token);
    let output = site.ws.plan()?;
    output.ok()?.says("VM.Audit")?.says("No changes")?;
    Ok(())
}

#[test]
fn a_stop_behind_its_back() -> Result<()> {
    ready!();
    let site = Site::start()?;
    site.converge(&vm().text("power", "running"))?;
    let vmid = site.vmid()?;
    site.power(vmid, "stop")?;
    site.ws.apply()?.ok()?;
    ensure!(site.guest(vmid)["running"] == true, "it was not started again");
    // Undeclared power is left alone.
    site.converge(&vm())?;
    site.power(vmid, "stop")?;
    site.ws.expect_empty_plan()?;
    ensure!(site.guest(vmid)["running"] == false, "it was started");
    Ok(())
}
