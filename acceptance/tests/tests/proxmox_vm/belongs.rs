//! What a guest belongs to: a pool, high availability, a group on each release.

use anyhow::{Result, ensure};
use hybridops_lab::{LabConfig, Release};

use crate::ready;
use crate::support::{Site, Vm};

fn vm() -> Vm {
    Vm::bare("web", "pve1").set("disks", "{ scsi0 = { storage = \"shared\", size = \"2M\" } }")
}

#[test]
fn another_pool() -> Result<()> {
    ready!();
    let site = Site::start()?;
    for pool in ["one", "two"] {
        site.operator("POST", "/pools", &[("poolid", pool)])?;
    }
    let pool = |vmid| site.lab.guest(vmid).and_then(|guest| guest.pool);
    site.converge(&vm().text("pool", "one"))?;
    let vmid = site.vmid()?;
    ensure!(pool(vmid).as_deref() == Some("one"), "{:?}", pool(vmid));
    site.converge(&vm().text("pool", "two"))?;
    ensure!(pool(vmid).as_deref() == Some("two"), "{:?}", pool(vmid));
    // Left out it stays; named in `remove` it goes.
    site.converge(&vm())?;
    ensure!(pool(vmid).as_deref() == Some("two"), "{:?}", pool(vmid));
    site.converge(&vm().set("remove", "[\"pool\"]"))?;
    ensure!(pool(vmid).is_none(), "{:?}", pool(vmid));
    Ok(())
}

#[test]
fn high_availability_comes_changes_and_goes() -> Result<()> {
    ready!();
    let site = Site::cluster()?;
    let resources = || site.operator("GET", "/cluster/ha/resources", &[]);
    site.converge(&vm())?;
    let vmid = site.vmid()?;
    site.converge(&vm().set("ha", "{ state = \"stopped\", max_restart = 3 }"))?;
    let now = resources()?.to_string();
    ensure!(now.contains(&format!("vm:{vmid}")) && now.contains("stopped"), "{now}");
    site.converge(&vm().set("ha", "{ state = \"ignored\", max_relocate = 2 }"))?;
    let now = resources()?.to_string();
    ensure!(now.contains("ignored"), "{now}");
    site.converge(&vm().set("remove", "[\"ha\"]"))?;
    let now = resources()?.to_string();
    ensure!(!now.contains(&format!("vm:{vmid}")), "{now}");
    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}

#[test]
fn release_9() -> Result<()> {
    ready!();
    let nodes = ["pve1", "pve2"].map(str::to_owned).into();
    let site = Site::with(LabConfig { nodes, release: Release::V9, ..LabConfig::default() })?;
    site.refused(&vm().set("ha", "{ group = \"fast\" }"), &["has no HA groups", "ha_rule_node_affinity"])?;
    let cloned = |memory: &str, node: &str, power: &str| {
        Vm::clone_of_template("web", node)
            .set("memory", memory)
            .set("disks", "{ scsi0 = { storage = \"shared\", size = \"4M\" } }")
            .set("network", "{ net0 = { bridge = \"vmbr0\", vlan = 4 } }")
            .set("ha", "{ state = \"ignored\" }")
            .text("apply_mode", "reboot")
            .text("power", power)
    };
    site.converge(&cloned("256", "pve1", "running"))?;
    let vmid = site.expect_only("web")?;
    site.converge(&cloned("512", "pve1", "running"))?;
    site.converge(&cloned("512", "pve2", "stopped"))?;
    let guest = site.guest(vmid);
    ensure!(guest["node"] == "pve2" && guest["running"] == false, "{guest:#}");
    ensure!(site.setting(vmid, "memory") == "512", "{}", site.setting(vmid, "memory"));
    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}
