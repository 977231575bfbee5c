//! The permission a call needs, as far as its path tells.

/// Paths whose objects the permission system calls otherwise than their name says.
const OTHERWISE: &[(&str, &str)] = &[
    ("virtualization/interfaces", "virtualization.vminterface"),
    ("users/permissions", "users.objectpermission"),
    ("extras/scripts/upload", "extras.scriptmodule"),
];

/// What the endpoints below a pool create.
const TAKEN: &[(&str, &str)] = &[
    ("available-ips", "ipaddress"),
    ("available-prefixes", "prefix"),
    ("available-vlans", "vlan"),
    ("available-asns", "asn"),
];

/// The permission that a method needs on a path below the API's root: `dcim.add_site` for a POST to `dcim/sites`.
pub(super) fn needed(method: &str, path: &str) -> Option<String> {
    let action = match method {
        "GET" | "HEAD" | "OPTIONS" => "view",
        "POST" => "add",
        "PUT" | "PATCH" => "change",
        "DELETE" => "delete",
        _ => return None,
    };
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let (app, rest) = match segments.as_slice() {
        ["plugins", app, rest @ ..] | [app, rest @ ..] => (*app, rest),
        [] => return None,
    };
    let taken = rest.last().and_then(|last| TAKEN.iter().find(|(endpoint, _)| endpoint == last));
    if let Some((_, model)) = taken {
        return Some(format!("{app}.{action}_{model}"));
    }
    let collection: Vec<&str> =
        rest.iter().take_while(|segment| segment.parse::<u64>().is_err()).copied().collect();
    let joined = format!("{app}/{}", collection.join("/"));
    if let Some((_, model)) = OTHERWISE.iter().find(|(path, _)| *path == joined) {
        let (app, model) = model.split_once('.')?;
        return Some(format!("{app}.{action}_{model}"));
    }
    match collection.as_slice() {
        [plural] => Some(format!("{app}.{action}_{}", singular(plural).replace('-', ""))),
        _ => None,
    }
}

/// English as far as the API speaks it.
fn singular(plural: &str) -> String {
    let replaced = |suffix: &str, by: &str| plural.strip_suffix(suffix).map(|stem| format!("{stem}{by}"));
    if plural.ends_with("chassis") {
        return plural.to_owned();
    }
    replaced("ies", "y")
        .or_else(|| replaced("sses", "ss"))
        .or_else(|| replaced("xes", "x"))
        .or_else(|| replaced("ches", "ch"))
        .or_else(|| replaced("s", ""))
        .unwrap_or_else(|| plural.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_and_paths_name_the_permission() {
        for (method, path, permission) in [
            ("POST", "dcim/sites/", Some("dcim.add_site")),
            ("PATCH", "ipam/ip-addresses/5/", Some("ipam.change_ipaddress")),
            ("DELETE", "dcim/virtual-chassis/5/", Some("dcim.delete_virtualchassis")),
            ("GET", "virtualization/interfaces/", Some("virtualization.view_vminterface")),
            ("POST", "ipam/prefixes/7/available-ips/", Some("ipam.add_ipaddress")),
            ("GET", "plugins/bgp/sessions/", Some("bgp.view_session")),
            ("GET", "status/", None),
            ("GET", "", None),
        ] {
            assert_eq!(needed(method, path).as_deref(), permission, "{method} {path}");
        }
    }
}
