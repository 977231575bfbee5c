//! What virtual machines and containers have in common.

pub(super) mod address;
pub(in crate::pve::api) mod bulk;
pub(super) mod ha;
pub(super) mod migrate;
pub(super) mod removal;
pub(super) mod snapshot;

use serde_json::{Value, json};

use crate::pve::access::Principal;
use crate::pve::cluster::State;
use crate::pve::guest::{Guest, GuestKind, property};
use crate::pve::network::Network;
use crate::pve::reply::Outcome;

/// Whether a node has a bridge, be it one of a software-defined network.
pub(super) fn has_bridge(state: &State, node: &str, bridge: &str) -> bool {
    let own = match state.networks.get(node) {
        Some(network) => network.has_bridge(bridge),
        None => Network::installed().has_bridge(bridge),
    };
    own || zone_of(state, bridge).is_some()
}

/// Zone of a virtual network in force.
fn zone_of<'s>(state: &'s State, vnet: &str) -> Option<&'s str> {
    state.config.running("sdn/vnets.cfg").get(vnet)?.str("zone")
}

/// The bridge of a network device that its node lacks.
pub(super) fn missing_bridge<'t>(state: &State, node: &str, net: &'t str) -> Option<&'t str> {
    property(net, "bridge").filter(|bridge| !has_bridge(state, node, bridge))
}

/// Refuses a network device on a bridge the asker may not use.
pub(super) fn check_bridge(state: &State, asker: &Principal, net: &str) -> Outcome<()> {
    let Some(bridge) = property(net, "bridge") else { return Ok(()) };
    let mut path = format!("/sdn/zones/{}/{bridge}", zone_of(state, bridge).unwrap_or("localnetwork"));
    if let Some(tag) = property(net, "tag") {
        path.push_str(&format!("/{tag}"));
    }
    state.need(asker, &path, &["SDN.Use"])
}

/// What the status of a guest tells about HA.
pub(super) fn ha_view(state: &State, kind: GuestKind, vmid: u32) -> Value {
    match state.ha.resource(kind, vmid) {
        Some(resource) => {
            let mut view = json!({ "managed": 1, "state": resource.state });
            if let Some(group) = resource.options.get("group") {
                view["group"] = json!(group);
            }
            view
        }
        None => json!({ "managed": 0 }),
    }
}

/// Options with what they are and what they will be after the next start.
pub(super) fn pending_view(guest: &Guest) -> Value {
    let mut list: Vec<Value> = guest
        .config
        .iter()
        .map(|(key, value)| {
            let mut item = json!({ "key": key, "value": guest.shown(key, value) });
            match guest.pending.get(key) {
                Some(Some(next)) => item["pending"] = guest.shown(key, next),
                Some(None) => item["delete"] = json!(1),
                None => {}
            }
            item
        })
        .collect();
    for (key, value) in guest.pending.iter().filter(|(k, _)| !guest.config.contains_key(*k)) {
        list.extend(value.as_ref().map(|next| json!({ "key": key, "pending": guest.shown(key, next) })));
    }
    list.push(json!({ "key": "digest", "value": guest.digest() }));
    Value::from(list)
}
