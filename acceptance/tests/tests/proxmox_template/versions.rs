//! New versions beside the old, the swap, and what is reaped.

use anyhow::Result;
use serde_json::json;

use crate::image;
use crate::support::{ADDRESS, Site, Template};

fn version(site: &Site, version: &str, retain: u32) -> Template {
    site.template().text("version", version).set("retain", retain.to_string())
}

/// Makes a linked clone of a guest, as somebody else.
fn linked_clone(site: &Site, of: u32, vmid: u32) -> Result<()> {
    let form = [("newid", vmid.to_string()), ("full", "0".to_owned())];
    let form: Vec<(&str, &str)> = form.iter().map(|(key, value)| (*key, value.as_str())).collect();
    site.operator("POST", &format!("/nodes/pve1/qemu/{of}/clone"), &form).map(drop)
}

#[test]
fn the_old_one_is_reaped() -> Result<()> {
    let site = Site::start(image!())?;
    site.converge(&version(&site, "1", 0))?;
    let old = site.vmid()?;
    site.declare(&version(&site, "2", 0))?;
    let plan = site.ws.planned()?;
    plan.expect(&[(ADDRESS, "update")])?;
    for unknown in ["id", "vmid", "uuid", "volume_id", "previous"] {
        assert!(plan.change(ADDRESS)?.is_unknown(unknown), "{unknown}");
    }
    site.ws.apply_plan()?.ok()?;
    site.ws.expect_empty_plan()?;
    let new = site.expect_only("debian", "disk.qcow2")?;
    assert_ne!(new, old);
    assert_eq!(site.setting(new, "tags"), "version-2");
    Ok(())
}

#[test]
fn one_earlier_version_is_retained() -> Result<()> {
    let site = Site::start(image!())?;
    let mut numbers = Vec::new();
    for name in ["1", "2", "3"] {
        site.converge(&version(&site, name, 1))?;
        numbers.push(site.vmid()?);
    }
    let mut expected = vec![numbers[1], numbers[2]];
    expected.sort_unstable();
    assert_eq!(site.vmids(), expected, "the oldest is gone, one earlier stays");
    let previous = site.ws.state()?.get(ADDRESS, "/previous/0")?.clone();
    assert_eq!((&previous["vmid"], &previous["version"]), (&json!(numbers[1]), &json!("2")));
    // Fewer to keep: reaped without a new version.
    site.converge(&version(&site, "3", 0))?;
    site.expect_only("debian", "disk.qcow2")?;
    assert_eq!(site.ws.state()?.get(ADDRESS, "previous")?, &json!([]));
    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}

#[test]
fn destroying_takes_the_earlier_versions_along() -> Result<()> {
    let site = Site::start(image!())?;
    for name in ["1", "2", "3"] {
        site.converge(&version(&site, name, 5))?;
    }
    assert_eq!(site.vmids().len(), 3);
    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}

#[test]
fn linked_clones_keep_the_old_one_alive() -> Result<()> {
    let site = Site::start(image!())?;
    site.converge(&version(&site, "1", 0))?;
    let old = site.vmid()?;
    linked_clone(&site, old, 500)?;
    site.declare(&version(&site, "2", 0))?;
    let output = site.ws.apply()?.ok()?;
    output.says(&format!("Template {old} stays: linked clones use it"))?.says("500")?;
    assert_eq!(site.vmids().len(), 3);
    assert_eq!(site.ws.state()?.get(ADDRESS, "/previous/0/vmid")?, old);
    site.ws.expect_empty_plan()?;

    // Destroying says so at plan, before anything is touched.
    let before = site.everything();
    let refused = site.ws.plan_with(&["-destroy"])?.fails()?;
    refused.says("is in use")?.says("500")?.says("full clones")?.says("on_destroy")?;
    assert_eq!(site.everything(), before);

    // Once the clone is gone, the next change reaps.
    site.operator("DELETE", "/nodes/pve1/qemu/500", &[])?;
    site.converge(&version(&site, "2", 0).set("memory", "512"))?;
    site.expect_only("debian", "disk.qcow2")?;
    Ok(())
}

