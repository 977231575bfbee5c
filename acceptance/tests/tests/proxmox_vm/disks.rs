//! Disks: grown, moved, detached, attached, deleted, in place.

use anyhow::{Result, ensure};

use crate::ready;
use crate::support::{Site, Vm};

fn with(disks: &str) -> Vm {
    Vm::clone_of_template("db", "pve1").set("disks", disks)
}

const DATA: &str = "scsi0 = {}\nscsi1 = { storage = \"local\", size = \"2M\", format = \"raw\" }";

#[test]
fn grown_moved_and_converted() -> Result<()> {
    ready!();
    let site = Site::start()?;
    site.converge(&with(&format!("{{ {DATA} }}")))?;
    let vmid = site.expect_only("db")?;
    let first = site.volume(vmid, "scsi1");
    let path = site.lab.volume_path("pve1", &first).expect("a file");
    std::fs::write(&path, vec![7_u8; 2 << 20])?;
    site.converge(&with("{ scsi0 = {}\nscsi1 = { storage = \"local\", size = \"4M\", format = \"raw\" } }"))?;
    ensure!(site.volume(vmid, "scsi1") == first, "it is another volume");
    ensure!(site.setting(vmid, "scsi1").contains("size=4M"), "{}", site.setting(vmid, "scsi1"));
    let moved = with("{ scsi0 = {}\nscsi1 = { storage = \"local-lvm\", size = \"8M\" } }");
    site.converge(&moved)?;
    let second = site.volume(vmid, "scsi1");
    ensure!(second.starts_with("local-lvm:"), "{second}");
    ensure!(
        site.setting(vmid, "unused0").is_empty(),
        "the old volume was left: {}",
        site.setting(vmid, "unused0")
    );
    let bytes = std::fs::read(site.lab.volume_path("pve1", &second).expect("a file"))?;
    ensure!(bytes[..2 << 20].iter().all(|byte| *byte == 7), "the content is lost");
    ensure!(bytes.len() == 8 << 20, "it has not grown");
    site.expect_only("db")?;
    site.refused(
        &with("{ scsi0 = {}\nscsi1 = { storage = \"local-lvm\", size = \"1M\" } }"),
        &["Disk scsi1 cannot shrink", "It has 8M"],
    )
}

#[test]
fn detached_disks_are_kept_unless_told() -> Result<()> {
    ready!();
    let site = Site::start()?;
    site.converge(&with(&format!("{{ {DATA} }}")))?;
    let vmid = site.vmid()?;
    let volume = site.volume(vmid, "scsi1");
    site.converge(&with("{ scsi0 = {} }"))?;
    ensure!(site.setting(vmid, "scsi1").is_empty() && site.setting(vmid, "unused0") == volume, "not kept");
    // Attached again, at another slot.
    site.converge(&with(&format!("{{ scsi0 = {{}}\nscsi3 = {{ volume = \"{volume}\" }} }}")))?;
    ensure!(site.volume(vmid, "scsi3") == volume && site.setting(vmid, "unused0").is_empty(), "not attached");
    let told = format!("{{ scsi0 = {{}}\nscsi3 = {{ volume = \"{volume}\", on_detach = \"delete\" }} }}");
    site.converge(&with(&told))?;
    site.converge(&with("{ scsi0 = {} }"))?;
    ensure!(
        site.lab.volume_path("pve1", &volume).is_none_or(|path| !path.exists()),
        "{volume} is still there"
    );
    ensure!(site.setting(vmid, "unused0").is_empty(), "it is still with the guest");
    site.expect_only("db").map(drop)
}

#[test]
fn a_clones_disk_that_leaves_the_map_was_declared() -> Result<()> {
    ready!();
    let site = Site::start()?;
    // Without a map nothing is managed, and nothing is detached by declaring another disk.
    site.converge(&Vm::clone_of_template("db", "pve1"))?;
    let vmid = site.vmid()?;
    site.declare(&with("{ scsi1 = { storage = \"local\", size = \"1M\" } }"))?;
    site.ws.plan()?.ok()?.says("Slots that were never declared stay with the guest")?;
    site.ws.apply()?.ok()?;
    site.ws.expect_empty_plan()?;
    ensure!(site.setting(vmid, "scsi0").contains("size="), "scsi0 was taken away");
    ensure!(site.setting(vmid, "scsi1").contains("size=1M"), "scsi1 was not made");
    Ok(())
}

#[test]
fn one_that_a_running_guest_holds_is_deleted_after_its_restart() -> Result<()> {
    ready!();
    let site = Site::start()?;
    let vm = |disks: &str| with(disks).set("hotplug", "[\"network\"]").text("power", "running");
    site.converge(&vm(
        "{ scsi0 = {}\nscsi1 = { storage = \"local\", size = \"1M\", on_detach = \"delete\" } }",
    ))?;
    let vmid = site.vmid()?;
    let volume = site.volume(vmid, "scsi1");
    site.converge(&vm("{ scsi0 = {} }"))?;
    ensure!(site.attribute("reboot_required")? == true, "nothing waits");
    let there = || site.lab.volume_path("pve1", &volume).is_some_and(|path| path.exists());
    ensure!(there(), "it was deleted under a running guest");
    site.power(vmid, "stop")?;
    site.power(vmid, "start")?;
    ensure!(there() && site.setting(vmid, "unused0") == volume, "{}", site.setting(vmid, "unused0"));
    site.ws.plan()?.ok()?.says(&volume)?;
    site.ws.apply()?.ok()?;
    ensure!(!there() && site.setting(vmid, "unused0").is_empty(), "{volume} is still there");
    site.ws.expect_empty_plan().map(drop)
}
