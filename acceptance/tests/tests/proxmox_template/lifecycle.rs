//! Create and destroy, in every way an image can come.

use anyhow::Result;
use hybridops_lab::Release;

use crate::image;
use crate::support::{ADDRESS, Site};

/// Everything a template may be given, on a release.
fn whole_life(release: Release) -> Result<()> {
    let image = image!();
    let site = Site::of(image, release)?;
    let template = site
        .template()
        .text("version", "1.0")
        .text("description", "Base of everything.\n\nSecond *paragraph*.")
        .set("disk", r#"{ storage = "local-lvm", size = "8M", ssd = true }"#)
        .set("image", format!(r#"{{ url = "{}", checksum = "{}", storage = "local" }}"#,
            site.lab.artefact_url("disk.qcow2"), image.checksum("disk.qcow2")))
        .set("memory", "1024")
        .set("cpu", r#"{ cores = 4, type = "host" }"#)
        .set("network", r#"{ net0 = { bridge = "vmbr0" }, net2 = { bridge = "vmbr1", vlan = 20, firewall = true } }"#)
        .set("tags", r#"["Linux", "base"]"#)
        .set("cloud_init", r#"{ user = "admin", ssh_keys = ["ssh-ed25519 AAAA+/= a b"], nameservers = ["10.0.0.53", "10.0.0.54"], search_domain = "lab.local", upgrade = false }"#);
    site.declare(&template)?;
    let plan = site.ws.planned()?;
    plan.expect(&[(ADDRESS, "create")])?;
    let change = plan.change(ADDRESS)?;
    assert_eq!(change.after("image_checksum"), &image.checksum("disk.qcow2"), "known at plan");
    assert_eq!(change.after("on_destroy"), "delete");
    for unknown in ["id", "vmid", "uuid", "volume_id", "current_node"] {
        assert!(change.is_unknown(unknown), "{unknown}");
    }
    site.ws.apply_plan()?.ok()?;
    site.ws.expect_empty_plan()?;
    let vmid = site.expect_only("debian", "disk.qcow2")?;

    let setting = |key: &str| site.setting(vmid, key);
    assert_eq!(setting("memory"), "1024");
    assert_eq!(setting("cores"), "4");
    assert_eq!(setting("cpu"), "host");
    assert_eq!(setting("tags"), "base;linux;version-1.0");
    assert_eq!(setting("boot"), "order=scsi0");
    assert_eq!(setting("serial0"), "socket");
    assert_eq!(setting("scsihw"), "virtio-scsi-single");
    assert_eq!(setting("nameserver"), "10.0.0.53 10.0.0.54");
    assert_eq!(setting("sshkeys"), "ssh-ed25519%20AAAA%2B%2F%3D%20a%20b");
    assert!(setting("net0").as_str().is_some_and(|net| net.contains("bridge=vmbr0")), "{}", setting("net0"));
    assert!(setting("net2").as_str().is_some_and(|net| net.contains("firewall=1") && net.contains("tag=20")));
    let disk = setting("scsi0").to_string();
    assert!(disk.contains("size=8M") && disk.contains("ssd=1") && disk.contains("discard=on"), "{disk}");

    let state = site.ws.state()?;
    assert_eq!(state.get(ADDRESS, "id")?, &vmid.to_string());
    assert_eq!(state.get(ADDRESS, "volume_id")?, &format!("local-lvm:base-{vmid}-disk-0"));
    assert_eq!(state.get(ADDRESS, "current_node")?, "pve1");
    let uuid = state.get(ADDRESS, "uuid")?.as_str().unwrap_or_default().to_owned();
    assert!(!uuid.is_empty() && setting("smbios1").to_string().contains(&uuid), "{uuid}");

    site.ws.destroy()?.ok()?;
    assert!(site.ws.state()?.addresses().is_empty());
    site.expect_nothing()?;
    site.ws.expect_no_processes()
}

#[test]
fn on_release_8() -> Result<()> {
    whole_life(Release::V8_4)
}

#[test]
fn on_release_9() -> Result<()> {
    whole_life(Release::V9)
}

#[test]
fn with_nothing_but_what_is_required() -> Result<()> {
    let site = Site::start(image!())?;
    site.converge(&site.template())?;
    let vmid = site.expect_only("debian", "disk.qcow2")?;
    assert_eq!(vmid, 100, "the cluster's first free number");
    let state = site.ws.state()?;
    for (name, usual) in [("memory", 2048.into()), ("agent", true.into()), ("os_type", "l26".into())] {
        let usual: serde_json::Value = usual;
        assert_eq!(state.get(ADDRESS, name)?, &usual, "{name}");
    }
    assert_eq!(state.get(ADDRESS, "/cpu/cores")?, 2);
    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}

#[test]
fn checksum_from_the_publishers_sums_file() -> Result<()> {
    let image = image!();
    let site = Site::start(image)?;
    let (url, sums) = (site.lab.artefact_url("disk.qcow2"), site.lab.artefact_url("SHA256SUMS"));
    let from_sums = format!("{{ url = \"{url}\", checksum_url = \"{sums}\" }}");
    site.converge(&site.template().set("image", from_sums))?;
    site.expect_only("debian", "disk.qcow2")?;
    assert_eq!(site.ws.state()?.get(ADDRESS, "image_checksum")?, &image.checksum("disk.qcow2"));
    Ok(())
}

#[test]
fn checksum_of_the_other_kind_and_in_capitals() -> Result<()> {
    let image = image!();
    let site = Site::start(image)?;
    let url = site.lab.artefact_url("disk.qcow2");
    let sum = image.checksum512("disk.qcow2");
    let shouted = sum.replace("sha512:", "").to_uppercase();
    site.converge(
        &site.template().set("image", format!("{{ url = \"{url}\", checksum = \"sha512:{shouted}\" }}")),
    )?;
    site.expect_only("debian", "disk.qcow2")?;
    // The same sum spelled otherwise is the same image.
    site.declare(&site.template().set("image", format!("{{ url = \"{url}\", checksum = \"{sum}\" }}")))?;
    site.ws.expect_empty_plan()?;
    Ok(())
}

/// An image in this form must arrive, brought by the provider.
fn uploaded(name: &str) -> Result<()> {
    let site = Site::start(image!())?;
    site.converge(&site.template().set("image", site.image_of(name)))?;
    site.expect_only("debian", "disk.raw")?;
    let counts = site.lab.journal().counts();
    assert_eq!(counts.get("POST /nodes/{node}/storage/{storage}/upload"), Some(&1), "{counts:#?}");
    assert_eq!(counts.get("POST /nodes/{node}/storage/{storage}/download-url"), None, "{counts:#?}");
    Ok(())
}

#[test]
fn packed_with_xz() -> Result<()> {
    uploaded("disk.raw.xz")
}

#[test]
fn packed_with_gz() -> Result<()> {
    uploaded("disk.raw.gz")
}

#[test]
fn raw_by_the_node_and_by_the_provider() -> Result<()> {
    let image = image!();
    for transfer in ["node", "provider"] {
        let site = Site::start(image)?;
        let (url, sum) = (site.lab.artefact_url("disk.raw"), image.checksum("disk.raw"));
        let expression = format!("{{ url = \"{url}\", checksum = \"{sum}\", transfer = \"{transfer}\" }}");
        site.converge(&site.template().set("image", expression))?;
        site.expect_only("debian", "disk.raw")?;
    }
    Ok(())
}

#[test]
fn image_is_kept_where_asked() -> Result<()> {
    let image = image!();
    let site = Site::start(image)?;
    let (url, sum) = (site.lab.artefact_url("disk.qcow2"), image.checksum("disk.qcow2"));
    let keeping = format!("{{ url = \"{url}\", checksum = \"{sum}\", keep = true }}");
    site.converge(&site.template().set("image", keeping))?;
    let kept = |site: &Site| site.volumes().into_iter().filter(|volume| volume.contains(":import/")).count();
    assert_eq!(kept(&site), 1);
    site.ws.destroy()?.ok()?;
    assert_eq!((kept(&site), site.vmids().len()), (1, 0), "what was asked to be kept outlives the template");
    Ok(())
}

#[test]
fn uefi_with_other_slot_and_pinned_number() -> Result<()> {
    let image = image!();
    let site = Site::start(image)?;
    let template = site
        .template()
        .set("vmid", "9000")
        .text("firmware", "ovmf")
        .text("machine", "q35")
        .set("agent", "false")
        .set("serial_console", "false")
        .set("disk", r#"{ storage = "shared", slot = "virtio1", discard = false, ssd = true }"#);
    site.converge(&template)?;
    assert_eq!(site.vmids(), [9000]);
    site.expect_content(9000, "virtio1", "disk.qcow2")?;
    assert_eq!(site.setting(9000, "boot"), "order=virtio1");
    assert!(site.setting(9000, "efidisk0").is_string());
    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}

#[test]
fn replaced_when_tainted() -> Result<()> {
    let site = Site::start(image!())?;
    site.converge(&site.template())?;
    let before = site.ws.state()?.get(ADDRESS, "uuid")?.clone();
    site.ws.run(&["taint", ADDRESS])?.ok()?;
    site.ws.apply()?.ok()?;
    site.ws.expect_empty_plan()?;
    site.expect_only("debian", "disk.qcow2")?;
    assert_ne!(site.ws.state()?.get(ADDRESS, "uuid")?, &before);
    Ok(())
}

#[test]
fn kept_on_destroy_where_asked() -> Result<()> {
    let site = Site::start(image!())?;
    site.converge(&site.template().text("on_destroy", "keep"))?;
    let before = site.everything();
    site.ws.destroy()?.ok()?;
    assert!(site.ws.state()?.addresses().is_empty());
    assert_eq!(site.everything(), before, "nothing was asked of the cluster");
    Ok(())
}

#[test]
fn created_again_when_it_is_gone() -> Result<()> {
    let site = Site::start(image!())?;
    site.converge(&site.template())?;
    let vmid = site.vmid()?;
    site.operator("DELETE", &format!("/nodes/pve1/qemu/{vmid}"), &[])?;
    site.ws.planned()?.expect(&[(ADDRESS, "create")])?;
    site.ws.apply_plan()?.ok()?;
    site.expect_only("debian", "disk.qcow2")?;
    Ok(())
}

#[test]
fn number_taken_by_another_guest_since() -> Result<()> {
    let site = Site::start(image!())?;
    site.converge(&site.template())?;
    let vmid = site.vmid()?;
    site.operator("DELETE", &format!("/nodes/pve1/qemu/{vmid}"), &[])?;
    site.operator("POST", "/nodes/pve1/qemu", &[("vmid", &vmid.to_string()), ("name", "stranger")])?;
    let output = site.ws.plan()?.ok()?.says("is another guest now")?.says("stranger")?;
    output.is_silent_about("destroy the")?;
    site.ws.apply()?.ok()?;
    assert_eq!(site.vmids().len(), 2);
    assert_eq!(site.setting(vmid, "name"), "stranger");
    site.ws.destroy()?.ok()?;
    assert_eq!(site.vmids(), [vmid], "the stranger is left alone");
    Ok(())
}
