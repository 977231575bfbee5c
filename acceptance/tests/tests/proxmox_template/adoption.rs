//! Taking over guests that somebody else made.

use anyhow::Result;
use serde_json::Value as Json;

use crate::image;
use crate::support::{ADDRESS, Site, Template};

/// A virtual machine with a disk, as a build leaves it.
fn built(site: &Site, vmid: u32) -> Result<()> {
    let vmid = vmid.to_string();
    let form = [
        ("vmid", vmid.as_str()),
        ("name", "packer"),
        ("memory", "768"),
        ("scsi0", "local:1"),
        ("tags", "packer"),
    ];
    site.operator("POST", "/nodes/pve1/qemu", &form).map(drop)
}

fn adopting(vmid: u32) -> Template {
    Template::bare("golden", "pve1").set("adopt", format!("{{ vmid = {vmid} }}"))
}

#[test]
fn stopped_guest_becomes_a_template() -> Result<()> {
    let site = Site::start(image!())?;
    built(&site, 300)?;
    let uuid = site.setting(300, "smbios1");
    site.declare(&adopting(300).set("cpu", "{ cores = 3 }"))?;
    let plan = site.ws.planned()?;
    plan.expect(&[(ADDRESS, "create")])?;
    assert_eq!(plan.change(ADDRESS)?.after("on_destroy"), "keep");
    site.ws.apply_plan()?.ok()?;
    site.ws.expect_empty_plan()?;
    let setting = |key: &str| site.setting(300, key);
    assert_eq!((setting("template"), setting("name")), ("1".into(), "golden".into()));
    assert_eq!((setting("cores"), setting("memory")), ("3".into(), "768".into()), "what is not said stays");
    assert_eq!(setting("tags"), "packer");
    assert_eq!(setting("smbios1"), uuid);
    let state = site.ws.state()?;
    assert_eq!(state.get(ADDRESS, "image_checksum")?, &Json::Null);
    assert_eq!(state.get(ADDRESS, "memory")?, 768);
    site.converge(&adopting(300).set("memory", "1024"))?;
    assert_eq!(site.setting(300, "memory"), "1024");
    site.ws.destroy()?.ok()?;
    assert_eq!(site.vmids(), [300], "kept, since Terraform did not make it");
    Ok(())
}

#[test]
fn template_is_taken_over_and_destroyed_where_asked() -> Result<()> {
    let site = Site::start(image!())?;
    built(&site, 300)?;
    site.operator("POST", "/nodes/pve1/qemu/300/template", &[])?;
    site.converge(&adopting(300).text("on_destroy", "delete").text("version", "3"))?;
    assert_eq!(site.setting(300, "tags"), "packer;version-3");
    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}

#[test]
fn running_guest_is_refused_at_plan() -> Result<()> {
    let site = Site::start(image!())?;
    built(&site, 300)?;
    site.operator("POST", "/nodes/pve1/qemu/300/status/start", &[])?;
    let before = site.everything();
    site.declare(&adopting(300))?;
    let refused = site.ws.plan()?.fails()?;
    refused
        .says("Guest 300 cannot be taken over")?
        .says("\"packer\" is running")?
        .says("Shut it down")?
        .says("main.tf line")?;
    assert_eq!(site.everything(), before);
    Ok(())
}

#[test]
fn guest_started_after_the_plan_is_refused_at_apply() -> Result<()> {
    let site = Site::start(image!())?;
    built(&site, 300)?;
    site.declare(&adopting(300))?;
    site.ws.plan()?.ok()?;
    site.operator("POST", "/nodes/pve1/qemu/300/status/start", &[])?;
    let before = site.everything();
    site.ws.apply_plan()?.fails()?.says("running")?.says("Shut it down")?;
    assert_eq!(site.everything(), before);
    Ok(())
}

#[test]
fn missing_guest_is_refused_at_plan() -> Result<()> {
    let site = Site::start(image!())?;
    site.declare(&adopting(300))?;
    let refused = site.ws.plan()?.fails()?;
    refused.says("Guest 300 cannot be taken over")?.says("no guest with this number")?;
    Ok(())
}

#[test]
fn newer_build_is_swapped_in() -> Result<()> {
    let site = Site::start(image!())?;
    built(&site, 300)?;
    built(&site, 301)?;
    site.converge(&adopting(300).text("on_destroy", "delete"))?;
    site.converge(&adopting(301).text("on_destroy", "delete"))?;
    assert_eq!(site.vmids(), [301], "the earlier build is reaped");
    assert_eq!(site.vmid()?, 301);
    // Where destroying means keeping, so does a swap.
    built(&site, 302)?;
    site.converge(&adopting(302).text("on_destroy", "keep"))?;
    assert_eq!(site.vmids(), [301, 302]);
    assert_eq!(site.ws.state()?.get(ADDRESS, "previous")?, &serde_json::json!([]), "forgotten");
    Ok(())
}

#[test]
fn guest_without_a_disk_is_adopted() -> Result<()> {
    let site = Site::start(image!())?;
    site.operator("POST", "/nodes/pve1/qemu", &[("vmid", "300"), ("name", "netboot")])?;
    site.converge(&adopting(300))?;
    assert_eq!(site.ws.state()?.get(ADDRESS, "volume_id")?, &Json::Null);
    Ok(())
}
