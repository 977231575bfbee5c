//! `hybridops_proxmox_backup`.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::{Action, ActionContext, Choice, Diagnostic, Diagnostics, Model, Result};
use tf_value::Path;
use transport_rest::{Budget, Form, Request};

use super::run::{ActionTimeouts, Interrupt, run_task, told, warn};
use crate::api::{Inventory, Vmid};
use crate::client::{Proxmox, budget};
use crate::errors::failure;
use crate::preflight::{Operation, Scope, StorageNeed, lacking, storage_problems};

/// How a guest is treated while it is backed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
#[choice(rename_all = "snake_case")]
pub enum BackupMode {
    /// It goes on running.
    Snapshot,
    /// It is paused for a while.
    Suspend,
    /// It is shut down, and started again: the most consistent.
    Stop,
}

/// How a backup is packed. Backup servers do that in their own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
#[choice(rename_all = "snake_case")]
pub enum Compression {
    /// Not at all.
    None,
    /// Zstandard.
    Zstd,
    /// gzip.
    Gzip,
    /// LZO.
    Lzo,
}

/// Backs up virtual machines and containers with vzdump, to a storage or a Proxmox Backup Server. Guests of one node are
/// backed up one after the other, nodes at the same time as the storage allows.
///
/// What becomes of a backup Terraform does not keep track of: the data source `hybridops_proxmox_backups` lists it.
#[derive(Debug, Clone, Model)]
pub struct Backup {
    /// Numbers of the guests.
    #[attr(validate(items(1..), each(range(100..=999_999_999))))]
    pub vmids: BTreeSet<Vmid>,
    /// The storage the backups go to. It must take content `backup`.
    #[attr(validate(length(1..)))]
    pub storage: String,
    /// How the guests are treated meanwhile; `snapshot` where it is not set.
    pub mode: Option<BackupMode>,
    /// How the backups are packed; `zstd` where it is not set.
    pub compress: Option<Compression>,
    /// Notes of the backups: a text in which `{{guestname}}`, `{{node}}`, `{{cluster}}` and `{{vmid}}` stand for what they
    /// say.
    #[attr(validate(length(1..=1024)))]
    pub notes_template: Option<String>,
    /// Whether the backups are protected against removal.
    pub protected: Option<bool>,
    /// Which older backups of the same guests are removed afterwards, `keep-last=3,keep-weekly=4` for example. What the
    /// storage says where it is not set; none where that does not say either.
    #[attr(validate(matches(r"^keep-(all|last|hourly|daily|weekly|monthly|yearly)=[0-9]+(,keep-(all|last|hourly|daily|weekly|monthly|yearly)=[0-9]+)*$", "rules such as `keep-last=3,keep-weekly=4`")))]
    pub prune_backups: Option<String>,
    /// How long the action may take.
    pub timeouts: Option<ActionTimeouts>,
}

impl Action for Backup {
    const NAME: &'static str = "proxmox_backup";
    const SUBCATEGORY: &'static str = "Proxmox VE";
    type Client = Proxmox;

    async fn plan(cx: &mut ActionContext<Self>, config: &BackupPartial) -> Result<()> {
        let (Some(px), Some(vmids)) = (cx.try_client(), config.vmids.known()) else { return Ok(()) };
        let budget = budget(cx);
        let failed = |error| failure("Looking at the cluster failed", &error);
        let inventory = px.api.inventory(&budget).await.map_err(failed)?;
        let permissions = px.api.shared_permissions(&budget).await.map_err(failed)?;
        let mut problems = Diagnostics::new();
        let at = |name: &str| Path::root().attribute(name);
        let mut nodes = BTreeSet::new();
        for vmid in vmids.iter().filter_map(|vmid| vmid.known()) {
            let number = vmid.to_string();
            let needs = [(Operation::Backup, Scope { vmid: &number, ..Scope::default() })];
            let refused = lacking(&permissions, px.api.principal(), &needs);
            problems.extend(refused.into_iter().map(|problem| problem.at(at("vmids"))));
            nodes.extend(inventory.guest(*vmid).map(|guest| guest.node.clone()));
        }
        if let Some(storage) = config.storage.known() {
            for node in &nodes {
                let need = StorageNeed { node, storage, content: "backup", purpose: "backups", bytes: None };
                let found = storage_problems(&px.api, &inventory, &need, &budget).await;
                problems.extend(found.into_iter().map(|problem| problem.at(at("storage"))));
            }
        }
        problems.into_result(())
    }

