//! Import: by number, by node and number, by block and identity; a plan that is empty afterwards.

use anyhow::{Result, ensure};

use crate::ready;
use crate::support::{ADDRESS, Site, TEMPLATE, Vm};

fn full() -> Vm {
    Vm::clone_of_template("web", "pve1")
        .set("memory", "512")
        .set("cpu", "{ cores = 2 }")
        .set(
            "network",
            "{ net0 = { bridge = \"vmbr0\", vlan = 7 }\nnet1 = { bridge = \"vmbr0\", model = \"e1000\" } }",
        )
        .set("disks", "{ scsi0 = { storage = \"local\", size = \"2M\", discard = true } }")
        .set("tags", "[\"golden\"]")
        .text("description", "About it")
        .text("apply_mode", "reboot")
        .set("wait_for", "{ timeout = \"5m\" }")
        .text("power", "stopped")
        .set("timeouts", "{ create = \"10m\" }")
}

fn forgotten(site: &Site, vm: &Vm) -> Result<u32> {
    site.converge(vm)?;
    let vmid = site.vmid()?;
    site.ws.run(&["state", "rm", ADDRESS])?.ok()?;
    Ok(vmid)
}

#[test]
fn by_number() -> Result<()> {
    ready!();
    let site = Site::start()?;
    for vm in [Vm::clone_of_template("web", "pve1"), full()] {
        let vmid = forgotten(&site, &vm)?;
        for id in [vmid.to_string(), format!("pve1/{vmid}")] {
            site.ws.import(ADDRESS, &id)?.ok()?;
            site.ws.expect_empty_plan().map_err(|error| error.context(id))?;
            site.ws.run(&["state", "rm", ADDRESS])?.ok()?;
        }
        site.ws.import(ADDRESS, &vmid.to_string())?.ok()?;
        site.ws.destroy()?.ok()?;
        site.expect_nothing()?;
    }
    Ok(())
}

#[test]
fn a_guest_that_somebody_else_made() -> Result<()> {
    ready!();
    let site = Site::start()?;
    let form = [
        ("vmid", "555"),
        ("name", "old"),
        ("memory", "300"),
        ("net0", "virtio,bridge=vmbr0,tag=9"),
        ("net1", "virtio,bridge=vmbr0"),
        ("scsi0", "local:0.001953125,format=qcow2,cache=writeback"),
        ("description", "by hand"),
    ];
    site.operator("POST", "/nodes/pve1/qemu", &form)?;
    let vm = Vm::bare("old", "pve1")
        .set("memory", "300")
        .set("network", "{ net0 = { bridge = \"vmbr0\", vlan = 9 } }")
        .set(
            "disks",
            "{ scsi0 = { storage = \"local\", size = \"2M\", import_from = \"local:import/x.qcow2\" } }",
        )
        .set("clone", format!("{{ vmid = {TEMPLATE} }}"));
    site.ws.write("import.tf", &format!("import {{\n  to = {ADDRESS}\n  id = \"555\"\n}}\n"))?;
    site.declare(&vm)?;
    site.ws.apply()?.ok()?.says("1 imported, 0 added, 0 changed, 0 destroyed")?;
    site.ws.expect_empty_plan()?;
    ensure!(site.setting(555, "description") == "by hand", "its notes were touched");
    // From here on it is managed like any other; what was never declared stays.
    site.converge(&vm.set("memory", "400"))?;
    ensure!(site.setting(555, "memory") == "400" && site.setting(555, "net1").contains("vmbr0"), "wrong");
    ensure!(site.setting(555, "scsi0").contains("cache=writeback"), "an option was lost");
    Ok(())
}

#[test]
fn what_is_no_virtual_machine_is_refused() -> Result<()> {
    ready!();
    let site = Site::start()?;
    site.declare(&Vm::bare("x", "pve1"))?;
    site.ws.import(ADDRESS, &TEMPLATE.to_string())?.fails()?.says("hybridops_proxmox_template")?;
    site.ws.import(ADDRESS, "123")?.fails()?.says("there is no guest 123")?;
    site.ws.import(ADDRESS, "web")?.fails()?.says("no VMID")?;
    Ok(())
}
