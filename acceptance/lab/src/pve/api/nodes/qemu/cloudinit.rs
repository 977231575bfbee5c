//! Cloud-init: the keys, and the documents made of them.

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::pve::call::Call;
use crate::pve::guest::{Config, shown};
use crate::pve::reply::{Answer, Outcome};

/// Keys whose change makes the drive out of date.
const KEYS: &[&str] =
    &["cicustom", "cipassword", "citype", "ciuser", "nameserver", "searchdomain", "sshkeys"];

pub(super) fn read(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let guest = state.guest(call.node(), call.vmid()?)?;
    let list: Vec<Value> = guest
        .config
        .iter()
        .filter(|(key, _)| KEYS.contains(&key.as_str()))
        .map(|(key, value)| {
            let mut item = json!({ "key": key, "value": shown(key, value) });
            if let Some(Some(next)) = guest.pending.get(key) {
                item["pending"] = shown(key, next);
            }
            item
        })
        .collect();
    Ok(Value::from(list).into())
}

pub(super) fn regenerate(call: &Call) -> Outcome {
    let mut state = call.cluster.state();
    let guest = state.guest_mut(call.node(), call.vmid()?)?;
    guest.check_lock()?;
    // The drive is made from what waits, too.
    let waiting: Vec<String> = guest.pending.keys().filter(|k| KEYS.contains(&k.as_str())).cloned().collect();
    for key in waiting {
        match guest.pending.remove(&key).flatten() {
            Some(value) => guest.config.insert(key, value),
            None => guest.config.remove(&key),
        };
    }
    Ok(Answer::null())
}

pub(super) fn dump(call: &Call) -> Outcome {
    let vmid = call.vmid()?;
    let state = call.cluster.state();
    let config = state.guest(call.node(), vmid)?.future();
    let document = match call.params.need("type")? {
        "user" => user_data(vmid, &config),
        "network" => network(&config),
        // The instance is new whenever what is told of user or network changes.
        _ => {
            let told = format!("{}{}", user_data(vmid, &config), network(&config));
            format!("instance-id: {}\n", crate::pve::storage::sha1_hex(told.as_bytes()))
        }
    };
    Ok(json!(document).into())
}

fn user_data(vmid: u32, config: &Config) -> String {
    let name = config.get("name").cloned().unwrap_or_else(|| format!("VM{vmid}"));
    let host = name.split('.').next().unwrap_or(&name);
    let mut text = format!("#cloud-config\nhostname: {host}\nmanage_etc_hosts: true\nfqdn: {name}\n");
    if let Some(user) = config.get("ciuser") {
        text.push_str(&format!("user: {user}\n"));
    }
    if let Some(password) = config.get("cipassword") {
        text.push_str(&format!("password: {password}\n"));
    }
    if let Some(keys) = config.get("sshkeys") {
        text.push_str("ssh_authorized_keys:\n");
        for key in percent_decode_str(keys).decode_utf8_lossy().lines().filter(|l| !l.is_empty()) {
            text.push_str(&format!("  - {key}\n"));
        }
    }
    text.push_str("chpasswd:\n  expire: False\nusers:\n  - default\n");
    let upgrade = config.get("ciupgrade").is_none_or(|v| v == "1");
    text.push_str(&format!("package_upgrade: {upgrade}\n"));
    text
}

fn network(config: &Config) -> String {
    let mut text = "version: 1\nconfig:\n".to_owned();
    for index in 0..32u8 {
        let (Some(net), Some(ip)) =
            (config.get(&format!("net{index}")), config.get(&format!("ipconfig{index}")))
        else {
            continue;
        };
        let mac = net.split([',', '=']).nth(1).unwrap_or_default().to_ascii_lowercase();
        text.push_str(&format!(
            "    - type: physical\n      name: eth{index}\n      mac_address: '{mac}'\n      subnets:\n"
        ));
        let part = |key: &str| ip.split(',').find_map(|p| p.strip_prefix(key)?.strip_prefix('='));
        match part("ip") {
            Some("dhcp") => text.push_str("      - type: dhcp4\n"),
            Some(cidr) => {
                let (address, prefix) = cidr.split_once('/').unwrap_or((cidr, "32"));
                let bits: u32 = prefix.parse().unwrap_or(32);
                let mask = std::net::Ipv4Addr::from(u32::MAX.checked_shl(32 - bits.min(32)).unwrap_or(0));
                text.push_str(&format!(
                    "      - type: static\n        address: '{address}'\n        netmask: '{mask}'\n"
                ));
                if let Some(gateway) = part("gw") {
                    text.push_str(&format!("        gateway: '{gateway}'\n"));
                }
            }
            None => {}
        }
    }
    let server = config.get("nameserver").map_or("10.77.0.1", String::as_str);
    let domain = config.get("searchdomain").map_or("example.test", String::as_str);
    text.push_str("    - type: nameserver\n      address:\n");
    for address in server.split_whitespace() {
        text.push_str(&format!("      - '{address}'\n"));
    }
    text.push_str(&format!("      search:\n      - '{domain}'\n"));
    text
}
