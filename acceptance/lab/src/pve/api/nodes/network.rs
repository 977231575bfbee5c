//! `/nodes/{node}/network`: changes wait in a new file until they are applied or taken back.

use serde_json::{Value, json};

use super::super::Route;
use crate::pve::call::Call;
use crate::pve::cluster::State;
use crate::pve::network::{Interface, Interfaces, Network, is_bridge, shown};
use crate::pve::reply::{Answer, Outcome, Refusal};
use crate::pve::schema::split_list;
use crate::pve::tasks;

pub(super) const ROUTES: &[Route] = &[
    ("GET", "/nodes/{node}/network", list),
    ("POST", "/nodes/{node}/network", create),
    ("PUT", "/nodes/{node}/network", apply),
    ("DELETE", "/nodes/{node}/network", revert),
    ("GET", "/nodes/{node}/network/{iface}", read),
    ("PUT", "/nodes/{node}/network/{iface}", update),
    ("DELETE", "/nodes/{node}/network/{iface}", delete),
];

fn of<'a>(call: &Call, state: &'a mut State) -> &'a mut Network {
    state.networks.entry(call.node().to_owned()).or_insert_with(Network::installed)
}

/// Whether an interface is of the kind a list asks for.
fn matches(wanted: &str, interface: &Interface) -> bool {
    let kind = interface.get("type").map_or("", String::as_str);
    match wanted {
        "any_bridge" | "any_local_bridge" => is_bridge(interface),
        "include_sdn" => true,
        other => other == kind,
    }
}

fn list(call: &Call) -> Outcome {
    let mut state = call.cluster.state();
    let network = of(call, &mut state).clone();
    let may = |name: &str| {
        let path = format!("/sdn/zones/localnetwork/{name}");
        ["SDN.Audit", "SDN.Use"].iter().any(|p| state.may(&call.principal, &path, p))
    };
    let mut found: Vec<Value> = network
        .configured()
        .iter()
        .filter(|(_, interface)| call.params.str("type").is_none_or(|wanted| matches(wanted, interface)))
        .filter(|(name, interface)| !is_bridge(interface) || may(name))
        .map(|(name, interface)| {
            let mut view = shown(interface, network.current.contains_key(name));
            view.insert("iface".into(), json!(name));
            Value::Object(view)
        })
        .collect();
    if matches!(call.params.str("type"), Some("any_bridge" | "include_sdn" | "vnet")) {
        found.extend(vnets(call, &state));
    }
    Ok(Answer { changes: network.changes(), ..Answer::from(Value::from(found)) })
}

/// Vnets in force, as bridges.
fn vnets(call: &Call, state: &State) -> Vec<Value> {
    let may = |zone: &str, vnet: &str| {
        let path = format!("/sdn/zones/{zone}/{vnet}");
        ["SDN.Audit", "SDN.Use"].iter().any(|p| state.may(&call.principal, &path, p))
    };
    let vnets = state.config.running("sdn/vnets.cfg").iter();
    vnets
        .filter(|(name, vnet)| may(vnet.str("zone").unwrap_or_default(), name))
        .map(|(name, vnet)| {
            let mut item = json!({ "iface": name, "type": "vnet", "active": 1 });
            if let Some(alias) = vnet.str("alias") {
                item["comments"] = json!(alias);
            }
            item
        })
        .collect()
}

fn missing() -> Refusal {
    Refusal::param("iface", "interface does not exist")
}

fn read(call: &Call) -> Outcome {
    let mut state = call.cluster.state();
    let network = of(call, &mut state);
    let name = call.params.need("iface")?;
    let interface = network.configured().get(name).ok_or_else(missing)?;
    Ok(Value::Object(shown(interface, network.current.contains_key(name))).into())
}

/// What a call gives, in the words of the file.
fn given(call: &Call) -> Outcome<Interface> {
    let mut given = Interface::new();
    for (key, _) in call.params.iter().filter(|(key, _)| !matches!(*key, "node" | "iface" | "delete")) {
        if let Some(text) = call.params.str(key) {
            given.insert(key.to_owned(), text.to_owned());
        }
    }
    for (whole, address, mask) in [("cidr", "address", "netmask"), ("cidr6", "address6", "netmask6")] {
        let Some(cidr) = given.remove(whole) else { continue };
        for key in [address, mask] {
            if given.contains_key(key) {
                return Err(Refusal::param(key, format!("{key} conflicts with {whole}")));
            }
        }
        if let Some((value, length)) = cidr.split_once('/') {
            given.insert(address.into(), value.to_owned());
            given.insert(mask.into(), length.to_owned());
        }
    }
    if let Some(vids) = given.get("bridge_vids").cloned() {
        given.insert("bridge_vids".into(), split_list(&vids).collect::<Vec<_>>().join(" "));
    }
    Ok(given)
}

fn ports(interface: &Interface) -> impl Iterator<Item = (&'static str, &str)> {
    ["bridge_ports", "ovs_ports", "slaves", "ovs_bonds"].into_iter().flat_map(|key| {
        let list = interface.get(key).map_or("", String::as_str);
        split_list(list).map(move |port| (key, port))
    })
}

