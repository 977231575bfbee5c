//! `hybridops_proxmox_migrate`.

use tf_framework::{Action, ActionContext, Choice, Diagnostics, GoDuration, Model, Result};
use tf_value::Path;

use super::run::{ActionTimeouts, called, check_guest, guest_of, told, watching};
use crate::api::{ApiError, GuestKind, GuestRef, TaskFilter};
use crate::client::{Proxmox, budget};
use crate::errors::failure;
use crate::guest::{Migration, ensure_running, ensure_stopped, migrate};
use crate::images::answer_budget;
use crate::preflight::{Operation, check_node};

/// Types of tasks that move guests.
const TASKS: [&str; 4] = ["qmigrate", "vzmigrate", "hamigrate", "hastop"];

/// How a guest is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
#[choice(rename_all = "snake_case")]
pub enum MigrationMode {
    /// A running virtual machine while it runs, a running container by restart, a stopped guest as it is.
    Auto,
    /// While it runs; refused for a container.
    Online,
    /// Stopped: a guest that runs is shut down before, and started again on the other node.
    Offline,
}

/// Moves a virtual machine or container to another node. One that is there already is left alone.
///
/// A running virtual machine moves while it runs, with its local disks; a container moves by restart. Where high
/// availability manages the guest it does the moving, and the action waits for it.
#[derive(Debug, Clone, Model)]
pub struct Migrate {
    /// The guest's number.
    #[attr(validate(range(100..=999_999_999)))]
    pub vmid: u32,
    /// The node to move to.
    #[attr(validate(matches(r"^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$", "the name of a node")))]
    pub node: String,
    /// How it is moved; `auto` where it is not set.
    pub mode: Option<MigrationMode>,
    /// The storage for disks that lie on storages the target does not share; the one of the same name unless set.
    pub storage: Option<String>,
    /// How long the guest may take to shut down where it must, `90s` for example; it is switched off then. Three minutes
    /// where it is not set.
    pub grace: Option<GoDuration>,
    /// How long the action may take.
    pub timeouts: Option<ActionTimeouts>,
}

impl Action for Migrate {
    const NAME: &'static str = "proxmox_migrate";
    const SUBCATEGORY: &'static str = "Proxmox VE";
    type Client = Proxmox;

    async fn plan(cx: &mut ActionContext<Self>, config: &MigratePartial) -> Result<()> {
        let guest = check_guest(cx, config.vmid.known().copied(), Operation::Migrate, "vmid").await?;
        let container = guest.is_some_and(|guest| guest.kind == GuestKind::Lxc);
        if container && config.mode.known() == Some(&MigrationMode::Online) {
            let at = Path::root().attribute("mode");
            let detail =
                "A container cannot move while it runs. Use `auto`, which restarts it on the other node.";
            return Err(Diagnostics::error_at(at, "A container cannot move online", detail));
        }
        let (Some(px), Some(node)) = (cx.try_client(), config.node.known()) else { return Ok(()) };
        let inventory = px.api.inventory(&budget(cx)).await;
        let inventory = inventory.map_err(|error| failure("Looking at the cluster failed", &error))?;
        match check_node(&inventory, node, "no guest can move to it") {
            Some(problem) => Err(problem.at(Path::root().attribute("node")).into()),
            None => Ok(()),
        }
    }

    async fn invoke(cx: &mut ActionContext<Self>, config: Self) -> Result<()> {
        let px = cx.client()?;
        let guest = guest_of(cx, &px, config.vmid).await?;
        if guest.node == config.node {
            cx.progress(format!("{} is there already", called(&guest)));
            return Ok(());
        }
        let what = format!("Moving {} to {} failed", called(&guest), config.node);
        cx.progress(format!("{} moves to {}", called(&guest), config.node));
        let moved =
            watching(cx, &px, guest.vmid, &TASKS, carry(cx, &px, &GuestRef::from(&guest), &config)).await;
        if let Err(error) = &moved
            && error.is_interrupted()
        {
            stop_moving(&px, config.vmid).await;
        }
        moved.map_err(|error| told(what, &error))?;
        cx.progress(format!("guest {} is on {}", config.vmid, config.node));
        Ok(())
    }
}

async fn carry(
    cx: &ActionContext<Migrate>,
    px: &Proxmox,
    guest: &GuestRef,
    config: &Migrate,
) -> Result<(), ApiError> {
    let budget = budget(cx);
    let mode = config.mode.unwrap_or(MigrationMode::Auto);
    let runs = px.api.guest_status(guest, &budget).await?.is_running();
    if mode == MigrationMode::Online && !runs {
        return Err(ApiError::Argument(format!(
            "guest {} does not run, so that it cannot move online",
            guest.vmid
        )));
    }
    let grace = config.grace.as_ref().map_or(std::time::Duration::from_secs(180), GoDuration::length);
    let restarts = mode == MigrationMode::Offline && runs;
    if restarts {
        cx.progress("shutting it down");
        ensure_stopped(px, guest, Some(grace), &budget).await?;
    }
    let migration = Migration {
        target: config.node.clone(),
        storage: config.storage.clone(),
        timeout: Some(grace.as_secs()),
    };
    let there = match migrate(px, guest, &migration, &budget).await {
        Ok(there) => there,
        Err(error) => {
            // What ran before goes on where it is.
            if restarts && !error.is_interrupted() {
                ensure_running(px, guest, &budget).await?;
            }
            return Err(error);
        }
    };
    if restarts {
        cx.progress("starting it again");
        ensure_running(px, &there, &budget).await?;
    }
    Ok(())
}

/// Stops a move that is under way: the guest stays where it is.
async fn stop_moving(px: &Proxmox, vmid: u32) {
    let kinds = TASKS.iter().map(|kind| (*kind).to_owned()).collect();
    let filter = TaskFilter { vmid: Some(vmid), kinds };
    for task in px.api.running_tasks(&filter, &answer_budget()).await.unwrap_or_default() {
        if let Err(error) = px.api.stop_task(&task.upid, &answer_budget()).await {
            tracing::warn!(task = %task.upid, %error, "the move could not be stopped");
        }
    }
}
