//! What is found before a machine becomes a node: on it, by trials on it, and between it and the others. All of it is told
//! at once.

use std::collections::{BTreeMap, BTreeSet};

use super::asked::Asked;
use super::birth::Look;
use super::cluster::survey;
use crate::errors::Error;
use crate::host::preflight::{Finding, finding, findings, refusal};
use crate::host::probe::{Place, Protocol, Verdict, Way, between, closed, disk, names, reaches};
use crate::host::{Facts, Run};
use crate::resources::Role;

/// What is found is refused, all of it at once.
///
/// # Errors
/// Something was found that is not accepted, or the machine is not reached.
pub(super) async fn refuse(asked: &Asked, facts: &Facts) -> Result<(), Error> {
    let mut found = findings(facts, &asked.about());
    let there = if asked.is_server() { facts.database.etcd } else { facts.database.agent };
    if !there {
        found.extend(trials(asked, facts).await?);
    }
    match refusal(asked.spec(), asked.name(), &found) {
        Some(refusal) => Err(refusal.into()),
        None => Ok(()),
    }
}

/// Names that the machine must resolve and cannot.
///
/// # Errors
/// The machine is not reached.
pub(crate) async fn unresolved(asked: &Asked) -> Result<Vec<Finding>, Error> {
    let address: Vec<&str> = asked.spec().registration_address.as_deref().into_iter().collect();
    names(&asked.run, &address).await
}

async fn trials(asked: &Asked, facts: &Facts) -> Result<Vec<Finding>, Error> {
    let mut found = unresolved(asked).await?;
    found.extend(proxy(asked).await?);
    if asked.is_server() {
        if !asked.spec().accepts("fsync") {
            found.extend(disk(&asked.run, asked.spec().fsync_limit()).await?);
        }
        found.extend(servers(asked, facts).await?);
    } else {
        found.extend(agent(asked).await?);
    }
    Ok(found)
}

/// Host and port of a URL.
fn end_of(url: &str) -> Option<(String, u16)> {
    let url = reqwest::Url::parse(url).ok()?;
    let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = url.port_or_known_default().or_else(|| url.scheme().starts_with("socks").then_some(1080))?;
    Some((host, port))
}

/// Proxies that the machine does not reach.
async fn proxy(asked: &Asked) -> Result<Vec<Finding>, Error> {
    let Some(proxy) = &asked.spec().proxy else { return Ok(Vec::new()) };
    let ends: BTreeSet<(String, u16)> =
        [&proxy.http, &proxy.https].into_iter().flatten().filter_map(|url| end_of(url)).collect();
    let ends: Vec<(String, u16)> = ends.into_iter().collect();
    let told = |((host, port), verdict): (&(String, u16), Verdict)| {
        let why = match verdict {
            Verdict::Reached | Verdict::Unproven => return None,
            Verdict::Silent => "nothing answers".to_owned(),
            Verdict::Rejected(why) => why,
        };
        let text =
            format!("it does not reach the proxy {host}:{port}: {why}. Correct `proxy`, or open the way.");
        Some(finding("proxy", text))
    };
    Ok(ends.iter().zip(reaches(&asked.run, &ends).await?).filter_map(told).collect())
}

/// One of the machines that must reach each other.
struct Peer {
    place: Place,
    facts: Facts,
}

impl Peer {
    fn new(run: Run, facts: Facts) -> Option<Self> {
        Some(Self { place: Place { run, address: facts.address()? }, facts })
    }

    /// Whether it is in the cluster already: its ports are no longer ours to listen on.
    fn is_member(&self) -> bool {
        self.facts.database.etcd
    }

    fn works(&self) -> bool {
        self.is_member() && self.facts.server.active == "active"
    }
}

