//! Firewall configurations: of the cluster, of nodes, guests and vnets.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Serialize;
use sha1::{Digest, Sha1};

use super::reply::{Outcome, Refusal};
use super::schema::config_formats::{ICMP_TYPES, ICMP6_TYPES, WITH_PORTS, addresses, is_alias};
use super::storage::hex;

/// One rule, alias or member: its options by name.
pub(crate) type Entry = BTreeMap<String, String>;

/// Entries with a comment: a set of addresses, or a group of rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Named {
    pub(crate) comment: Option<String>,
    pub(crate) entries: Vec<Entry>,
}

/// One firewall.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Firewall {
    pub(crate) options: Entry,
    pub(crate) rules: Vec<Entry>,
    /// By name in lower case.
    pub(crate) aliases: BTreeMap<String, Entry>,
    pub(crate) ipsets: BTreeMap<String, Named>,
    /// Groups of rules, which only the cluster has.
    pub(crate) groups: BTreeMap<String, Named>,
}

/// Whose firewall.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    Cluster,
    Node(String),
    Guest(u32),
    Vnet(String),
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cluster => f.write_str("cluster"),
            Self::Node(name) => write!(f, "node/{name}"),
            Self::Guest(vmid) => write!(f, "guest/{vmid}"),
            Self::Vnet(name) => write!(f, "vnet/{name}"),
        }
    }
}

impl Scope {
    /// What the API calls it where it tells which rules fit.
    pub(crate) fn environment(&self, container: bool) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::Node(_) => "host",
            Self::Guest(_) if container => "ct",
            Self::Guest(_) => "vm",
            Self::Vnet(_) => "vnet",
        }
    }
}

/// All firewalls.
#[derive(Debug, Clone, Default)]
pub(crate) struct Firewalls(BTreeMap<Scope, Firewall>);

impl Firewalls {
    pub(crate) fn get(&self, scope: &Scope) -> &Firewall {
        static EMPTY: Firewall = Firewall {
            options: Entry::new(),
            rules: Vec::new(),
            aliases: BTreeMap::new(),
            ipsets: BTreeMap::new(),
            groups: BTreeMap::new(),
        };
        self.0.get(scope).unwrap_or(&EMPTY)
    }

    pub(crate) fn get_mut(&mut self, scope: &Scope) -> &mut Firewall {
        self.0.entry(scope.clone()).or_default()
    }

    /// What it was for is gone.
    pub(crate) fn forget(&mut self, scope: &Scope) {
        self.0.remove(scope);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Scope, &Firewall)> {
        self.0.iter()
    }
}

/// Digest of a list.
pub(crate) fn digest<'a>(list: impl IntoIterator<Item = &'a Entry>) -> String {
    let mut sha = Sha1::new();
    for (key, value) in list.into_iter().flatten() {
        sha.update(format!("{key}:{value}\n"));
    }
    hex(&sha.finalize())
}

/// Options of a rule.
pub(crate) const RULE_OPTIONS: &[&str] = &[
    "type",
    "action",
    "macro",
    "iface",
    "source",
    "dest",
    "proto",
    "enable",
    "log",
    "sport",
    "dport",
    "comment",
    "icmp-type",
];

/// Macros, by their names.
pub(crate) const MACROS: &[&str] = &[
    "Amanda",
    "Auth",
    "BGP",
    "BitTorrent",
    "BitTorrent32",
    "Ceph",
    "CVS",
    "Citrix",
    "DAAP",
    "DCC",
    "DHCPfwd",
    "DHCPv6",
    "DNS",
    "Distcc",
    "FTP",
    "Finger",
    "GNUnet",
    "GRE",
    "Git",
    "HKP",
    "HTTP",
    "HTTPS",
    "ICPV2",
    "ICQ",
    "IMAP",
    "IMAPS",
    "IPIP",
    "IPsec",
    "IPsecah",
    "IPsecnat",
    "IRC",
    "Jetdirect",
    "L2TP",
    "LDAP",
    "LDAPS",
    "MDNS",
    "MSNP",
    "MSSQL",
    "Mail",
    "Munin",
    "MySQL",
    "NNTP",
    "NNTPS",
    "NTP",
    "NeighborDiscovery",
    "OSPF",
    "OpenVPN",
    "PCA",
    "PMG",
    "POP3",
    "POP3S",
    "PPtP",
    "Ping",
    "PostgreSQL",
    "Printer",
    "RDP",
    "RIP",
    "RNDC",
    "Razor",
    "Rdate",
    "Rsync",
    "SANE",
    "SMB",
    "SMBswat",
    "SMTP",
    "SMTPS",
    "SNMP",
    "SPAMD",
    "SPICEproxy",
    "SSH",
    "SVN",
    "SixXS",
    "Squid",
    "Submission",
    "Syslog",
    "TFTP",
    "Telnet",
    "Telnets",
    "Time",
    "Trcrt",
    "VNC",
    "VNCL",
    "Web",
    "Webcache",
    "Webmin",
    "Whois",
];

