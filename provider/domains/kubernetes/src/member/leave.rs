//! A node leaves its cluster: pods first, then its member of the database, then everything of the cluster on its machine.

use std::time::{Duration, Instant};

use super::asked::Asked;
use super::birth::Look;
use super::cluster::{Through, address, any_server, count, is_of, survey, token_of, url};
use super::files::start;
use super::lost;
use super::restart::snapshot;
use super::server::apart;
use super::settle::repoint;
use crate::api::{Access, Kube};
use crate::drain::{DrainPolicy, drain};
use crate::errors::{Error, Refusal, chain};
use crate::host::journal::write;
use crate::host::lease::{drop_lease, give_up, hold, take_lease};
use crate::host::{Facts, Journal, gather};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(700);
/// How long the removal of a member may take.
const REMOVAL: Duration = Duration::from_secs(300);
/// How long the cluster may take to notice that a machine is gone.
const SEEN: Duration = Duration::from_secs(100);
/// How long others of the same run are waited for, before it is decided that not all of them leave.
const TOGETHER: Duration = Duration::from_millis(1500);

/// How a node leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leaving {
    /// For good: nobody comes in its place.
    pub(crate) for_good: bool,
    /// How many servers the cluster is to have.
    pub(crate) servers: usize,
    /// The restore that is planned for the cluster, by its number.
    pub(crate) restores: Option<u64>,
}

/// Makes a node leave.
///
/// # Errors
/// What could not be done, or must not be. A refusal has changed nothing.
pub(crate) async fn leave(asked: &Asked, leaving: Leaving) -> Result<(), Error> {
    let done = go(asked, leaving).await;
    match &done {
        // What it failed at before is in nobody's way any more.
        Ok(()) => asked.gate.works(asked.name()),
        Err(error) => give_up(&asked.run, error).await,
    }
    done
}

async fn go(asked: &Asked, leaving: Leaving) -> Result<(), Error> {
    if leaving.for_good {
        asked.gate.leaves(asked.name());
        tokio::time::sleep(TOGETHER).await;
    }
    // The whole cluster goes: there is nobody to keep the majority for.
    let whole = leaving.for_good
        && !asked.spec().deletion_protection
        && asked.gate.all_leave(asked.spec().servers.keys());
    let facts = match gather(&asked.run).await {
        Ok(facts) => Some(facts),
        Err(error @ Error::Machine(hosts::MachineError::Shell(_))) => {
            tracing::warn!(node = asked.name(), error = %chain(&error), "its machine cannot be reached");
            None
        }
        Err(error) => return Err(error),
    };
    if let Some(facts) = &facts
        && let Some(journal) = &facts.journal
        && (journal.cluster != asked.spec().name || journal.node != asked.name())
    {
        // Another node's machine by now: this one is gone.
        tracing::warn!(node = asked.name(), of = %journal.node, "its machine is another node's");
        return gone(asked, leaving, whole).await;
    }
    let Some(facts) = facts else { return gone(asked, leaving, whole).await };
    if facts.journal.is_none() && !facts.has_cluster() {
        // It was installed anew, or never was a node.
        return gone(asked, leaving, whole).await;
    }
    if whole {
        return uninstall(asked, &facts, None).await;
    }
    if asked.is_server() { server(asked, facts, leaving).await } else { agent(asked, facts, leaving).await }
}

async fn agent(asked: &Asked, facts: Facts, leaving: Leaving) -> Result<(), Error> {
    let place = asked.run.budget.run(|| "waiting for the other agents".to_owned(), asked.gate.agent()).await;
    let _place = place.map_err(|why| Error::Ended {
        what: format!("{} waited for its turn", asked.name()),
        why: why.to_string(),
    })?;
    let held = hold(&asked.run).await?;
    let mut journal = begin(&facts);
    let through = match any_server(asked, Some(asked.name())).await {
        Ok(through) => through,
        Err(error) => {
            lost::proven(asked, leaving.restores, &error).await?;
            drop(held);
            return uninstall(asked, &facts, Some(journal)).await;
        }
    };
    let kube = through.access.kube();
    if kube.node(asked.name(), &asked.run.budget).await?.is_some() {
        empty(asked, kube, &mut journal).await?;
        write(&asked.run, &mut journal, "stop").await?;
        stop(asked).await?;
        write(&asked.run, &mut journal, "node").await?;
        forget(asked, &through).await?;
    }
    // Its renewal must not come when everything is gone.
    drop(held);
    uninstall(asked, &facts, Some(journal)).await
}

fn begin(facts: &Facts) -> Journal {
    Journal { operation: "leave".to_owned(), ..facts.journal.clone().unwrap_or_default() }
}

