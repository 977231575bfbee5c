//! What this machine says of itself.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;

use crate::config::Config;
use crate::files::{random_hex, write_private};

/// Who this node is.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) address: IpAddr,
    pub(crate) external: Option<String>,
}

impl Node {
    /// As the configuration says, or as the machine is called and reached.
    pub(crate) fn of(config: &Config) -> anyhow::Result<Self> {
        let mut name = match config.text("node-name") {
            Some(name) => name.to_lowercase(),
            None => hostname()?.to_lowercase(),
        };
        if config.on("with-node-id") {
            name = format!("{name}-{}", random_hex(4)?);
        }
        let address = match config.list("node-ip").first() {
            Some(given) => given.parse().map_err(|_| anyhow::anyhow!("invalid node-ip: {given}"))?,
            None => address(config.text("server")),
        };
        Ok(Self { name, address, external: config.list("node-external-ip").first().cloned() })
    }
}

/// The machine's name.
pub(crate) fn hostname() -> anyhow::Result<String> {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    anyhow::ensure!(!name.is_empty(), "the machine has no name");
    Ok(name)
}

/// The address by which this machine reaches others; no packet is sent for it.
fn address(server: Option<&str>) -> IpAddr {
    let peer = server.and_then(|url| url.split("://").nth(1)).and_then(|rest| rest.split(['/', ':']).next());
    let candidates = peer.into_iter().chain(["192.0.2.1", "10.255.255.254"]);
    for candidate in candidates {
        let reached = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))
            .and_then(|socket| socket.connect((candidate, 9)).and_then(|()| socket.local_addr()));
        if let Ok(local) = reached.as_ref().map(SocketAddr::ip)
            && !local.is_unspecified()
            && (!local.is_loopback() || peer == Some(candidate))
        {
            return local;
        }
    }
    local_address().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

/// The first address of the kernel's table of local ones that is no loopback: a machine without a default route.
fn local_address() -> Option<IpAddr> {
    let table = std::fs::read_to_string("/proc/net/fib_trie").ok()?;
    let mut last = "";
    for line in table.lines() {
        let line = line.trim();
        if line.starts_with("/32 host LOCAL") && !last.starts_with("127.") {
            return last.parse().ok();
        }
        if let Some(address) = line.strip_prefix("|-- ") {
            last = address;
        }
    }
    None
}

/// The password by which this machine stays the node it was; made at the first start.
pub(crate) fn node_password(path: &Path) -> anyhow::Result<String> {
    if let Some(known) = crate::files::read_if_there(path)? {
        return Ok(known.trim().to_owned());
    }
    let password = random_hex(16)?;
    write_private(path, format!("{password}\n"))?;
    Ok(password)
}

/// A fact of the kernel or the firmware, empty where it is not told.
pub(crate) fn fact(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}