/// What a rule is checked against.
#[derive(Debug)]
pub(crate) struct Surroundings<'a> {
    pub(crate) environment: &'a str,
    pub(crate) cluster: &'a Firewall,
    pub(crate) own: &'a Firewall,
}

impl Surroundings<'_> {
    fn alias(&self, name: &str) -> Option<&Entry> {
        let bare = name.trim_start_matches("dc/").trim_start_matches("guest/").to_lowercase();
        let own = if name.starts_with("dc/") { None } else { self.own.aliases.get(&bare) };
        own.or_else(|| self.cluster.aliases.get(&bare))
    }

    fn has_ipset(&self, name: &str) -> bool {
        let bare = name.trim_start_matches("dc/").trim_start_matches("guest/");
        name.starts_with("sdn/")
            || self.own.ipsets.contains_key(bare)
            || self.cluster.ipsets.contains_key(bare)
    }
}

fn wrong<T>(key: &str, text: impl Into<String>) -> Outcome<T> {
    Err(Refusal::param(key, text))
}

/// Refuses a rule that makes no sense, and puts names right.
pub(crate) fn verify(rule: &mut Entry, around: &Surroundings<'_>) -> Outcome<()> {
    verify_type(rule, around.environment)?;
    if rule.contains_key("iface") {
        verify_interface(rule, around.environment)?;
    }
    if let Some(given) = rule.get("macro").cloned() {
        match MACROS.iter().find(|m| m.eq_ignore_ascii_case(&given)) {
            Some(name) => rule.insert("macro".into(), (*name).to_owned()),
            None => return wrong("macro", format!("unknown macro '{given}'")),
        };
    }
    verify_ports(rule)?;
    for key in ["source", "dest"] {
        let Some(value) = rule.get(key) else { continue };
        if let Some(set) = value.strip_prefix('+') {
            if !around.has_ipset(set) {
                return wrong(key, format!("no such ipset '{}'", set.rsplit('/').next().unwrap_or(set)));
            }
        } else if is_alias(value) && around.alias(value).is_none() {
            return wrong(key, format!("no such alias '{value}'"));
        }
    }
    if versions(rule, around).windows(2).any(|pair| pair.first() != pair.last()) {
        return Err(Refusal::died("detected mixed ipv4/ipv6 addresses in rule"));
    }
    Ok(())
}

fn verify_type(rule: &Entry, environment: &str) -> Outcome<()> {
    let of = |key: &str| rule.get(key).map_or("", String::as_str);
    let (kind, action) = (of("type"), of("action"));
    let fitting: &[&str] = match environment {
        "vm" | "ct" => &["in", "out", "group"],
        "group" => &["in", "out", "forward"],
        "vnet" => &["forward", "group"],
        _ => &["in", "out", "forward", "group"],
    };
    if !fitting.contains(&kind) {
        return wrong("type", format!("invalid rule type '{kind}' for rule_env '{environment}'"));
    }
    if kind == "forward" && action == "REJECT" {
        return wrong("action", "cannot define REJECT rules on forward chain");
    }
    if kind != "group" && !matches!(action, "ACCEPT" | "DROP" | "REJECT") {
        return wrong("action", format!("unknown action '{action}'"));
    }
    Ok(())
}

fn verify_interface(rule: &Entry, environment: &str) -> Outcome<()> {
    if matches!(environment, "group" | "vnet") {
        return wrong("type", "parameter -i not allowed for this rule type");
    }
    let number = rule.get("iface").and_then(|i| i.strip_prefix("net")).map(str::parse::<u8>);
    if matches!(environment, "vm" | "ct") && !matches!(number, Some(Ok(_))) {
        return wrong("iface", "value does not match the regex pattern 'net\\d+'");
    }
    Ok(())
}

