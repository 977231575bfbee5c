//! The guest agent of a simulated machine: names, addresses, and commands that do nothing.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::super::Route;
use super::super::guests::address;
use crate::pve::call::Call;
use crate::pve::guest::{Agent, Guest, property};
use crate::pve::reply::{Answer, Outcome, Refusal};
use crate::pve::schema::split_number;

pub(in super::super) const ROUTES: &[Route] = &[
    ("POST", "/nodes/{node}/qemu/{vmid}/agent/ping", ping),
    ("POST", "/nodes/{node}/qemu/{vmid}/agent/exec", exec),
    ("GET", "/nodes/{node}/qemu/{vmid}/agent/exec-status", exec_status),
    ("GET", "/nodes/{node}/qemu/{vmid}/agent/network-get-interfaces", interfaces),
    ("GET", "/nodes/{node}/qemu/{vmid}/agent/get-host-name", host_name),
    ("GET", "/nodes/{node}/qemu/{vmid}/agent/get-osinfo", system),
    ("GET", "/nodes/{node}/qemu/{vmid}/agent/get-fsinfo", file_systems),
    ("GET", "/nodes/{node}/qemu/{vmid}/agent/info", info),
    ("POST", "/nodes/{node}/qemu/{vmid}/agent/fstrim", ping),
];

/// Whether the configuration switches an agent on.
fn configured(guest: &Guest) -> bool {
    let first = guest.config.get("agent").and_then(|a| a.split(',').next()).unwrap_or_default();
    matches!(first.trim_start_matches("enabled="), "1" | "on" | "yes" | "true")
}

/// The guest whose agent answers; refuses after the time an unanswered ping takes.
fn answering(call: &Call) -> Outcome<Guest> {
    let vmid = call.vmid()?;
    let guest = call.cluster.state().guest(call.node(), vmid)?.clone();
    let Some(run) = &guest.run else {
        return Err(Refusal::died(format!("VM {vmid} is not running")));
    };
    if !configured(&guest) {
        return Err(Refusal::died("No QEMU guest agent configured"));
    }
    let config = &call.cluster.config;
    let up = match &guest.agent {
        Agent::Absent => false,
        Agent::Tells(_) => true,
        Agent::ByConfig => config.agent_boot.is_some_and(|boot| run.since.elapsed() >= boot),
    };
    if up && !run.paused {
        return Ok(guest);
    }
    std::thread::sleep(config.agent_wait);
    Err(Refusal::died("QEMU guest agent is not running"))
}

fn result(value: Value) -> Outcome {
    Ok(Value::Object([("result".to_owned(), value)].into_iter().collect()).into())
}

fn ping(call: &Call) -> Outcome {
    answering(call)?;
    result(json!({}))
}

fn info(call: &Call) -> Outcome {
    answering(call)?;
    result(json!({ "version": "7.2.22", "supported_commands": [] }))
}

fn host_name(call: &Call) -> Outcome {
    let guest = answering(call)?;
    let name = guest.name(call.vmid()?);
    result(json!({ "host-name": name.split('.').next() }))
}

fn system(call: &Call) -> Outcome {
    answering(call)?;
    result(json!({
        "id": "debian", "name": "Debian GNU/Linux", "pretty-name": "Debian GNU/Linux 12 (bookworm)",
        "version": "12 (bookworm)", "version-id": "12", "machine": "x86_64",
        "kernel-release": "6.1.0-cloud-amd64", "kernel-version": "#1 SMP PREEMPT_DYNAMIC",
    }))
}

fn file_systems(call: &Call) -> Outcome {
    let guest = answering(call)?;
    let size = guest.boot_disk_size();
    result(
        json!([{ "mountpoint": "/", "name": "sda1", "type": "ext4", "total-bytes": size, "used-bytes": size / 8,
                    "disk": [] }]),
    )
}

fn exec(call: &Call) -> Outcome {
    answering(call)?;
    let pid = call.cluster.next_pid();
    let mut state = call.cluster.state();
    if let Some(run) = &mut state.guest_mut(call.node(), call.vmid()?)?.run {
        run.commands.push(pid);
    }
    Ok(json!({ "pid": pid }).into())
}

fn exec_status(call: &Call) -> Outcome {
    let guest = answering(call)?;
    let pid = call.params.number("pid").and_then(|p| u32::try_from(p).ok()).unwrap_or_default();
    if !guest.run.is_some_and(|run| run.commands.contains(&pid)) {
        return Err(Refusal::died("Agent error: Invalid parameter 'pid'"));
    }
    Ok(json!({ "exited": 1, "exitcode": 0, "out-data": "", "out-truncated": 0, "err-truncated": 0 }).into())
}

fn interface(name: &str, mac: &str, addresses: &[String]) -> Value {
    let list: Vec<Value> = addresses
        .iter()
        .map(|cidr| {
            let (address, prefix) = cidr.split_once('/').unwrap_or((cidr, "32"));
            let family = if address.contains(':') { "ipv6" } else { "ipv4" };
            json!({ "ip-address": address, "ip-address-type": family, "prefix": prefix.parse::<u8>().unwrap_or(32) })
        })
        .collect();
    json!({
        "name": name, "hardware-address": mac, "ip-addresses": list,
        "statistics": { "rx-bytes": 0, "rx-packets": 0, "rx-errs": 0, "rx-dropped": 0,
                        "tx-bytes": 656, "tx-packets": 8, "tx-errs": 0, "tx-dropped": 0 },
    })
}

fn interfaces(call: &Call) -> Outcome {
    let guest = answering(call)?;
    let vmid = call.vmid()?;
    let mut found =
        vec![interface("lo", "00:00:00:00:00:00", &["127.0.0.1/8".to_owned(), "::1/128".to_owned()])];
    let told = match &guest.agent {
        Agent::Tells(addresses) => Some(addresses),
        _ => None,
    };
    let mut unnamed: BTreeMap<&String, &Vec<String>> = told.iter().flat_map(|t| t.iter()).collect();
    for (key, text) in &guest.config {
        let Some(("net", number)) = split_number(key) else { continue };
        let mac = text.split([',', '=']).nth(1).unwrap_or_default().to_ascii_lowercase();
        let name = format!("eth{number}");
        let addresses = match told {
            Some(told) => {
                unnamed.remove(&name);
                told.get(&name).cloned().unwrap_or_default()
            }
            None => addresses(&guest, vmid, number, &mac),
        };
        found.push(interface(&name, &mac, &addresses));
    }
    found
        .extend(unnamed.into_iter().map(|(name, addresses)| interface(name, "02:00:00:00:00:01", addresses)));
    Ok(Answer::from(json!({ "result": found })))
}

/// As told by `ipconfig`; a lease where nothing is told, as images do by themselves.
fn addresses(guest: &Guest, vmid: u32, number: u32, mac: &str) -> Vec<String> {
    let told = guest.config.get(&format!("ipconfig{number}")).map_or("ip=dhcp", String::as_str);
    let mut list = Vec::new();
    list.extend(address::ipv4(property(told, "ip"), vmid, number));
    list.extend(address::ipv6(property(told, "ip6"), mac));
    list.push(address::link_local(mac));
    list
}
