//! Named formats of configuration objects: addresses, names, schedules, firewall words.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::formats::{is_dns_name, is_id, split_list, starts_alpha};

/// Checks a value; `None` where the format is not one of these.
pub(super) fn check(format: &str, value: &str) -> Option<Result<(), String>> {
    let (valid, error) = match format {
        "CIDR" => (is_cidr4(value) || is_cidr6(value), looks_like("CIDR network")),
        "CIDRv4" => (is_cidr4(value), looks_like("IPv4 CIDR network")),
        "CIDRv6" => (is_cidr6(value), looks_like("IPv6 CIDR network")),
        "IPorCIDR" => (is_address_or_network(value), looks_like("IP address or CIDR network")),
        "ip" => (value.parse::<IpAddr>().is_ok(), looks_like("IP address")),
        "ipv4mask" => (is_mask(value), looks_like("IP netmask")),
        "address" => (
            value.parse::<IpAddr>().is_ok() || is_dns_name(value),
            format!("value does not look like a valid address: {value}"),
        ),
        "email" => (is_email(value), looks_like("email address")),
        "email-or-username" => (is_email(value) || is_id(value), looks_like("email address or user name")),
        "pve-userid" => (
            value.rsplit_once('@').is_some_and(|(name, realm)| !name.is_empty() && is_realm(realm)),
            format!("value '{value}' does not look like a valid user name"),
        ),
        "pve-tokenid" => (
            value.split_once('!').is_some_and(|(user, token)| user.contains('@') && starts_alpha(token)),
            format!("value '{value}' does not look like a valid token ID"),
        ),
        "pve-realm" => (is_realm(value), looks_like("realm")),
        "pve-iface" => (is_interface(value), format!("invalid network interface name '{value}'")),
        "pve-vlan-id-or-range" => return Some(vlan_range(value)),
        "mac-prefix" => (
            value.split(':').count() <= 3
                && value.split(':').all(|p| p.len() == 2 && u8::from_str_radix(p, 16).is_ok()),
            "value is not a valid unicast MAC address prefix".to_owned(),
        ),
        "ldap-simple-attr" => (
            !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric()),
            format!("value '{value}' does not look like a simple ldap attribute name"),
        ),
        "pve-sdn-zone-id" => return Some(sdn_id("zone", 8, value)),
        "pve-sdn-vnet-id" => return Some(sdn_id("vnet", 8, value)),
        "pve-sdn-controller-id" => return Some(sdn_id("controller", 64, value)),
        "pve-sdn-ipam-id" => return Some(sdn_id("ipam", 64, value)),
        "pve-sdn-dns-id" => return Some(sdn_id("dns", 64, value)),
        "pve-sdn-bgp-rt" => (is_route_target(value), looks_like("bgp route-target")),
        "pve-sdn-isis-net" => (is_isis_net(value), looks_like("isis net")),
        "pve-storage-server" => {
            (value.parse::<IpAddr>().is_ok() || is_dns_name(value), looks_like("server name or IP address"))
        }
        "pve-storage-path" => (
            value.starts_with('/') && value.len() > 1 && !value.contains("/../"),
            looks_like("absolute path"),
        ),
        "pve-storage-vgname" => (
            value.starts_with(|c: char| c.is_ascii_alphabetic())
                && value.chars().all(|c| c.is_ascii_alphanumeric() || "-_.+".contains(c)),
            format!("lvm name '{value}' contains illegal characters"),
        ),
        "pve-storage-portal-dns" => (is_portal(value), looks_like("portal address")),
        "pve-replication-job-id" => (is_replication_id(value), "invalid replication job id".to_owned()),
        "pve-ha-node" => (
            value
                .split_once(':')
                .map_or(value, |(node, _)| node)
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-')
                && value.split_once(':').is_none_or(|(_, p)| p.parse::<u32>().is_ok()),
            looks_like("ha node"),
        ),
        "pve-ha-resource-id" => (is_resource(value), looks_like("ha resource id")),
        "pve-ha-resource-or-vm-id" => {
            (is_resource(value) || value.parse::<u32>().is_ok(), looks_like("ha resource id"))
        }
        "pve-calendar-event" => {
            (is_calendar_event(value), format!("invalid calendar event '{value}' - unable to parse"))
        }
        "pve-day-of-week" => (DAYS.contains(&value), format!("invalid day '{value}'")),
        "pve-fw-protocol-spec" => {
            (value.parse::<u8>().is_ok() || PROTOCOLS.contains(&value), format!("unknown protocol '{value}'"))
        }
        "pve-fw-addr-spec" => return Some(addresses(value).map(drop)),
        "pve-fw-sport-spec" => return Some(ports(value, false)),
        "pve-fw-dport-spec" => return Some(ports(value, true)),
        "pve-fw-icmp-type-spec" => (
            ICMP_TYPES.contains(&value) || ICMP6_TYPES.contains(&value),
            format!("invalid icmp-type value '{value}'"),
        ),
        "IPorCIDRorAlias" => {
            (is_alias(value) || is_address_or_network(value), looks_like("IP address or CIDR network"))
        }
        _ => return None,
    };
    Some(if valid { Ok(()) } else { Err(error) })
}

