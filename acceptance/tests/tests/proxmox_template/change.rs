//! Changes in place: the guest stays the guest it is.

use anyhow::Result;
use serde_json::Value as Json;

use crate::image;
use crate::support::{ADDRESS, Site, Template};

/// Applies; the plan must change the object in place, and the guest must still be the same.
fn in_place(site: &Site, template: &Template) -> Result<()> {
    let (vmid, uuid) = (site.vmid()?, site.ws.state()?.get(ADDRESS, "uuid")?.clone());
    site.declare(template)?;
    let plan = site.ws.planned()?;
    plan.expect(&[(ADDRESS, "update")])?;
    assert_eq!(plan.change(ADDRESS)?.after("vmid"), vmid, "known, since it stays");
    site.ws.apply_plan()?.ok()?;
    site.ws.expect_empty_plan()?;
    assert_eq!(site.vmid()?, vmid);
    assert_eq!(site.ws.state()?.get(ADDRESS, "uuid")?, &uuid);
    Ok(())
}

#[test]
fn settings() -> Result<()> {
    let site = Site::start(image!())?;
    let mut template = site.template().set("tags", r#"["a", "B"]"#).text("description", "One");
    site.converge(&template)?;
    let vmid = site.vmid()?;
    let steps: [(&str, &str, &str, Json); 13] = [
        ("memory", "4096", "memory", "4096".into()),
        ("description", "\"Two\"", "tags", "a;b".into()),
        ("tags", "[\"c\"]", "tags", "c".into()),
        ("tags", "[]", "tags", Json::Null),
        ("cpu", "{ cores = 1 }", "cores", "1".into()),
        ("cpu", "{ cores = 1, sockets = 2, type = \"host\" }", "sockets", "2".into()),
        ("network", "{ net0 = { bridge = \"vmbr1\", model = \"e1000\" } }", "net1", Json::Null),
        ("network", "{}", "net0", Json::Null),
        ("agent", "false", "agent", "enabled=0".into()),
        ("serial_console", "false", "serial0", Json::Null),
        ("serial_console", "true", "vga", "serial0".into()),
        ("os_type", "\"other\"", "ostype", "other".into()),
        ("name", "\"debian-renamed\"", "name", "debian-renamed".into()),
    ];
    for (attribute, expression, key, expected) in steps {
        template = template.set(attribute, expression);
        in_place(&site, &template).map_err(|error| error.context(format!("{attribute} = {expression}")))?;
        assert_eq!(site.setting(vmid, key), expected, "{attribute} = {expression}");
    }
    // What is no longer said stays as it is.
    site.declare(&template.clone().without("memory").without("cpu").without("os_type"))?;
    site.ws.expect_empty_plan()?;
    assert_eq!(site.setting(vmid, "memory"), "4096");
    site.expect_only("debian-renamed", "disk.qcow2")?;
    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}

#[test]
fn tags_of_another_case_are_the_same() -> Result<()> {
    let site = Site::start(image!())?;
    site.converge(&site.template().set("tags", r#"["Linux", "base"]"#))?;
    assert_eq!(site.ws.state()?.get(ADDRESS, "tags")?, &serde_json::json!(["Linux", "base"]), "as written");
    site.declare(&site.template().set("tags", r#"["BASE", "linux"]"#))?;
    site.ws.expect_empty_plan()?;
    Ok(())
}

#[test]
fn network_keeps_its_address() -> Result<()> {
    let site = Site::start(image!())?;
    let with =
        |extra: &str| site.template().set("network", format!("{{ net0 = {{ bridge = \"vmbr0\"{extra} }} }}"));
    site.converge(&with(""))?;
    let vmid = site.vmid()?;
    let address = |site: &Site| {
        let net = site.setting(vmid, "net0").as_str().unwrap_or_default().to_owned();
        net.split(',').next().unwrap_or_default().to_owned()
    };
    let before = address(&site);
    assert!(before.starts_with("virtio=BC:24:11:"), "{before}");
    in_place(&site, &with(", vlan = 7"))?;
    assert_eq!(address(&site), before, "a change of the VLAN is no reason for another MAC address");
    assert!(site.setting(vmid, "net0").to_string().contains("tag=7"));
    Ok(())
}

#[test]
fn cloud_init_comes_changes_and_goes() -> Result<()> {
    let site = Site::start(image!())?;
    let template = site.template();
    site.converge(&template)?;
    let vmid = site.vmid()?;
    assert_eq!(site.setting(vmid, "ide2"), Json::Null);
    let with = |cloud_init: &str| template.clone().set("cloud_init", cloud_init);
    in_place(&site, &with("{}"))?;
    assert!(site.setting(vmid, "ide2").to_string().contains("cloudinit"));
    in_place(
        &site,
        &with(r#"{ user = "one", ssh_keys = ["ssh-ed25519 A a", "ssh-rsa B b"], upgrade = true }"#),
    )?;
    assert_eq!(site.setting(vmid, "ciuser"), "one");
    assert_eq!(site.setting(vmid, "sshkeys"), "ssh-ed25519%20A%20a%0Assh-rsa%20B%20b");
    assert_eq!(site.setting(vmid, "ciupgrade"), "1");
    in_place(&site, &with(r#"{ user = "two", nameservers = ["10.0.0.1"], search_domain = "x.local" }"#))?;
    assert_eq!(site.setting(vmid, "sshkeys"), Json::Null);
    assert_eq!(site.setting(vmid, "ciupgrade"), Json::Null);
    assert_eq!(site.setting(vmid, "nameserver"), "10.0.0.1");
    in_place(&site, &template)?;
    for key in ["ide2", "ciuser", "nameserver", "searchdomain"] {
        assert_eq!(site.setting(vmid, key), Json::Null, "{key}");
    }
    let left: Vec<String> =
        site.volumes().into_iter().filter(|volume| volume.contains("cloudinit")).collect();
    assert!(left.is_empty(), "the drive is gone: {left:?}");
    Ok(())
}

#[test]
fn password_is_sent_when_its_version_changes() -> Result<()> {
    let site = Site::start(image!())?;
    let with = |password: &str, version: u32| {
        let cloud_init =
            format!("{{ user = \"u\", password = \"{password}\", password_version = {version} }}");
        site.template().set("cloud_init", cloud_init)
    };
    site.converge(&with("first", 1))?;
    site.declare(&with("second", 1))?;
    site.ws.expect_empty_plan()?;
    let sent = |site: &Site| {
        let log = site.lab.journal().all();
        log.iter().filter(|entry| entry.params.contains_key("cipassword")).count()
    };
    assert_eq!(sent(&site), 1, "when it was built");
    in_place(&site, &with("second", 2))?;
    assert_eq!(sent(&site), 2);
    in_place(&site, &with("second", 2).set("memory", "512"))?;
    assert_eq!(sent(&site), 2, "a change of something else does not send it");
    Ok(())
}

#[test]
fn only_what_differs_is_sent() -> Result<()> {
    let site = Site::start(image!())?;
    site.converge(&site.template().set("tags", "[\"x\"]"))?;
    site.lab.journal().clear();
    in_place(&site, &site.template().set("tags", "[\"x\"]").set("memory", "1024"))?;
    let log = site.lab.journal().all();
    let writes: Vec<_> = log.iter().filter(|entry| entry.method != "GET").collect();
    let [write] = writes.as_slice() else { panic!("one write was expected: {writes:#?}") };
    let mut keys: Vec<&str> = write.params.keys().map(String::as_str).collect();
    keys.retain(|key| !["node", "vmid"].contains(key));
    assert_eq!(keys, ["digest", "memory"]);
    Ok(())
}

#[test]
fn somebody_elses_change_in_between_is_not_overwritten() -> Result<()> {
    let site = Site::start(image!())?;
    site.converge(&site.template())?;
    let vmid = site.vmid()?;
    site.declare(&site.template().set("memory", "1024"))?;
    site.ws.plan()?.ok()?;
    // Between the provider's look and its write.
    let path = format!("/nodes/pve1/qemu/{vmid}/config");
    site.fault("POST", "/config$", hybridops_lab::Effect::Delay { millis: 1500 })?;
    let running = site.ws.terraform()?.args(["apply", "-no-color", "tfplan"]).start()?;
    let patience = std::time::Duration::from_secs(20);
    acceptance_tests::wait_until("the write", patience, || {
        Ok(site
            .lab
            .journal()
            .all()
            .iter()
            .any(|entry| entry.method == "POST" && entry.path.ends_with("/config")))
    })?;
    site.operator("PUT", &path, &[("cores", "8")])?;
    let output = running.wait()?.fails()?;
    output.says("Somebody else changed it since it was read")?.says("debian")?;
    assert_eq!(site.setting(vmid, "cores"), "8");
    assert_ne!(site.setting(vmid, "memory"), "1024");
    site.ws.apply()?.ok()?;
    site.ws.expect_empty_plan()?;
    assert_eq!(site.setting(vmid, "memory"), "1024");
    Ok(())
}
