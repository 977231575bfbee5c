//! Which changes a running machine takes at once.

use crate::pve::guest::{Drive, Guest};
use crate::pve::schema::split_number;

/// Options that are only read by the server itself.
const FAST: &[&str] = &[
    "lock",
    "name",
    "onboot",
    "shares",
    "startup",
    "description",
    "protection",
    "vmstatestorage",
    "hookscript",
    "tags",
    "cpuunits",
    "cpulimit",
    "affinity",
];

/// Options of cloud-init; families stand for their numbered members.
const CLOUDINIT: &[&str] = &[
    "cicustom",
    "cipassword",
    "citype",
    "ciuser",
    "ciupgrade",
    "nameserver",
    "searchdomain",
    "sshkeys",
    "ipconfig",
];

/// Options of a drive that only count when it is plugged in anew.
const COLD: &[&str] =
    &["aio", "discard", "iothread", "queues", "cache", "event_idx", "ssd", "ro", "serial", "format", "media"];

/// Whether a feature stands in the machine's `hotplug` option.
fn has(guest: &Guest, feature: &str) -> bool {
    match guest.config.get("hotplug").map_or("1", String::as_str) {
        "0" => false,
        "1" => matches!(feature, "network" | "disk" | "usb"),
        list => list.split([',', ';', ' ']).any(|f| f == feature),
    }
}

/// Whether a change takes effect now; `value` is what is set, `None` deletes.
pub(super) fn at_once(guest: &Guest, key: &str, value: Option<&str>) -> bool {
    if guest.run.is_none() || FAST.contains(&key) || key.starts_with("unused") {
        return true;
    }
    let family = split_number(key).map_or(key, |(family, _)| family);
    match family {
        "net" => has(guest, "network"),
        "usb" | "tablet" => has(guest, "usb"),
        "vcpus" => has(guest, "cpu"),
        "memory" => has(guest, "memory"),
        "balloon" => is_number(guest.config.get("balloon").map(String::as_str)) && is_number(value),
        _ if CLOUDINIT.contains(&family) => has(guest, "cloudinit"),
        _ if Drive::is_key(key) => drive(guest, key, family, value),
        _ => false,
    }
}

/// Memory can only be ballooned where a balloon is, and to somewhere.
fn is_number(value: Option<&str>) -> bool {
    value.and_then(|v| v.parse::<u64>().ok()).is_some_and(|n| n > 0)
}

fn drive(guest: &Guest, key: &str, family: &str, value: Option<&str>) -> bool {
    let old = guest.config.get(key).and_then(|text| Drive::parse(key, text));
    let new = value.and_then(|text| Drive::parse(key, text));
    let bus = matches!(family, "scsi" | "virtio") && has(guest, "disk");
    match (old, new) {
        // A medium is changed in the drive.
        (Some(old), Some(new)) if old.is_cdrom() && new.is_cdrom() => {
            !old.is_cloudinit() && !new.is_cloudinit()
        }
        (Some(old), Some(new)) if old.file == new.file => {
            COLD.iter().all(|option| old.options.get(*option) == new.options.get(*option))
        }
        _ => bus,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pve::guest::{Config, Run};

    fn running(config: &[(&str, &str)]) -> Guest {
        let config: Config = config.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let run =
            Run { pid: 1, started: 1, paused: false, since: std::time::Instant::now(), commands: Vec::new() };
        Guest { config, run: Some(run), ..Guest::default() }
    }

    #[test]
    fn the_hotplug_option_decides() {
        let guest = running(&[]);
        assert!(at_once(&guest, "net1", Some("virtio,bridge=vmbr0")));
        assert!(!at_once(&guest, "memory", Some("2048")));
        let guest = running(&[("hotplug", "memory,cpu")]);
        assert!(at_once(&guest, "memory", Some("2048")) && at_once(&guest, "vcpus", Some("2")));
        assert!(!at_once(&guest, "net1", Some("virtio,bridge=vmbr0")));
        assert!(!at_once(&running(&[("hotplug", "0")]), "scsi1", Some("local:1")));
    }

    #[test]
    fn disks_are_plugged_by_bus_and_by_what_changes() {
        let guest =
            running(&[("scsi0", "local:100/vm-100-disk-0.raw,size=1G"), ("ide2", "none,media=cdrom")]);
        assert!(at_once(&guest, "scsi1", Some("local:100/vm-100-disk-1.raw,size=1G")));
        assert!(!at_once(&guest, "sata1", Some("local:100/vm-100-disk-1.raw,size=1G")));
        assert!(!at_once(&guest, "scsi0", Some("local:100/vm-100-disk-0.raw,size=1G,ssd=1")));
        assert!(at_once(&guest, "scsi0", Some("local:100/vm-100-disk-0.raw,size=1G,backup=0")));
        assert!(at_once(&guest, "ide2", Some("local:iso/a.iso,media=cdrom")));
        assert!(!at_once(&guest, "cores", Some("2")));
    }
}
