//! What a running guest is asked to bear: told key by key in the plan.

use anyhow::{Result, ensure};

use crate::ready;
use crate::support::{Site, Vm};

fn vm(memory: u32, mode: &str) -> Vm {
    Vm::clone_of_template("web", "pve1")
        .set("memory", memory.to_string())
        .set("network", "{ net0 = { bridge = \"vmbr0\" } }")
        .text("power", "running")
        .text("apply_mode", mode)
}

#[test]
fn staged_told_and_then_done_by_a_reboot() -> Result<()> {
    ready!();
    let site = Site::start()?;
    site.converge(&vm(512, "stage"))?;
    let vmid = site.vmid()?;
    let next = vm(768, "stage")
        .set("network", "{ net0 = { bridge = \"vmbr0\", vlan = 5 } }")
        .text("description", "x");
    site.declare(&next)?;
    let mut plan = site.ws.plan()?.ok()?;
    for told in ["\"description\" = \"now\"", "\"memory\"", "\"staged\"", "\"net0\"", "\"hotplug\""] {
        plan = plan.says(told)?;
    }
    site.ws.apply()?.ok()?;
    site.ws.expect_empty_plan()?;
    ensure!(site.guest(vmid)["running"] == true, "it was stopped");
    ensure!(site.setting(vmid, "memory") == "512", "memory changed while it ran");
    ensure!(site.setting(vmid, "net0").contains("tag=5"), "the card was not changed at once");
    ensure!(site.attribute("reboot_required")? == true, "that it waits is not told");
    site.power(vmid, "reboot")?;
    site.ws.apply()?.ok()?;
    ensure!(site.setting(vmid, "memory") == "768", "it did not take effect");
    ensure!(site.attribute("reboot_required")? == false, "nothing waits any more");
    Ok(())
}

#[test]
fn restarted_where_that_is_allowed() -> Result<()> {
    ready!();
    let site = Site::start()?;
    site.converge(&vm(512, "reboot"))?;
    let vmid = site.vmid()?;
    site.declare(&vm(768, "reboot"))?;
    site.ws.plan()?.ok()?.says("\"reboot\"")?;
    site.ws.apply()?.ok()?;
    site.ws.expect_empty_plan()?;
    ensure!(site.guest(vmid)["running"] == true, "it does not run");
    ensure!(site.setting(vmid, "memory") == "768", "memory is {}", site.setting(vmid, "memory"));
    ensure!(site.attribute("reboot_required")? == false, "nothing waits");
    Ok(())
}

#[test]
fn refused_where_only_hotplug_is_allowed() -> Result<()> {
    ready!();
    let site = Site::start()?;
    site.converge(&vm(512, "hotplug"))?;
    site.refused(&vm(768, "hotplug"), &["needs a restart", "memory cannot change while the guest runs"])?;
    site.converge(&vm(512, "hotplug").set("network", "{ net0 = { bridge = \"vmbr0\", vlan = 6 } }"))?;
    let vmid = site.vmid()?;
    ensure!(site.setting(vmid, "net0").contains("tag=6"), "not hotplugged");
    Ok(())
}