async fn server(asked: &Asked, facts: Facts, leaving: Leaving) -> Result<(), Error> {
    let began = Instant::now();
    let _turn = loop {
        let turn =
            asked.run.budget.run(|| "waiting for the other servers".to_owned(), asked.gate.server()).await;
        let turn = turn.map_err(|why| Error::Ended {
            what: format!("{} waited for its turn", asked.name()),
            why: why.to_string(),
        })?;
        let Err(refusal) = may(asked, &facts, leaving).await? else { break turn };
        // A server that is replaced waits until the one before it is back; nothing is changed meanwhile.
        let late = asked.run.budget.remaining().is_some_and(|left| left < Duration::from_secs(15));
        if !refusal.waits || late {
            tracing::info!(node = asked.name(), seconds = began.elapsed().as_secs(), "it does not leave");
            return Err(refusal.refusal.into());
        }
        drop(turn);
        let slept = asked
            .run
            .budget
            .run(|| "waiting to leave".to_owned(), tokio::time::sleep(Duration::from_secs(2)))
            .await;
        if slept.is_err() {
            return Err(refusal.refusal.into());
        }
    };
    let held = hold(&asked.run).await?;
    apart(asked, &survey(asked).await?)?;
    let facts = gather(&asked.run).await?;
    let mut journal = begin(&facts);
    let member = facts.database.etcd && facts.server.active == "active";
    let alone = asked.others()?.is_empty() || leaving.servers <= 1 && last(asked).await?;
    if alone {
        drop(held);
        return uninstall(asked, &facts, Some(journal)).await;
    }
    let through = any_server(asked, Some(asked.name())).await?;
    let (kube, budget) = (through.access.kube(), &asked.run.budget);
    let node = kube.node(asked.name(), budget).await?;
    if node.is_some() && member {
        if asked.spec().snapshots_first() && journal.snapshot.is_empty() {
            write(&asked.run, &mut journal, "snapshot").await?;
            journal.snapshot = snapshot(asked, &through.access, "before-leave").await?;
        }
        empty(asked, kube, &mut journal).await?;
        write(&asked.run, &mut journal, "member").await?;
        remove_member(asked, &through).await?;
    }
    write(&asked.run, &mut journal, "stop").await?;
    stop(asked).await?;
    write(&asked.run, &mut journal, "node").await?;
    forget(asked, &through).await?;
    pointers(asked, &facts).await?;
    drop(held);
    uninstall(asked, &facts, Some(journal)).await
}

/// Whether no other server has the cluster.
async fn last(asked: &Asked) -> Result<bool, Error> {
    let looks = survey(asked).await?;
    Ok(!looks.values().any(|look| matches!(look, Look::Seen(facts) if facts.database.etcd)))
}

struct NotNow {
    refusal: Refusal,
    /// Whether it may be allowed later.
    waits: bool,
}

/// Whether the server may leave now.
async fn may(asked: &Asked, facts: &Facts, leaving: Leaving) -> Result<Result<(), NotNow>, Error> {
    let refuse = |detail: String, waits: bool| {
        let detail = format!("{detail}\n\nNothing was changed.");
        Ok(Err(NotNow { refusal: Refusal::new(format!("{} does not leave", asked.name()), detail), waits }))
    };
    // One that never came into the cluster, or left it already, has nothing to lose.
    if !facts.database.etcd
        || facts.journal.as_ref().is_some_and(|it| {
            it.operation == "leave" && matches!(it.step.as_str(), "stop" | "node" | "uninstall")
        })
    {
        return Ok(Ok(()));
    }
    let budget = &asked.run.budget;
    let through = match any_server(asked, Some(asked.name())).await {
        Ok(through) => through,
        Err(error) => {
            if !last(asked).await? {
                return refuse(
                    format!("The others cannot be asked whether they keep the majority: {}.", chain(&error)),
                    !leaving.for_good,
                );
            }
            if asked.spec().deletion_protection {
                let detail = "It is the last server: the cluster and all its data would be gone. Set `deletion_protection` of the cluster to \
                              false and apply that first, if this is what you want.";
                return refuse(detail.to_owned(), false);
            }
            return Ok(Ok(()));
        }
    };
    let members = through.access.supervisor().members(budget).await?;
    let nodes = through.access.kube().nodes(budget).await?;
    let Some(own) = members.iter().find(|member| is_of(member, asked.name())) else { return Ok(Ok(())) };
    let members_now = count(&members, &nodes);
    let target = count(std::slice::from_ref(own), &nodes).healthy > 0;
    if let Err(why) = members_now.without(target) {
        let waits = matches!(why, crate::quorum::Unsafe::Learner(_)) || !leaving.for_good;
        return refuse(format!("{}.", why.to_string().trim_end_matches('.')), waits);
    }
    if !leaving.for_good && members_now.voters < leaving.servers {
        let detail = format!(
            "It is being replaced, and so is another: {} of {} servers are in the cluster. It leaves when the one before it is back.",
            members_now.voters, leaving.servers
        );
        return refuse(detail, true);
    }
    Ok(Ok(()))
}

