//! The network configuration of a node: what is in force, and what waits to be.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// Options of an interface.
pub(crate) type Interface = BTreeMap<String, String>;

/// Interfaces by name.
pub(crate) type Interfaces = BTreeMap<String, Interface>;

/// A node's network.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Network {
    /// In force.
    pub(crate) current: Interfaces,
    /// Waiting, where something was changed.
    pub(crate) waiting: Option<Interfaces>,
}

/// Options that are numbers in answers; all else is text.
const NUMBERS: &[&str] = &["autostart", "bridge_vlan_aware", "priority"];

fn interface(pairs: &[(&str, &str)]) -> Interface {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

impl Network {
    /// A node as installed: one port, and one bridge on it.
    pub(crate) fn installed() -> Self {
        let port = interface(&[("type", "eth"), ("priority", "3")]);
        let bridge = interface(&[
            ("type", "bridge"),
            ("priority", "4"),
            ("autostart", "1"),
            ("address", "10.77.0.1"),
            ("netmask", "24"),
            ("bridge_ports", "enp1s0"),
            ("bridge_stp", "off"),
            ("bridge_fd", "0"),
        ]);
        Self { current: [("enp1s0".to_owned(), port), ("vmbr0".to_owned(), bridge)].into(), waiting: None }
    }

    /// What the configuration file says: what waits, else what is in force.
    pub(crate) fn configured(&self) -> &Interfaces {
        self.waiting.as_ref().unwrap_or(&self.current)
    }

    /// What the configuration file says, to be changed.
    pub(crate) fn configured_mut(&mut self) -> &mut Interfaces {
        let current = &self.current;
        self.waiting.get_or_insert_with(|| current.clone())
    }

    /// Puts what waits in force.
    pub(crate) fn apply(&mut self) {
        if let Some(waiting) = self.waiting.take() {
            self.current = waiting;
        }
    }

    /// Whether a bridge is in force.
    pub(crate) fn has_bridge(&self, name: &str) -> bool {
        self.current.get(name).is_some_and(is_bridge)
    }

    /// The difference between file and new file, where something waits.
    pub(crate) fn changes(&self) -> Option<String> {
        let waiting = self.waiting.as_ref()?;
        let mut text = String::from("--- /etc/network/interfaces\n+++ /etc/network/interfaces.new\n");
        for name in self.current.keys().chain(waiting.keys().filter(|n| !self.current.contains_key(*n))) {
            let (before, after) = (self.current.get(name), waiting.get(name));
            if before == after {
                continue;
            }
            for (sign, stanza) in [('-', before), ('+', after)] {
                let lines = stanza.map(|i| stanza_of(name, i)).unwrap_or_default();
                lines.iter().for_each(|line| text.push_str(&format!("{sign}{line}\n")));
            }
        }
        Some(text)
    }
}

pub(crate) fn is_bridge(interface: &Interface) -> bool {
    matches!(interface.get("type").map(String::as_str), Some("bridge" | "OVSBridge"))
}

fn method(interface: &Interface, address: &str) -> &'static str {
    if interface.contains_key(address) { "static" } else { "manual" }
}

/// An interface as it is written to the file.
fn stanza_of(name: &str, interface: &Interface) -> Vec<String> {
    let mut lines = Vec::new();
    if interface.contains_key("autostart") {
        lines.push(format!("auto {name}"));
    }
    lines.push(format!("iface {name} inet {}", method(interface, "address")));
    const DERIVED: &[&str] =
        &["autostart", "type", "priority", "netmask", "netmask6", "comments", "comments6"];
    for (key, value) in interface.iter().filter(|(key, _)| !DERIVED.contains(&key.as_str())) {
        let value = match (key.as_str(), value.as_str()) {
            ("address", address) => cidr(interface, address, "netmask"),
            ("bridge_ports", "") => "none".to_owned(),
            (_, value) => value.to_owned(),
        };
        lines.push(format!("\t{} {value}", key.replace('_', "-")));
    }
    lines.extend(interface.get("comments").map(|c| format!("#{}", c.trim_end())));
    lines
}

fn cidr(interface: &Interface, address: &str, mask: &str) -> String {
    interface.get(mask).map_or_else(|| address.to_owned(), |mask| format!("{address}/{mask}"))
}

/// An interface as answers show it.
pub(crate) fn shown(interface: &Interface, active: bool) -> Map<String, Value> {
    let mut view: Map<String, Value> = interface
        .iter()
        .map(|(key, text)| match text.parse::<i64>() {
            Ok(number) if NUMBERS.contains(&key.as_str()) => (key.clone(), json!(number)),
            _ => (key.clone(), json!(text)),
        })
        .collect();
    let mut families = Vec::new();
    for (address, mask, whole, family) in
        [("address", "netmask", "cidr", "inet"), ("address6", "netmask6", "cidr6", "inet6")]
    {
        if let Some(text) = interface.get(address) {
            view.insert(whole.into(), json!(cidr(interface, text, mask)));
            families.push(family);
        }
    }
    if families.is_empty() {
        families.push("inet");
    }
    view.insert("families".into(), json!(families));
    view.insert("method".into(), json!(method(interface, "address")));
    view.insert("method6".into(), json!(method(interface, "address6")));
    if active {
        view.insert("active".into(), json!(1));
    }
    view
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_wait_until_applied() {
        let mut network = Network::installed();
        assert_eq!(network.changes(), None);
        network.configured_mut().insert("vmbr5".to_owned(), interface(&[("type", "bridge")]));
        assert!(!network.has_bridge("vmbr5"));
        assert!(network.changes().is_some_and(|text| text.contains("+iface vmbr5 inet manual")));
        network.apply();
        assert!(network.has_bridge("vmbr5"));
    }
}
