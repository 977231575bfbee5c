//! Options as the server keeps them.

use crate::pve::call::{Call, Params};
use crate::pve::guest::{Config, normalise_lxc_net, normalise_tags};
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::schema::{lxc_option, split_number};

/// Parameters of create and update that are not options of the container.
const CONTROL: &[&str] = &[
    "node",
    "vmid",
    "ostemplate",
    "password",
    "ssh-public-keys",
    "storage",
    "pool",
    "start",
    "restore",
    "unique",
    "force",
    "bwlimit",
    "ignore-unpack-errors",
    "digest",
    "delete",
    "ha-managed",
    "revert",
];

/// The options among parameters, normalised; mounts stay as they came.
pub(super) fn collect(params: &Params, mac_prefix: &str) -> Config {
    params
        .iter()
        .filter(|(key, _)| !CONTROL.contains(key))
        .filter_map(|(key, _)| Some((key.to_owned(), normalise(key, params.str(key)?, mac_prefix))))
        .collect()
}

fn normalise(key: &str, value: &str, mac_prefix: &str) -> String {
    let family = split_number(key).map_or(key, |(family, _)| family);
    match family {
        "net" => normalise_lxc_net(key, value, mac_prefix).unwrap_or_else(|| value.to_owned()),
        "tags" => normalise_tags(value),
        _ if lxc_option(key).is_some_and(|s| s.kind == "boolean") => match value {
            "on" => "1".to_owned(),
            "off" => "0".to_owned(),
            other => other.to_owned(),
        },
        _ => value.to_owned(),
    }
}

/// Refuses what is no public key of SSH.
pub(super) fn check_keys(call: &Call) -> Outcome<()> {
    let Some(text) = call.params.str("ssh-public-keys") else { return Ok(()) };
    let lines = text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
    let is_key = |line: &str| {
        let mut words = line.split_whitespace();
        words.any(|w| w.starts_with("ssh-") || w.starts_with("ecdsa-") || w.starts_with("sk-"))
            && words.next().is_some_and(|key| key.starts_with("AAAA"))
    };
    if !lines.clone().all(is_key) {
        return Err(Refusal::died("SSH public key validation error"));
    }
    if let (Some(real), Ok(vmid)) = (call.cluster.real.get(), call.vmid()) {
        real.remember_keys(vmid, text);
    }
    Ok(())
}

/// Kind of system a template holds, by its name.
pub(super) fn ostype(archive: &str) -> &'static str {
    const KNOWN: &[(&str, &str)] = &[
        ("debian", "debian"),
        ("devuan", "devuan"),
        ("ubuntu", "ubuntu"),
        ("alpine", "alpine"),
        ("archlinux", "archlinux"),
        ("fedora", "fedora"),
        ("gentoo", "gentoo"),
        ("opensuse", "opensuse"),
        ("rockylinux", "centos"),
        ("almalinux", "centos"),
        ("centos", "centos"),
        ("nixos", "nixos"),
    ];
    let name = archive.rsplit(['/', ':']).next().unwrap_or(archive).to_ascii_lowercase();
    KNOWN.iter().find(|(word, _)| name.starts_with(word)).map_or("unmanaged", |(_, kind)| kind)
}
