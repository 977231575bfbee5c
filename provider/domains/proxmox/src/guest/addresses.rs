//! The addresses a running guest has: told by its agent, or by the node for a container.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use serde::Deserialize;
use transport_rest::{Budget, Path};

use crate::api::{ApiError, GuestKind, GuestRef, Kind, lenient};
use crate::client::Proxmox;

/// The first pause between two questions: a node holds a worker for 3 s when the agent does not answer.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Addresses by interface, those that hold for this host only left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Addresses(pub(crate) BTreeMap<String, Vec<IpAddr>>);

impl Addresses {
    /// Whether there is one that others can reach.
    #[must_use]
    pub(crate) fn is_reachable(&self) -> bool {
        self.all().next().is_some()
    }

    /// All of them, in order of interfaces.
    pub(crate) fn all(&self) -> impl Iterator<Item = IpAddr> {
        self.0.values().flatten().copied()
    }
}

#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    result: Vec<Interface>,
}

#[derive(Deserialize)]
struct Interface {
    #[serde(default, deserialize_with = "lenient::text")]
    name: String,
    /// The agent, and containers from 9 on.
    #[serde(default, rename = "ip-addresses")]
    addresses: Vec<Address>,
    /// Containers: with prefix length.
    #[serde(default, deserialize_with = "lenient::opt_text")]
    inet: Option<String>,
    #[serde(default, deserialize_with = "lenient::opt_text")]
    inet6: Option<String>,
}

#[derive(Deserialize)]
struct Address {
    #[serde(default, rename = "ip-address", deserialize_with = "lenient::text")]
    address: String,
}

/// What a guest tells now.
///
/// # Errors
/// [`ApiError`]; [`Kind::AgentDown`] when its agent does not answer.
pub(crate) async fn addresses(
    px: &Proxmox,
    guest: &GuestRef,
    budget: &Budget,
) -> Result<Addresses, ApiError> {
    let vmid = guest.vmid.to_string();
    let of = Path::from(["nodes", &guest.node, guest.kind.as_str(), &vmid]);
    let interfaces = match guest.kind {
        GuestKind::Qemu => {
            px.api.read::<Told>(of.join("agent").join("network-get-interfaces"), budget).await?.result
        }
        // Null while it does not run.
        GuestKind::Lxc => {
            px.api.read::<Option<Vec<Interface>>>(of.join("interfaces"), budget).await?.unwrap_or_default()
        }
    };
    Ok(gather(interfaces))
}

fn gather(interfaces: Vec<Interface>) -> Addresses {
    let mut found = BTreeMap::new();
    for interface in interfaces.into_iter().filter(|interface| interface.name != "lo") {
        let told = interface.addresses.iter().map(|address| address.address.as_str());
        let texts = told.chain(interface.inet.as_deref()).chain(interface.inet6.as_deref());
        let mut addresses: Vec<IpAddr> = Vec::new();
        for address in texts.filter_map(|text| text.split('/').next()?.split('%').next()?.parse().ok()) {
            if reaches_others(&address) && !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        if !addresses.is_empty() {
            found.insert(interface.name, addresses);
        }
    }
    Addresses(found)
}

fn reaches_others(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !v4.is_loopback() && !v4.is_link_local() && !v4.is_unspecified(),
        IpAddr::V6(v6) => !v6.is_loopback() && !v6.is_unspecified() && (v6.segments()[0] & 0xffc0) != 0xfe80,
    }
}

/// Asks until the guest has an address, or its budget ends.
///
/// # Errors
/// [`ApiError`]; the end of the budget names what was waited for.
pub(crate) async fn wait_for_addresses(
    px: &Proxmox,
    guest: &GuestRef,
    budget: &Budget,
) -> Result<Addresses, ApiError> {
    let mut pause = FIRST_PAUSE;
    loop {
        match addresses(px, guest, budget).await {
            Ok(found) if found.is_reachable() => return Ok(found),
            Ok(_) => {}
            Err(error) if waits(&error) => tracing::debug!(vmid = guest.vmid, %error, "no answer yet"),
            Err(error) => return Err(error),
        }
        budget.sleep(pause, || format!("an address of guest {}", guest.vmid)).await?;
        pause = (pause * 3 / 2).min(LONGEST_PAUSE);
    }
}

fn waits(error: &ApiError) -> bool {
    matches!(
        error.kind(),
        Some(Kind::AgentDown | Kind::GuestTimeout | Kind::NotRunning | Kind::NodeTimeout | Kind::Unavailable)
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_agents_and_a_containers_answer() {
        let told: Told = serde_json::from_value(json!({"result": [
            {"name": "lo", "ip-addresses": [{"ip-address": "127.0.0.1", "ip-address-type": "ipv4", "prefix": 8}]},
            {"name": "eth0", "hardware-address": "bc:24:11:00:00:01", "ip-addresses": [
                {"ip-address": "10.0.0.5", "prefix": 24}, {"ip-address": "fe80::1%eth0"}, {"ip-address": "2001:db8::5"}]},
            {"name": "cali0"},
        ]}))
        .unwrap();
        let of_agent = gather(told.result);
        let listed: Vec<Interface> = serde_json::from_value(json!([
            {"name": "lo", "inet": "127.0.0.1/8", "inet6": "::1/128", "hwaddr": "00:00:00:00:00:00"},
            {"name": "eth0", "inet": "10.0.0.5/24", "inet6": "2001:db8::5/64", "hwaddr": "bc:24:11:00:00:01"},
        ]))
        .unwrap();
        assert_eq!(of_agent, gather(listed));
        let all: Vec<String> = of_agent.all().map(|address| address.to_string()).collect();
        assert_eq!(all, ["10.0.0.5", "2001:db8::5"]);
        assert!(of_agent.is_reachable() && !Addresses::default().is_reachable());
    }
}