fn verify_ports(rule: &Entry) -> Outcome<()> {
    let proto = rule.get("proto").map_or("", String::as_str);
    let icmp = matches!(proto, "icmp" | "1" | "icmpv6" | "58" | "ipv6-icmp");
    for key in ["dport", "sport"].into_iter().filter(|k| rule.contains_key(*k)) {
        // A macro brings its own protocol.
        if proto.is_empty() {
            return wrong("proto", format!("missing property - '{key}' requires this property"));
        }
        let has_ports = WITH_PORTS.contains(&proto) || (icmp && key == "dport");
        if !has_ports {
            return wrong(key, format!("protocol '{proto}' does not support ports"));
        }
    }
    let Some(icmp_type) = rule.get("icmp-type") else { return Ok(()) };
    if !icmp {
        return wrong("proto", "missing property - 'icmp-type' requires this property");
    }
    if rule.contains_key("dport") {
        return wrong("icmp-type", "'icmp-type' cannot be specified together with 'dport'");
    }
    let known = if matches!(proto, "icmp" | "1") { ICMP_TYPES } else { ICMP6_TYPES };
    match known.contains(&icmp_type.as_str()) {
        true => Ok(()),
        false => wrong("icmp-type", format!("invalid icmp-type '{icmp_type}' for proto '{proto}'")),
    }
}

/// IP versions that protocol and addresses of a rule tell.
fn versions(rule: &Entry, around: &Surroundings<'_>) -> Vec<u8> {
    let of_proto = match rule.get("proto").map(String::as_str) {
        Some("icmp") => Some(4),
        Some("icmpv6" | "ipv6-icmp") => Some(6),
        _ => None,
    };
    let of_address = |key: &str| {
        let value = rule.get(key)?;
        match around.alias(value).filter(|_| is_alias(value)) {
            Some(alias) => version_of(alias.get("cidr")?),
            None => addresses(value).ok().flatten(),
        }
    };
    [of_proto, of_address("source"), of_address("dest")].into_iter().flatten().collect()
}

/// IP version of a rule, where it can be told.
pub(crate) fn version(rule: &Entry, around: &Surroundings<'_>) -> Option<u8> {
    versions(rule, around).first().copied()
}

/// IP version of an address or network.
pub(crate) fn version_of(cidr: &str) -> Option<u8> {
    let address = cidr.split('/').next()?.parse::<IpAddr>().ok()?;
    Some(if address.is_ipv4() { 4 } else { 6 })
}

/// A network without the length of a single address.
pub(crate) fn short_cidr(cidr: &str) -> &str {
    let full = if cidr.contains(':') { "/128" } else { "/32" };
    cidr.strip_suffix(full).unwrap_or(cidr)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(pairs: &[(&str, &str)]) -> Entry {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    fn check(environment: &str, pairs: &[(&str, &str)]) -> Result<Entry, String> {
        let empty = Firewall::default();
        let mut rule = rule(pairs);
        let around = Surroundings { environment, cluster: &empty, own: &empty };
        match verify(&mut rule, &around) {
            Ok(()) => Ok(rule),
            Err(refusal) => Err(refusal.exit_text()),
        }
    }

    #[test]
    fn senseless_rules_are_refused() {
        let accept = [("type", "in"), ("action", "ACCEPT")];
        assert!(check("cluster", &accept).is_ok());
        let with = |extra: &[(&'static str, &'static str)]| [accept.as_slice(), extra].concat();
        assert!(check("cluster", &with(&[("dport", "22")])).is_err());
        assert!(check("cluster", &with(&[("proto", "tcp"), ("dport", "22")])).is_ok());
        assert!(check("vm", &with(&[("iface", "eth0")])).is_err());
        assert!(check("vm", &with(&[("iface", "net0")])).is_ok());
        assert!(check("cluster", &with(&[("source", "+nope")])).is_err());
        assert!(check("cluster", &with(&[("source", "10.0.0.1"), ("dest", "fe80::1")])).is_err());
        assert!(check("group", &[("type", "group"), ("action", "other")]).is_err());
        assert_eq!(check("cluster", &with(&[("macro", "ssh")])).expect("valid")["macro"], "SSH");
    }
}
