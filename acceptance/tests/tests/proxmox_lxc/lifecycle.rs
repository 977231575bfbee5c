//! A container's life: made, changed, imported, destroyed.

use anyhow::Result;

use crate::ready;
use crate::support::{ADDRESS, Lxc, Site};

fn whole() -> Lxc {
    Lxc::with_data("db", "pve1")
        .set("cores", "2")
        .set("memory", "1024")
        .set("swap", "0")
        .set("cpu_limit", "1.5")
        .set("cpu_units", "200")
        .set(
            "network",
            "{ net0 = { bridge = \"vmbr0\", address = \"10.77.0.10/24\", gateway = \"10.77.0.1\" } }",
        )
        .set("dns", "{ servers = [\"10.77.0.1\", \"10.77.0.2\"], search_domain = \"example.test\" }")
        .set("tags", "[\"Web\", \"tf\"]")
        .text("description", "made by test\nsecond line")
        .set("on_boot", "true")
        .set("startup", "{ order = 3, up_delay = 10, down_delay = 20 }")
        .set("features", "{ nesting = true }")
        .text("timezone", "host")
        .text("console_mode", "shell")
        .set("tty", "3")
        .set(
            "ssh_keys",
            "[\"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDD8IHY/0z2puGSFrgKrTJoLUK3ZTcH1LG5C2AEwxmjF tf@test\"]",
        )
        .text("power", "running")
}

#[test]
fn made_changed_and_destroyed() -> Result<()> {
    ready!();
    let site = Site::start()?;
    site.converge(&whole())?;
    let vmid = site.expect_only("db")?;
    let guest = site.guest(vmid)?;
    assert!(guest.running);
    for (key, value) in [
        ("cores", "2"),
        ("memory", "1024"),
        ("swap", "0"),
        ("cpulimit", "1.5"),
        ("nameserver", "10.77.0.1 10.77.0.2"),
        ("tags", "tf;web"),
        ("startup", "order=3,up=10,down=20"),
        ("features", "nesting=1"),
        ("unprivileged", "1"),
        ("cmode", "shell"),
    ] {
        assert_eq!(guest.config.get(key).map(String::as_str), Some(value), "{key}");
    }
    assert!(guest.config["net0"].contains("name=eth0") && guest.config["net0"].contains("hwaddr="));
    assert_eq!(site.attribute("addresses")?, serde_json::json!(["10.77.0.10"]));
    let mac = site.attribute("network.net0.mac_address")?;

    let changed = whole()
        .text("name", "db2")
        .set("memory", "2048")
        .set("tags", "[\"tf\"]")
        .text("description", "another")
        .set(
            "network",
            "{ net0 = { bridge = \"vmbr0\", address = \"dhcp\" }, net1 = { bridge = \"vmbr0\" } }",
        );
    site.declare(&changed)?;
    site.ws.planned()?.expect(&[(ADDRESS, "update")])?;
    site.converge(&changed)?;
    assert_eq!(site.expect_only("db2")?, vmid);
    assert_eq!(site.attribute("network.net0.mac_address")?, mac, "the address stays");
    assert_eq!(site.setting(vmid, "memory"), "2048");
    assert!(site.setting(vmid, "net1").contains("name=eth1"));

    site.converge(&changed.set("network", "{ net0 = { bridge = \"vmbr0\", address = \"dhcp\" } }"))?;
    assert_eq!(site.setting(vmid, "net1"), "");
    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}

#[test]
fn what_waits_for_a_restart() -> Result<()> {
    ready!();
    let site = Site::start()?;
    site.converge(&whole())?;
    let vmid = site.vmid()?;
    let other = whole().set("dns", "{ servers = [\"10.77.0.9\"] }");
    site.refused(&other.clone().text("apply_mode", "hotplug"), &["dns takes a restart"])?;
    site.converge(&other)?.says("wait for its next start")?;
    assert_eq!(site.attribute("reboot_required")?, true);
    assert_eq!(site.setting(vmid, "nameserver"), "10.77.0.1 10.77.0.2");

    let third = whole().set("dns", "{ servers = [\"10.77.0.8\"] }").text("apply_mode", "reboot");
    site.converge(&third)?.says("is restarted")?;
    assert_eq!(site.attribute("reboot_required")?, false);
    assert_eq!(site.setting(vmid, "nameserver"), "10.77.0.8");
    assert!(site.guest(vmid)?.running);
    site.converge(&third.text("power", "stopped"))?;
    assert!(!site.guest(vmid)?.running);
    Ok(())
}

#[test]
fn cloned_and_what_is_not_declared_stays() -> Result<()> {
    ready!();
    let site = Site::start()?;
    let source = [
        ("hostname", "source"),
        ("memory", "256"),
        ("cores", "3"),
        ("rootfs", "local:900/vm-900-disk-0.raw,size=64M"),
        ("mp0", "local:900/vm-900-disk-1.raw,mp=/srv,size=32M"),
        ("net0", "name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01,ip=dhcp,type=veth"),
        ("unprivileged", "1"),
        ("arch", "amd64"),
        ("ostype", "debian"),
    ];
    site.lab.add_guest("lxc", "pve1", 900, &source, false)?;
    let lxc = Lxc::bare("copy", "pve1").set("clone", "{ vmid = 900 }").set("memory", "512");
    site.converge(&lxc)?;
    let vmid = site.vmid()?;
    assert_eq!((site.setting(vmid, "memory").as_str(), site.setting(vmid, "cores").as_str()), ("512", "3"));
    assert!(site.setting(vmid, "mp0").contains("mp=/srv"));
    site.converge(&lxc.set("remove", "[\"cores\"]"))?;
    assert_eq!(site.setting(vmid, "cores"), "");
    Ok(())
}

#[test]
fn imported_without_a_difference() -> Result<()> {
    ready!();
    let site = Site::start()?;
    let lxc = whole().text("apply_mode", "reboot").text("on_destroy", "delete_all");
    site.converge(&lxc)?;
    let vmid = site.vmid()?;
    for id in [vmid.to_string(), format!("pve1/{vmid}")] {
        site.ws.run(&["state", "rm", ADDRESS])?.ok()?;
        site.ws.import(ADDRESS, &id)?.ok()?;
        site.ws.expect_empty_plan()?;
    }
    Ok(())
}