/// Pods are moved away.
async fn empty(asked: &Asked, kube: &Kube, journal: &mut Journal) -> Result<(), Error> {
    write(&asked.run, journal, "drain").await?;
    let policy = DrainPolicy {
        timeout: asked.spec().drain_timeout(),
        evict_unmanaged: true,
        ..DrainPolicy::default()
    };
    let name = asked.name().to_owned();
    let told = move |line: &str| tracing::info!(node = %name, "{line}");
    let drained = drain(kube, asked.name(), &policy, &asked.run.budget, &told).await;
    drained.map(drop).map_err(|error| {
        Refusal::new(
            format!("{} cannot be emptied, and does not leave", asked.name()),
            format!("{error}\n\nIt is in the cluster still. Apply again when the cause is gone."),
        )
        .into()
    })
}

/// The member of the database is removed while its server runs, and waited for.
async fn remove_member(asked: &Asked, through: &Through) -> Result<(), Error> {
    let prefix = asked.distribution().etcd_annotations();
    let (remove, removed) = (format!("{prefix}/remove"), format!("{prefix}/removed-node-name"));
    let (kube, budget) = (through.access.kube(), &asked.run.budget.shortened(REMOVAL));
    kube.annotate_node(asked.name(), &remove, Some("true"), budget).await?;
    loop {
        let members = through.access.supervisor().members(budget).await;
        let node = kube.node(asked.name(), budget).await;
        // An election may be under way.
        if let (Ok(members), Ok(node)) = (members, node) {
            let is_member = members.iter().any(|member| is_of(member, asked.name()));
            let told = node.is_none_or(|node| node.annotations.contains_key(&removed));
            if !is_member && told {
                return Ok(());
            }
        }
        let slept =
            budget.run(|| "waiting for the member to be removed".to_owned(), tokio::time::sleep(PAUSE)).await;
        slept.map_err(|why| Error::Ended {
            what: format!("the member of {} was not removed", asked.name()),
            why: why.to_string(),
        })?;
    }
}

/// The service is stopped and does not start with the machine any more.
async fn stop(asked: &Asked) -> Result<(), Error> {
    start(&asked.run, asked.unit(), "stop").await?;
    asked
        .run
        .script("stopping the service", include_str!("scripts/stopped.sh"), &[asked.unit()])
        .await
        .map(drop)
}

/// The node is deleted from the cluster, and proven gone with everything that stands for it.
pub(super) async fn forget(asked: &Asked, through: &Through) -> Result<(), Error> {
    delete(asked, &through.access, &asked.run.budget.shortened(REMOVAL)).await
}

async fn delete(asked: &Asked, access: &Access, budget: &transport_ssh::Budget) -> Result<(), Error> {
    let kube = access.kube();
    kube.delete_node(asked.name(), budget).await?;
    loop {
        let gone = kube.node(asked.name(), budget).await.is_ok_and(|node| node.is_none());
        let removed = match asked.is_server() {
            true => {
                let members = access.supervisor().members(budget).await;
                members.is_ok_and(|members| !members.iter().any(|member| is_of(member, asked.name())))
            }
            false => true,
        };
        if gone && removed {
            break;
        }
        let slept = budget.run(|| "waiting for the node to go".to_owned(), tokio::time::sleep(PAUSE)).await;
        slept.map_err(|why| Error::Ended {
            what: format!("the node {} did not go away", asked.name()),
            why: why.to_string(),
        })?;
    }
    let secret = format!("{}{}", asked.name(), asked.distribution().node_password_secret());
    kube.delete_secret("kube-system", &secret, budget).await?;
    Ok(())
}

/// Other nodes that joined through this one are told another.
async fn pointers(asked: &Asked, facts: &Facts) -> Result<(), Error> {
    let Some(own) = address(facts) else { return Ok(()) };
    let _alone = asked.gate.pointers().await;
    let (looks, machines) = (survey(asked).await?, asked.others()?);
    let stays = |but: &str| {
        looks.iter().find_map(|(name, look)| match look {
            Look::Seen(facts) if facts.database.etcd && name != but => address(facts),
            _ => None,
        })
    };
    for (name, look) in &looks {
        let (Look::Seen(there), Some(machine)) = (look, machines.get(name)) else { continue };
        let told = there.in_force().get("server").and_then(|it| it.value.as_str().map(str::to_owned));
        if told.as_deref() != Some(url(asked, &own).as_str()) {
            continue;
        }
        if let Some(other) = stays(name) {
            let (token, _) = token_of(asked, machine, false).await?;
            repoint(asked, machine, &other, &token).await?;
        }
    }
    Ok(())
}

