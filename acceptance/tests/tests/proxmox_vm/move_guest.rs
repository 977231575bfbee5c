//! Guests on several nodes: chosen, moved, found where high availability put them.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};

use crate::ready;
use crate::support::{ADDRESS, Site, Vm};

fn floating(name: &str) -> Vm {
    Vm::bare(name, "x").without("node").set("nodes", "[\"pve1\", \"pve2\", \"pve3\"]")
}

#[test]
fn a_move_within_the_allowed_nodes_is_no_difference() -> Result<()> {
    ready!();
    let site = Site::cluster()?;
    let vm = floating("web").set("placement", "{ policy = \"first\" }").set("memory", "256");
    site.declare(&vm)?;
    site.ws.plan()?.ok()?.says("would go to pve1")?;
    site.converge(&vm)?;
    let vmid = site.vmid()?;
    ensure!(site.guest(vmid)["node"] == "pve1", "{}", site.guest(vmid)["node"]);
    site.lab.move_guest(vmid, "pve3");
    site.ws.expect_empty_plan()?;
    site.ws.run(&["apply", "-refresh-only", "-auto-approve"])?.ok()?;
    ensure!(site.attribute("current_node")? == "pve3", "it was not found");
    site.converge(&vm.set("memory", "512"))?;
    ensure!(site.guest(vmid)["node"] == "pve3" && site.setting(vmid, "memory") == "512", "not changed there");
    Ok(())
}

#[test]
fn kept_apart() -> Result<()> {
    ready!();
    let site = Site::cluster()?;
    let server = |n: u32| {
        floating(&format!("server-{n}"))
            .label(&format!("s{n}"))
            .set("placement", "{ policy = \"spread\", anti_affinity = \"rke2\" }")
            .set("memory", "256")
            .hcl()
    };
    site.ws.write("main.tf", &(1..=3).map(server).collect::<String>())?;
    site.ws.apply()?.ok()?;
    site.ws.expect_empty_plan()?;
    let nodes: BTreeSet<String> = site.guests().iter().map(|(_, guest)| guest["node"].to_string()).collect();
    ensure!(nodes.len() == 3, "they share nodes: {nodes:?}");
    site.ws.write("main.tf", &(1..=4).map(server).collect::<String>())?;
    site.ws.plan()?.ok()?.says("Guests of one group share a node")?;
    Ok(())
}

#[test]
fn another_node_migrates() -> Result<()> {
    ready!();
    let site = Site::cluster()?;
    let vm = |node: &str| {
        Vm::bare("web", node).set("disks", "{ scsi0 = { storage = \"shared\", size = \"2M\" } }")
    };
    site.converge(&vm("pve1"))?;
    let (vmid, volume) = (site.vmid()?, site.volume(site.vmid()?, "scsi0"));
    site.converge(&vm("pve2"))?;
    ensure!(site.vmid()? == vmid && site.guest(vmid)["node"] == "pve2", "it was not moved");
    ensure!(site.volume(vmid, "scsi0") == volume, "the disk is another one");
    // Moved away by hand: brought back.
    site.lab.move_guest(vmid, "pve3");
    site.ws.plan()?.ok()?.says("pve3")?;
    site.ws.apply()?.ok()?;
    site.ws.expect_empty_plan()?;
    ensure!(site.guest(vmid)["node"] == "pve2", "it was not brought back");
    Ok(())
}

#[test]
fn a_clone_on_another_node_is_moved_after_it_is_made() -> Result<()> {
    ready!();
    let site = Site::cluster()?;
    site.declare(&Vm::clone_of_template("web", "pve2"))?;
    site.ws.plan()?.ok()?.says("The clone is made on pve1 and then moved to pve2")?;
    site.ws.apply()?.ok()?;
    site.ws.expect_empty_plan()?;
    let vmid = site.expect_only("web")?;
    ensure!(site.guest(vmid)["node"] == "pve2", "{}", site.guest(vmid)["node"]);
    site.refused(
        &Vm::bare("other", "pve2").label("other").set("clone", "{ template = \"debian\", full = false }"),
        &["A linked clone cannot leave its template"],
    )
}

#[test]
fn high_availability() -> Result<()> {
    ready!();
    let site = Site::cluster()?;
    let vm = |node: &str| {
        Vm::bare("web", node)
            .set("disks", "{ scsi0 = { storage = \"shared\", size = \"2M\" } }")
            .set("ha", "{ state = \"started\", max_restart = 2 }")
    };
    site.converge(&vm("pve1"))?;
    let vmid = site.vmid()?;
    let resources = site.operator("GET", "/cluster/ha/resources", &[])?;
    ensure!(resources.to_string().contains(&format!("vm:{vmid}")), "{resources}");
    // High availability moves it: that is its business.
    site.lab.move_guest(vmid, "pve3");
    site.ws.expect_empty_plan()?;
    site.ws.destroy()?.ok()?;
    ensure!(site.vmids().is_empty(), "{ADDRESS} is still there");
    Ok(())
}
