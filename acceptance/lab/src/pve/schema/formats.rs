//! Named formats of the schema that the served paths use.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::{Spec, config_formats};
use crate::pve::access::PRIVILEGES;

/// Content types a storage may hold.
pub(crate) const CONTENT_TYPES: &[&str] =
    &["images", "rootdir", "vztmpl", "iso", "backup", "snippets", "import", "none"];

const CPU_TYPES: &[&str] = &[
    "486",
    "athlon",
    "Broadwell",
    "Cascadelake-Server",
    "core2duo",
    "coreduo",
    "EPYC",
    "EPYC-Genoa",
    "EPYC-Milan",
    "EPYC-Rome",
    "Haswell",
    "host",
    "Icelake-Server",
    "IvyBridge",
    "kvm32",
    "kvm64",
    "max",
    "Nehalem",
    "Opteron_G1",
    "Opteron_G2",
    "Opteron_G3",
    "Opteron_G4",
    "Opteron_G5",
    "pentium",
    "pentium2",
    "pentium3",
    "Penryn",
    "phenom",
    "qemu32",
    "qemu64",
    "SandyBridge",
    "SapphireRapids",
    "Skylake-Client",
    "Skylake-Server",
    "Westmere",
    "x86-64-v2",
    "x86-64-v2-AES",
    "x86-64-v3",
    "x86-64-v4",
];

/// Checks a value against a named format; unknown names pass, as they are not needed to decide.
pub(crate) fn check(format: &str, value: &str) -> Result<(), String> {
    if let Some(element) = format.strip_suffix("-list") {
        return split_list(value).try_for_each(|item| check(element, item));
    }
    if let Some(element) = format.strip_suffix("-opt") {
        return if value.is_empty() { Ok(()) } else { check(element, value) };
    }
    if let Some(result) = config_formats::check(format, value) {
        return result;
    }
    let (valid, error) = match format {
        "dns-name" => (is_dns_name(value), "value does not look like a valid DNS name".to_owned()),
        "pve-vmid" => (
            value.parse::<u32>().is_ok_and(|n| (100..=999_999_999).contains(&n)),
            "value does not look like a valid VM ID".to_owned(),
        ),
        "pve-node" => (is_dns_label(value), "value does not look like a valid node name".to_owned()),
        "pve-storage-id" => (
            starts_alpha(value) && value.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)),
            format!("storage ID '{value}' contains illegal characters"),
        ),
        "pve-storage-content" => (CONTENT_TYPES.contains(&value), format!("invalid content type '{value}'")),
        "pve-groupid" => (is_id(value), format!("group name '{value}' contains invalid characters")),
        "pve-roleid" => (is_id(value), format!("role name '{value}' contains invalid characters")),
        "pve-priv" => (PRIVILEGES.contains(&value), format!("invalid privilege '{value}'")),
        "urlencoded" => (
            value.chars().all(|c| c.is_ascii_alphanumeric() || "-_.!~*'()%".contains(c)),
            format!("invalid urlencoded string: {value}"),
        ),
        "pve-configid" => (
            value.len() > 1
                && value.starts_with(|c: char| c.is_ascii_alphabetic())
                && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-'),
            format!("invalid configuration ID '{value}'"),
        ),
        "mac-addr" => {
            (is_unicast_mac(value), "value does not look like a valid unicast MAC address".to_owned())
        }
        "pve-volume-id" => (
            value.split_once(':').is_some_and(|(s, v)| !s.is_empty() && !v.is_empty()),
            format!("unable to parse volume ID '{value}'"),
        ),
        "pve-volume-id-or-qm-path" => (
            value == "none" || value == "cdrom" || value.starts_with('/') || value.contains(':'),
            "invalid volume id or path".to_owned(),
        ),
        "boot-device" => (is_boot_device(value), format!("invalid boot device '{value}'")),
        "cpu-type" => (
            CPU_TYPES.contains(&value) || value.starts_with("custom-"),
            format!("Built-in cputype '{value}' is not defined (missing 'custom-' prefix?)"),
        ),
        "pve-ipv4-config" => (
            matches!(value, "dhcp" | "manual") || is_cidr(value, 32),
            "value does not look like a valid ipv4 network configuration".to_owned(),
        ),
        "pve-ipv6-config" => (
            matches!(value, "auto" | "dhcp" | "manual") || is_cidr6(value),
            "value does not look like a valid ipv6 network configuration".to_owned(),
        ),
        "ipv4" => (
            value.parse::<std::net::Ipv4Addr>().is_ok(),
            "value does not look like a valid ipv4 address".to_owned(),
        ),
        "ipv6" => (
            value.parse::<std::net::Ipv6Addr>().is_ok(),
            "value does not look like a valid ipv6 address".to_owned(),
        ),
        "pve-bridge-id" => (
            starts_alpha(value) && value.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)),
            format!("invalid bridge ID '{value}'"),
        ),
        "pve-tag" => (
            value.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
                && value.chars().all(|c| c.is_ascii_alphanumeric() || "_-+.".contains(c)),
            "invalid characters in tag".to_owned(),
        ),
        "pve-poolid" => (
            value.split('/').all(is_id) && value.split('/').count() <= 3,
            format!("pool name '{value}' contains invalid characters"),
        ),
        _ => (true, String::new()),
    };
    if valid { Ok(()) } else { Err(error) }
}

