//! Which privilege each option of a machine needs.

use super::super::guests::check_bridge;
use crate::pve::call::Call;
use crate::pve::guest::{Drive, drives, property};
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::schema::split_number;

/// Options by the privilege they need; families stand for their numbered members.
const NEEDED: &[(&str, &[&str])] = &[
    (
        "VM.Config.CPU",
        &["cores", "cpu", "cpulimit", "cpuunits", "sockets", "vcpus", "smp", "affinity", "numa"],
    ),
    ("VM.Config.Memory", &["memory", "balloon", "shares", "hugepages", "keephugepages"]),
    ("VM.Config.Network", &["net"]),
    (
        "VM.Config.Cloudinit",
        &[
            "cicustom",
            "cipassword",
            "citype",
            "ciuser",
            "ciupgrade",
            "nameserver",
            "searchdomain",
            "sshkeys",
            "ipconfig",
        ],
    ),
    (
        "VM.Config.HWType",
        &[
            "acpi", "hotplug", "kvm", "machine", "scsihw", "smbios1", "tablet", "vga", "watchdog", "audio0",
            "vmgenid", "serial", "usb", "hostpci", "rng0", "virtiofs",
        ],
    ),
    ("VM.PowerMgmt", &["start", "autostart"]),
];

/// Options only root@pam with a ticket may set.
const ROOT_ONLY: &[&str] = &["args", "arch", "lock", "hookscript"];

/// Refuses options the asker may not change on a machine.
pub(super) fn check_options<'a>(call: &Call, vmid: u32, keys: impl Iterator<Item = &'a str>) -> Outcome<()> {
    if call.principal.is_root() {
        return Ok(());
    }
    let path = format!("/vms/{vmid}");
    for key in keys {
        if ROOT_ONLY.contains(&key) {
            return Err(Refusal::died(format!("only root can set '{key}' config")));
        }
        // The real serial port of a host is root's; a socket is anyone's.
        if key.starts_with("serial") && call.params.str(key).is_some_and(|v| v != "socket") {
            return Err(Refusal::died(format!("only root can set '{key}' config for real devices")));
        }
        let family = split_number(key).map_or(key, |(family, _)| family);
        check_device(call, key, family)?;
        if key == "startup" {
            call.cluster.state().need(&call.principal, "/", &["Sys.Modify"])?;
        }
        let drive =
            (Drive::is_key(key) || key.starts_with("unused")).then(|| call.params.str(key)).map(|text| {
                text.and_then(|t| Drive::parse(key, t))
                    .is_some_and(|d| d.is_cdrom() && d.new_cloudinit().is_none())
            });
        let privilege = match drive {
            Some(true) => "VM.Config.CDROM",
            Some(false) => "VM.Config.Disk",
            None => NEEDED
                .iter()
                .find(|(_, keys)| keys.contains(&family) || keys.contains(&key))
                .map_or("VM.Config.Options", |(privilege, _)| privilege),
        };
        call.cluster.state().need(&call.principal, &path, &[privilege])?;
    }
    Ok(())
}

/// Devices of the host are root's; mapped ones are whoever's may use the mapping.
fn check_device(call: &Call, key: &str, family: &str) -> Outcome<()> {
    let Some(value) = call.params.str(key) else { return Ok(()) };
    let directory = match family {
        "usb" if value.starts_with("spice") || value.starts_with("host=spice") => return Ok(()),
        "usb" => "usb",
        "hostpci" => "pci",
        "virtiofs" => "dir",
        "parallel" => {
            return Err(Refusal::died(format!("only root can set '{key}' config for real devices")));
        }
        _ => return Ok(()),
    };
    let bare = || value.split(',').next().filter(|first| family == "virtiofs" && !first.contains('='));
    match property(value, "mapping").or(property(value, "dirid")).or_else(bare) {
        Some(mapping) => {
            let path = format!("/mapping/{directory}/{mapping}");
            call.cluster.state().need(&call.principal, &path, &["Mapping.Use"])
        }
        None => Err(Refusal::died(format!("only root can set '{key}' config for real devices"))),
    }
}

/// Refuses disks on storages the asker may not use, or that cannot hold them.
pub(super) fn check_storages(call: &Call, vmid: u32) -> Outcome<()> {
    let node = call.node();
    let given = call
        .params
        .iter()
        .filter_map(|(k, _)| Some((k.to_owned(), call.params.str(k)?.to_owned())))
        .collect();
    for (key, drive) in drives(&given) {
        let wanted = drive.new_volume().map(|(s, _)| s).or_else(|| drive.new_cloudinit());
        if let Some(id) = wanted {
            let storage = {
                let state = call.cluster.state();
                let storage = state.storage_on(id, node)?;
                state.need(&call.principal, &format!("/storage/{id}"), &["Datastore.AllocateSpace"])?;
                storage
            };
            if !storage.holds("images") {
                let text = format!("storage '{id}' does not support vm images");
                return Err(Refusal::param("storage", text));
            }
        } else if drive.file.starts_with('/') || drive.storage().is_some() {
            super::super::storage::check_volume_access(
                &call.cluster,
                &call.principal,
                node,
                Some(vmid),
                &drive.file,
            )?;
        }
        if let Some(source) = drive.options.get("import-from") {
            if drive.new_volume().is_none_or(|(_, size)| size != "0") {
                let text = "'import-from' requires special syntax - use <storage ID>:0,import-from=<source>";
                return Err(Refusal::param(&key, text));
            }
            super::super::storage::check_volume_access(
                &call.cluster,
                &call.principal,
                node,
                Some(vmid),
                source,
            )?;
        }
    }
    Ok(())
}

/// Refuses bridges the asker may not use.
pub(super) fn check_bridges(call: &Call) -> Outcome<()> {
    for (key, _) in call.params.iter().filter(|(k, _)| split_number(k).is_some_and(|(f, _)| f == "net")) {
        let text = call.params.str(key).unwrap_or_default();
        check_bridge(&call.cluster.state(), &call.principal, text)?;
    }
    Ok(())
}
