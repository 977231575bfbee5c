//! `hybridops_proxmox_restore_test`.

mod guest;
mod stamp;

use std::time::{Duration, Instant};

use tf_framework::{Action, ActionContext, Choice, Diagnostics, GoDuration, Model, Result};
use tf_value::Path;

use self::guest::{Trial, remove_leftovers};
use super::run::{ActionTimeouts, told};
use crate::api::{ApiError, GuestKind, Vmid, Volume, VolumeId};
use crate::client::{Proxmox, budget};
use crate::data_sources::{backup_kind, backup_nodes};
use crate::errors::failure;
use crate::functions::backup_vmid;

/// How long a restored guest may take to come up where it is not said.
const USUAL: Duration = Duration::from_secs(5 * 60);

/// What a restored guest must do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
#[choice(rename_all = "snake_case")]
pub enum Proof {
    /// It runs, and still does a few seconds later.
    Running,
    /// Its guest agent answers: the operating system is up. Virtual machines only; containers are checked as `running`.
    Agent,
}

/// Restores a backup to a guest of its own, boots it, looks whether it comes up, and removes it again.
///
/// The guest gets a free VMID, new MAC addresses, and network cards whose links are down, so that it meets nobody; it does
/// not start with its node, and USB and PCI devices are taken out. It is removed whatever comes of the test. One that a
/// killed run left behind is removed by the next test of the same configuration, which knows it by the mark in its notes.
///
/// The test fails when the backup cannot be restored, or the guest does not come up in time. It needs room for the
/// guest's disks while it lasts.
#[derive(Debug, Clone, Model)]
pub struct RestoreTest {
    /// The backup, as a volume id. Exactly one of `backup` and `vmid`.
    #[attr(validate(exactly_one_of(vmid)))]
    pub backup: Option<String>,
    /// The guest whose newest backup on `storage` is tested.
    #[attr(validate(range(100..=999_999_999), required_with(storage)))]
    pub vmid: Option<Vmid>,
    /// The storage on which the guest's backups lie.
    #[attr(validate(required_with(vmid)))]
    pub storage: Option<String>,
    /// The node to restore on. One that is online and has the backup where it is not set.
    pub node: Option<String>,
    /// The storage for the disks meanwhile. Those of the backed-up guest where it is not set.
    pub target_storage: Option<String>,
    /// What the guest must do; `running` where it is not set.
    pub proof: Option<Proof>,
    /// How long the guest may take to come up, `2m` for example. Five minutes where it is not set.
    pub within: Option<GoDuration>,
    /// How long the action may take.
    pub timeouts: Option<ActionTimeouts>,
}

/// A backup to be restored.
struct Chosen {
    node: String,
    volume: VolumeId,
    kind: GuestKind,
}

impl Action for RestoreTest {
    const NAME: &'static str = "proxmox_restore_test";
    const SUBCATEGORY: &'static str = "Proxmox VE";
    type Client = Proxmox;

    fn validate(config: &RestoreTestPartial, diagnostics: &mut Diagnostics) {
        if let Some(text) = config.backup.known()
            && let Err(errors) = volume_of(text)
        {
            diagnostics.extend(errors);
        }
    }

    async fn invoke(cx: &mut ActionContext<Self>, config: Self) -> Result<()> {
        let px = cx.client()?;
        remove_leftovers(cx, &px).await?;
        let chosen = choose(cx, &px, &config).await?;
        cx.progress(format!("testing {} on {}", chosen.volume, chosen.node));
        let what = format!("The restore test of {} failed", chosen.volume);
        let begun = Instant::now();
        let trial = Trial { cx, px: &px, chosen: &chosen, storage: config.target_storage.as_deref() };
        let vmid = trial.restore(&what).await?;
        let restored = begun.elapsed();
        cx.progress(format!("restored as guest {vmid} in {} s", restored.as_secs()));
        let within = config.within.as_ref().map_or(USUAL, GoDuration::length);
        let came_up = trial.boot(vmid, config.proof.unwrap_or(Proof::Running), within).await;
        let removed = trial.remove(vmid).await;
        let mut problems = Diagnostics::new();
        match came_up {
            Ok(after) => cx.progress(format!(
                "{} came up {} s after its start, restored in {} s",
                chosen.volume,
                after.as_secs(),
                restored.as_secs()
            )),
            Err(error) => problems.extend(told(what, &error)),
        }
        if let Err(error) = removed {
            let summary = format!("Guest {vmid} of the restore test could not be removed");
            problems.extend(failure(summary, &error));
        }
        problems.into_result(())
    }
}

fn volume_of(text: &str) -> Result<VolumeId> {
    let volume = text.parse::<VolumeId>().ok().filter(|volume| kind_of(volume).is_some());
    volume.ok_or_else(|| {
        Diagnostics::error_at(
            Path::root().attribute("backup"),
            "This is no backup",
            format!(
                "{text:?} is not the volume id of a backup. Expected one such as \
                 \"local:backup/vzdump-qemu-101-2026_11_21-06_26_23.vma.zst\"."
            ),
        )
    })
}

fn kind_of(volume: &VolumeId) -> Option<GuestKind> {
    match backup_kind(volume)? {
        "lxc" => Some(GuestKind::Lxc),
        _ => Some(GuestKind::Qemu),
    }
}

/// The backup that is meant, and a node to restore it on.
async fn choose(cx: &ActionContext<RestoreTest>, px: &Proxmox, config: &RestoreTest) -> Result<Chosen> {
    let what = "Choosing the backup to test failed";
    let failed = |error: ApiError| failure(what, &error);
    let inventory = px.api.inventory(&budget(cx)).await.map_err(failed)?;
    let named = config.backup.as_deref().map(volume_of).transpose()?;
    let storage = named.as_ref().map(VolumeId::storage).or(config.storage.as_deref()).unwrap_or_default();
    let vmid = named.as_ref().and_then(backup_vmid).or(config.vmid);
    let mut found: Vec<(String, Volume)> = Vec::new();
    for node in backup_nodes(&inventory, storage, config.node.as_deref()) {
        let listed =
            px.api.volumes(&node, storage, Some("backup"), None, &budget(cx)).await.map_err(failed)?;
        found.extend(listed.into_iter().map(|volume| (node.clone(), volume)));
    }
    let of = |volume: &Volume| match &named {
        Some(named) => volume.volid == *named,
        None => volume.vmid.or_else(|| backup_vmid(&volume.volid)) == vmid,
    };
    found.retain(|(_, volume)| of(volume) && kind_of(&volume.volid).is_some());
    found.sort_by_key(|(_, volume)| volume.ctime);
    let Some((node, volume)) = found.pop() else {
        let name = if named.is_some() { "backup" } else { "vmid" };
        let detail = format!(
            "Storage {storage} has no such backup that this account may see (VM.Backup on the guest, or Datastore.Allocate \
             on the storage)."
        );
        return Err(Diagnostics::error_at(
            Path::root().attribute(name),
            "There is no backup to test",
            detail,
        ));
    };
    let kind = kind_of(&volume.volid).unwrap_or(GuestKind::Qemu);
    Ok(Chosen { node, volume: volume.volid, kind })
}
