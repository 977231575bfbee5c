//! Firewalls, at whatever path they stand: cluster, node, guest, vnet.

mod aliases;
mod groups;
mod ipsets;
mod options;
mod rules;

use serde_json::{Map, Value, json};

use super::{Handler, Route};
use crate::pve::call::Call;
use crate::pve::cluster::State;
use crate::pve::firewall::{Entry, Firewall, MACROS, Scope};
use crate::pve::reply::Outcome;

/// Where firewalls stand.
const PLACES: &[&str] = &[
    "/cluster/firewall",
    "/nodes/{node}/firewall",
    "/nodes/{node}/qemu/{vmid}/firewall",
    "/nodes/{node}/lxc/{vmid}/firewall",
    "/cluster/sdn/vnets/{vnet}/firewall",
];

/// What stands below each of them; a place lacks what the API's description lacks.
const BELOW: &[Route] = &[
    ("GET", "", index),
    ("GET", "/options", options::read),
    ("PUT", "/options", options::update),
    ("GET", "/rules", rules::list),
    ("POST", "/rules", rules::create),
    ("GET", "/rules/{pos}", rules::read),
    ("PUT", "/rules/{pos}", rules::update),
    ("DELETE", "/rules/{pos}", rules::delete),
    ("GET", "/aliases", aliases::list),
    ("POST", "/aliases", aliases::create),
    ("GET", "/aliases/{name}", aliases::read),
    ("PUT", "/aliases/{name}", aliases::update),
    ("DELETE", "/aliases/{name}", aliases::delete),
    ("GET", "/ipset", ipsets::list),
    ("POST", "/ipset", ipsets::create),
    ("GET", "/ipset/{name}", ipsets::members),
    ("POST", "/ipset/{name}", ipsets::add),
    ("DELETE", "/ipset/{name}", ipsets::delete),
    ("GET", "/ipset/{name}/{cidr}", ipsets::member),
    ("PUT", "/ipset/{name}/{cidr}", ipsets::change),
    ("DELETE", "/ipset/{name}/{cidr}", ipsets::remove),
    ("GET", "/groups", groups::list),
    ("POST", "/groups", groups::create),
    ("DELETE", "/groups/{group}", groups::delete),
    ("GET", "/groups/{group}", rules::list),
    ("POST", "/groups/{group}", rules::create),
    ("GET", "/groups/{group}/{pos}", rules::read),
    ("PUT", "/groups/{group}/{pos}", rules::update),
    ("DELETE", "/groups/{group}/{pos}", rules::delete),
    ("GET", "/macros", macros),
    ("GET", "/refs", references),
    ("GET", "/log", log),
];

/// The handler of a method of a path below any of the places.
pub(super) fn handler(method: &str, template: &str) -> Option<Handler> {
    let below = PLACES.iter().find_map(|place| template.strip_prefix(place))?;
    BELOW.iter().find(|(m, t, _)| *m == method && *t == below).map(|(_, _, handler)| *handler)
}

/// Whose firewall a call is about, seen to it that the asker may.
fn scope(call: &Call, state: &State) -> Outcome<Scope> {
    if call.template.starts_with("/cluster/firewall") {
        return Ok(Scope::Cluster);
    }
    if let Some(vnet) = call.params.str("vnet") {
        let zone =
            state.config.section("sdn/vnets.cfg", vnet).and_then(|v| v.str("zone")).unwrap_or_default();
        state.need_any(
            &call.principal,
            &format!("/sdn/zones/{zone}/{vnet}"),
            &["SDN.Audit", "SDN.Allocate"],
        )?;
        return Ok(Scope::Vnet(vnet.to_owned()));
    }
    match call.params.str("vmid") {
        Some(_) => Ok(Scope::Guest(call.vmid()?)),
        None => Ok(Scope::Node(call.node().to_owned())),
    }
}

/// What the API calls the surroundings of a call's rules.
fn environment(call: &Call, scope: &Scope) -> &'static str {
    if call.template.contains("{group}") {
        return "group";
    }
    scope.environment(call.template.contains("/lxc/"))
}

/// An entry as shown: numbers where the API has numbers.
fn shown(entry: &Entry, numbers: &[&str]) -> Map<String, Value> {
    entry
        .iter()
        .map(|(key, text)| match text.parse::<i64>() {
            Ok(number) if numbers.contains(&key.as_str()) => (key.clone(), json!(number)),
            _ => (key.clone(), json!(text)),
        })
        .collect()
}

fn index(call: &Call) -> Outcome {
    let names: Vec<Value> = BELOW
        .iter()
        .filter(|(method, path, _)| *method == "GET" && path.matches('/').count() == 1)
        .filter(|(_, path, _)| {
            let template = format!("{}{path}", call.template);
            crate::pve::schema::method(call.cluster.config.release, "GET", &template).is_some()
        })
        .map(|(_, path, _)| json!({ "name": path.trim_start_matches('/') }))
        .collect();
    Ok(Value::from(names).into())
}

fn macros(_: &Call) -> Outcome {
    Ok(MACROS
        .iter()
        .map(|name| json!({ "macro": name, "descr": format!("{name} traffic") }))
        .collect::<Value>()
        .into())
}

/// What a rule of this firewall may name as source or destination.
fn references(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let scope = scope(call, &state)?;
    let wanted = call.params.str("type");
    let of = |kind: &str| wanted.is_none_or(|w| w == kind);
    let mut found = Vec::new();
    let mut add = |firewall: &Firewall, prefix: &str| {
        for alias in firewall.aliases.values().filter(|_| of("alias")) {
            let name = alias.get("name").cloned().unwrap_or_default();
            found.push(
                json!({ "type": "alias", "name": name, "ref": format!("{prefix}/{name}"), "scope": prefix,
                               "comment": alias.get("comment").cloned().unwrap_or_default() }),
            );
        }
        for (name, set) in firewall.ipsets.iter().filter(|_| of("ipset")) {
            found.push(
                json!({ "type": "ipset", "name": name, "ref": format!("+{prefix}/{name}"), "scope": prefix,
                               "comment": set.comment.clone().unwrap_or_default() }),
            );
        }
    };
    add(state.firewall.get(&Scope::Cluster), "dc");
    if scope != Scope::Cluster {
        add(state.firewall.get(&scope), "guest");
    }
    Ok(Value::from(found).into())
}

/// No packet passes a stand-in, so its log is empty.
fn log(_: &Call) -> Outcome {
    Ok(crate::pve::reply::Answer::page(json!([{ "n": 1, "t": "no content" }]), 1))
}
