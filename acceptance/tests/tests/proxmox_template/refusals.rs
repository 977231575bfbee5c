//! What cannot work is refused, readably, and before anything is made.

use anyhow::{Context as _, Result};
use hybridops_lab::NodeState;

use crate::image;
use crate::support::{Site, Template};

/// The plan must refuse this, say all of that, and leave the cluster as it is.
fn refused(site: &Site, template: &Template, says: &[&str]) -> Result<()> {
    site.declare(template)?;
    let before = site.everything();
    let mut output = site.ws.plan()?.fails().with_context(|| template.hcl())?;
    for text in says {
        output = output.says(text)?;
    }
    assert_eq!(site.everything(), before, "nothing was made");
    Ok(())
}

#[test]
fn nodes() -> Result<()> {
    let site = Site::pair(image!())?;
    let on = |node: &str| site.template().text("node", node);
    refused(&site, &on("pve9"), &["There is no node pve9", "pve1, pve2", "main.tf line", "node"])?;
    site.lab.set_node("pve2", NodeState::Offline);
    refused(
        &site,
        &on("pve2"),
        &["Node pve2 is offline", "no template can be built on it", "main.tf line", "choose another"],
    )
}

#[test]
fn storages() -> Result<()> {
    let site = Site::start(image!())?;
    let on = |storage: &str| site.template().set("disk", format!("{{ storage = \"{storage}\" }}"));
    refused(
        &site,
        &on("nowhere"),
        &["Node pve1 has no storage nowhere", "Storages on pve1:", "local-lvm", "main.tf line"],
    )?;
    let through = format!(
        "{{ url = \"{}\", checksum = \"{}\", storage = \"local-lvm\" }}",
        site.lab.artefact_url("disk.qcow2"),
        site.image.checksum("disk.qcow2")
    );
    refused(
        &site,
        &on("local-lvm"),
        &["Storage local-lvm does not take disk images to import", "lvmthin", "image.storage"],
    )?;
    refused(
        &site,
        &site.template().set("image", through),
        &["Storage local-lvm does not take disk images to import", "main.tf line"],
    )?;
    site.operator("PUT", "/storage/local", &[("content", "images,iso")])?;
    refused(
        &site,
        &on("local"),
        &["does not take disk images to import", "pvesm set local --content images,iso,import"],
    )?;
    site.operator("PUT", "/storage/local", &[("content", "iso,import")])?;
    refused(
        &site,
        &on("local"),
        &["Storage local does not take guest disks", "pvesm set local --content import,iso,images"],
    )?;
    site.operator("PUT", "/storage/local", &[("disable", "1")])?;
    refused(&site, &on("local"), &["local"])
}

#[test]
fn numbers() -> Result<()> {
    let site = Site::start(image!())?;
    site.operator("POST", "/nodes/pve1/qemu", &[("vmid", "300"), ("name", "mine")])?;
    let taken = site.template().set("vmid", "300");
    refused(
        &site,
        &taken,
        &[
            "VMID 300 is taken",
            "\"mine\"",
            "main.tf line",
            "vmid = 300",
            "Leave `vmid` out",
            "adopt = { vmid = 300 }",
        ],
    )?;
    // Taken between plan and apply.
    site.declare(&site.template().set("vmid", "301"))?;
    site.ws.plan()?.ok()?;
    site.operator("POST", "/nodes/pve1/qemu", &[("vmid", "301"), ("name", "quick")])?;
    site.ws.apply_plan()?.fails()?.says("VMID 301 is taken")?.says("main.tf line")?;
    assert_eq!(site.vmids(), [300, 301]);
    assert_eq!(site.setting(301, "name"), "quick", "somebody else's guest is untouched");
    Ok(())
}

#[test]
fn a_guest_of_the_same_name_and_pinned_number_is_not_ours() -> Result<()> {
    let site = Site::start(image!())?;
    site.operator("POST", "/nodes/pve1/qemu", &[("vmid", "300"), ("name", "debian"), ("memory", "333")])?;
    site.declare(&site.template().set("vmid", "300"))?;
    site.ws.apply()?.fails()?.says("VMID 300 is taken")?;
    assert_eq!(site.setting(300, "memory"), "333");
    site.ws.destroy()?.ok()?;
    assert_eq!(site.vmids(), [300]);
    Ok(())
}