fn looks_like(what: &str) -> String {
    format!("value does not look like a valid {what}")
}

const DAYS: &[&str] = &["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Protocols the firewall knows by name.
const PROTOCOLS: &[&str] = &[
    "ip",
    "icmp",
    "igmp",
    "ggp",
    "ipencap",
    "st",
    "tcp",
    "egp",
    "igp",
    "pup",
    "udp",
    "hmp",
    "xns-idp",
    "rdp",
    "iso-tp4",
    "dccp",
    "xtp",
    "ddp",
    "idpr-cmtp",
    "ipv6",
    "ipv6-route",
    "ipv6-frag",
    "idrp",
    "rsvp",
    "gre",
    "esp",
    "ah",
    "skip",
    "ipv6-icmp",
    "icmpv6",
    "ipv6-nonxt",
    "ipv6-opts",
    "vmtp",
    "eigrp",
    "ospf",
    "ax.25",
    "ipip",
    "etherip",
    "encap",
    "pim",
    "ipcomp",
    "vrrp",
    "l2tp",
    "isis",
    "sctp",
    "fc",
    "udplite",
    "mpls-in-ip",
    "hip",
    "shim6",
    "wesp",
    "rohc",
];

/// Protocols that have ports.
pub(crate) const WITH_PORTS: &[&str] =
    &["udp", "17", "udplite", "136", "tcp", "6", "dccp", "33", "sctp", "132"];

/// Names of ICMP types.
pub(crate) const ICMP_TYPES: &[&str] = &[
    "any",
    "echo-reply",
    "destination-unreachable",
    "network-unreachable",
    "host-unreachable",
    "protocol-unreachable",
    "port-unreachable",
    "fragmentation-needed",
    "source-route-failed",
    "network-unknown",
    "host-unknown",
    "network-prohibited",
    "host-prohibited",
    "TOS-network-unreachable",
    "TOS-host-unreachable",
    "communication-prohibited",
    "host-precedence-violation",
    "precedence-cutoff",
    "source-quench",
    "redirect",
    "network-redirect",
    "host-redirect",
    "TOS-network-redirect",
    "TOS-host-redirect",
    "echo-request",
    "router-advertisement",
    "router-solicitation",
    "time-exceeded",
    "ttl-zero-during-transit",
    "ttl-zero-during-reassembly",
    "parameter-problem",
    "ip-header-bad",
    "required-option-missing",
    "timestamp-request",
    "timestamp-reply",
    "address-mask-request",
    "address-mask-reply",
];

/// Names of ICMPv6 types.
pub(crate) const ICMP6_TYPES: &[&str] = &[
    "destination-unreachable",
    "no-route",
    "communication-prohibited",
    "beyond-scope",
    "address-unreachable",
    "port-unreachable",
    "failed-policy",
    "reject-route",
    "packet-too-big",
    "time-exceeded",
    "ttl-zero-during-transit",
    "ttl-zero-during-reassembly",
    "parameter-problem",
    "bad-header",
    "unknown-header-type",
    "unknown-option",
    "echo-request",
    "echo-reply",
    "router-solicitation",
    "router-advertisement",
    "neighbor-solicitation",
    "neighbour-solicitation",
    "neighbor-advertisement",
    "neighbour-advertisement",
    "redirect",
];

/// Names of ports that tests and examples use; the real list is the host's `/etc/services`.
const SERVICES: &[&str] = &[
    "ftp",
    "ssh",
    "telnet",
    "smtp",
    "domain",
    "http",
    "kerberos",
    "pop3",
    "ntp",
    "imap2",
    "snmp",
    "ldap",
    "https",
    "ldaps",
    "imaps",
    "pop3s",
    "nfs",
    "mysql",
    "postgresql",
    "ms-sql-s",
    "bootps",
    "bootpc",
    "tftp",
    "syslog",
];

pub(crate) fn is_cidr4(value: &str) -> bool {
    value.split_once('/').is_some_and(|(address, prefix)| {
        address.parse::<Ipv4Addr>().is_ok() && prefix.parse::<u8>().is_ok_and(|p| (8..=32).contains(&p))
    })
}

pub(crate) fn is_cidr6(value: &str) -> bool {
    value.split_once('/').is_some_and(|(address, prefix)| {
        address.parse::<Ipv6Addr>().is_ok() && prefix.parse::<u8>().is_ok_and(|p| (8..=128).contains(&p))
    })
}

/// An address, or a network in CIDR notation.
pub(crate) fn is_address_or_network(value: &str) -> bool {
    let (address, prefix) = value.split_once('/').map_or((value, None), |(a, p)| (a, Some(p)));
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let most = if address.is_ipv4() { 32 } else { 128 };
    prefix.is_none_or(|p| p.parse::<u8>().is_ok_and(|p| p <= most))
}

fn is_mask(value: &str) -> bool {
    match value.parse::<Ipv4Addr>() {
        Ok(mask) => mask.to_bits().leading_ones() + mask.to_bits().trailing_zeros() == 32,
        Err(_) => value.parse::<u8>().is_ok_and(|p| p <= 32),
    }
}

fn is_email(value: &str) -> bool {
    value.split_once('@').is_some_and(|(local, host)| {
        !local.is_empty() && !host.is_empty() && !value.contains([' ', ',', ';']) && !host.contains('@')
    })
}

fn is_realm(value: &str) -> bool {
    value.len() > 1
        && starts_alpha(value)
        && value.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

fn is_interface(value: &str) -> bool {
    (2..=20).contains(&value.len())
        && value.starts_with(|c: char| c.is_ascii_alphabetic())
        && value.chars().all(|c| c.is_ascii_alphanumeric() || "_-:.".contains(c))
}

fn vlan_range(value: &str) -> Result<(), String> {
    let tag = |text: &str| match text.parse::<u16>() {
        Ok(tag) if (2..=4094).contains(&tag) => Ok(tag),
        _ => Err(format!("invalid VLAN tag '{text}'")),
    };
    match value.split_once('-') {
        None => tag(value).map(drop),
        Some((from, to)) if tag(from)? < tag(to)? => Ok(()),
        Some(_) => Err(format!("VLAN range must go from lower to higher tag '{value}'")),
    }
}

fn sdn_id(what: &str, most: usize, value: &str) -> Result<(), String> {
    if !value.starts_with(|c: char| c.is_ascii_alphabetic())
        || value.len() < 2
        || !value.chars().all(|c| c.is_ascii_alphanumeric() || (what == "controller" && c == '_'))
    {
        return Err(format!("{what} ID '{value}' contains illegal characters"));
    }
    if value.len() > most {
        return Err(format!("{what} ID '{value}' can't be more length than {most} characters"));
    }
    Ok(())
}

fn is_route_target(value: &str) -> bool {
    value.split_once(':').is_some_and(|(left, right)| {
        (left.parse::<u32>().is_ok() || left.parse::<Ipv4Addr>().is_ok()) && right.parse::<u32>().is_ok()
    })
}

fn is_isis_net(value: &str) -> bool {
    let parts: Vec<&str> = value.split('.').collect();
    parts.len() >= 4
        && parts.iter().all(|p| p.chars().all(|c| c.is_ascii_hexdigit()) && (2..=4).contains(&p.len()))
}

fn is_portal(value: &str) -> bool {
    let host = match value.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() && !host.contains(':') => host,
        _ => value,
    };
    host.parse::<IpAddr>().is_ok() || is_dns_name(host)
}

fn is_replication_id(value: &str) -> bool {
    value.split_once('-').is_some_and(|(vmid, number)| {
        vmid.parse::<u32>().is_ok_and(|id| id >= 100) && !number.is_empty() && number.parse::<u32>().is_ok()
    })
}

fn is_resource(value: &str) -> bool {
    value
        .split_once(':')
        .is_some_and(|(kind, id)| matches!(kind, "vm" | "ct") && id.parse::<u32>().is_ok_and(|id| id >= 100))
}

/// The part of systemd's calendar language that Proxmox VE takes.
pub(crate) fn is_calendar_event(value: &str) -> bool {
    const WORDS: &[&str] = &[
        "minutely",
        "hourly",
        "daily",
        "weekly",
        "monthly",
        "yearly",
        "annually",
        "quarterly",
        "semiannually",
    ];
    const LONG: &[&str] = &["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let is_day = |part: &str| [DAYS, LONG].concat().contains(&part.to_ascii_lowercase().as_str());
    let is_days = |word: &str| word.split(',').all(|range| range.split("..").all(is_day));
    let is_field = |field: &str| {
        !field.is_empty()
            && field.split(',').all(|item| {
                let (range, step) = item.split_once('/').map_or((item, None), |(r, s)| (r, Some(s)));
                let numbers = |text: &str| text.split("..").all(|n| n.parse::<u16>().is_ok());
                (range == "*" || numbers(range)) && step.is_none_or(|s| s.parse::<u16>().is_ok())
            })
    };
    let is_time = |word: &str| word.split(':').count() <= 3 && word.split(':').all(is_field);
    let is_date = |word: &str| word.split('-').count() <= 3 && word.split('-').all(is_field);
    let words: Vec<&str> = value.split_whitespace().collect();
    match words.as_slice() {
        [] => false,
        [word] if WORDS.contains(word) => true,
        words => {
            words.iter().all(|w| is_days(w) || is_time(w) || (w.contains('-') && is_date(w)) || *w == "UTC")
        }
    }
}

/// A name of an alias, with or without its scope.
pub(crate) fn is_alias(value: &str) -> bool {
    let name = value.strip_prefix("dc/").or_else(|| value.strip_prefix("guest/")).unwrap_or(value);
    name.len() > 1
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
}

/// A list of addresses of a firewall rule; the version where it can be told.
pub(crate) fn addresses(value: &str) -> Result<Option<u8>, String> {
    if value.starts_with('+') || is_alias(value) {
        return Ok(None);
    }
    let mut version = None;
    for element in value.split(',') {
        if element.is_empty() {
            return Err("extraneous commas in list".to_owned());
        }
        let first = element.split('-').next().unwrap_or(element);
        if !element.split('-').all(is_address_or_network) {
            return Err("invalid IP address: unable to parse".to_owned());
        }
        let here = if first.contains(':') { 6 } else { 4 };
        if version.is_some_and(|v| v != here) {
            return Err(format!("detected mixed ipv4/ipv6 addresses in address list '{value}'"));
        }
        if element.contains('-') && value.contains(',') {
            return Err("you can't use a range in a list".to_owned());
        }
        version = Some(here);
    }
    Ok(version)
}

/// Ports of a firewall rule.
pub(crate) fn ports(value: &str, icmp: bool) -> Result<(), String> {
    let port = |text: &str| match text.parse::<u32>() {
        Ok(port) if port <= 65_535 => Ok(port),
        _ => Err(format!("invalid port '{text}'")),
    };
    for item in value.split(',') {
        if item.is_empty() {
            return Err("extraneous commas in list".to_owned());
        }
        if let Some((from, to)) = item.split_once(':') {
            if port(from)? > port(to)? {
                return Err(format!(
                    "backwards range '{from}:{to}' not allowed, did you mean '{to}:{from}'?"
                ));
            }
        } else if item.chars().all(|c| c.is_ascii_digit()) {
            port(item)?;
        } else if !(SERVICES.contains(&item)
            || (icmp && (ICMP_TYPES.contains(&item) || ICMP6_TYPES.contains(&item))))
        {
            return Err(format!("invalid port '{item}'"));
        }
    }
    if split_list(value).count() > 15 {
        return Err("too many entries in port list (> 15 numbers)".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_firewall() {
        assert_eq!(addresses("10.0.0.0/8"), Ok(Some(4)));
        assert_eq!(addresses("10.0.0.1-10.0.0.9"), Ok(Some(4)));
        assert_eq!(addresses("+dc/admins"), Ok(None));
        assert!(addresses("10.0.0.1,fe80::1").is_err());
        assert!(ports("22,80:443,ssh", true).is_ok());
        assert!(ports("443:80", true).is_err());
        assert!(ports("70000", true).is_err());
    }

    #[test]
    fn schedules() {
        for good in
            ["daily", "*/15", "mon..fri 21:00", "sun 01:00", "2026-11-21 04:00", "0/2:30", "*-*-1 03:00"]
        {
            assert!(is_calendar_event(good), "{good}");
        }
        for bad in ["", "someday", "25h", "mon.fri"] {
            assert!(!is_calendar_event(bad), "{bad}");
        }
    }

    #[test]
    fn names_and_networks() {
        assert_eq!(
            sdn_id("zone", 8, "toolongname"),
            Err("zone ID 'toolongname' can't be more length than 8 characters".to_owned())
        );
        assert!(vlan_range("2-4094").is_ok());
        assert!(vlan_range("9-3").is_err());
        assert!(is_mask("255.255.255.0") && is_mask("24") && !is_mask("255.0.255.0"));
        assert!(is_replication_id("100-0") && !is_replication_id("100"));
    }
}
