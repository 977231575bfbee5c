//! `hybridops_proxmox_node_network_apply`.

use std::collections::BTreeMap;

use serde::Deserialize;
use tf_framework::{
    Computed, Context, Diagnostics, ImportId, PlanContext, PlannedAction, Resource, Result, Timeouts,
};
use transport_rest::{Budget, Path, Request};

use super::{apply, at, told};
use crate::api::ApiError;
use crate::client::{Proxmox, budget};
use crate::errors::failure;

/// Applies the network configuration that is staged on a node: interfaces count only when they are applied, all
/// together. Addresses and bridges of running guests may be cut off for a moment.
///
/// Let it depend on the interfaces that it applies, by `depends_on` or by naming what of them matters in `triggers`. What
/// is found staged when Terraform refreshes is shown in `pending`, and the plan is to apply it; what is staged by the same
/// run is applied where `triggers` change. Destroying it applies what is staged then: to have the removal of interfaces
/// applied too, let those interfaces depend on another one of these.
#[derive(Debug, Clone, PartialEq, Resource)]
#[resource(
    name = "proxmox_node_network_apply",
    subcategory = "Proxmox VE: nodes",
    version = 0,
    identity(node)
)]
pub struct NodeNetworkApply {
    /// Name of the node.
    #[attr(stable)]
    pub id: Computed<String>,
    /// The node.
    #[attr(replace)]
    pub node: String,
    /// Any values; when one changes, what is staged is applied.
    pub triggers: Option<BTreeMap<String, String>>,
    /// What is staged and not applied, as the lines that differ in the node's file of interfaces. Empty after each apply.
    #[attr(stable)]
    pub pending: Computed<Vec<String>>,
    /// How long operations may take before they are given up.
    pub timeouts: Option<Timeouts>,
}

impl NodeNetworkApply {
    fn applied(self) -> Self {
        let id = Computed::Known(self.node.clone());
        Self { id, pending: Computed::Known(Vec::new()), ..self }
    }
}

impl Resource for NodeNetworkApply {
    type Client = Proxmox;
    type Private = ();

    async fn modify_plan(cx: &mut PlanContext<Self>) -> Result<()> {
        let staged =
            cx.prior().and_then(|prior| prior.pending.known()).is_some_and(|pending| !pending.is_empty());
        match cx.action() {
            PlannedAction::Destroy => {}
            _ if staged || cx.prior().is_none() => cx.plan(&at("pending"), &Vec::<String>::new())?,
            _ => {}
        }
        Ok(())
    }

    async fn create(cx: &mut Context<Self>, plan: Self) -> Result<Self> {
        settle(cx, &plan.node).await?;
        Ok(plan.applied())
    }

    async fn read(cx: &mut Context<Self>, state: Self) -> Result<Option<Self>> {
        let px = cx.client()?;
        let before = state.pending.known().cloned().unwrap_or_default();
        let read = pending(&px, &state.node, &budget(cx)).await;
        let pending = told(read, before, &what(&state.node), |warning| cx.warn(warning))?;
        Ok(Some(Self { pending: Computed::Known(pending), ..state }))
    }

    async fn update(cx: &mut Context<Self>, _: Self, plan: Self) -> Result<Self> {
        settle(cx, &plan.node).await?;
        Ok(plan.applied())
    }

    async fn delete(cx: &mut Context<Self>, state: Self) -> Result<()> {
        settle(cx, &state.node).await
    }

    async fn import(cx: &mut Context<Self>, id: ImportId) -> Result<Self> {
        let px = cx.client()?;
        let node = match id {
            ImportId::Id(id) => id.trim().to_owned(),
            ImportId::Identity(identity) => {
                identity.get("node").and_then(tf_framework::Value::as_str).unwrap_or_default().to_owned()
            }
        };
        if node.is_empty() {
            return Err(Diagnostics::error(
                "Import needs a node",
                "Give the name of the node, such as `pve1`.",
            ));
        }
        let read = pending(&px, &node, &budget(cx)).await;
        let pending = told(read, Vec::new(), &what(&node), |warning| cx.warn(warning))?;
        let id = Computed::Known(node.clone());
        Ok(Self { id, node, triggers: None, pending: Computed::Known(pending), timeouts: None })
    }
}

fn what(node: &str) -> String {
    format!("the network configuration of {node}")
}

/// Applies what is staged, where anything is.
async fn settle(cx: &Context<NodeNetworkApply>, node: &str) -> Result<()> {
    let px = cx.client()?;
    let budget = budget(cx);
    let what = what(node);
    let staged = pending(&px, node, &budget).await;
    if staged.map_err(|error| failure(format!("Applying {what} failed"), &error))?.is_empty() {
        return Ok(());
    }
    let request = || Request::put(Path::new(["nodes", node, "network"])).idempotent();
    let warnings = apply(&px, &what, request, &budget).await?;
    warnings.into_iter().for_each(|warning| cx.warn(warning));
    Ok(())
}

/// The listing of interfaces, of which only what stands beside the list counts here.
#[derive(Deserialize)]
struct Listing {
    /// The difference between what counts and what is staged, as `diff` writes it.
    #[serde(default)]
    changes: Option<String>,
}

/// The lines that are staged.
async fn pending(px: &Proxmox, node: &str, budget: &Budget) -> std::result::Result<Vec<String>, ApiError> {
    let path = ["nodes", node, "network"];
    let listing: Listing = px.api.read_whole(path, budget).await?;
    let changes = listing.changes.unwrap_or_default();
    let is_change = |line: &&str| {
        (line.starts_with('+') || line.starts_with('-'))
            && !line.starts_with("+++")
            && !line.starts_with("---")
    };
    Ok(changes.lines().filter(is_change).map(|line| line.trim_end().to_owned()).collect())
}
