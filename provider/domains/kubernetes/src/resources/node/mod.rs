//! `hybridops_rke2_node` and `hybridops_k3s_node`.

mod import;
mod model;
mod plan;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tf_framework::{Computed, Context, DefaultTimeouts, Diagnostic, ImportId, PlanContext, Resource, Result};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub(crate) use model::Node;
use model::NodeResource;
pub use model::{K3sNode, Rke2Node, Role};

use crate::Kubernetes;
use crate::client::budget;
use crate::errors::{Error, chain, failure};
use crate::host::{Facts, gather};
use crate::member::{self, Asked, Leaving};

/// What is remembered of a node beside its state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Whether it was planned to leave for good, rather than to be replaced.
    #[serde(default)]
    for_good: bool,
    /// How many servers the cluster was planned to have.
    #[serde(default)]
    servers: Option<usize>,
    /// The restore of the cluster that was planned with it, by its number.
    #[serde(default)]
    restores: Option<u64>,
}

/// 30 minutes to change something: a node waits for its turn.
const TIMEOUTS: DefaultTimeouts = DefaultTimeouts {
    create: std::time::Duration::from_secs(30 * 60),
    update: std::time::Duration::from_secs(30 * 60),
    delete: std::time::Duration::from_secs(30 * 60),
    ..DefaultTimeouts::USUAL
};

macro_rules! lives {
    ($($name:ident),*) => {
        $(impl Resource for $name {
            type Client = Kubernetes;
            type Private = Memory;
            const TIMEOUTS: DefaultTimeouts = TIMEOUTS;

            async fn modify_plan(cx: &mut PlanContext<Self>) -> Result<()> {
                Box::pin(plan::modify(cx)).await
            }

            async fn create(cx: &mut Context<Self>, plan: Self) -> Result<Self> {
                Box::pin(apply(cx, plan, true)).await
            }

            async fn read(cx: &mut Context<Self>, state: Self) -> Result<Option<Self>> {
                Box::pin(read(cx, state)).await
            }

            async fn update(cx: &mut Context<Self>, _: Self, plan: Self) -> Result<Self> {
                Box::pin(apply(cx, plan, false)).await
            }

            async fn delete(cx: &mut Context<Self>, state: Self) -> Result<()> {
                Box::pin(delete(cx, state)).await
            }

            async fn import(cx: &mut Context<Self>, id: ImportId) -> Result<Self> {
                Box::pin(import::import(cx, id)).await
            }
        })*
    };
}
lives!(Rke2Node, K3sNode);

/// Create and update are one: bring the machine to what is planned, from whatever it is. A creation that fails is not kept:
/// what was begun stands in the machine's journal, and the next creation goes on with it. Were it kept, Terraform would make
/// the node leave first.
async fn apply<R: NodeResource>(cx: &mut Context<R>, plan: R, new: bool) -> Result<R> {
    let node = plan.node();
    let what = format!("{} {} failed", if new { "Making" } else { "Changing" }, node.made_id());
    let asked = Asked::new(cx.client()?, node, budget(cx), new)?;
    asked.run.client.forget(&asked.node.key());
    let made = member::converge(&asked).await;
    asked.told().into_iter().for_each(|told| cx.warn(told));
    let facts = made.map_err(|error| failure(what, &error))?;
    cx.private = Memory::default();
    Ok(R::of(settled(asked, &facts)))
}

/// The plan, with what was left open filled in from what was found.
fn settled(asked: Asked, facts: &Facts) -> Node {
    let files = asked.files();
    let mut node = asked.node;
    let seen = observed(&node, facts);
    let fill = |planned: &mut Computed<String>, seen: Computed<String>| {
        if planned.known().is_none() {
            *planned = seen;
        }
    };
    fill(&mut node.id, seen.id);
    fill(&mut node.version, seen.version);
    fill(&mut node.address, seen.address);
    fill(&mut node.certificate_expiry, seen.certificate_expiry);
    if node.files.known().is_none() {
        node.files = files.into();
    }
    if node.differences.known().is_none() {
        node.differences = member::foreign(facts).into();
    }
    node
}

/// What is computed of a node, as its machine has it.
fn observed(node: &Node, facts: &Facts) -> Node {
    let mut seen = node.clone();
    let version = facts.installed.as_ref().map(ToString::to_string).unwrap_or_default();
    let expiry = facts.first_expiry().and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
    seen.id = node.made_id().into();
    seen.version = version.into();
    seen.address = facts.address().unwrap_or_default().into();
    seen.certificate_expiry = expiry.and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default().into();
    seen
}

