//! Addresses a simulated guest has: those it is told to take, and leases of a simulated DHCP server.

/// The IPv4 address by an `ip` property.
pub(in crate::pve::api::nodes) fn ipv4(ip: Option<&str>, vmid: u32, number: u32) -> Option<String> {
    match ip? {
        // The same guest gets the same lease.
        "dhcp" => Some(format!("10.77.{}.{}/16", 128 + (vmid / 250 + number * 16) % 100, 2 + vmid % 250)),
        "manual" => None,
        cidr => Some(cidr.to_owned()),
    }
}

/// The IPv6 address by an `ip6` property.
pub(in crate::pve::api::nodes) fn ipv6(ip6: Option<&str>, mac: &str) -> Option<String> {
    match ip6? {
        "auto" | "dhcp" => Some(format!("fd77::{}/64", interface_id(mac)?)),
        "manual" => None,
        cidr => Some(cidr.to_owned()),
    }
}

/// The address every interface gives itself.
pub(in crate::pve::api::nodes) fn link_local(mac: &str) -> String {
    format!("fe80::{}/64", interface_id(mac).unwrap_or_else(|| "1".to_owned()))
}

/// Interface id out of a hardware address (EUI-64).
fn interface_id(mac: &str) -> Option<String> {
    let bytes: Vec<u8> = mac.split(':').filter_map(|b| u8::from_str_radix(b, 16).ok()).collect();
    let [a, b, c, d, e, f] = *bytes.as_slice() else { return None };
    let pair = |high: u8, low: u8| u16::from_be_bytes([high, low]);
    Some(format!("{:x}:{:x}:{:x}:{:x}", pair(a ^ 2, b), pair(c, 0xff), pair(0xfe, d), pair(e, f)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_local_as_recorded() {
        assert_eq!(link_local("bc:24:11:c9:81:5a"), "fe80::be24:11ff:fec9:815a/64");
    }

    #[test]
    fn leases_differ_by_guest_and_interface() {
        assert_ne!(ipv4(Some("dhcp"), 100, 0), ipv4(Some("dhcp"), 101, 0));
        assert_ne!(ipv4(Some("dhcp"), 100, 0), ipv4(Some("dhcp"), 100, 1));
        assert_eq!(ipv4(Some("manual"), 100, 0), None);
        assert_eq!(ipv4(Some("10.0.0.5/24"), 100, 0).as_deref(), Some("10.0.0.5/24"));
    }
}
