//! The software defined network: zones, vnets, subnets, controllers, IPAM and DNS servers.

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use super::super::family::{Change, Family, Hooks, Shown, Text, Texts};
use super::super::options::Options;
use super::super::store::{Configuration, Section};
use super::super::view;
use crate::pve::call::{Call, Param};
use crate::pve::cluster::State;
use crate::pve::reply::{Outcome, Refusal};

pub(super) const FAMILIES: &[Family] = &[ZONE, VNET, SUBNET, CONTROLLER, IPAM, DNS];

const AUDIT: &[&str] = &["SDN.Audit", "SDN.Allocate"];

/// Files whose changes wait until they are applied.
pub(crate) const FILES: &[&str] = &[ZONE.file, VNET.file, SUBNET.file, CONTROLLER.file];

/// IPAM of every installation.
pub(crate) fn builtin(config: &mut Configuration) {
    config.file_mut(IPAM.file).entry("pve".into()).or_insert_with(|| Section::new("pve"));
}

const fn texts(taken: &'static str, before: [&'static str; 3]) -> Texts {
    let missing = Text::Died("sdn '{id}' does not exist");
    Texts { taken: Text::Died(taken), missing: [missing, missing, missing], before }
}

const ZONE: Family = Family {
    collection: "/cluster/sdn/zones",
    item: "/cluster/sdn/zones/{zone}",
    create: "/cluster/sdn/zones",
    id: "zone",
    shows_id: ["zone", "zone"],
    seen_with: Some(("/sdn/zones/{id}", AUDIT)),
    waits: Some(&["type"]),
    texts: texts(
        "sdn zone object ID '{id}' already defined",
        ["create sdn zone object failed", "update sdn zone object failed", "delete sdn zone object failed"],
    ),
    hooks: &Zone,
    ..Family::of(
        "sdn_zone",
        "sdn/zones.cfg",
        &[
            ("simple", Options::new("nodes mtu dns reversedns dnszone ipam dhcp")),
            (
                "vlan",
                Options::new("nodes bridge* bridge-disable-mac-learning mtu dns reversedns dnszone ipam"),
            ),
            (
                "qinq",
                Options::new(
                    "nodes tag* bridge* bridge-disable-mac-learning mtu vlan-protocol dns reversedns dnszone ipam",
                ),
            ),
            ("vxlan", Options::new("nodes peers vxlan-port mtu dns reversedns dnszone ipam fabric")),
            (
                "evpn",
                Options::new(
                    "nodes vrf-vxlan* controller* exitnodes exitnodes-local-routing exitnodes-primary \
                     advertise-subnets disable-arp-nd-suppression bridge-disable-mac-learning rt-import vxlan-port \
                     mtu mac dns reversedns dnszone ipam",
                ),
            ),
            ("faucet", Options::new("nodes dp-id* controller* dns reversedns dnszone ipam")),
        ],
    )
};

const VNET: Family = Family {
    collection: "/cluster/sdn/vnets",
    item: "/cluster/sdn/vnets/{vnet}",
    create: "/cluster/sdn/vnets",
    id: "vnet",
    shows_id: ["vnet", "vnet"],
    seen_with: Some(("/sdn/zones/{zone}/{id}", AUDIT)),
    waits: Some(&["type"]),
    texts: texts(
        "sdn vnet object ID '{id}' already defined",
        ["create sdn vnet object failed", "update sdn vnet object failed", "delete sdn vnet object failed"],
    ),
    hooks: &Vnet,
    ..Family::of(
        "sdn_vnet",
        "sdn/vnets.cfg",
        &[("vnet", Options::new("zone* tag alias vlanaware isolate-ports"))],
    )
};

const SUBNET: Family = Family {
    collection: "/cluster/sdn/vnets/{vnet}/subnets",
    item: "/cluster/sdn/vnets/{vnet}/subnets/{subnet}",
    create: "/cluster/sdn/vnets/{vnet}/subnets",
    id: "subnet",
    shows_id: ["subnet", "subnet"],
    waits: Some(&["type", "vnet"]),
    texts: texts(
        "sdn subnet object ID '{id}' already defined",
        [
            "create sdn subnet object failed",
            "update sdn subnet object failed",
            "delete sdn subnet object failed",
        ],
    ),
    hooks: &Subnet,
    ..Family::of(
        "sdn_subnet",
        "sdn/subnets.cfg",
        &[("subnet", Options::new("vnet gateway snat dnszoneprefix dhcp-range dhcp-dns-server"))],
    )
};

