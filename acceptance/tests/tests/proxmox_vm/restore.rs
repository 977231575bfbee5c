//! A guest made from a backup.

use anyhow::{Context as _, Result, ensure};

use crate::ready;
use crate::support::{Site, Vm};

#[test]
fn from_a_backup() -> Result<()> {
    ready!();
    let site = Site::start()?;
    let form = [
        ("vmid", "555"),
        ("name", "db"),
        ("memory", "300"),
        ("scsi0", "local:0.001953125"),
        ("net0", "virtio,bridge=vmbr0"),
    ];
    site.operator("POST", "/nodes/pve1/qemu", &form)?;
    let original = site.volume(555, "scsi0");
    site.lab.write_volume("pve1", &original, b"rows")?;
    let bytes = site.lab.volume_fingerprint("pve1", &original);
    site.operator("POST", "/nodes/pve1/vzdump", &[("vmid", "555"), ("storage", "shared")])?;
    let list = site.operator("GET", "/nodes/pve1/storage/shared/content", &[("content", "backup")])?;
    let archive = list[0]["volid"].as_str().context("a backup")?.to_owned();
    ensure!(site.lab.remove_guest(555), "555 was not there");

    let restore = format!("{{ archive = \"{archive}\", storage = \"local-lvm\" }}");
    let vm = Vm::bare("db", "pve1").set("restore", restore).set("memory", "400").text("power", "running");
    site.converge(&vm)?;
    let vmid = site.vmid()?;
    let volume = site.volume(vmid, "scsi0");
    ensure!(volume.starts_with("local-lvm:"), "{volume}");
    ensure!(site.lab.volume_fingerprint("pve1", &volume) == bytes, "the data is not that of the backup");
    ensure!(site.setting(vmid, "memory") == "400" && site.guest(vmid)["running"] == true, "not as declared");
    // Taking out what it was made from makes nothing anew.
    site.declare(&vm.without("restore"))?;
    site.ws.expect_empty_plan()?;
    site.ws.destroy()?.ok()?;
    ensure!(site.vmids().is_empty(), "{:?}", site.vmids());
    Ok(())
}
