//! `hybridops_proxmox_bulk_power`.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::{
    Action, ActionContext, Choice, Diagnostic, Diagnostics, Field, GoDuration, Model, Result,
};
use tf_value::Path;
use transport_rest::{Budget, Form, Request};

use super::run::{ActionTimeouts, Interrupt, run_task, told, warn};
use crate::api::{ApiError, Finished, Guest, Kind, Vmid};
use crate::client::{Proxmox, budget};
use crate::errors::failure;
use crate::preflight::{Operation, Scope, lacking};

/// The first release in which one task acts on guests of all nodes.
const OF_CLUSTER: (u32, u32) = (9, 0);

/// What is done with the guests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
#[choice(rename_all = "snake_case")]
pub enum BulkChange {
    /// Start them.
    Start,
    /// Ask them to shut down.
    Shutdown,
    /// Pause them.
    Suspend,
}

/// Starts, shuts down or pauses many virtual machines and containers at once: one task for the whole cluster from
/// Proxmox VE 9 on, one for each node before. The server limits how much it does at a time and keeps to the order of
/// startup.
///
/// Guests that are as they should be already are left alone.
#[derive(Debug, Clone, Model)]
pub struct BulkPower {
    /// Numbers of the guests: those of the data source `hybridops_proxmox_guests`, for example.
    #[attr(validate(items(1..), each(range(100..=999_999_999))))]
    pub vmids: BTreeSet<Vmid>,
    /// What to do.
    pub action: BulkChange,
    /// How long a guest may take to shut down, `90s` for example. Three minutes where it is not set.
    pub grace: Option<GoDuration>,
    /// Whether guests that do not shut down in time are switched off. They are, unless this is `false`.
    pub force_stop: Option<bool>,
    /// How many guests are worked on at a time, from Proxmox VE 9 on. The server decides where it is not set.
    #[attr(validate(range(1..=64)))]
    pub max_workers: Option<u8>,
    /// How long the action may take.
    pub timeouts: Option<ActionTimeouts>,
}

impl Action for BulkPower {
    const NAME: &'static str = "proxmox_bulk_power";
    const SUBCATEGORY: &'static str = "Proxmox VE";
    type Client = Proxmox;

    fn validate(config: &BulkPowerPartial, diagnostics: &mut Diagnostics) {
        let Field::Known(action) = &config.action else { return };
        for (name, absent) in [("grace", config.grace.is_null()), ("force_stop", config.force_stop.is_null())]
        {
            if !absent && *action != BulkChange::Shutdown {
                let at = Path::root().attribute(name);
                let detail = "It has a meaning for `action = \"shutdown\"` only. Leave it out.";
                diagnostics.push(Diagnostic::error(format!("`{name}` cannot be set"), detail).at(at));
            }
        }
    }

    async fn plan(cx: &mut ActionContext<Self>, config: &BulkPowerPartial) -> Result<()> {
        let (Some(px), Some(vmids)) = (cx.try_client(), config.vmids.known()) else { return Ok(()) };
        let permissions = px.api.shared_permissions(&budget(cx)).await;
        let permissions = permissions.map_err(|error| failure("Reading the permissions failed", &error))?;
        let numbers: Vec<String> =
            vmids.iter().filter_map(|vmid| vmid.known()).map(ToString::to_string).collect();
        let needs: Vec<_> = numbers
            .iter()
            .map(|number| (Operation::Power, Scope { vmid: number, ..Scope::default() }))
            .collect();
        let at = |problem: Diagnostic| problem.at(Path::root().attribute("vmids"));
        let problems: Diagnostics =
            lacking(&permissions, px.api.principal(), &needs).into_iter().map(at).collect();
        problems.into_result(())
    }