const CONTROLLER: Family = Family {
    collection: "/cluster/sdn/controllers",
    item: "/cluster/sdn/controllers/{controller}",
    create: "/cluster/sdn/controllers",
    id: "controller",
    shows_id: ["controller", "controller"],
    seen_with: Some(("/sdn/controllers/{id}", AUDIT)),
    waits: Some(&["type"]),
    texts: texts(
        "sdn controller object ID '{id}' already defined",
        [
            "create sdn controller object failed",
            "update sdn controller object failed",
            "delete sdn controller object failed",
        ],
    ),
    hooks: &Controller,
    ..Family::of(
        "sdn_controller",
        "sdn/controllers.cfg",
        &[
            (
                "bgp",
                Options::new("node* asn* peers* bgp-multipath-as-path-relax ebgp ebgp-multihop loopback"),
            ),
            ("evpn", Options::new("asn* peers fabric")),
            ("isis", Options::new("isis-domain* isis-net* isis-ifaces* node* loopback")),
            ("faucet", Options::new("")),
        ],
    )
};

const IPAM: Family = Family {
    collection: "/cluster/sdn/ipams",
    item: "/cluster/sdn/ipams/{ipam}",
    create: "/cluster/sdn/ipams",
    id: "ipam",
    shows_id: ["ipam", "ipam"],
    seen_with: Some(("/sdn/ipams/{id}", AUDIT)),
    texts: texts(
        "sdn ipam object ID '{id}' already defined",
        ["create sdn ipam object failed", "update sdn ipam object failed", "delete sdn ipam object failed"],
    ),
    hooks: &Server { used_as: &["ipam"] },
    ..Family::of(
        "sdn_ipam",
        "sdn/ipams.cfg",
        &[
            ("pve", Options::new("")),
            ("netbox", Options::new("url* token* fingerprint")),
            ("phpipam", Options::new("url* token* section* fingerprint")),
        ],
    )
};

const DNS: Family = Family {
    collection: "/cluster/sdn/dns",
    item: "/cluster/sdn/dns/{dns}",
    create: "/cluster/sdn/dns",
    id: "dns",
    shows_id: ["dns", "dns"],
    seen_with: Some(("/sdn/dns/{id}", AUDIT)),
    texts: texts(
        "sdn dns object ID '{id}' already defined",
        ["create sdn dns object failed", "update sdn dns object failed", "delete sdn dns object failed"],
    ),
    hooks: &Server { used_as: &["dns", "reversedns"] },
    ..Family::of(
        "sdn_dns",
        "sdn/dns.cfg",
        &[("powerdns", Options::new("url* key* ttl reversemaskv6 reversev6mask fingerprint"))],
    )
};

#[derive(Debug)]
struct Zone;

impl Hooks for Zone {
    fn admit(&self, change: &mut Change<'_>) -> Outcome<()> {
        let config = &change.state.config;
        let given = |key: &str| change.given.get(key).and_then(|_| change.after.str(key));
        for key in ["dns", "reversedns"] {
            if let Some(server) = given(key).filter(|s| config.section(DNS.file, s).is_none()) {
                return Err(Refusal::param(key, format!("{server} don't exist")));
            }
        }
        if given("dnszone").is_some() && given("dns").is_none() {
            return Err(Refusal::param("dnszone", "missing dns server"));
        }
        if let Some(ipam) = given("ipam").filter(|i| config.section(IPAM.file, i).is_none()) {
            return Err(Refusal::param("ipam", format!("{ipam} not existing")));
        }
        let changes_ipam = change.before.is_some_and(|b| b.str("ipam") != change.after.str("ipam"));
        let subnets = config.file(SUBNET.file);
        if changes_ipam && subnets.values().any(|s| zone_of(change.state, s) == Some(change.id)) {
            return Err(Refusal::param(
                "ipam",
                "can't change ipam if a subnet is already defined in this zone",
            ));
        }
        if let Some(controller) = change.after.str("controller") {
            match config.section(CONTROLLER.file, controller) {
                None => return Err(Refusal::died(format!("controller {controller} don't exist"))),
                Some(found) if change.after.kind == "evpn" && found.kind != "evpn" => {
                    return Err(Refusal::died(format!("{controller} is not a evpn controller type")));
                }
                Some(_) => {}
            }
        }
        let vrf = change.after.str("vrf-vxlan");
        let twin = config
            .file(ZONE.file)
            .iter()
            .find(|(id, other)| vrf.is_some() && *id != change.id && other.str("vrf-vxlan") == vrf);
        if let Some((other, _)) = twin {
            let text = format!("vrf-vxlan {} is already declared in {other}", vrf.unwrap_or_default());
            return Err(Refusal::died(text));
        }
        sort_list(&mut change.after, "nodes");
        sort_list(&mut change.after, "exitnodes");
        Ok(())
    }

