//! What cannot work is refused at plan, and says why.

use anyhow::{Result, ensure};

use crate::ready;
use crate::support::{Site, TEMPLATE, Vm};

fn vm() -> Vm {
    Vm::clone_of_template("web", "pve1")
}

#[test]
fn offline() -> Result<()> {
    ready!();
    let site = Site::start()?;
    for (vm, says) in [
        (vm().set("clone", "{ full = true }"), "A clone has one source"),
        (Vm::bare("web", "pve1").without("node"), "The guest has no place"),
        (vm().set("clone", "{ vmid = 9000, full = false, storage = \"local\" }"), "no storage of its own"),
        (vm().set("network", "{ eth0 = { bridge = \"vmbr0\" } }"), "a slot from `net0` to `net31`"),
        (vm().set("remove", "[\"net0\"]").set("network", "{ net0 = {} }"), "either wanted or not"),
        (
            vm().set("cloud_init", "{ user = \"u\", user_data = \"#cloud-config\", storage = \"local\" }"),
            "Cloud-init has one source",
        ),
        (
            vm().set("disks", "{ ide2 = { storage = \"local\" } }")
                .set("cdrom", "{ ide2 = { file = \"none\" } }"),
            "A slot holds one drive",
        ),
        (vm().set("usb", "{ usb0 = {} }"), "mapping"),
    ] {
        site.refused(&vm, &[says])?;
    }
    Ok(())
}

#[test]
fn by_looking_at_the_cluster() -> Result<()> {
    ready!();
    let site = Site::start()?;
    site.operator("POST", "/nodes/pve1/qemu", &[("vmid", "777"), ("name", "other")])?;
    for (vm, says) in [
        (Vm::bare("web", "pve9"), "There is no node pve9"),
        (vm().set("clone", "{ vmid = 4000 }"), "there is no guest 4000"),
        (vm().set("clone", "{ template = \"rocky\" }"), "there are debian"),
        (vm().set("vmid", "777"), "VMID 777 is taken"),
        (vm().set("network", "{ net0 = { bridge = \"vmbr77\" } }"), "has no bridge vmbr77"),
        (vm().set("disks", "{ scsi5 = { size = \"1G\" } }"), "Disk scsi5 has no storage"),
        (vm().set("disks", "{ scsi5 = { storage = \"nowhere\", size = \"1G\" } }"), "has no storage nowhere"),
        (vm().text("args", "-cpu host"), "may not set arguments of QEMU"),
        (vm().set("usb", "{ usb0 = { host = \"0951:1666\" } }"), "may not set a USB device of the host"),
        (vm().set("serial", "{ serial0 = \"/dev/ttyS0\" }"), "may not set a serial port of the host"),
    ] {
        site.refused(&vm, &[says])?;
    }
    Ok(())
}

#[test]
fn room() -> Result<()> {
    ready!();
    let site = Site::start()?;
    // Nothing is set aside before the guest writes: it is told, and done.
    let huge = vm().set("disks", "{ scsi5 = { storage = \"local\", size = \"900T\", format = \"qcow2\" } }");
    site.declare(&huge)?;
    site.ws.plan()?.ok()?.says("Storage local on pve1 has no room")?;
    Ok(())
}

#[test]
fn without_privileges() -> Result<()> {
    ready!();
    let mut site = Site::start()?;
    let token = site.lab.add_token("tf@pve", "ci");
    site.lab.grant("/vms", "tf@pve", "PVEAuditor");
    site.lab.grant("/storage", "tf@pve", "PVEAuditor");
    site.lab.grant("/nodes", "tf@pve", "PVEAuditor");
    site.ws.set_env("PROXMOX_VE_API_TOKEN", token);
    site.refused(
        &vm().set("memory", "512"),
        &["VM.Clone", &format!("/vms/{TEMPLATE}"), "VM.Allocate", "VM.Config.Memory"],
    )?;
    let all = vm()
        .set("clone", format!("{{ vmid = {TEMPLATE}, storage = \"local-lvm\" }}"))
        .set("ha", "{}")
        .set("startup", "{ order = 1 }");
    site.refused(
        &all,
        &["Sys.Console on /", "Sys.Modify on /", "Datastore.AllocateSpace on /storage/local-lvm"],
    )
}

#[test]
fn protected_guests_are_not_destroyed() -> Result<()> {
    ready!();
    let site = Site::start()?;
    site.converge(&vm().set("protection", "true"))?;
    let before = site.everything();
    site.ws.destroy()?.fails()?.says("is protected")?;
    ensure!(site.everything() == before, "a refused destroy changed something");
    site.converge(&vm().set("protection", "false"))?;
    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}

#[test]
fn two_of_one_name() -> Result<()> {
    ready!();
    let site = Site::start()?;
    site.converge(&vm())?;
    let second = vm().label("second").hcl();
    site.ws.write("second.tf", &second)?;
    site.ws.plan()?.fails()?.says("Two virtual machines have the name")?;
    // Also when both are new.
    let site = Site::start()?;
    site.declare(&vm())?;
    site.ws.write("second.tf", &second)?;
    site.ws.plan()?.fails()?.says("Two virtual machines have the name")?.says("Both are to be made")?;
    Ok(())
}