/// Servers that do not reach each other. It is tried once for all that are there, by the first one that asks.
async fn servers(asked: &Asked, facts: &Facts) -> Result<Vec<Finding>, Error> {
    let mut told = asked.gate.between().await;
    if let Some(found) = told.remove(asked.name()) {
        return Ok(found);
    }
    // While a server changes its own ports are not held: only who listens already is asked then.
    let turn = asked.gate.try_server();
    let peers = peers(asked, Some(facts)).await?;
    let overlay = asked.distribution().overlay_port(&asked.spec().config());
    let (mut ways, mut listens) = (Vec::new(), BTreeSet::new());
    for (from, source) in &peers {
        for (to, target) in peers.iter().filter(|(to, _)| *to != from) {
            if source.is_member() && target.is_member() {
                continue;
            }
            for port in asked.distribution().joins_at(Role::Server) {
                let end = (to.clone(), Protocol::Tcp, *port);
                if target.facts.network.listens.contains(port) {
                    listens.insert(end);
                } else if target.is_member() || turn.is_none() {
                    continue;
                }
                ways.push(Way { from: from.clone(), to: to.clone(), protocol: Protocol::Tcp, port: *port });
            }
            // The kernel has the port of a node that works: nobody can listen there.
            if let Some(port) = overlay.filter(|_| !target.is_member() && turn.is_some()) {
                ways.push(Way { from: from.clone(), to: to.clone(), protocol: Protocol::Udp, port });
            }
        }
    }
    let places: BTreeMap<String, Place> =
        peers.iter().map(|(name, peer)| (name.clone(), peer.place.clone())).collect();
    let mut found: BTreeMap<String, Vec<Finding>> = peers
        .iter()
        .filter(|(_, peer)| !peer.is_member())
        .map(|(name, _)| (name.clone(), Vec::new()))
        .collect();
    for (way, verdict) in between(&places, &ways, &listens).await {
        let Some(finding) = closed(&way, address_of(&peers, &way.to), &verdict) else { continue };
        // Both ends must know: neither may become a node of a cluster that falls apart.
        for end in [&way.from, &way.to] {
            if let Some(list) = found.get_mut(end) {
                list.push(finding.clone());
            }
        }
    }
    drop(turn);
    let own = found.remove(asked.name()).unwrap_or_default();
    told.extend(found);
    Ok(own)
}

fn address_of<'a>(peers: &'a BTreeMap<String, Peer>, name: &str) -> &'a str {
    peers.get(name).map(|peer| peer.place.address.as_str()).unwrap_or_default()
}

/// The servers that are there, and with `own` this one.
async fn peers(asked: &Asked, own: Option<&Facts>) -> Result<BTreeMap<String, Peer>, Error> {
    let machines = asked.others()?;
    let mut peers = BTreeMap::new();
    for (name, look) in survey(asked).await? {
        let (Look::Seen(facts), Some(machine)) = (look, machines.get(&name)) else { continue };
        if let Some(peer) = Peer::new(asked.on(machine), *facts) {
            peers.insert(name, peer);
        }
    }
    if let Some(peer) = own.and_then(|facts| Peer::new(asked.run.clone(), facts.clone())) {
        peers.insert(asked.name().to_owned(), peer);
    }
    Ok(peers)
}

/// Servers that work and that an agent does not reach.
async fn agent(asked: &Asked) -> Result<Vec<Finding>, Error> {
    let peers = peers(asked, None).await?;
    let working = peers.iter().filter(|(_, peer)| peer.works());
    let mut targets: Vec<(&str, &str)> =
        working.map(|(name, peer)| (name.as_str(), peer.place.address.as_str())).collect();
    if let (Some(address), false) = (&asked.spec().registration_address, targets.is_empty()) {
        targets.push(("the registration address", address));
    }
    let ports = asked.distribution().joins_at(Role::Agent);
    let way = |to: &str, port: u16| Way {
        from: asked.name().to_owned(),
        to: to.to_owned(),
        protocol: Protocol::Tcp,
        port,
    };
    let ways: Vec<(Way, &str)> = targets
        .iter()
        .flat_map(|(name, address)| ports.iter().map(|port| (way(name, *port), *address)))
        .collect();
    let ends: Vec<(String, u16)> =
        ways.iter().map(|(way, address)| ((*address).to_owned(), way.port)).collect();
    let verdicts = reaches(&asked.run, &ends).await?;
    Ok(ways
        .iter()
        .zip(verdicts)
        .filter_map(|((way, address), verdict)| closed(way, address, &verdict))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_proxies() {
        assert_eq!(end_of("http://p:3128"), Some(("p".to_owned(), 3128)));
        assert_eq!(end_of("https://p.lan"), Some(("p.lan".to_owned(), 443)));
        assert_eq!(end_of("http://[fd00::1]:8080/"), Some(("fd00::1".to_owned(), 8080)));
        assert_eq!(end_of("nonsense"), None);
    }
}
