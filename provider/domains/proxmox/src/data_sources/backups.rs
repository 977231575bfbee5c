//! `hybridops_proxmox_backups`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use tf_framework::{Computed, DataContext, DataSource, Diagnostic, Diagnostics, Model, Result};
use tf_value::Path;

use crate::api::{Inventory, Vmid, Volume, VolumeId};
use crate::client::{Proxmox, budget};
use crate::errors::failure;
use crate::functions::{backup_vmid, timestamp};

/// Backups on a storage, the newest first.
///
/// Costs one request for each node that is asked: one for a shared storage or when `node` is set, otherwise one for each
/// online node that has the storage. A backup is listed only where the account may see it: `VM.Backup` on its guest, or
/// `Datastore.Allocate` on the storage.
#[derive(Debug, Clone, Model)]
pub struct Backups {
    /// The storage.
    #[attr(validate(length(1..)))]
    pub storage: String,
    /// The node to ask: for a storage of which every node has its own.
    pub node: Option<String>,
    /// Only backups of this guest, which may be gone.
    pub vmid: Option<Vmid>,
    /// Whether finding none is an error. It is not unless set.
    pub required: Option<bool>,
    /// The backups, the newest first.
    pub backups: Computed<Vec<BackupInfo>>,
    /// The newest backup of each guest, by VMID.
    pub newest: Computed<BTreeMap<String, BackupInfo>>,
}

/// A backup.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct BackupInfo {
    /// Its volume id.
    #[attr(computed)]
    pub volume_id: String,
    /// The node that listed it; any that has the storage for a shared one.
    #[attr(computed)]
    pub node: String,
    /// The guest it is of; null where the name does not tell.
    #[attr(computed)]
    pub vmid: Option<Vmid>,
    /// `qemu` or `lxc`; null where the name does not tell.
    #[attr(computed)]
    pub kind: Option<String>,
    /// When it was made, in seconds since 1970.
    #[attr(computed)]
    pub created: u64,
    /// The same as a timestamp in UTC, as RFC 3339 writes it.
    #[attr(computed)]
    pub created_at: String,
    /// Its size in bytes.
    #[attr(computed)]
    pub size: u64,
    /// Its format: `vma.zst`, `tar.zst`, `pbs-vm` and so on.
    #[attr(computed)]
    pub format: String,
    /// Its notes; null without any.
    #[attr(computed)]
    pub notes: Option<String>,
    /// Whether it is protected against removal.
    #[attr(computed)]
    pub protected: bool,
}

impl BackupInfo {
    fn new(node: &str, volume: Volume) -> Self {
        let created = volume.ctime.unwrap_or_default();
        Self {
            node: node.to_owned(),
            vmid: volume.vmid.or_else(|| backup_vmid(&volume.volid)),
            kind: backup_kind(&volume.volid).map(str::to_owned),
            created,
            created_at: timestamp(created).unwrap_or_default(),
            size: volume.size,
            format: volume.format,
            notes: volume.notes.map(|notes| notes.trim_end().to_owned()).filter(|notes| !notes.is_empty()),
            protected: volume.protected,
            volume_id: volume.volid.to_string(),
        }
    }
}

/// What a backup is of, by its name.
pub(crate) fn backup_kind(volume: &VolumeId) -> Option<&'static str> {
    const NAMES: &[(&str, &str)] = &[
        ("backup/vzdump-qemu-", "qemu"),
        ("backup/vzdump-lxc-", "lxc"),
        ("backup/vzdump-openvz-", "lxc"),
        ("backup/vm/", "qemu"),
        ("backup/ct/", "lxc"),
    ];
    NAMES.iter().find(|(start, _)| volume.name().starts_with(start)).map(|(_, kind)| *kind)
}

/// The nodes to ask for a storage.
pub(crate) fn backup_nodes(inventory: &Inventory, storage: &str, node: Option<&str>) -> Vec<String> {
    if let Some(node) = node {
        return vec![node.to_owned()];
    }
    let online = |node: &str| inventory.node(node).is_none_or(crate::api::NodeEntry::is_online);
    let has: Vec<_> =
        inventory.storages().filter(|entry| entry.storage == storage && online(&entry.node)).collect();
    let wanted = if has.iter().any(|entry| entry.shared) { 1 } else { has.len() };
    has.into_iter().take(wanted).map(|entry| entry.node.clone()).collect()
}

impl DataSource for Backups {
    const NAME: &'static str = "proxmox_backups";
    const SUBCATEGORY: &'static str = "Proxmox VE";
    type Client = Proxmox;

    async fn read(cx: &mut DataContext<Self>, config: Self) -> Result<Self> {
        let px = cx.client()?;
        let budget = budget(cx);
        let what = || format!("Reading the backups on storage {} failed", config.storage);
        let inventory = px.api.inventory(&budget).await.map_err(|error| failure(what(), &error))?;
        let nodes = backup_nodes(&inventory, &config.storage, config.node.as_deref());
        if nodes.is_empty() {
            return Err(Diagnostics::error_at(
                Path::root().attribute("storage"),
                format!("No node has storage {}", config.storage),
                "No node that is online has it, or the account may not see it (Datastore.Audit).",
            ));
        }
        let lists = nodes
            .iter()
            .map(|node| px.api.volumes(node, &config.storage, Some("backup"), config.vmid, &budget));
        let mut backups: Vec<BackupInfo> = Vec::new();
        for (node, listed) in nodes.iter().zip(join_all(lists).await) {
            match listed {
                Ok(listed) => backups.extend(listed.into_iter().map(|volume| BackupInfo::new(node, volume))),
                Err(error) if nodes.len() > 1 && !error.is_interrupted() => cx.warn(Diagnostic::warning(
                    format!("The backups on node {node} could not be read"),
                    format!("{error}. They are missing in the list."),
                )),
                Err(error) => return Err(failure(what(), &error)),
            }
        }
        let mut seen = BTreeSet::new();
        backups.retain(|backup| {
            config.vmid.is_none_or(|vmid| backup.vmid == Some(vmid))
                && seen.insert((backup.node.clone(), backup.volume_id.clone()))
        });
        backups.sort_by_key(|backup| Reverse((backup.created, backup.volume_id.clone())));
        if backups.is_empty() && config.required == Some(true) {
            return Err(none_found(&config));
        }
        let mut newest = BTreeMap::new();
        for backup in &backups {
            if let Some(vmid) = backup.vmid {
                newest.entry(vmid.to_string()).or_insert_with(|| backup.clone());
            }
        }
        Ok(Self { backups: backups.into(), newest: newest.into(), ..config })
    }
}

fn none_found(config: &Backups) -> Diagnostics {
    let of = config.vmid.map(|vmid| format!(" of guest {vmid}")).unwrap_or_default();
    Diagnostics::error(
        "There is no backup",
        format!(
            "`required` is set, and storage {} has no backup{of} that this account may see (VM.Backup on the guest, or \
             Datastore.Allocate on the storage).",
            config.storage
        ),
    )
}