/// Formats whose properties the schema does not list.
pub(crate) fn properties(format: &str) -> Option<&'static BTreeMap<String, Spec>> {
    static TABLE: OnceLock<BTreeMap<&'static str, BTreeMap<String, Spec>>> = OnceLock::new();
    let property = |kind: &str, format: Option<&str>, default_key| Spec {
        kind: kind.to_owned(),
        format: format.map(str::to_owned),
        optional: 1,
        default_key,
        ..Spec::default()
    };
    let named = |list: &[(&str, Option<&str>)]| -> BTreeMap<String, Spec> {
        list.iter().map(|(name, format)| ((*name).to_owned(), property("string", *format, 0))).collect()
    };
    TABLE
        .get_or_init(|| {
            let mut boot = named(&[("order", Some("boot-device-list"))]);
            boot.insert("legacy".into(), property("string", None, 1));
            let mut cpu = named(&[
                ("flags", None),
                ("hv-vendor-id", None),
                ("phys-bits", None),
                ("reported-model", None),
            ]);
            cpu.insert("hidden".into(), property("boolean", None, 0));
            cpu.insert("cputype".into(), property("string", None, 1));
            let mut smbios = named(&[
                ("uuid", None),
                ("version", None),
                ("serial", None),
                ("manufacturer", None),
                ("product", None),
                ("sku", None),
                ("family", None),
            ]);
            smbios.insert("base64".into(), property("boolean", None, 0));
            let counts = |names: &[&str]| -> BTreeMap<String, Spec> {
                names.iter().map(|name| ((*name).to_owned(), property("integer", None, 0))).collect()
            };
            let mut prune = counts(&[
                "keep-last",
                "keep-hourly",
                "keep-daily",
                "keep-weekly",
                "keep-monthly",
                "keep-yearly",
            ]);
            prune.insert("keep-all".into(), property("boolean", None, 0));
            let mut fleecing = named(&[("storage", Some("pve-storage-id"))]);
            fleecing.insert("enabled".into(), property("boolean", None, 1));
            let mut sync = named(&[("scope", None), ("remove-vanished", None)]);
            for flag in ["enable-new", "full", "purge"] {
                sync.insert(flag.into(), property("boolean", None, 0));
            }
            BTreeMap::from([
                ("pve-qm-boot", boot),
                ("pve-qm-smbios1", smbios),
                ("pve-vm-cpu-conf", cpu),
                ("prune-backups", prune),
                ("backup-performance", counts(&["max-workers", "pbs-entries-max"])),
                ("backup-fleecing", fleecing),
                ("realm-sync-options", sync),
                ("pve-sdn-dhcp-range", named(&[("start-address", Some("ip")), ("end-address", Some("ip"))])),
                (
                    "pve-qm-ipconfig",
                    named(&[
                        ("ip", Some("pve-ipv4-config")),
                        ("gw", Some("ipv4")),
                        ("ip6", Some("pve-ipv6-config")),
                        ("gw6", Some("ipv6")),
                    ]),
                ),
            ])
        })
        .get(format)
}

/// PVE lists are separated by commas, semicolons, blanks or NUL.
pub(crate) fn split_list(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ';', ' ', '\0']).filter(|s| !s.is_empty())
}

pub(super) fn is_id(value: &str) -> bool {
    !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

pub(super) fn starts_alpha(value: &str) -> bool {
    value.len() > 1 && value.starts_with(|c: char| c.is_ascii_alphabetic())
}

fn is_dns_label(value: &str) -> bool {
    !value.is_empty()
        && value.len() <= 63
        && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !value.starts_with('-')
        && !value.ends_with('-')
}

pub(super) fn is_dns_name(value: &str) -> bool {
    value.split('.').all(is_dns_label)
}

fn is_cidr(value: &str, max: u8) -> bool {
    value.split_once('/').is_some_and(|(address, prefix)| {
        address.parse::<std::net::Ipv4Addr>().is_ok() && prefix.parse::<u8>().is_ok_and(|p| p <= max)
    })
}

fn is_cidr6(value: &str) -> bool {
    value.split_once('/').is_some_and(|(address, prefix)| {
        address.parse::<std::net::Ipv6Addr>().is_ok() && prefix.parse::<u8>().is_ok_and(|p| p <= 128)
    })
}

fn is_unicast_mac(value: &str) -> bool {
    let parts: Vec<&str> = value.split(':').collect();
    parts.len() == 6
        && parts.iter().all(|p| p.len() == 2 && u8::from_str_radix(p, 16).is_ok())
        && u8::from_str_radix(parts[0], 16).is_ok_and(|first| first & 1 == 0)
}

fn is_boot_device(value: &str) -> bool {
    super::split_number(value).is_some_and(|(family, _)| {
        matches!(family, "ide" | "sata" | "scsi" | "virtio" | "net" | "usb" | "hostpci")
    })
}
