//! What the established NetBox providers call the objects, so that `moved` blocks take their state over.

/// Types of e-breuninger/netbox whose names differ from ours, without the prefixes of both. Its `interface` is that of
/// a virtual machine; what its allocators took are plain objects from then on.
const E_BREUNINGER: &[(&str, &str)] = &[
    ("available_ip_address", "ip_address"),
    ("available_prefix", "prefix"),
    ("available_vlan", "vlan"),
    ("device_console_port", "console_port"),
    ("device_console_server_port", "console_server_port"),
    ("device_front_port", "front_port"),
    ("device_interface", "interface"),
    ("device_module_bay", "module_bay"),
    ("device_power_outlet", "power_outlet"),
    ("device_power_port", "power_port"),
    ("device_rear_port", "rear_port"),
    ("group", "user_group"),
    ("interface", "vm_interface"),
    ("permission", "object_permission"),
    ("vpn_tunnel", "tunnel"),
    ("vpn_tunnel_group", "tunnel_group"),
    ("vpn_tunnel_termination", "tunnel_termination"),
];

/// Types of bab3l/netbox whose names differ from ours.
const BAB3L: &[(&str, &str)] =
    &[("group", "user_group"), ("provider", "circuit_provider"), ("role", "ipam_role")];

/// Types whose state has no id of an object that would be the same one here.
const NOT_OBJECTS: &[&str] = &[
    "device_interface_primary_mac_address",
    "device_oob_ip",
    "device_primary_ip",
    "primary_ip",
    "site_asn_assignment",
    "virtual_machine_interface_primary_mac_address",
    "virtual_machine_primary_ip",
];

/// The name of the kind that an object of another provider's type is; `None` for providers and types not known.
pub(crate) fn predecessor(provider: &str, type_name: &str) -> Option<String> {
    let renamed =
        match provider.rsplit_once('/').and_then(|(rest, name)| Some((rest.rsplit('/').next()?, name)))? {
            ("e-breuninger", "netbox") => E_BREUNINGER,
            ("bab3l", "netbox") => BAB3L,
            _ => return None,
        };
    let theirs = type_name.strip_prefix("netbox_").filter(|name| !NOT_OBJECTS.contains(name))?;
    let ours = renamed.iter().find(|(name, _)| *name == theirs).map_or(theirs, |(_, ours)| ours);
    Some(format!("netbox_{ours}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::KINDS;

    #[test]
    fn names_are_ours() {
        for (_, ours) in E_BREUNINGER.iter().chain(BAB3L) {
            let name = format!("netbox_{ours}");
            assert!(KINDS.iter().any(|kind| kind.name == name), "{name}");
        }
    }

    #[test]
    fn each_provider_has_names_of_its_own() {
        let name =
            |provider: &str, name: &str| predecessor(&format!("registry.terraform.io/{provider}"), name);
        assert_eq!(name("e-breuninger/netbox", "netbox_interface").as_deref(), Some("netbox_vm_interface"));
        assert_eq!(name("bab3l/netbox", "netbox_interface").as_deref(), Some("netbox_interface"));
        assert_eq!(name("e-breuninger/netbox", "netbox_site").as_deref(), Some("netbox_site"));
        assert_eq!(name("e-breuninger/netbox", "netbox_primary_ip"), None);
        assert_eq!(name("someone/else", "netbox_site"), None);
    }
}
