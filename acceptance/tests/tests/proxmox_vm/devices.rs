//! Devices of the host, and what only root may set.

use anyhow::{Result, ensure};

use crate::ready;
use crate::support::{Site, Vm};

#[test]
fn by_mapping() -> Result<()> {
    ready!();
    let site = Site::start()?;
    let nic = [("id", "nic"), ("map", "node=pve1,path=0000:00:01.0,id=8086:1237")];
    site.operator("POST", "/cluster/mapping/pci", &nic)?;
    site.operator("POST", "/cluster/mapping/usb", &[("id", "key"), ("map", "node=pve1,id=1050:0407")])?;
    let vm = Vm::clone_of_template("web", "pve1");
    let with = vm
        .clone()
        .set("usb", "{ usb0 = { mapping = \"key\", usb3 = true } }")
        .set("pci", "{ hostpci0 = { mapping = \"nic\", rombar = false } }");
    site.converge(&with)?;
    let vmid = site.vmid()?;
    let (usb, pci) = (site.setting(vmid, "usb0"), site.setting(vmid, "hostpci0"));
    ensure!(usb.contains("mapping=key") && usb.contains("usb3=1"), "{usb}");
    ensure!(pci.contains("mapping=nic") && pci.contains("rombar=0"), "{pci}");
    // Left out they stay; a map without them takes them away.
    site.converge(&vm)?;
    ensure!(site.setting(vmid, "usb0") == usb && site.setting(vmid, "hostpci0") == pci, "not left alone");
    site.converge(&vm.set("usb", "{}").set("pci", "{}"))?;
    for slot in ["usb0", "hostpci0"] {
        ensure!(site.setting(vmid, slot).is_empty(), "{slot} is still {}", site.setting(vmid, slot));
    }
    Ok(())
}

#[test]
fn what_only_root_may_set() -> Result<()> {
    ready!();
    let mut site = Site::start()?;
    let vm = Vm::clone_of_template("web", "pve1")
        .text("args", "-no-hpet")
        .set("usb", "{ usb0 = { host = \"0951:1666\" } }");
    site.refused(&vm, &["may not set arguments of QEMU", "Configure `username` and"])?;
    site.login_as_root();
    site.converge(&vm)?;
    let vmid = site.vmid()?;
    ensure!(site.setting(vmid, "args") == "-no-hpet", "{}", site.setting(vmid, "args"));
    ensure!(site.setting(vmid, "usb0").contains("0951:1666"), "{}", site.setting(vmid, "usb0"));
    Ok(())
}
