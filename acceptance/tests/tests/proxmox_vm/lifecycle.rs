//! A guest from its creation to its end.

use anyhow::{Result, ensure};

use crate::ready;
use crate::support::{Site, TEMPLATE, Vm};

#[test]
fn created_changed_and_destroyed() -> Result<()> {
    ready!();
    let site = Site::start()?;
    let vm = Vm::bare("web", "pve1")
        .set("cpu", "{ cores = 2, type = \"x86-64-v2-AES\" }")
        .set("memory", "640")
        .set("scsi_controller", "\"virtio-scsi-single\"")
        .set("os_type", "\"l26\"")
        .set("agent", "true")
        .set(
            "disks",
            "{ scsi0 = { storage = \"local\", size = \"2M\", format = \"qcow2\", discard = true } }",
        )
        .set("network", "{ net0 = { bridge = \"vmbr0\", vlan = 3 } }")
        .set("serial", "{ serial0 = \"socket\" }")
        .set("vga", "{ type = \"serial0\" }")
        .set("boot_order", "[\"scsi0\", \"net0\"]")
        .set("tags", "[\"Web\", \"lab\"]")
        .set("on_boot", "true")
        .text("description", "About\n\nit")
        .text("power", "running");
    site.converge(&vm)?;
    let vmid = site.expect_only("web")?;
    ensure!(site.guest(vmid)["running"] == true, "it does not run");
    for (key, value) in [
        ("cores", "2"),
        ("cpu", "x86-64-v2-AES"),
        ("memory", "640"),
        ("tags", "lab;web"),
        ("onboot", "1"),
        ("boot", "order=scsi0;net0"),
        ("vga", "serial0"),
    ] {
        ensure!(site.setting(vmid, key) == value, "{key} is {:?}", site.setting(vmid, key));
    }
    let card = site.setting(vmid, "net0");
    ensure!(card.contains("tag=3") && card.contains("bridge=vmbr0"), "{card}");
    ensure!(site.setting(vmid, "scsi0").contains("size=2M"), "{}", site.setting(vmid, "scsi0"));
    let notes = site.setting(vmid, "description");
    ensure!(notes.starts_with("About\n\nit") && notes.contains("hybridops:"), "{notes}");
    let mac = site.attribute("network")?["net0"]["mac_address"].as_str().unwrap_or_default().to_owned();
    ensure!(card.contains(&mac) && !mac.is_empty(), "{mac} is not of {card}");

    let changed = vm
        .set("memory", "768")
        .set("network", "{ net0 = { bridge = \"vmbr0\", vlan = 4, firewall = true } }")
        .set("tags", "[\"web\"]")
        .text("description", "Otherwise")
        .text("power", "stopped");
    site.converge(&changed)?;
    ensure!(site.expect_only("web")? == vmid, "it is another guest");
    let card = site.setting(vmid, "net0");
    ensure!(card.contains("tag=4") && card.contains("firewall=1") && card.contains(&mac), "{card}");
    ensure!(site.setting(vmid, "memory") == "768" && site.setting(vmid, "tags") == "web", "not changed");
    ensure!(site.guest(vmid)["running"] == false, "it still runs");

    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}

