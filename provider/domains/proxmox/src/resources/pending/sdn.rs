//! `hybridops_proxmox_sdn_apply`.

use std::collections::BTreeMap;

use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::{Map, Value as Json};
use tf_framework::{Computed, Context, ImportId, PlanContext, PlannedAction, Resource, Result, Timeouts};
use transport_rest::{Budget, Form, Path, Request};

use super::{apply, at, told};
use crate::api::{ApiError, lenient};
use crate::client::{Proxmox, budget};

/// How many VNets are asked for their subnets at once.
const ABREAST: usize = 4;
/// What it is called in messages.
const WHAT: &str = "the SDN configuration";

/// Applies the SDN configuration that is staged: zones, VNets, subnets and controllers count only when they are
/// applied, on all nodes at once.
///
/// Let it depend on the objects that it applies, by `depends_on` or by naming what of them matters in `triggers`. What is
/// found staged when Terraform refreshes is shown in `pending`, and the plan is to apply it; what is staged by the same
/// run is applied where `triggers` change. Destroying it applies what is staged then: to have the removal of objects
/// applied too, let those objects depend on another one of these.
#[derive(Debug, Clone, PartialEq, Resource)]
#[resource(name = "proxmox_sdn_apply", subcategory = "Proxmox VE: SDN", version = 0, identity(id))]
pub struct SdnApply {
    /// Always `sdn`: a cluster has one SDN configuration.
    #[attr(stable)]
    pub id: Computed<String>,
    /// Any values; when one changes, what is staged is applied. Name the attributes of the objects that matter, such as
    /// `{ zones = jsonencode(hybridops_proxmox_sdn_zone_vlan.lan) }`.
    pub triggers: Option<BTreeMap<String, String>>,
    /// What is staged and not applied, each as kind, name and state: `vnet lan (new)`. Empty after each apply.
    #[attr(stable)]
    pub pending: Computed<Vec<String>>,
    /// How long operations may take before they are given up.
    pub timeouts: Option<Timeouts>,
}

impl SdnApply {
    fn applied(self) -> Self {
        Self { id: Computed::Known("sdn".to_owned()), pending: Computed::Known(Vec::new()), ..self }
    }
}

impl Resource for SdnApply {
    type Client = Proxmox;
    type Private = ();

    async fn modify_plan(cx: &mut PlanContext<Self>) -> Result<()> {
        let staged =
            cx.prior().and_then(|prior| prior.pending.known()).is_some_and(|pending| !pending.is_empty());
        match cx.action() {
            PlannedAction::Destroy => {}
            PlannedAction::Create => {
                cx.plan(&at("id"), &"sdn".to_owned())?;
                cx.plan(&at("pending"), &Vec::<String>::new())?;
            }
            PlannedAction::Update if staged => cx.plan(&at("pending"), &Vec::<String>::new())?,
            PlannedAction::Update => {}
        }
        Ok(())
    }

    async fn create(cx: &mut Context<Self>, plan: Self) -> Result<Self> {
        settle(cx).await?;
        Ok(plan.applied())
    }

    async fn read(cx: &mut Context<Self>, state: Self) -> Result<Option<Self>> {
        let px = cx.client()?;
        let before = state.pending.known().cloned().unwrap_or_default();
        let pending = told(pending(&px, &budget(cx)).await, before, WHAT, |warning| cx.warn(warning))?;
        Ok(Some(Self { pending: Computed::Known(pending), ..state }))
    }

    async fn update(cx: &mut Context<Self>, _: Self, plan: Self) -> Result<Self> {
        settle(cx).await?;
        Ok(plan.applied())
    }

    async fn delete(cx: &mut Context<Self>, _: Self) -> Result<()> {
        settle(cx).await
    }

    async fn import(cx: &mut Context<Self>, _: ImportId) -> Result<Self> {
        let px = cx.client()?;
        let pending = told(pending(&px, &budget(cx)).await, Vec::new(), WHAT, |warning| cx.warn(warning))?;
        Ok(Self {
            id: Computed::Known("sdn".to_owned()),
            triggers: None,
            pending: Computed::Known(pending),
            timeouts: None,
        })
    }
}

/// Applies what is staged, where anything is.
async fn settle(cx: &Context<SdnApply>) -> Result<()> {
    let px = cx.client()?;
    let budget = budget(cx);
    let staged = pending(&px, &budget).await;
    let staged = staged.map_err(|error| crate::errors::failure(format!("Applying {WHAT} failed"), &error))?;
    if staged.is_empty() {
        return Ok(());
    }
    let warnings =
        apply(&px, WHAT, || Request::put(Path::new(["cluster", "sdn"])).idempotent(), &budget).await?;
    warnings.into_iter().for_each(|warning| cx.warn(warning));
    Ok(())
}

/// What is staged.
async fn pending(px: &Proxmox, budget: &Budget) -> std::result::Result<Vec<String>, ApiError> {
    let mut staged = Vec::new();
    let mut vnets = Vec::new();
    for (folder, key) in [("zones", "zone"), ("vnets", "vnet"), ("controllers", "controller")] {
        let entries = entries(px, &["cluster", "sdn", folder], budget).await?;
        staged.extend(entries.iter().filter_map(|entry| line(key, key, entry)));
        if folder == "vnets" {
            vnets.extend(entries.iter().filter_map(|entry| lenient::scalar(entry.get("vnet")?)));
        }
    }
    let subnets = vnets
        .into_iter()
        .map(|vnet| async move { entries(px, &["cluster", "sdn", "vnets", &vnet, "subnets"], budget).await });
    let subnets: Vec<Entries> = futures::stream::iter(subnets).buffered(ABREAST).try_collect().await?;
    staged.extend(subnets.iter().flatten().filter_map(|entry| line("subnet", "subnet", entry)));
    staged.sort();
    Ok(staged)
}

type Entries = Vec<Map<String, Json>>;

async fn entries(px: &Proxmox, path: &[&str], budget: &Budget) -> std::result::Result<Entries, ApiError> {
    px.api.read_with(Path::new(path), Form::new().flag("pending", true), budget).await
}

fn line(kind: &str, key: &str, entry: &Map<String, Json>) -> Option<String> {
    let state = entry.get("state").and_then(Json::as_str).filter(|state| !state.is_empty())?;
    let name = entry.get(key).and_then(lenient::scalar)?;
    Some(format!("{kind} {name} ({state})"))
}
