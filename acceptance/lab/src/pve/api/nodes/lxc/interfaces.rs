//! Addresses of a running container, as its network namespace shows them.

use serde_json::{Value, json};

use super::super::guests::address;
use super::container;
use crate::pve::call::Call;
use crate::pve::guest::property;
use crate::pve::reply::{Answer, Outcome};
use crate::pve::schema::split_number;

fn interface(name: &str, mac: &str, addresses: &[(&str, String)]) -> Value {
    let mut item = json!({ "name": name, "hwaddr": mac, "hardware-address": mac });
    let mut list = Vec::new();
    for (family, cidr) in addresses {
        let (address, prefix) = cidr.split_once('/').unwrap_or((cidr, "32"));
        item[*family] = json!(cidr);
        list.push(json!({ "ip-address": address, "ip-address-type": family, "prefix": prefix }));
    }
    item["ip-addresses"] = json!(list);
    item
}

pub(super) fn list(call: &Call) -> Outcome {
    let vmid = call.vmid()?;
    let state = call.cluster.state();
    let guest = container(&state, call.node(), vmid)?;
    if guest.run.is_none() {
        return Ok(Answer::null());
    }
    let local = [("inet", "127.0.0.1/8".to_owned()), ("inet6", "::1/128".to_owned())];
    let mut found = vec![interface("lo", "00:00:00:00:00:00", &local)];
    for (key, text) in &guest.config {
        let Some(("net", number)) = split_number(key) else { continue };
        if property(text, "link_down") == Some("1") {
            continue;
        }
        let mac = property(text, "hwaddr").unwrap_or_default().to_ascii_lowercase();
        let mut addresses = Vec::new();
        addresses.extend(address::ipv4(property(text, "ip"), vmid, number).map(|a| ("inet", a)));
        let own = address::ipv6(property(text, "ip6"), &mac);
        addresses.push(("inet6", own.unwrap_or_else(|| address::link_local(&mac))));
        found.push(interface(property(text, "name").unwrap_or(key), &mac, &addresses));
    }
    Ok(Value::from(found).into())
}
