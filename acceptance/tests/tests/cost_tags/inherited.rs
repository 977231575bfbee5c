//! Guests whose tags nobody declared: what they inherited stays, but for what the provider states.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::scene::{CARRIERS, Scene, provider, scene};

/// A clone of a guest with tags, which declares none.
const CLONE: &str = "resource \"hybridops_proxmox_vm\" \"it\" {\n  name = \"web\"\n  node = \"pve1\"\n  clone = { vmid = 300 }\n}\n";

fn expect_own(scene: &Scene, address: &str, tags: &[&str]) -> Result<()> {
    let state = scene.ws.state()?;
    let is = state.get(address, "tags")?;
    ensure!(*is == json!(tags), "tags of {address} in state: {is}, not {tags:?}");
    Ok(())
}

#[test]
fn a_clone() -> Result<()> {
    let scene = scene!();
    let [vm, ..] = CARRIERS;
    let inherited = "cost-env.dev;cost-purpose.dr;golden";
    scene.operator("POST", "/nodes/pve1/qemu/300/config", &[("tags", inherited)])?;
    scene.ws.write("main.tf", CLONE)?;
    // Without the section everything is as it was.
    provider(&scene.ws, &[])?;
    scene.converge()?;
    scene.expect_tags(vm, &["cost-env.dev", "cost-purpose.dr", "golden"])?;
    scene.expect_cost_tags(vm, &[])?;
    provider(&scene.ws, &[("env", "prod"), ("owner", "it")])?;
    scene.converge()?;
    scene.expect_tags(vm, &["cost-env.prod", "cost-owner.it", "cost-purpose.dr", "golden"])?;
    scene.expect_cost_tags(vm, &["cost-env.prod", "cost-owner.it"])?;
    expect_own(&scene, vm.address, &["cost-purpose.dr", "golden"])?;
    // One made with the section at once.
    scene.ws.destroy()?.ok()?;
    scene.converge()?;
    scene.expect_tags(vm, &["cost-env.prod", "cost-owner.it", "cost-purpose.dr", "golden"])?;
    expect_own(&scene, vm.address, &["cost-purpose.dr", "golden"])?;
    // With the tag of a group, and with what was inherited taken away.
    let group = CLONE.replace(
        "node = \"pve1\"",
        "nodes = [\"pve1\"]\n  placement = { anti_affinity = \"web\" }\n  remove = [\"tags\"]",
    );
    scene.ws.write("main.tf", &group)?;
    scene.converge()?;
    scene.expect_tags(vm, &["anti-affinity-web", "cost-env.prod", "cost-owner.it"])?;
    scene.ws.write("main.tf", CLONE)?;
    provider(&scene.ws, &[])?;
    scene.converge()?;
    let left = scene.tags_of(vm)?;
    ensure!(left.iter().all(|tag| !tag.starts_with("cost-")), "{left:?}");
    Ok(())
}

#[test]
fn a_guest_that_is_taken_over_as_a_template() -> Result<()> {
    let scene = scene!();
    let [.., template] = CARRIERS;
    scene.operator("POST", "/nodes/pve1/qemu/300/config", &[("tags", "cost-env.dev;packer")])?;
    scene.ws.write("main.tf", &template.hcl(None))?;
    provider(&scene.ws, &[("env", "prod")])?;
    scene.converge()?;
    scene.expect_tags(template, &["cost-env.prod", "packer"])?;
    provider(&scene.ws, &[])?;
    scene.converge()?;
    scene.expect_tags(template, &["packer"])
}

#[test]
fn a_container() -> Result<()> {
    let scene = scene!();
    let [_, lxc, _] = CARRIERS;
    scene.ws.write("main.tf", &lxc.hcl(None))?;
    provider(&scene.ws, &[])?;
    scene.converge()?;
    scene.retag(lxc, "box;cost-env.dev")?;
    scene.ws.expect_empty_plan()?;
    provider(&scene.ws, &[("env", "prod")])?;
    scene.converge()?;
    scene.expect_tags(lxc, &["box", "cost-env.prod"])?;
    expect_own(&scene, lxc.address, &["box"])?;
    provider(&scene.ws, &[("owner", "it")])?;
    scene.converge()?;
    scene.expect_tags(lxc, &["box", "cost-owner.it"])?;
    provider(&scene.ws, &[])?;
    scene.converge()?;
    scene.expect_tags(lxc, &["box"])
}