    async fn invoke(cx: &mut ActionContext<Self>, config: Self) -> Result<()> {
        let px = cx.client()?;
        let what = format!("{} of {} guests failed", word(config.action), config.vmids.len());
        let failed = |error: ApiError| told(what.clone(), &error);
        px.api.invalidate();
        let inventory = px.api.inventory(&budget(cx)).await.map_err(failed)?;
        let unseen: Vec<String> = config
            .vmids
            .iter()
            .filter(|vmid| inventory.guest(**vmid).is_none())
            .map(ToString::to_string)
            .collect();
        if !unseen.is_empty() {
            let at = Path::root().attribute("vmids");
            let detail = format!("The account sees no guest {}. Nothing was done.", unseen.join(", "));
            return Err(Diagnostics::error_at(at, what, detail));
        }
        let meant: Vec<&Guest> = config
            .vmids
            .iter()
            .filter_map(|vmid| inventory.guest(*vmid))
            .filter(|guest| !guest.template && !is_done(config.action, guest))
            .collect();
        cx.progress(format!("{} of {} guests; the others are so already", word(config.action), meant.len()));
        if meant.is_empty() {
            return Ok(());
        }
        let version = px.api.version(&budget(cx)).await.map_err(failed)?;
        if version.at_least(OF_CLUSTER.0, OF_CLUSTER.1) {
            match of_cluster(cx, &px, &config, &meant).await {
                Ok(finished) => {
                    warn(cx, &what.replace(" failed", ""), finished);
                    return Ok(());
                }
                // Early releases of 9 do not have it.
                Err(error) if error.is(Kind::NotImplemented) => {}
                Err(error) => return Err(failed(error)),
            }
        }
        of_nodes(cx, &px, &config, &meant, &what).await
    }
}

/// Whether a guest is as it should be. The index may be some seconds old, which does no harm: the server looks itself.
fn is_done(action: BulkChange, guest: &Guest) -> bool {
    match action {
        BulkChange::Start => guest.status == "running" && guest.uptime > 30,
        BulkChange::Shutdown | BulkChange::Suspend => guest.status == "stopped" && guest.uptime == 0,
    }
}

async fn of_cluster(
    cx: &ActionContext<BulkPower>,
    px: &Proxmox,
    config: &BulkPower,
    guests: &[&Guest],
) -> Result<Finished, ApiError> {
    let form = Form::new()
        .each("vms", guests.iter().map(|guest| guest.vmid.to_string()))
        .maybe("maxworkers", config.max_workers);
    let form = match config.action {
        BulkChange::Shutdown => form
            .maybe("timeout", config.grace.as_ref().map(|grace| grace.length().as_secs()))
            .maybe_flag("force-stop", config.force_stop),
        BulkChange::Start | BulkChange::Suspend => form,
    };
    let dispatch = |budget: Budget| {
        let form = form.clone();
        let path = ["cluster", "bulk-action", "guest", word(config.action)];
        async move { px.api.write(Request::post(path).form(form), &budget).await }
    };
    run_task(cx, px, Interrupt::Stop, dispatch).await
}

async fn of_nodes(
    cx: &ActionContext<BulkPower>,
    px: &Proxmox,
    config: &BulkPower,
    guests: &[&Guest],
    what: &str,
) -> Result<()> {
    let mut by_node: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for guest in guests {
        by_node.entry(&guest.node).or_default().push(guest.vmid.to_string());
    }
    let works = by_node.iter().map(|(node, vmids)| async move {
        let form = Form::new().text("vms", vmids.join(","));
        let (call, form) = match config.action {
            // Without force only those that start with their node are started.
            BulkChange::Start => ("startall", form.flag("force", true)),
            BulkChange::Suspend => ("suspendall", form),
            BulkChange::Shutdown => (
                "stopall",
                form.maybe("timeout", config.grace.as_ref().map(|grace| grace.length().as_secs()))
                    .maybe_flag("force-stop", config.force_stop),
            ),
        };
        let dispatch = |budget: Budget| {
            let form = form.clone();
            async move { px.api.write(Request::post(["nodes", *node, call]).form(form), &budget).await }
        };
        (*node, run_task(cx, px, Interrupt::Stop, dispatch).await)
    });
    let mut problems = Diagnostics::new();
    for (node, ended) in futures::future::join_all(works).await {
        match ended {
            Ok(finished) => warn(cx, &format!("{} on {node}", word(config.action)), finished),
            Err(error) => problems.extend(told(format!("{what} on {node}"), &error)),
        }
    }
    problems.into_result(())
}

fn word(action: BulkChange) -> &'static str {
    match action {
        BulkChange::Start => "start",
        BulkChange::Shutdown => "shutdown",
        BulkChange::Suspend => "suspend",
    }
}
