//! A restart of a server that works: what must be true before, what is done first, and how a failed upgrade is undone.

use std::collections::BTreeSet;
use std::time::Duration;

use super::asked::Asked;
use super::cluster::{Through, any_server, count};
use super::rollout;
use crate::api::{Access, Node, SnapshotRequest};
use crate::drain::{DrainPolicy, drain};
use crate::errors::{Error, Refusal, capital};
use crate::host::journal::write;
use crate::host::{Facts, Journal};
use crate::resources::Role;
use crate::upgrade::beside;
use crate::version::Version;

/// How long a look at what a server brought with it may take.
const LOOK: Duration = Duration::from_secs(30);

/// What of the manifests and charts is not well though nothing was changed yet: nobody waits for it afterwards.
pub(super) async fn unwell(asked: &Asked) -> Result<BTreeSet<String>, Error> {
    let budget = asked.run.budget.shortened(LOOK);
    let access = Access::open(&asked.run.machine, asked.distribution(), &budget).await?;
    rollout::before(asked, access.kube(), &budget).await
}

/// What must be true before a server that works is restarted, and what is done first.
pub(super) async fn before(
    asked: &Asked,
    facts: &Facts,
    journal: &mut Journal,
    upgrade: Option<&Version>,
) -> Result<(), Error> {
    if facts.server.active != "active" {
        return Ok(());
    }
    let budget = &asked.run.budget;
    let through = any_server(asked, None).await?;
    majority(asked, &through).await?;
    let Some(from) = upgrade else { return Ok(()) };
    fits_beside(asked, through.access.kube()).await?;
    if journal.before.is_empty() {
        journal.before = from.to_string();
    }
    if asked.spec().snapshots_first() && journal.snapshot.is_empty() {
        write(&asked.run, journal, "snapshot").await?;
        journal.snapshot = snapshot(asked, &through.access, "before-upgrade").await?;
    }
    if asked.spec().drains() && asked.spec().servers.len() > 1 {
        write(&asked.run, journal, "drain").await?;
        let policy = DrainPolicy { timeout: asked.spec().drain_timeout(), ..DrainPolicy::default() };
        let name = asked.name().to_owned();
        let report = drain(
            through.access.kube(),
            asked.name(),
            &policy,
            budget,
            &move |line| tracing::info!(node = %name, "{line}"),
        )
        .await;
        report.map_err(|error| {
            Refusal::new(
                format!("{} cannot be emptied", asked.name()),
                format!("{error}\n\nIts version was not changed. Apply again when the cause is gone, or set `upgrade.drain` to false."),
            )
        })?;
    }
    Ok(())
}

/// A restart of this server leaves the majority of the database.
async fn majority(asked: &Asked, through: &Through) -> Result<(), Error> {
    let budget = &asked.run.budget;
    let members = through.access.supervisor().members(budget).await?;
    let nodes = through.access.kube().nodes(budget).await?;
    let others: Vec<_> =
        members.iter().filter(|member| !super::cluster::is_of(member, asked.name())).cloned().collect();
    let (all, rest) = (count(&members, &nodes), count(&others, &nodes));
    let needed = crate::quorum::quorum(all.voters);
    // Alone, there is no majority to keep.
    if all.voters > 1 && rest.healthy < needed {
        let detail = format!(
            "Without it {} of {} members of the database would be healthy, and {needed} are needed. Bring the others back first, or remove the \
             dead ones.",
            rest.healthy, all.voters
        );
        return Err(Refusal::new(format!("{} is not restarted now", asked.name()), detail).into());
    }
    Ok(())
}

/// Takes a snapshot through a server, and sees that it is listed.
pub(super) async fn snapshot(asked: &Asked, access: &Access, why: &str) -> Result<String, Error> {
    let name = format!("hybridops-{why}-{}", asked.name());
    let done = access.supervisor().snapshot(&SnapshotRequest::save(name.as_str()), &asked.run.budget).await?;
    let made = done.created.first().cloned().ok_or_else(|| Error::Answer {
        machine: asked.run.machine.name().to_owned(),
        problem: format!("a snapshot {name} was asked for, and none was made"),
    })?;
    tracing::info!(node = asked.name(), snapshot = %made, "a snapshot was taken first");
    Ok(made)
}

/// A failed upgrade, with how to undo it.
pub(super) fn undo(asked: &Asked, error: Error, upgrade: Option<&Version>, journal: &Journal) -> Error {
    let Some(from) = upgrade else { return error };
    let (summary, detail) = match &error {
        Error::Refused(refusal) => (refusal.summary.clone(), refusal.detail.clone()),
        other => {
            (format!("{} could not be upgraded", asked.name()), format!("{}.", crate::errors::chain(other)))
        }
    };
    let snapshot =
        if journal.snapshot.is_empty() { "none was taken".to_owned() } else { journal.snapshot.clone() };
    let detail = format!(
        "{detail}\n\nIt was being upgraded from {from} to {}. No other server is touched before this one works: the cluster goes on with the \
         others. Apply again when the cause is gone. To go back instead, set the version to {from} and restore the snapshot that was taken \
         before: {snapshot}.",
        asked.version
    );
    Refusal::new(summary, detail).into()
}

/// The version may run beside those of the other nodes.
pub(super) async fn fits_beside(asked: &Asked, kube: &crate::api::Kube) -> Result<(), Error> {
    let nodes = kube.nodes(&asked.run.budget).await?;
    beside(asked.node.role, &asked.version, &versions(asked, &nodes)).map_err(|skew| {
        Refusal::new(
            format!("{} cannot be {}", asked.name(), asked.version),
            format!("{}.", capital(&skew.to_string())),
        )
        .into()
    })
}

fn versions(asked: &Asked, nodes: &[Node]) -> Vec<(String, Role, Version)> {
    let role = |node: &Node| {
        let server = node.labels.contains_key("node-role.kubernetes.io/control-plane")
            || asked.spec().servers.contains_key(&node.name);
        if server { Role::Server } else { Role::Agent }
    };
    let others = nodes.iter().filter(|node| node.name != asked.name());
    others.filter_map(|node| Some((node.name.clone(), role(node), node.version.parse().ok()?))).collect()
}