/// Gateways and ports belong to one interface each.
fn check(name: &str, given: &Interface, all: &Interfaces) -> Outcome<()> {
    let others = || all.iter().filter(|(other, _)| *other != name);
    for (key, what) in [("gateway", "Default gateway"), ("gateway6", "Default ipv6 gateway")] {
        let twin = others().find(|(_, other)| given.contains_key(key) && other.contains_key(key));
        if let Some((other, _)) = twin {
            return Err(Refusal::param(key, format!("{what} already exists on interface '{other}'.")));
        }
    }
    for (key, port) in ports(given) {
        if let Some((other, _)) = others().find(|(_, other)| ports(other).any(|(_, p)| p == port)) {
            return Err(Refusal::param(key, format!("{port} is already used on interface '{other}'.")));
        }
    }
    let kind = given.get("type").map_or("", String::as_str);
    if matches!(kind, "OVSIntPort" | "OVSBond") {
        let Some(bridge) = given.get("ovs_bridge") else {
            return Err(Refusal::param("ovs_bridge", "parameter is required"));
        };
        match all.get(bridge).map(|b| b.get("type").map_or("", String::as_str)) {
            None => return Err(Refusal::param("ovs_bridge", format!("bridge '{bridge}' does not exist"))),
            Some("OVSBridge") => {}
            Some(_) => {
                return Err(Refusal::param("ovs_bridge", format!("interface '{bridge}' is no OVS bridge")));
            }
        }
    }
    Ok(())
}

/// What writing a file and reading it back makes of an interface.
fn settle(name: &str, interface: &mut Interface) {
    // Flags that are off, and what is empty, are not written.
    interface.retain(|key, value| {
        let off = matches!(key.as_str(), "autostart" | "bridge_vlan_aware") && value == "0";
        !(off || value.is_empty())
    });
    let kind = interface.get("type").cloned().unwrap_or_default();
    let mut default = |key: &str, value: &str| {
        interface.entry(key.to_owned()).or_insert_with(|| value.to_owned());
    };
    match kind.as_str() {
        "bridge" => {
            default("bridge_ports", "");
            default("bridge_stp", "off");
            default("bridge_fd", "0");
        }
        "bond" => {
            default("slaves", "");
            default("bond_mode", "balance-rr");
            default("bond_miimon", "100");
        }
        "vlan" => {
            if let Some((device, tag)) = name.rsplit_once('.') {
                default("vlan-raw-device", device);
                default("vlan-id", tag);
            }
        }
        _ => {}
    }
    if interface.contains_key("bridge_vlan_aware") {
        interface.entry("bridge_vids".into()).or_insert_with(|| "2-4094".to_owned());
    }
    for key in ["comments", "comments6"] {
        if let Some(text) = interface.get_mut(key).filter(|t| !t.ends_with('\n')) {
            text.push('\n');
        }
    }
}

fn create(call: &Call) -> Outcome {
    let mut state = call.cluster.state();
    let network = of(call, &mut state);
    let name = call.params.need("iface")?;
    if network.configured().contains_key(name) {
        return Err(Refusal::param("iface", "interface already exists"));
    }
    let mut interface = given(call)?;
    check(name, &interface, network.configured())?;
    let all = network.configured_mut();
    let next = all.values().filter_map(|i| i.get("priority")?.parse::<u32>().ok()).max().unwrap_or(2) + 1;
    interface.insert("priority".into(), next.to_string());
    settle(name, &mut interface);
    if let Some(bridge) = interface.get("ovs_bridge").and_then(|b| all.get_mut(b)) {
        let ports = bridge.entry("ovs_ports".into()).or_default();
        *ports = format!("{ports} {name}").trim().to_owned();
    }
    all.insert(name.to_owned(), interface);
    Ok(Answer::null())
}

/// What is not given stays, but for addresses and gateways: without them the interface has none.
fn update(call: &Call) -> Outcome {
    let mut state = call.cluster.state();
    let network = of(call, &mut state);
    let name = call.params.need("iface")?;
    let before = network.configured().get(name).ok_or_else(missing)?;
    let given = given(call)?;
    check(name, &given, network.configured())?;
    let mut interface = before.clone();
    for key in call.params.list("delete") {
        match key.as_str() {
            "cidr" => interface.retain(|k, _| k != "address" && k != "netmask"),
            "cidr6" => interface.retain(|k, _| k != "address6" && k != "netmask6"),
            key => {
                interface.remove(key);
            }
        }
    }
    for (address, bound) in
        [("address", ["address", "netmask", "gateway"]), ("address6", ["address6", "netmask6", "gateway6"])]
    {
        if !given.contains_key(address) {
            interface.retain(|key, _| !bound.contains(&key.as_str()));
        }
    }
    interface.extend(given);
    settle(name, &mut interface);
    network.configured_mut().insert(name.to_owned(), interface);
    Ok(Answer::null())
}

fn delete(call: &Call) -> Outcome {
    let mut state = call.cluster.state();
    let network = of(call, &mut state);
    let name = call.params.need("iface")?;
    if !network.configured().contains_key(name) {
        return Err(missing());
    }
    let all = network.configured_mut();
    let bridge = all.remove(name).and_then(|interface| interface.get("ovs_bridge").cloned());
    if let Some(ports) = bridge.and_then(|b| all.get_mut(&b)).and_then(|b| b.get_mut("ovs_ports")) {
        *ports = split_list(ports).filter(|p| *p != name).collect::<Vec<_>>().join(" ");
    }
    Ok(Answer::null())
}

fn revert(call: &Call) -> Outcome {
    of(call, &mut call.cluster.state()).waiting = None;
    Ok(Answer::null())
}

/// Puts what waits in force, by a task.
fn apply(call: &Call) -> Outcome {
    let node = call.node().to_owned();
    let cluster = std::sync::Arc::clone(&call.cluster);
    let upid = tasks::spawn(
        &call.cluster,
        &call.principal,
        &node.clone(),
        "srvreload",
        "networking",
        move |worker| {
            worker.work()?;
            cluster.state().networks.entry(node).or_insert_with(Network::installed).apply();
            Ok(())
        },
    );
    Ok(Answer::from(upid))
}
