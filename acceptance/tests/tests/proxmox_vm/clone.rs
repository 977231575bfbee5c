//! Clones: what they inherit, where they go, and how they get there.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::ready;
use crate::support::{Site, TEMPLATE, Vm};

#[test]
fn a_clone_keeps_what_is_not_declared() -> Result<()> {
    ready!();
    let site = Site::start()?;
    let vm = Vm::clone_of_template("web", "pve1")
        .set("memory", "512")
        .set("network", "{ net0 = { bridge = \"vmbr0\" } }")
        .set("disks", "{ scsi0 = { size = \"4M\" } }");
    site.converge(&vm)?;
    let vmid = site.expect_only("web")?;
    ensure!(site.setting(vmid, "memory") == "512", "declared");
    ensure!(
        site.setting(vmid, "net0").contains("tag=7"),
        "the inherited tag stays: {}",
        site.setting(vmid, "net0")
    );
    ensure!(site.setting(vmid, "net1").starts_with("e1000"), "the inherited card stays");
    ensure!(site.setting(vmid, "tags") == "golden", "inherited tags stay");
    ensure!(site.setting(vmid, "scsi0").contains("size=4M"), "{}", site.setting(vmid, "scsi0"));
    ensure!(site.setting(vmid, "scsi0").contains("discard=on"), "inherited options stay");
    ensure!(
        site.attribute("managed")? == json!(["memory", "name", "net0", "scsi0"]),
        "{}",
        site.attribute("managed")?
    );
    let mac = |vmid, slot| site.setting(vmid, slot).split(',').next().unwrap_or_default().to_owned();
    ensure!(mac(vmid, "net0") != mac(TEMPLATE, "net0"), "it has an address of its own");
    // Taken away by name.
    site.converge(&vm.clone().set("remove", "[\"net1\"]"))?;
    ensure!(site.setting(vmid, "net1").is_empty(), "net1 is to go");
    // Clearing what was inherited.
    site.converge(
        &vm.set("remove", "[\"net1\"]").set("network", "{ net0 = { bridge = \"vmbr0\", vlan = 0 } }"),
    )?;
    ensure!(!site.setting(vmid, "net0").contains("tag="), "{}", site.setting(vmid, "net0"));
    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}

#[test]
fn linked() -> Result<()> {
    ready!();
    let site = Site::start()?;
    let vm = Vm::bare("web", "pve1").set("clone", "{ template = \"debian\", full = false }");
    site.converge(&vm)?;
    let vmid = site.expect_only("web")?;
    let volume = site.volume(vmid, "scsi0");
    ensure!(volume.contains(&format!("base-{TEMPLATE}-")), "{volume} is no linked clone");
    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}

#[test]
fn to_another_storage() -> Result<()> {
    ready!();
    let site = Site::start()?;
    let clone = format!("{{ vmid = {TEMPLATE}, full = true, storage = \"local-lvm\" }}");
    site.converge(&Vm::bare("web", "pve1").set("clone", clone))?;
    let vmid = site.expect_only("web")?;
    ensure!(site.volume(vmid, "scsi0").starts_with("local-lvm:"), "{}", site.volume(vmid, "scsi0"));
    Ok(())
}

#[test]
fn an_edited_source_makes_a_note_only() -> Result<()> {
    ready!();
    let site = Site::start()?;
    site.converge(&Vm::clone_of_template("web", "pve1"))?;
    site.declare(&Vm::bare("web", "pve1").set("clone", "{ vmid = 9999, full = false }"))?;
    let output = site.ws.plan()?;
    output.ok()?.says("What a guest was made from is not changed")?.says("No changes")?;
    Ok(())
}

#[test]
fn chosen_number() -> Result<()> {
    ready!();
    let site = Site::start()?;
    site.converge(&Vm::clone_of_template("web", "pve1").set("vmid", "4711"))?;
    ensure!(site.expect_only("web")? == 4711, "another number");
    // Another number is another guest: that must be said.
    site.refused(
        &Vm::clone_of_template("web", "pve1").set("vmid", "4712"),
        &["would be replaced", "on_destroy = \"delete\""],
    )?;
    site.converge(&Vm::clone_of_template("web", "pve1").set("vmid", "4712").text("on_destroy", "delete"))?;
    ensure!(site.expect_only("web")? == 4712, "another number");
    Ok(())
}
