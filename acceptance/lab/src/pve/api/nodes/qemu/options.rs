//! Options as the server keeps them.

use std::collections::BTreeMap;

use crate::pve::call::Params;
use crate::pve::guest::{Drive, normalise_net, normalise_tags, random_uuid};
use crate::pve::schema::{qemu_option, split_number};

/// Parameters of create and update that are not options of the machine.
const CONTROL: &[&str] = &[
    "node",
    "vmid",
    "storage",
    "pool",
    "start",
    "unique",
    "force",
    "archive",
    "bwlimit",
    "live-restore",
    "import-working-storage",
    "digest",
    "skiplock",
    "delete",
    "ha-managed",
    "revert",
    "background_delay",
];

/// The options among parameters, normalised, drives left as they came.
pub(super) fn collect(params: &Params, mac_prefix: &str) -> BTreeMap<String, String> {
    params
        .iter()
        .filter(|(key, _)| !CONTROL.contains(key))
        .filter_map(|(key, _)| Some((key.to_owned(), normalise(key, params.str(key)?, mac_prefix))))
        .collect()
}

fn normalise(key: &str, value: &str, mac_prefix: &str) -> String {
    let family = split_number(key).map_or(key, |(family, _)| family);
    match family {
        "net" => normalise_net(key, value, mac_prefix).unwrap_or_else(|| value.to_owned()),
        "tags" => normalise_tags(value),
        "vmgenid" if value == "1" => random_uuid(),
        "smbios" => value.to_owned(),
        _ if qemu_option(key).is_some_and(|s| s.kind == "boolean") => match value {
            "on" => "1".to_owned(),
            "off" => "0".to_owned(),
            other => other.to_owned(),
        },
        _ => value.to_owned(),
    }
}

/// Options that are drives, apart from the rest.
pub(super) fn split_drives(
    options: BTreeMap<String, String>,
) -> (Vec<(String, Drive)>, BTreeMap<String, String>) {
    let (drives, rest): (BTreeMap<_, _>, BTreeMap<_, _>) =
        options.into_iter().partition(|(k, _)| Drive::is_key(k));
    let drives = drives.into_iter().filter_map(|(k, v)| Drive::parse(&k, &v).map(|d| (k, d))).collect();
    (drives, rest)
}