    fn release(&self, _call: &Call, state: &State, id: &str) -> Outcome<()> {
        let user = state.config.file(VNET.file).iter().find(|(_, vnet)| vnet.str("zone") == Some(id));
        match user {
            Some((vnet, _)) => Err(Refusal::died(format!(
                "zone {id} is used by vnet {vnet} at /usr/share/perl5/PVE/Network/SDN/Zones/Plugin.pm line 159."
            ))),
            None => Ok(()),
        }
    }
}

fn sort_list(section: &mut Section, key: &str) {
    let Some(text) = section.str(key) else { return };
    let mut items: Vec<&str> = crate::pve::schema::split_list(text).collect();
    items.sort_unstable();
    let sorted = items.join(",");
    section.set(key, sorted);
}

/// Zone of a subnet's vnet.
fn zone_of<'a>(state: &'a State, subnet: &Section) -> Option<&'a str> {
    state.config.section(VNET.file, subnet.str("vnet")?)?.str("zone")
}

/// Needs a privilege on a vnet, which the API's description leaves to the method itself.
fn may(call: &Call, state: &State, vnet: &str, privileges: &[&str]) -> Outcome<()> {
    let zone = state.config.section(VNET.file, vnet).and_then(|v| v.str("zone")).unwrap_or_default();
    state.need_any(&call.principal, &format!("/sdn/zones/{zone}/{vnet}"), privileges)
}

#[derive(Debug)]
struct Vnet;

impl Vnet {
    /// Tags are needed, allowed and unique as the type of the zone has it.
    fn tag(change: &Change<'_>, zone: &str, kind: &str) -> Outcome<()> {
        let wrong = |text: String| Err(Refusal::param("tag", text));
        let overlay = matches!(kind, "vxlan" | "evpn");
        let Some(tag) = change.after.str("tag") else {
            return match kind {
                "vlan" => wrong("missing vlan tag".to_owned()),
                "vxlan" | "evpn" => wrong("missing vxlan tag".to_owned()),
                _ => Ok(()),
            };
        };
        if kind == "simple" {
            return wrong("vlan tag is not allowed on simple zone".to_owned());
        }
        if !overlay && tag.parse::<u32>().is_ok_and(|t| t > 4096) {
            return wrong("vlan tag max value is 4096".to_owned());
        }
        let vnets = change.state.config.file(VNET.file);
        let twin = vnets.iter().find(|(id, other)| {
            *id != change.id && other.str("tag") == Some(tag) && (overlay || other.str("zone") == Some(zone))
        });
        match (twin, overlay) {
            (None, _) => Ok(()),
            (Some((vnet, other)), true) => {
                let zone = other.str("zone").unwrap_or_default();
                wrong(format!("vxlan tag {tag} already exist in vnet {vnet} in zone {zone} "))
            }
            (Some((vnet, _)), false) => wrong(format!("tag {tag} already exist in vnet {vnet}")),
        }
    }
}