#[test]
fn images() -> Result<()> {
    let site = Site::start(image!())?;
    let page = b"<!DOCTYPE html><html><body>Moved.</body></html>\n".repeat(40);
    let zip = [&b"PK\x03\x04"[..], &[7; 2000]].concat();
    site.lab.put_artefact("page.qcow2", &page)?;
    site.lab.put_artefact("archive.zip", &zip)?;
    site.lab.put_artefact("text.img", b"hello\n")?;
    let of = |name: &str| {
        let (url, sums) = (site.lab.artefact_url(name), site.lab.artefact_url("SHA256SUMS"));
        site.template().set("image", format!("{{ url = \"{url}\", checksum_url = \"{sums}\" }}"))
    };
    for (name, why) in [
        ("page.qcow2", "looks like a web page"),
        ("archive.zip", "is a zip archive"),
        ("text.img", "smaller than a disk sector"),
    ] {
        refused(
            &site,
            &of(name),
            &["The image is no disk image", name, why, "main.tf line", "qcow2, raw or vmdk"],
        )?;
    }
    refused(
        &site,
        &of("absent.qcow2"),
        &["The image's checksum cannot be found", "absent.qcow2", "main.tf line", "or set `checksum`"],
    )
}

#[test]
fn packed_image_that_holds_none() -> Result<()> {
    use std::io::Write as _;
    let site = Site::start(image!())?;
    let mut xz = xz2::write::XzEncoder::new(Vec::new(), 1);
    xz.write_all(&b"<!DOCTYPE html><html></html>".repeat(100))?;
    site.lab.put_artefact("page.raw.xz", &xz.finish()?)?;
    let (url, sums) = (site.lab.artefact_url("page.raw.xz"), site.lab.artefact_url("SHA256SUMS"));
    site.declare(&site.template().set("image", format!("{{ url = \"{url}\", checksum_url = \"{sums}\" }}")))?;
    // What is inside shows only when it is unpacked, which the plan does not do.
    let before = site.everything();
    site.ws.apply()?.fails()?.says("looks like a web page")?.says("page.raw.xz")?.says("main.tf line")?;
    assert_eq!(site.everything(), before);
    Ok(())
}

#[test]
fn damaged_packed_image() -> Result<()> {
    let image = image!();
    let site = Site::start(image)?;
    let whole = &image.files["disk.raw.gz"];
    site.lab.put_artefact("cut.raw.gz", &whole[..whole.len() / 2])?;
    let (url, sums) = (site.lab.artefact_url("cut.raw.gz"), site.lab.artefact_url("SHA256SUMS"));
    site.declare(&site.template().set("image", format!("{{ url = \"{url}\", checksum_url = \"{sums}\" }}")))?;
    site.ws.apply()?.fails()?.says("unpacking failed")?.says("cut.raw.gz")?;
    site.expect_nothing()
}

#[test]
fn checksums_that_do_not_match() -> Result<()> {
    let image = image!();
    for (name, transfer) in [("disk.qcow2", "node"), ("disk.qcow2", "provider"), ("disk.raw.xz", "provider")]
    {
        let site = Site::start(image)?;
        let (url, wrong) = (site.lab.artefact_url(name), image.checksum("other.qcow2"));
        let expression = format!("{{ url = \"{url}\", checksum = \"{wrong}\", transfer = \"{transfer}\" }}");
        site.declare(&site.template().set("image", expression))?;
        let output = site.ws.apply()?.fails()?;
        output.says("Building template \"debian\" on pve1 failed")?.says("checksum")?.says("main.tf line")?;
        site.expect_nothing()?;
        assert!(site.ws.state()?.addresses().is_empty(), "nothing is tracked that does not exist");
    }
    Ok(())
}

#[test]
fn missing_privileges_are_named_with_their_paths() -> Result<()> {
    let image = image!();
    let mut site = Site::start(image)?;
    let token = site.lab.add_token("tf@pve", "ci");
    site.lab.grant("/", "tf@pve", "PVEAuditor");
    site.ws.set_env("PROXMOX_VE_API_TOKEN", token);
    let template = site
        .template()
        .set("cloud_init", "{ user = \"u\" }")
        .set("network", "{ net0 = { bridge = \"vmbr0\" } }");
    let needed = [
        "VM.Allocate on /vms",
        "VM.Config.Disk on /vms",
        "VM.Config.CPU on /vms",
        "VM.Config.Memory on /vms",
        "VM.Config.HWType on /vms",
        "VM.Config.Options on /vms",
        "VM.Config.Cloudinit on /vms",
        "VM.Config.Network on /vms",
        "Datastore.AllocateSpace on /storage/local",
        "Datastore.AllocateTemplate on /storage/local",
        "Sys.AccessNetwork on /nodes/pve1",
        "SDN.Use",
        "tf@pve!ci",
    ];
    refused(&site, &template, &needed)?;
    // What was named is enough.
    let vms = "VM.Allocate VM.Audit VM.Config.Disk VM.Config.CPU VM.Config.Memory VM.Config.HWType VM.Config.Options \
               VM.Config.Cloudinit VM.Config.Network VM.Config.CDROM";
    let grants = [
        ("/vms", "Guests", vms),
        (
            "/storage/local",
            "Store",
            "Datastore.AllocateSpace Datastore.AllocateTemplate Datastore.Audit Datastore.Allocate",
        ),
        ("/nodes/pve1", "Net", "Sys.AccessNetwork"),
        ("/sdn/zones/localnetwork/vmbr0", "Bridge", "SDN.Use"),
    ];
    for (path, role, privileges) in grants {
        site.operator("POST", "/access/roles", &[("roleid", role), ("privs", privileges)])?;
        site.lab.grant(path, "tf@pve", role);
    }
    site.converge(&template)?;
    site.expect_only("debian", "disk.qcow2")?;
    site.converge(&template.set("memory", "512").set("cpu", "{ cores = 1 }"))?;
    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}