#[test]
fn linked_clones_of_the_template_refuse_its_destruction() -> Result<()> {
    let site = Site::start(image!())?;
    site.converge(&site.template())?;
    let vmid = site.vmid()?;
    linked_clone(&site, vmid, 500)?;
    linked_clone(&site, vmid, 501)?;
    let before = site.everything();
    let refused = site.ws.plan_with(&["-destroy"])?.fails()?;
    refused.says("Template \"debian\" is in use")?.says("the linked clones 500, 501")?;
    // A clone that appears after the plan is seen at apply.
    site.operator("DELETE", "/nodes/pve1/qemu/500", &[])?;
    site.operator("DELETE", "/nodes/pve1/qemu/501", &[])?;
    site.ws.plan_with(&["-destroy"])?.ok()?;
    linked_clone(&site, vmid, 500)?;
    site.ws.apply_plan()?.fails()?.says("is in use")?.says("500")?;
    assert!(site.vmids().contains(&vmid), "{before}");
    assert_eq!(site.ws.state()?.addresses(), [ADDRESS], "still tracked");
    site.operator("DELETE", "/nodes/pve1/qemu/500", &[])?;
    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}

#[test]
fn another_image_builds_anew() -> Result<()> {
    let site = Site::start(image!())?;
    site.converge(&site.template())?;
    let old = site.vmid()?;
    site.converge(&site.template().set("image", site.image_of("other.qcow2")))?;
    assert_ne!(site.expect_only("debian", "other.qcow2")?, old);
    Ok(())
}

#[test]
fn another_disk_or_node_builds_anew() -> Result<()> {
    let site = Site::pair(image!())?;
    site.converge(&site.template())?;
    let mut before = site.vmid()?;
    let larger = site.template().set("disk", "{ storage = \"local\", size = \"4M\" }");
    let elsewhere = larger.clone().text("node", "pve2");
    for template in [larger, elsewhere] {
        site.converge(&template)?;
        let now = site.expect_only("debian", "disk.qcow2")?;
        assert_ne!(now, before);
        before = now;
    }
    assert_eq!(site.ws.state()?.get(ADDRESS, "current_node")?, "pve2");
    Ok(())
}

#[test]
fn pinned_number_cannot_be_used_twice() -> Result<()> {
    let site = Site::start(image!())?;
    let pinned = |name: &str, vmid: &str| version(&site, name, 0).set("vmid", vmid);
    site.converge(&pinned("1", "9000"))?;
    site.declare(&pinned("2", "9000"))?;
    let before = site.everything();
    let refused = site.ws.plan()?.fails()?;
    refused
        .says("A new version needs a number of its own")?
        .says("Leave `vmid` out")?
        .says("main.tf line")?;
    assert_eq!(site.everything(), before);
    site.converge(&pinned("2", "9001"))?;
    assert_eq!(site.expect_only("debian", "disk.qcow2")?, 9001);
    Ok(())
}

#[test]
fn somebody_elses_template_with_an_old_number_is_left_alone() -> Result<()> {
    let site = Site::start(image!())?;
    site.converge(&version(&site, "1", 1))?;
    let old = site.vmid()?;
    site.converge(&version(&site, "2", 1))?;
    assert_eq!(site.vmids().len(), 2);
    // The earlier version is removed by hand, and its number goes to a template of another configuration.
    site.operator("DELETE", &format!("/nodes/pve1/qemu/{old}"), &[])?;
    let other = Site::template(&site).label("other").text("name", "other");
    site.ws.write("other.tf", &other.hcl())?;
    site.ws
        .run(&["apply", "-no-color", "-auto-approve", "-target", "hybridops_proxmox_template.other"])?
        .ok()?;
    assert_eq!(site.setting(old, "name"), "other", "it got the number");
    // The next version reaps the oldest: not this one.
    for name in ["3", "4"] {
        site.declare(&version(&site, name, 1))?;
        site.ws.apply()?.ok()?;
        assert_eq!(site.setting(old, "name"), "other", "version {name}");
    }
    assert_eq!(site.vmids().len(), 3);
    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}