/// The machine is gone, or is nothing of the cluster any more: the others take the node out.
async fn gone(asked: &Asked, leaving: Leaving, whole: bool) -> Result<(), Error> {
    if whole {
        return Ok(());
    }
    let turn = asked.run.budget.run(|| "waiting for the other servers".to_owned(), asked.gate.server()).await;
    let _turn = turn.map_err(|why| Error::Ended {
        what: format!("{} waited for its turn", asked.name()),
        why: why.to_string(),
    })?;
    let through = match any_server(asked, Some(asked.name())).await {
        Ok(through) => through,
        // With its only server the cluster is gone.
        Err(_) if asked.is_server() && asked.others()?.is_empty() && !asked.spec().deletion_protection => {
            return Ok(());
        }
        Err(error) => return lost::proven(asked, leaving.restores, &error).await,
    };
    dead(asked, &through.access).await
}

/// Takes a node out whose machine is dead.
async fn dead(asked: &Asked, access: &Access) -> Result<(), Error> {
    let budget = &asked.run.budget;
    let began = Instant::now();
    let nodes = loop {
        let nodes = access.kube().nodes(budget).await?;
        if !nodes.iter().any(|node| node.name == asked.name() && node.is_ready()) {
            break nodes;
        }
        // The cluster notices late that a machine is gone.
        if began.elapsed() > SEEN {
            return Err(Refusal::new(
                format!("{} is not taken out", asked.name()),
                "Its machine cannot be reached from here, or has nothing of it, but the cluster sees a node of this name that works. If \
                 that is another machine, give this one another name; else make it reachable, and apply again.",
            )
            .into());
        }
        let slept =
            budget.run(|| "waiting for the cluster to miss it".to_owned(), tokio::time::sleep(PAUSE)).await;
        slept.map_err(|why| Error::Ended {
            what: format!("{} is seen still", asked.name()),
            why: why.to_string(),
        })?;
    };
    if asked.is_server() {
        let members = access.supervisor().members(budget).await?;
        if members.iter().any(|member| is_of(member, asked.name()))
            && let Err(why) = count(&members, &nodes).without(false)
        {
            let detail = format!(
                "Its machine is gone. {}.\n\nNothing was changed.",
                why.to_string().trim_end_matches('.')
            );
            return Err(Refusal::new(format!("{} cannot be taken out", asked.name()), detail).into());
        }
    }
    delete(asked, access, &budget.shortened(REMOVAL)).await
}

/// A node of this name that the cluster still has while its machine has nothing of it: it was installed anew, or is another.
pub(super) async fn clear_stale(asked: &Asked, facts: &Facts, access: &Access) -> Result<(), Error> {
    let budget = &asked.run.budget;
    if access.kube().node(asked.name(), budget).await?.is_none() {
        let secret = format!("{}{}", asked.name(), asked.distribution().node_password_secret());
        if !facts.has_cluster() {
            access.kube().delete_secret("kube-system", &secret, budget).await?;
        }
        return Ok(());
    }
    if facts.database.agent && facts.journal.as_ref().is_some_and(|it| it.node == asked.name()) {
        return Ok(());
    }
    tracing::warn!(
        node = asked.name(),
        "its machine was installed anew: what the cluster has of the old one is taken out"
    );
    dead(asked, access).await
}

/// Everything of the cluster is taken off the machine, and that is proven.
async fn uninstall(asked: &Asked, facts: &Facts, journal: Option<Journal>) -> Result<(), Error> {
    let d = asked.distribution();
    let below: Vec<&String> = facts
        .mounts
        .iter()
        .filter(|mount| !mount.contains("/kubelet/") && !mount.contains("/run/"))
        .collect();
    if !below.is_empty() {
        let list: Vec<&str> = below.into_iter().map(String::as_str).collect();
        return Err(Refusal::new(
            format!("{} is out of the cluster, but is not cleaned", asked.name()),
            format!("Below its data are mounts, and what is on them would be removed with it: {}. Unmount them and apply again.", list.join(", ")),
        )
        .into());
    }
    take_lease(&asked.run).await?;
    let mut journal = journal.unwrap_or_else(|| begin(facts));
    write(&asked.run, &mut journal, "uninstall").await?;
    let arguments = [d.name(), d.config_dir(), d.data_dir(), d.journal_dir(), asked.unit()];
    asked.run.script("uninstalling", include_str!("scripts/uninstall.sh"), &arguments).await?;
    drop_lease(&asked.run).await
}