async fn read<R: NodeResource>(cx: &mut Context<R>, state: R) -> Result<Option<R>> {
    let client = cx.client()?;
    let node = state.node();
    let asked = Asked::new(Arc::clone(&client), node, budget(cx), false)?;
    match gather(&asked.run).await {
        Ok(facts) => {
            let mut seen = observed(&asked.node, &facts);
            seen.differences = Computed::Known(differences(cx, &asked, &facts).await?);
            seen.files = Computed::Known(member::files_there(&asked, &facts));
            client.note(&seen.key(), Some(facts));
            Ok(Some(R::of(seen)))
        }
        // A machine that is down must not keep the others from being planned: that is when they are needed.
        Err(error) if unreached(&error) => {
            client.note(&asked.node.key(), None);
            cx.warn(Diagnostic::warning(
                format!("{} cannot be asked", asked.node.made_id()),
                format!(
                    "{}.\n\nThe state is kept as it is. An apply that changes this node will fail.",
                    chain(&error)
                ),
            ));
            Ok(Some(state))
        }
        Err(error) => Err(failure(format!("Reading {} failed", asked.node.made_id()), &error)),
    }
}

/// What is not as it was left, each as a line. Reads, and waits for nothing.
async fn differences<R: NodeResource>(
    cx: &Context<R>,
    asked: &Asked,
    facts: &Facts,
) -> Result<BTreeSet<String>> {
    let what = || format!("Reading {} failed", asked.node.made_id());
    let changes = member::pending(asked, facts).map_err(|error| failure(what(), &error))?;
    let mut lines: BTreeSet<String> = changes
        .iter()
        .filter(|change| !matches!(change, member::Pending::Expiry(_)))
        .map(member::Pending::line)
        .collect();
    let foreign = member::foreign(facts);
    if !foreign.is_empty() {
        let told: Vec<&str> = foreign.iter().map(String::as_str).collect();
        cx.warn(Diagnostic::warning(
            format!("Files made by hand configure {}", asked.node.made_id()),
            format!(
                "They are left alone. Remove them, or set the same keys here:\n  - {}",
                told.join("\n  - ")
            ),
        ));
        lines.extend(foreign);
    }
    if facts.unit(asked.node.role).active == "active"
        && (!asked.node.labels.is_empty() || !asked.node.taints.is_empty())
    {
        let owned = facts.journal.as_ref().map(|journal| journal.labels.clone()).unwrap_or_default();
        let live = async {
            let through = member::any_server(asked, None).await?;
            Ok::<_, Error>(through.access.kube().node(asked.name(), &asked.run.budget).await?)
        };
        match live.await {
            Ok(Some(live)) => lines.extend(member::label_differences(&asked.node, &live, &owned)),
            Ok(None) => drop(lines.insert("the cluster does not know it".to_owned())),
            Err(error) => {
                tracing::warn!(node = asked.name(), error = %chain(&error), "its labels cannot be read");
            }
        }
    }
    Ok(lines)
}

async fn delete<R: NodeResource>(cx: &mut Context<R>, state: R) -> Result<()> {
    let node = state.node();
    let what = format!("{} could not leave", node.made_id());
    let asked = Asked::new(cx.client()?, node, budget(cx), false)?;
    let planned = asked.gate.planned().map(|servers| servers.len());
    let servers = planned.or(cx.private.servers).unwrap_or(asked.node.cluster.servers.len());
    let restores = asked.gate.restores().or(cx.private.restores);
    let leaving = Leaving { for_good: cx.private.for_good, servers, restores };
    let left = Box::pin(member::leave(&asked, leaving)).await;
    asked.told().into_iter().for_each(|told| cx.warn(told));
    left.map_err(|error| failure(what, &error))
}

/// Whether the machine was certainly not reached, rather than failed at something.
pub(super) fn unreached(error: &Error) -> bool {
    matches!(error, Error::Machine(hosts::MachineError::Shell(_)))
}

impl Node {
    /// `platform/a`.
    pub(crate) fn made_id(&self) -> String {
        format!("{}/{}", self.cluster.name, self.name)
    }

    /// What names the machine among those of this run.
    pub(crate) fn key(&self) -> String {
        format!("{}:{}/{}", self.machine.host, self.machine.port.unwrap_or(22), self.made_id())
    }
}

/// What the journal remembers of a node for an import: no secret is among it.
pub(crate) fn remembered(node: &Node) -> serde_json::Map<String, serde_json::Value> {
    import::remembered(node)
}
