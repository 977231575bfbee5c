//! Changed behind our back: shown, and mended.

use anyhow::Result;
use serde_json::Value as Json;

use crate::image;
use crate::support::{ADDRESS, Site};

/// What somebody sends, the attribute that shows it, and what it shows.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, Json);

#[test]
fn settings_are_shown_and_mended() -> Result<()> {
    let site = Site::start(image!())?;
    let template = site
        .template()
        .text("version", "7")
        .set("memory", "1024")
        .set("cpu", "{ cores = 2 }")
        .set("agent", "true")
        .set("serial_console", "true")
        .set("tags", "[\"ours\"]")
        .text("description", "Ours")
        .set("network", "{ net0 = { bridge = \"vmbr0\" } }")
        .set("cloud_init", "{ user = \"ours\", ssh_keys = [\"ssh-ed25519 A a\"] }");
    site.converge(&template)?;
    let vmid = site.vmid()?;
    let path = format!("/nodes/pve1/qemu/{vmid}/config");
    let cases: [Case<'_>; 12] = [
        (&[("memory", "8192")], "memory", 8192.into()),
        (&[("cores", "16")], "/cpu/cores", 16.into()),
        (&[("tags", "theirs")], "tags", serde_json::json!(["theirs"])),
        (&[("description", "Theirs")], "description", "Theirs".into()),
        (&[("name", "theirs")], "name", "theirs".into()),
        (&[("agent", "enabled=0")], "agent", false.into()),
        (&[("delete", "agent")], "agent", false.into()),
        (&[("delete", "serial0")], "serial_console", false.into()),
        (&[("delete", "net0")], "network", serde_json::json!({})),
        (&[("net1", "virtio,bridge=vmbr9")], "/network/net1/bridge", "vmbr9".into()),
        (&[("ciuser", "theirs")], "/cloud_init/user", "theirs".into()),
        (&[("delete", "ide2")], "cloud_init", Json::Null),
    ];
    for (form, attribute, seen) in cases {
        let before = site.setting(vmid, "smbios1");
        site.operator("PUT", &path, form)?;
        let plan = site.ws.planned()?;
        plan.expect(&[(ADDRESS, "update")]).map_err(|error| error.context(format!("{form:?}")))?;
        assert_eq!(plan.change(ADDRESS)?.before(attribute), &seen, "{form:?}");
        site.ws.apply_plan()?.ok().map_err(|error| error.context(format!("{form:?}")))?;
        site.ws.expect_empty_plan().map_err(|error| error.context(format!("{form:?}")))?;
        assert_eq!(site.setting(vmid, "smbios1"), before, "the same guest");
    }
    site.expect_only("debian", "disk.qcow2")?;
    Ok(())
}

#[test]
fn notes_rewritten_by_hand_are_no_reason_to_build_again() -> Result<()> {
    let site = Site::start(image!())?;
    site.converge(&site.template())?;
    let vmid = site.vmid()?;
    let path = format!("/nodes/pve1/qemu/{vmid}/config");
    site.operator("PUT", &path, &[("description", "my own notes")])?;
    let plan = site.ws.planned()?;
    plan.expect(&[(ADDRESS, "update")])?;
    assert_eq!(plan.change(ADDRESS)?.after("vmid"), vmid, "changed in place");
    site.ws.apply_plan()?.ok()?;
    site.ws.expect_empty_plan()?;
    assert!(site.setting(vmid, "description").to_string().contains("hybridops:"), "the stamp is back");
    // And without any notes at all.
    site.operator("PUT", &path, &[("delete", "description")])?;
    site.ws.expect_empty_plan()?;
    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}

#[test]
fn migrated_templates_stay_where_they_are() -> Result<()> {
    let image = image!();
    let site = Site::pair(image)?;
    let template = site.template().set("disk", "{ storage = \"shared\" }");
    site.converge(&template)?;
    let vmid = site.vmid()?;
    site.lab.move_guest(vmid, "pve2");
    site.ws.plan_with(&["-refresh-only"])?.ok()?.says("pve2")?;
    site.ws.planned()?.expect(&[])?;
    site.ws.apply()?.ok()?;
    assert_eq!(site.ws.state()?.get(ADDRESS, "current_node")?, "pve2");
    site.converge(&template.set("memory", "1024"))?;
    assert_eq!(site.vmid()?, vmid);
    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}

#[test]
fn a_lost_uuid_is_no_other_guest() -> Result<()> {
    let site = Site::start(image!())?;
    site.converge(&site.template())?;
    let vmid = site.vmid()?;
    site.operator("PUT", &format!("/nodes/pve1/qemu/{vmid}/config"), &[("delete", "smbios1")])?;
    site.ws.planned()?.expect(&[])?;
    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}