    async fn invoke(cx: &mut ActionContext<Self>, config: Self) -> Result<()> {
        let px = cx.client()?;
        px.api.invalidate();
        let inventory = px.api.inventory(&budget(cx)).await;
        let inventory = inventory.map_err(|error| failure("Looking at the cluster failed", &error))?;
        let by_node = sorted(&inventory, &config.vmids)?;
        let mut problems = Diagnostics::new();
        let works = by_node.iter().map(|(node, vmids)| of_node(cx, &px, &config, node, vmids));
        for result in futures::future::join_all(works).await {
            problems.extend(result.err().unwrap_or_default());
        }
        problems.into_result(())
    }
}

/// The guests by the nodes they are on.
fn sorted(inventory: &Inventory, vmids: &BTreeSet<Vmid>) -> Result<BTreeMap<String, Vec<Vmid>>> {
    let mut by_node: BTreeMap<String, Vec<Vmid>> = BTreeMap::new();
    let mut problems = Diagnostics::new();
    for vmid in vmids {
        match inventory.guest(*vmid) {
            Some(guest) => by_node.entry(guest.node.clone()).or_default().push(*vmid),
            None => problems.push(
                Diagnostic::error(
                    format!("There is no guest {vmid}"),
                    "The account sees no such guest: it does not exist, or VM.Audit is lacking. Nothing was backed up.",
                )
                .at(Path::root().attribute("vmids")),
            ),
        }
    }
    problems.into_result(by_node)
}

async fn of_node(
    cx: &ActionContext<Backup>,
    px: &Proxmox,
    config: &Backup,
    node: &str,
    vmids: &[Vmid],
) -> Result<()> {
    let names: Vec<String> = vmids.iter().map(ToString::to_string).collect();
    let what = format!("Backing up {} on {node} to {} failed", names.join(", "), config.storage);
    cx.progress(format!("backing up {} on {node} to {}", names.join(", "), config.storage));
    let permits = px.api.begin_work([format!("node:{node}")], &budget(cx)).await;
    let _permits = permits.map_err(|error| told(what.clone(), &error))?;
    let form = form(config, &names);
    let dispatch = |budget: Budget| {
        let form = form.clone();
        async move { px.api.write(Request::post(["nodes", node, "vzdump"]).form(form), &budget).await }
    };
    let finished = run_task(cx, px, Interrupt::Stop, dispatch).await;
    warn(cx, "The backup", finished.map_err(|error| told(what, &error))?);
    cx.progress(format!("backed up {} on {node}", names.join(", ")));
    Ok(())
}

fn form(config: &Backup, vmids: &[String]) -> Form {
    let mode = match config.mode.unwrap_or(BackupMode::Snapshot) {
        BackupMode::Snapshot => "snapshot",
        BackupMode::Suspend => "suspend",
        BackupMode::Stop => "stop",
    };
    let compress = match config.compress.unwrap_or(Compression::Zstd) {
        Compression::None => "0",
        Compression::Zstd => "zstd",
        Compression::Gzip => "gzip",
        Compression::Lzo => "lzo",
    };
    Form::new()
        .text("vmid", vmids.join(","))
        .text("storage", &config.storage)
        .text("mode", mode)
        .text("compress", compress)
        .maybe("notes-template", config.notes_template.as_deref())
        .maybe_flag("protected", config.protected)
        .maybe("prune-backups", config.prune_backups.as_deref())
}
