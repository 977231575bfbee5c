//! The network of real guests: a bridge of their own, reached from this machine only.

use std::net::Ipv4Addr;

use super::RealError;
use super::run::run;

/// A bridge, removed with what stands on it.
#[derive(Debug)]
pub(super) struct Bridge {
    name: String,
    network: String,
}

impl Bridge {
    /// Makes a bridge with a network that no other of this machine has.
    pub(super) fn make() -> Result<Self, RealError> {
        let mut last = RealError::Needs("a free network for its bridge".to_owned());
        // Laboratories run beside each other: the first free number is theirs.
        let start = std::process::id() % 200;
        for number in (0..200).map(|step| (start + step) % 200) {
            let bridge = Self { name: format!("hyblab{number}"), network: format!("10.87.{number}") };
            match run("ip", ["link", "add", &bridge.name, "type", "bridge"]) {
                Ok(_) => {
                    let address = format!("{}.1/24", bridge.network);
                    run("ip", ["address", "add", &address, "dev", &bridge.name])?;
                    run("ip", ["link", "set", &bridge.name, "up"])?;
                    return Ok(bridge);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The first three numbers of its addresses.
    pub(super) fn network(&self) -> &str {
        &self.network
    }

    /// The address of this machine on it.
    pub(super) fn host(&self) -> Ipv4Addr {
        format!("{}.1", self.network).parse().unwrap_or(Ipv4Addr::LOCALHOST)
    }

    /// Name of this machine's end of a guest's card.
    pub(super) fn port(&self, vmid: u32, card: usize) -> String {
        format!("{}v{vmid}n{card}", self.name.replace("hyblab", "hl"))
    }

    /// Removes the bridge; one that is gone is no error.
    pub(super) fn remove(&self) {
        if !std::path::Path::new("/sys/class/net").join(&self.name).exists() {
            return;
        }
        if let Err(error) = run("ip", ["link", "delete", &self.name]) {
            tracing::warn!(bridge = self.name, %error, "the bridge is left behind");
        }
    }
}