impl Hooks for Vnet {
    fn admit(&self, change: &mut Change<'_>) -> Outcome<()> {
        let config = &change.state.config;
        if change.before.is_some() {
            may(change.call, change.state, change.id, &["SDN.Allocate"])?;
        }
        let zone = change.after.str("zone").unwrap_or_default();
        let subnets = config.file(SUBNET.file).values().any(|s| s.str("vnet") == Some(change.id));
        if subnets && change.before.is_some_and(|b| b.str("zone") != Some(zone)) {
            return Err(Refusal::param("zone", "can't change zone if subnets exist"));
        }
        let Some(found) = config.section(ZONE.file, zone) else {
            return Err(Refusal::died(
                "cannot lookup undefined type! at /usr/share/perl5/PVE/API2/Network/SDN/Vnets.pm line 232.",
            ));
        };
        Self::tag(change, zone, &found.kind)?;
        if subnets && change.after.flag("vlanaware") {
            return Err(Refusal::param("vlanaware", "vlanaware vnet is not compatible with subnets"));
        }
        Ok(())
    }

    fn release(&self, call: &Call, state: &State, id: &str) -> Outcome<()> {
        may(call, state, id, &["SDN.Allocate"])?;
        match state.config.file(SUBNET.file).values().any(|s| s.str("vnet") == Some(id)) {
            true => Err(Refusal::param("vnet", "Can't delete vnet if subnets exists")),
            false => Ok(()),
        }
    }
}

#[derive(Debug)]
struct Subnet;

/// Address, prefix length of a subnet's id `zone-address-length`.
fn network(id: &str) -> Option<(&str, &str)> {
    let (front, mask) = id.rsplit_once('-')?;
    Some((front.split_once('-')?.1, mask))
}

fn contains(cidr: &str, address: &str) -> bool {
    let Some((network, prefix)) = cidr.split_once('/') else { return false };
    let (Ok(network), Ok(address), Ok(prefix)) =
        (network.parse::<IpAddr>(), address.parse::<IpAddr>(), prefix.parse::<u32>())
    else {
        return false;
    };
    match (network, address) {
        (IpAddr::V4(n), IpAddr::V4(a)) => {
            let mask = u32::MAX.checked_shl(32u32.saturating_sub(prefix)).unwrap_or(0);
            n.to_bits() & mask == a.to_bits() & mask
        }
        (IpAddr::V6(n), IpAddr::V6(a)) => {
            let mask = u128::MAX.checked_shl(128u32.saturating_sub(prefix)).unwrap_or(0);
            n.to_bits() & mask == a.to_bits() & mask
        }
        _ => false,
    }
}

impl Subnet {
    /// Ranges given must lie inside the network.
    fn check_ranges(section: &Section, cidr: &str) -> Outcome<()> {
        let ranges = match section.fields.get("dhcp-range") {
            Some(Param::Many(ranges)) => ranges.clone(),
            Some(Param::One(range)) => vec![range.clone()],
            None => return Ok(()),
        };
        for range in &ranges {
            for part in range.split(',') {
                let Some((name, address)) = part.split_once('=') else { continue };
                if !contains(cidr, address) {
                    return Err(Refusal::param(
                        "dhcp-range",
                        format!("{name} {address} is not in subnet {cidr}"),
                    ));
                }
            }
        }
        Ok(())
    }
}

impl Hooks for Subnet {
    fn id(&self, _family: &Family, call: &Call, state: &State) -> Outcome<String> {
        let vnet = call.params.need("vnet")?;
        let cidr = call.params.need("subnet")?;
        let Some(found) = state.config.section(VNET.file, vnet) else {
            return Err(Refusal::param("vnet", format!("{vnet} don't exist")));
        };
        may(call, state, vnet, &["SDN.Allocate"])?;
        if !crate::pve::schema::config_formats::is_address_or_network(cidr) || !cidr.contains('/') {
            return Err(Refusal::param("subnet", "value does not look like a valid CIDR network"));
        }
        Ok(format!("{}-{}", found.str("zone").unwrap_or_default(), cidr.replace('/', "-")))
    }

    fn admit(&self, change: &mut Change<'_>) -> Outcome<()> {
        let vnet = change.call.params.need("vnet")?.to_owned();
        if change.before.is_some() {
            may(change.call, change.state, &vnet, &["SDN.Allocate"])?;
        }
        if change.state.config.section(VNET.file, &vnet).is_some_and(|v| v.flag("vlanaware")) {
            return Err(Refusal::param("vnet", "you can't add a subnet on a vlanaware vnet"));
        }
        change.after.set("vnet", vnet);
        let cidr = network(change.id).map(|(address, mask)| format!("{address}/{mask}")).unwrap_or_default();
        if let Some(gateway) = change.after.str("gateway").filter(|g| !contains(&cidr, g)) {
            return Err(Refusal::param("gateway", format!("{gateway} is not in subnet {cidr}")));
        }
        Self::check_ranges(&change.after, &cidr)
    }