#[test]
fn everything_else_it_can_be() -> Result<()> {
    ready!();
    let site = Site::start()?;
    let vm = Vm::bare("all", "pve1")
        .text("firmware", "ovmf")
        .text("machine", "q35")
        .set("cpu", "{ cores = 2, sockets = 1, type = \"host\", flags = [\"+aes\"], limit = 1.5, units = 200, vcpus = 1 }")
        .set("memory", "1024")
        .set("balloon", "512")
        .set("numa", "true")
        .set("hotplug", "[\"network\", \"disk\", \"memory\"]")
        .set("efi_disk", "{ storage = \"local\", type = \"4m\", pre_enrolled_keys = true }")
        .set("tpm_state", "{ storage = \"local\", version = \"v2.0\" }")
        .set(
            "disks",
            "{ scsi0 = { storage = \"local\", size = \"1M\", cache = \"writeback\", ssd = true, backup = false, serial = \"abc\" }\n\
             virtio1 = { storage = \"local-lvm\", size = \"4M\", iothread = true, replicate = false } }",
        )
        .set("cdrom", "{ sata0 = { file = \"none\" } }")
        .set("rng", "{ source = \"/dev/urandom\", max_bytes = 1024, period = 1000 }")
        .set("watchdog", "{ model = \"i6300esb\", action = \"reset\" }")
        .set("startup", "{ order = 3, up_delay = 10 }")
        .set("cloud_init", "{ storage = \"local\", user = \"u\", ssh_keys = [\"ssh-ed25519 A a\"], nameservers = [\"10.0.0.53\"], search_domain = \"x.test\", ip_config = { net0 = { ipv4 = \"10.0.0.5/24\", gateway = \"10.0.0.1\" } } }")
        .set("network", "{ net0 = { bridge = \"vmbr0\", mac_address = \"bc:24:11:0a:0b:0c\", mtu = 1400, queues = 2, rate = 12.5, link_down = true } }")
        .set("protection", "false");
    site.converge(&vm)?;
    let vmid = site.expect_only("all")?;
    for (key, part) in [
        ("bios", "ovmf"),
        ("machine", "q35"),
        ("cpu", "flags=+aes"),
        ("cpulimit", "1.5"),
        ("balloon", "512"),
        ("efidisk0", "pre-enrolled-keys=1"),
        ("tpmstate0", "version=v2.0"),
        ("scsi0", "cache=writeback"),
        ("scsi0", "backup=0"),
        ("virtio1", "local-lvm:"),
        ("virtio1", "replicate=0"),
        ("sata0", "none"),
        ("rng0", "max_bytes=1024"),
        ("watchdog", "action=reset"),
        ("startup", "3,up=10"),
        ("ciuser", "u"),
        ("ipconfig0", "ip=10.0.0.5/24"),
        ("ide2", "cloudinit"),
        ("net0", "BC:24:11:0A:0B:0C"),
        ("net0", "rate=12.5"),
    ] {
        ensure!(site.setting(vmid, key).contains(part), "{key} is {:?}", site.setting(vmid, key));
    }
    // Taken away again: what is left out stays, slots that were managed go.
    let less = vm
        .without("cdrom")
        .without("watchdog")
        .set("disks", "{ scsi0 = { storage = \"local\", size = \"1M\" } }")
        .set("remove", "[\"rng0\"]")
        .without("rng");
    site.converge(&less)?;
    ensure!(site.setting(vmid, "watchdog").contains("i6300esb"), "what is left out stays");
    ensure!(site.setting(vmid, "rng0").is_empty(), "what is in `remove` goes");
    ensure!(site.setting(vmid, "virtio1").is_empty(), "the slot is free");
    ensure!(site.setting(vmid, "unused0").contains("local-lvm:"), "its volume stays");
    ensure!(site.setting(vmid, "scsi0").contains("cache=writeback"), "what is not declared any more stays");
    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}

#[test]
fn kept_when_it_is_destroyed() -> Result<()> {
    ready!();
    let site = Site::start()?;
    site.converge(&Vm::clone_of_template("web", "pve1").text("on_destroy", "keep"))?;
    let vmid = site.vmid()?;
    site.ws.destroy()?.ok()?;
    ensure!(site.vmids() == [vmid], "it is gone");
    Ok(())
}

#[test]
fn renamed_in_place() -> Result<()> {
    ready!();
    let site = Site::start()?;
    site.converge(&Vm::clone_of_template("web", "pve1"))?;
    let vmid = site.vmid()?;
    site.converge(&Vm::clone_of_template("web-2", "pve1"))?;
    ensure!(site.expect_only("web-2")? == vmid && vmid != TEMPLATE, "it is another guest");
    Ok(())
}