#[test]
fn lost_sight_is_not_gone() -> Result<()> {
    let image = image!();
    let mut site = Site::start(image)?;
    let token = site.lab.add_token("tf@pve", "ci");
    site.lab.grant("/", "tf@pve", "Administrator");
    site.ws.set_env("PROXMOX_VE_API_TOKEN", token);
    site.converge(&site.template())?;
    site.lab.revoke("/", "tf@pve");
    site.lab.grant("/storage", "tf@pve", "PVEAuditor");
    let output = site.ws.plan()?.ok()?;
    output
        .says("cannot be seen")?
        .says("VM.Audit")?
        .says("nothing will be created again")?
        .says("No changes")?;
    Ok(())
}

#[test]
fn what_validation_finds_offline() -> Result<()> {
    let site = Site::start(image!())?;
    site.lab.journal().clear();
    let url = site.lab.artefact_url("disk.qcow2");
    let sum = site.image.checksum("disk.qcow2");
    let image = |text: &str| site.template().set("image", text.replace("URL", &url).replace("SUM", &sum));
    let disk = |text: &str| site.template().set("disk", text);
    let cases: Vec<(Template, &[&str])> = vec![
        (
            site.template().without("disk"),
            &["A template built from an image needs a disk", "disk = { storage"],
        ),
        (site.template().set("adopt", "{ vmid = 300 }"), &["image", "adopt"]),
        (Template::bare("debian", "pve1"), &["image", "adopt"]),
        (
            Template::bare("debian", "pve1").set("adopt", "{ vmid = 300 }").set("vmid", "301"),
            &["contradict each other"],
        ),
        (image("{ url = \"ftp://x/y\", checksum = \"SUM\" }"), &["http:// or https://"]),
        (image("{ url = \"URL\", checksum = \"md5:abc\" }"), &["sha256:", "sha512:"]),
        (image("{ url = \"URL\", checksum = \"sha256:abc\" }"), &["sha256:"]),
        (image("{ url = \"URL\" }"), &["checksum", "checksum_url"]),
        (
            image("{ url = \"URL\", checksum = \"SUM\", checksum_url = \"URL\" }"),
            &["checksum", "checksum_url"],
        ),
        (
            image("{ url = \"URL\", checksum = \"SUM\", transfer = \"pigeon\" }"),
            &["pigeon", "node", "provider"],
        ),
        (disk("{ storage = \"local\", slot = \"ide2\" }"), &["a slot such as"]),
        (disk("{ storage = \"local\", slot = \"scsi31\" }"), &["a slot such as"]),
        (disk("{ storage = \"local\", size = \"32\" }"), &["a size such as"]),
        (disk("{ storage = \"local\", size = \"0G\" }"), &["a size such as"]),
        (site.template().set("tags", "[\"two words\"]"), &["a tag"]),
        (site.template().set("tags", "[\"a;b\"]"), &["a tag"]),
        (site.template().set("memory", "8"), &["between 16 and"]),
        (site.template().set("vmid", "99"), &["between 100 and"]),
        (
            site.template().set("network", "{ eth0 = { bridge = \"vmbr0\" } }"),
            &["a slot from `net0` to `net31`"],
        ),
        (
            site.template().set("network", "{ net0 = { bridge = \"vmbr0\", vlan = 5000 } }"),
            &["between 1 and 4094"],
        ),
        (site.template().text("name", "under_score"), &["a DNS name"]),
        (site.template().text("version", "Big Version"), &["lower-case letters"]),
        (site.template().set("cloud_init", "{ password = \"p\" }"), &["password_version"]),
        (site.template().text("firmware", "coreboot"), &["seabios", "ovmf"]),
        (site.template().text("description", &"x".repeat(6001)), &["The description is too long"]),
    ];
    for (template, says) in cases {
        site.declare(&template)?;
        let mut output = site.ws.validate()?.fails().with_context(|| template.hcl())?;
        for text in says {
            output = output.says(text)?;
        }
        output.says("main.tf line")?;
    }
    assert_eq!(site.lab.journal().all().len(), 0, "validation asks nobody");
    Ok(())
}

#[test]
fn a_disk_smaller_than_the_image() -> Result<()> {
    let site = Site::start(image!())?;
    site.declare(&site.template().set("disk", "{ storage = \"local\", size = \"512K\" }"))?;
    let output = site.ws.apply()?.fails()?;
    output.says("smaller than the image")?.says("main.tf line")?;
    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}