    fn belongs(&self, call: &Call, section: &Section) -> bool {
        section.str("vnet") == call.params.str("vnet")
    }

    fn show(&self, shown: &Shown<'_>, view: &mut Map<String, Value>) {
        let (address, mask) = network(shown.id).unwrap_or_default();
        view.insert("network".into(), json!(address));
        view.insert("mask".into(), json!(mask));
        view.insert("cidr".into(), json!(format!("{address}/{mask}")));
        view.insert("zone".into(), json!(shown.id.split('-').next()));
        view.insert("id".into(), json!(shown.id));
        let method = super::super::engine::maker(shown.call.cluster.config.release, &SUBNET);
        let spec = method.and_then(|m| m.param("dhcp-range")).and_then(|s| s.items());
        let ranges = match shown.section.fields.get("dhcp-range") {
            Some(Param::Many(ranges)) => ranges.clone(),
            Some(Param::One(range)) => vec![range.clone()],
            None => Vec::new(),
        };
        let ranges: Vec<Value> =
            ranges.iter().map(|r| spec.map_or(json!(r), |s| view::object(s, r))).collect();
        view.insert("dhcp-range".into(), json!(ranges));
    }
}

#[derive(Debug)]
struct Controller;

impl Hooks for Controller {
    fn admit(&self, change: &mut Change<'_>) -> Outcome<()> {
        let others = || change.state.config.file(CONTROLLER.file).iter().filter(|(id, _)| *id != change.id);
        let after = &change.after;
        if after.kind == "evpn" {
            if others().any(|(_, other)| other.kind == "evpn") {
                return Err(Refusal::died("only 1 global evpn controller can be defined"));
            }
            if after.str("peers").is_some() == after.str("fabric").is_some() {
                return Err(Refusal::died("must have exactly one of peers / fabric defined"));
            }
            return Ok(());
        }
        let twin =
            others().any(|(_, other)| other.kind == after.kind && other.str("node") == after.str("node"));
        match (twin, after.kind.as_str()) {
            (true, "bgp") => Err(Refusal::died("only 1 bgp controller can be defined")),
            (true, _) => Err(Refusal::died("only 1 bgp or isis controller can be defined")),
            _ => Ok(()),
        }
    }

    fn release(&self, _call: &Call, state: &State, id: &str) -> Outcome<()> {
        match state.config.file(ZONE.file).iter().find(|(_, zone)| zone.str("controller") == Some(id)) {
            Some((zone, _)) => Err(Refusal::died(format!("controller {id} is used by {zone}"))),
            None => Ok(()),
        }
    }
}

/// A server that zones may use.
#[derive(Debug)]
struct Server {
    used_as: &'static [&'static str],
}

impl Hooks for Server {
    fn admit(&self, change: &mut Change<'_>) -> Outcome<()> {
        let url = change.after.str("url").unwrap_or_default();
        let host = url.split("://").nth(1).unwrap_or(url).split(['/', ':']).next().unwrap_or_default();
        match change.state.silent_servers.contains(host) {
            true => Err(Refusal::died(format!("Can't connect to {host}"))),
            false => Ok(()),
        }
    }

    fn release(&self, _call: &Call, state: &State, id: &str) -> Outcome<()> {
        let uses = |zone: &Section| self.used_as.iter().any(|key| zone.str(key) == Some(id));
        match state.config.file(ZONE.file).iter().find(|(_, zone)| uses(zone)) {
            Some((zone, _)) => {
                let what = self.used_as.first().copied().unwrap_or_default();
                Err(Refusal::died(format!("{what} {id} is used by {zone}")))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks() {
        assert_eq!(network("tfz-10.88.0.0-24"), Some(("10.88.0.0", "24")));
        assert!(contains("10.88.0.0/24", "10.88.0.1"));
        assert!(!contains("10.88.0.0/24", "10.88.1.1"));
        assert!(contains("fd00::/64", "fd00::1"));
    }
}
