//! The seed image of a guest whose cloud-init documents are declared.

use transport_rest::Budget;

use super::model::*;
use super::observe::{Drive, drives};
use super::steps::has_documents;
use crate::api::{GuestConfig, GuestRef, PropertyString, Vmid, VolumeId};
use crate::client::Proxmox;
use crate::seed::{
    SeedDocuments, SeedError, SeedPlan, default_instance_id, ensure_seed, remove_seeds, seed_owner,
};

/// A seed as the plan wants it.
#[derive(Debug, Clone)]
pub(super) struct Seed {
    documents: SeedDocuments,
    storage: String,
    /// Slot of its drive.
    pub(super) slot: String,
    /// Its volume.
    pub(super) volume: VolumeId,
}

/// The seed a plan declares; none where it declares no documents.
///
/// # Errors
/// [`SeedError`] for documents that make no image.
pub(super) fn wanted(plan: &Vm, vmid: Vmid) -> Result<Option<Seed>, SeedError> {
    let cloud_init = plan.cloud_init.known().and_then(Option::as_ref);
    let Some(cloud_init) = cloud_init.filter(|cloud_init| has_documents(cloud_init)) else { return Ok(None) };
    let Some(Some(storage)) = cloud_init.storage.known().cloned() else { return Ok(None) };
    let given = |document: &tf_framework::Computed<Option<String>>| {
        document.known().cloned().flatten().filter(|text| !text.is_empty())
    };
    let documents = SeedDocuments {
        instance_id: given(&cloud_init.instance_id),
        hostname: Some(plan.name.clone()),
        user_data: given(&cloud_init.user_data),
        network_config: given(&cloud_init.network_config),
        vendor_data: given(&cloud_init.vendor_data),
    };
    let volume = SeedPlan::new(vmid, &documents)?.volume(&storage)?;
    Ok(Some(Seed { documents, storage, slot: cloud_init.slot.clone(), volume }))
}

impl Seed {
    /// Whether it is in its drive.
    pub(super) fn is_in(&self, config: &GuestConfig) -> bool {
        config.get(&self.slot).and_then(file).as_deref() == Some(self.volume.to_string().as_str())
    }

    /// Brings the image to the storage.
    ///
    /// # Errors
    /// [`SeedError`].
    pub(super) async fn bring(
        &self,
        px: &Proxmox,
        guest: &GuestRef,
        budget: &Budget,
    ) -> Result<(), SeedError> {
        let Self { documents, storage, .. } = self;
        ensure_seed(px, &guest.node, storage, guest.vmid, documents, budget).await.map(drop)
    }

    /// Removes the images it supersedes.
    ///
    /// # Errors
    /// [`SeedError`].
    pub(super) async fn supersede(
        &self,
        px: &Proxmox,
        guest: &GuestRef,
        budget: &Budget,
    ) -> Result<(), SeedError> {
        let (keep, storage) = (Some(&self.volume), &self.storage);
        remove_seeds(px, &guest.node, storage, guest.vmid, keep, budget).await?;
        Ok(())
    }
}

fn file(text: &str) -> Option<String> {
    PropertyString::parse(text, Some("file")).ok()?.get("file").map(str::to_owned)
}

/// The drive that holds a seed of ours.
pub(super) fn drive(config: &GuestConfig) -> Option<(String, VolumeId)> {
    drives(config, Drive::CloudInit).into_iter().find_map(|(slot, text)| {
        let volume: VolumeId = file(&text)?.parse().ok()?;
        seed_owner(&volume).map(|_| (slot, volume))
    })
}

/// The storage of a guest's seed, where it is declared to have one.
pub(super) fn storage(vm: &Vm) -> Option<String> {
    let cloud_init = vm.cloud_init.known().and_then(Option::as_ref)?;
    has_documents(cloud_init).then(|| cloud_init.storage.known().cloned().flatten()).flatten()
}

/// The identity of an instance that was left open.
pub(super) fn name_instance(vm: &mut Vm) {
    let vmid = vm.vmid.known().copied();
    let tf_framework::Computed::Known(Some(cloud_init)) = &mut vm.cloud_init else { return };
    if cloud_init.instance_id.known().is_none_or(Option::is_none) {
        let seeded = has_documents(cloud_init);
        cloud_init.instance_id = vmid.filter(|_| seeded).map(default_instance_id).into();
    }
}
