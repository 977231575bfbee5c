//! What a restore waits for, and takes away, in the cluster that came back.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use transport_ssh::Budget;

use super::server::Server;
use crate::api::{Access, ApiError, Kind, Node, Selector, kinds};
use crate::distribution::Distribution;
use crate::errors::Error;

/// Leases of nodes.
const LEASE: Kind = Kind {
    group: std::borrow::Cow::Borrowed("coordination.k8s.io"),
    version: std::borrow::Cow::Borrowed("v1"),
    kind: std::borrow::Cow::Borrowed("Lease"),
    plural: std::borrow::Cow::Borrowed("leases"),
    namespaced: true,
};
/// The namespace of the leases of nodes.
const LEASES: &str = "kube-node-lease";
/// How long one question to a server that comes up may take.
const ASK: Duration = Duration::from_secs(15);
/// The namespace of the passwords of nodes.
const SYSTEM: &str = "kube-system";

/// Members that must vote.
pub(crate) enum Voters<'a> {
    /// These, and there is no other member.
    Exactly(&'a BTreeSet<&'a str>),
    /// These at least.
    AtLeast(&'a BTreeSet<&'a str>),
}

/// Waits until a server is a voting member of a cluster with these members, and its API answers.
///
/// # Errors
/// It does not come up.
pub(crate) async fn up(server: &Server, members: &Voters<'_>) -> Result<Access, Error> {
    loop {
        match ready(server, members).await {
            Ok(Some(access)) => return Ok(access),
            Ok(None) => {}
            Err(error) if passes(&error) => tracing::debug!(server = %server.name, %error, "not up yet"),
            Err(error) => return Err(error.into()),
        }
        server.may_come().await?;
        server.sleep("the server to come up").await?;
    }
}

pub(crate) fn passes(error: &ApiError) -> bool {
    // A certificate may be that of a moment ago: the authority is laid down anew by the reset.
    error.may_pass()
        || matches!(error, ApiError::Certificate { .. } | ApiError::Unauthorized { .. } | ApiError::Tunnel(_))
}

async fn ready(server: &Server, members: &Voters<'_>) -> Result<Option<Access>, ApiError> {
    let budget = &server.run.budget;
    let access = Access::open(&server.run.machine, server.run.distribution, budget).await?;
    access.supervisor().readyz(budget).await?;
    let there = access.supervisor().members(budget).await?;
    let of = |member: &crate::api::Member| member.name.rsplit_once('-').map(|(node, _)| node.to_owned());
    let voters: BTreeSet<String> = there.iter().filter(|member| !member.is_learner).filter_map(of).collect();
    let (wanted, exactly) = match members {
        Voters::Exactly(names) => (names, true),
        Voters::AtLeast(names) => (names, false),
    };
    let all = wanted.iter().all(|name| voters.contains(*name));
    if !all || (exactly && there.len() != wanted.len()) {
        tracing::debug!(server = %server.name, ?voters, "not all members vote yet");
        return Ok(None);
    }
    access.kube().readyz(budget).await?;
    let node = access.kube().node(&server.name, budget).await?;
    Ok(node.is_some_and(|node| node.is_ready()).then_some(access))
}

/// The address by which a node is reached in the cluster.
pub(crate) fn address(node: &Node) -> Option<String> {
    node.addresses.iter().find(|address| address.parse::<std::net::IpAddr>().is_ok()).cloned()
}

/// Takes the password of a node away: it is set anew when the node joins.
pub(crate) async fn forget_password(
    access: &Access,
    distribution: Distribution,
    node: &str,
    budget: &Budget,
) -> Result<(), ApiError> {
    let name = format!("{node}{}", distribution.node_password_secret());
    access.kube().delete_secret(SYSTEM, &name, budget).await.map(drop)
}

/// Lets a server in that was set back to a snapshot and started: the snapshot remembers the machine that had its name then,
/// and with the password of another one it is no node. What it remembers of other machines stands in their way likewise.
///
/// # Errors
/// Its API does not come up.
pub(crate) async fn let_in(server: &Server) -> Result<(), Error> {
    let run = &server.run;
    loop {
        let budget = run.budget.shortened(ASK);
        let forgotten = async {
            let access = Access::open(&run.machine, run.distribution, &budget).await?;
            access.kube().readyz(&budget).await?;
            forget_passwords(&access, run.distribution, &budget).await
        };
        match forgotten.await {
            Ok(()) => return Ok(()),
            Err(error) if passes(&error) => tracing::debug!(server = %server.name, %error, "no API yet"),
            Err(error) => return Err(error.into()),
        }
        server.may_come().await?;
        server.sleep("the API of the restored cluster").await?;
    }
}

/// Takes all passwords of nodes away: each is set anew when its machine joins.
async fn forget_passwords(
    access: &Access,
    distribution: Distribution,
    budget: &Budget,
) -> Result<(), ApiError> {
    let secrets = access.kube().list(&kinds::SECRET, Some(SYSTEM), &Selector::default(), budget).await?;
    let end = distribution.node_password_secret();
    for secret in secrets.iter().filter(|secret| secret.name().ends_with(end)) {
        access.kube().delete_secret(SYSTEM, secret.name(), budget).await?;
    }
    Ok(())
}

/// Nodes that did not tell of themselves since `begun` (in seconds since 1970) and do not within `settle`; servers are never
/// among them.
pub(crate) async fn stale(
    access: &Access,
    servers: &BTreeSet<&str>,
    begun: i64,
    settle: Duration,
    budget: &Budget,
) -> Result<Vec<String>, Error> {
    let until = Instant::now() + settle;
    loop {
        let nodes = access.kube().nodes(budget).await?;
        let leases = access.kube().list(&LEASE, Some(LEASES), &Selector::default(), budget).await?;
        let renewed: BTreeMap<&str, i64> = leases
            .iter()
            .filter_map(|lease| {
                Some((lease.name(), OffsetDateTime::parse(lease.text("/spec/renewTime"), &Rfc3339).ok()?))
            })
            .map(|(name, at)| (name, at.unix_timestamp()))
            .collect();
        let silent = |node: &&Node| {
            !servers.contains(node.name.as_str())
                && renewed.get(node.name.as_str()).is_none_or(|at| *at < begun)
        };
        let stale: Vec<String> = nodes.iter().filter(silent).map(|node| node.name.clone()).collect();
        if stale.is_empty() || Instant::now() >= until {
            return Ok(stale);
        }
        let waited =
            budget.sleep(Duration::from_secs(2), || format!("{} to come back", stale.join(", "))).await;
        waited.map_err(|why| Error::Ended { what: "waiting for nodes".to_owned(), why: why.to_string() })?;
    }
}

/// Takes nodes out of the cluster, with their passwords.
pub(crate) async fn remove(
    access: &Access,
    distribution: Distribution,
    nodes: &[String],
    budget: &Budget,
) -> Result<(), ApiError> {
    for node in nodes {
        access.kube().delete_node(node, budget).await?;
        forget_password(access, distribution, node, budget).await?;
    }
    Ok(())
}
