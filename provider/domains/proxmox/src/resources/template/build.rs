//! Building a template from an image: deliver, import, resize, convert. Each step looks before it acts, so that
//! a run can go on where a killed one stopped.

use std::time::Duration;

use tf_framework::{Computed, Context, Diagnostic, Diagnostics, Result};
use tf_value::Path;
use transport_rest::Budget;

use super::hardware;
use super::leftover;
use super::model::{Previous, Template, TemplateDisk, TemplateImage, Transfer};
use super::observe::Seen;
use super::preflight::disk_too_small;
use super::stamp::{Stamp, notes};
use crate::api::{ApiError, ConfigView, DiskSize, GuestRef, Kind, Presence, Upid, Vmid, VolumeId};
use crate::client::{Proxmox, SharedFile, budget};
use crate::errors::failure;
use crate::guest::Lost;
use crate::images::{self, Delivery, ResolvedChecksum, deliver, look, url_name};

/// How often a creation that left nothing behind is tried.
const TRIES: usize = 8;

/// How a half-made guest is kept in state while it is built.
pub(super) enum Keep<'a> {
    /// As the resource itself: it is being created.
    Itself,
    /// Among the earlier versions of this one: it is to replace it.
    Beside(&'a Template),
}

/// One making of a template.
pub(super) struct Build<'a> {
    pub(super) px: &'a Proxmox,
    pub(super) plan: &'a Template,
    pub(super) image: &'a TemplateImage,
    pub(super) disk: &'a TemplateDisk,
    pub(super) checksum: ResolvedChecksum,
    pub(super) keep: Keep<'a>,
    budget: Budget,
    stamp: Stamp,
}

impl<'a> Build<'a> {
    pub(super) fn new(
        cx: &Context<Template>,
        px: &'a Proxmox,
        plan: &'a Template,
        checksum: ResolvedChecksum,
        keep: Keep<'a>,
    ) -> Result<Self> {
        let (Some(image), Some(disk)) = (&plan.image, &plan.disk) else {
            return Err(Diagnostics::error(
                "A template needs an image and a disk",
                "Set both `image` and `disk`.",
            ));
        };
        let stamp = Stamp::of(plan, Some(checksum.as_str()));
        Ok(Self { px, plan, image, disk, checksum, keep, budget: budget(cx), stamp })
    }

    fn what(&self) -> String {
        format!("Building template {:?} on {} failed", self.plan.name, self.plan.node)
    }

    /// Makes the template, or finishes what an earlier run began.
    pub(super) async fn run(&self, cx: &mut Context<Template>) -> Result<Seen> {
        let delivery = self.delivery().await?;
        let volume = VolumeId::file(&delivery.storage, &delivery.content, &delivery.file_name)
            .map_err(|error| Diagnostics::error(self.what(), format!("{error}.")))?;
        let shared = self.px.share_file(&delivery.node, &delivery.storage, &delivery.file_name);
        let known = self.known();
        let found = leftover::find(self.px, &self.plan.name, &self.stamp.key, &known, &self.budget).await;
        let found = found.map_err(|error| failure(self.what(), &error))?;
        for other in found.unfinished.iter().filter(|other| !self.is_tracked(other.guest.vmid)) {
            cx.warn(self.unfinished(other));
        }
        let guest = match found.ours {
            Some(seen) => {
                tracing::info!(vmid = seen.guest.vmid, "going on with what an earlier run began");
                self.note(cx, seen.guest.vmid)?;
                GuestRef::from(&seen.guest)
            }
            None => {
                self.bring(&shared, &delivery).await?;
                match self.create(cx, &volume).await {
                    Ok(guest) => guest,
                    Err(errors) => {
                        // What failed is what matters; the image is no trouble that must hide it.
                        let _ = self.discard(shared, &delivery.node, &volume, &cleanup()).await;
                        return Err(errors);
                    }
                }
            }
        };
        // The disk is a copy of the image: what goes wrong from here on needs it no more.
        let discarded = self.discard(shared, &delivery.node, &volume, &self.budget).await;
        discarded.map_err(|error| failure(format!("Removing the image {volume} failed"), &error))?;
        // What is interrupted from here on ends by itself: these tasks are short, and half done they would be worse.
        self.finish(&guest).await.map_err(|error| failure(self.what(), &error))?;
        self.look_at(&guest).await.map_err(|error| failure(self.what(), &error))
    }

    /// Numbers that are templates already in state.
    fn known(&self) -> Vec<Vmid> {
        match &self.keep {
            Keep::Itself => Vec::new(),
            Keep::Beside(prior) => prior.vmid.known().copied().into_iter().collect(),
        }
    }

    /// Whether a guest is in state among the earlier versions, to be reaped with them.
    fn is_tracked(&self, vmid: Vmid) -> bool {
        let Keep::Beside(prior) = &self.keep else { return false };
        prior.previous.known().into_iter().flatten().any(|old| old.vmid == vmid)
    }

    /// Says what only a person can judge: a guest that a run with other settings began may still be in the making.
    fn unfinished(&self, other: &Seen) -> Diagnostic {
        let vmid = other.guest.vmid;
        let version = other.stamp.as_ref().and_then(|stamp| stamp.version.as_deref());
        let version = version.map(|version| format!(" version {version:?} of")).unwrap_or_default();
        Diagnostic::warning(
            format!("Guest {vmid} was never finished"),
            format!(
                "It was begun as{version} template {:?} with other settings, by a run that was killed or still goes on. Unless \
                 it does, remove it: `qm destroy {vmid}` on {}.",
                self.plan.name, other.guest.node
            ),
        )
    }

    /// Where the image goes and who brings it there.
    async fn delivery(&self) -> Result<Delivery> {
        let image = self.image;
        let looked = look(self.px, &image.url, &self.budget).await.map_err(|error| {
            let at = Path::root().attribute("image").attribute("url");
            Diagnostics::error_at(at, "The image is no disk image", format!("{}: {error}.", image.url))
        })?;
        let transfer = match image.transfer {
            Some(Transfer::Node) => images::Transfer::Node,
            Some(Transfer::Provider) => images::Transfer::Provider,
            None if looked.packed => images::Transfer::Provider,
            None => images::Transfer::Node,
        };
        let name = url_name(&image.url);
        let told = looked.format.map(images::ImageFormat::extension);
        let extension = told.or_else(|| images::target_extension(&name)).unwrap_or("qcow2");
        // What is removed after use must not be a file that somebody else, such as an image resource, relies on.
        let extension = if image.keep { extension.to_owned() } else { format!("build.{extension}") };
        Ok(Delivery {
            node: self.plan.node.clone(),
            storage: image.storage.clone().unwrap_or_else(|| self.disk.storage.clone()),
            content: "import".to_owned(),
            file_name: images::default_name(&name, self.checksum.as_str(), &extension),
            named_by_checksum: true,
            url: image.url.clone(),
            checksum: self.checksum.clone(),
            transfer,
        })
    }

    /// Brings the image to the storage; the first of several templates of this run does it for all.
    async fn bring(&self, shared: &SharedFile, delivery: &Delivery) -> Result<()> {
        let held = shared.hold().await;
        let placed = deliver(self.px, delivery, &self.budget).await;
        let placed = placed.map_err(|error| super::delivery_failed(&self.what(), &error))?;
        drop(held);
        let problem = self.disk.size.as_ref().and_then(|size| disk_too_small(size, placed.size));
        if let Some(problem) = problem {
            if !self.image.keep {
                // What is wrong is the size; a leftover image would only be another trouble.
                let _ = images::remove(self.px, &delivery.node, &placed.volume, &self.budget).await;
            }
            return Err(problem.into());
        }
        Ok(())
    }

    /// Removes the image after use, unless another template of this run still needs it.
    async fn discard(
        &self,
        shared: SharedFile,
        node: &str,
        image: &VolumeId,
        budget: &Budget,
    ) -> Result<(), ApiError> {
        let held = shared.finish().await;
        if held.is_none() || self.image.keep {
            return Ok(());
        }
        images::remove(self.px, node, image, budget).await
    }

    /// Creates the guest from the image, which claims the number.
    async fn create(&self, cx: &mut Context<Template>, image: &VolumeId) -> Result<GuestRef> {
        let disk_keys =
            [format!("node:{}", self.plan.node), format!("storage:{}/{}", self.plan.node, self.disk.storage)];
        let permits = self.px.api.begin_work(disk_keys, &self.budget).await;
        let _permits = permits.map_err(|error| failure(self.what(), &error))?;
        let configured = match &self.keep {
            Keep::Itself => self.plan.vmid.known().copied(),
            Keep::Beside(prior) => {
                self.plan.vmid.known().copied().filter(|vmid| prior.vmid.known() != Some(vmid))
            }
        };
        let (mut tries, mut lost) = (0, Lost::default());
        loop {
            let vmid = match configured {
                Some(vmid) => vmid,
                None => {
                    self.px.api.next_vmid(&self.budget).await.map_err(|error| failure(self.what(), &error))?
                }
            };
            let guest = GuestRef::qemu(&self.plan.node, vmid);
            match self.try_create(cx, &guest, image).await {
                Ok(()) => return Ok(guest),
                Err(error) if error.is(Kind::AlreadyExists) && configured.is_none() && lost.note(vmid) => {
                    tracing::info!(vmid, "taken meanwhile; asking for another number");
                    let paused = lost.pause(&self.budget).await;
                    paused.map_err(|error| failure(self.what(), &error))?;
                }
                Err(error) if tries < TRIES && self.was_taken_back(vmid, &error).await => {
                    tries += 1;
                    tracing::info!(vmid, %error, "creating it again");
                    let pause = Duration::from_secs(1) * u32::try_from(tries).unwrap_or(1);
                    let waiting = || format!("another try of creating {vmid}");
                    let slept = self.budget.sleep(pause, waiting).await;
                    slept.map_err(|error| failure(self.what(), &error.into()))?;
                }
                Err(error) => return Err(self.create_failed(cx, &guest, &error).await),
            }
        }
    }

    async fn try_create(
        &self,
        cx: &mut Context<Template>,
        guest: &GuestRef,
        image: &VolumeId,
    ) -> Result<(), ApiError> {
        let plan = hardware::with_usual(self.plan.clone());
        let notes = notes(self.plan.description.as_deref(), &self.stamp);
        let form = hardware::creation(&plan, self.disk, image, &notes);
        let upid: Upid = self.px.api.create_guest(guest, form, &images::answer_budget()).await?;
        self.px.note_started(&upid);
        // From here on the guest may exist: whatever happens, Terraform keeps track of it.
        self.note(cx, guest.vmid).map_err(|errors| ApiError::Argument(errors.to_string()))?;
        self.px.api.wait(&upid, &self.budget).await.map(drop)
    }

    /// Whether a creation waited for a lock in vain and left nothing behind.
    async fn was_taken_back(&self, vmid: Vmid, error: &ApiError) -> bool {
        let ApiError::Task(failed) = error else { return false };
        if !failed.kind.is_transient() {
            return false;
        }
        self.px.api.invalidate();
        matches!(self.px.api.presence(vmid, &self.budget).await, Ok(Presence::Gone))
    }

    /// Cleans up after a failed creation, as far as it must, and says what went wrong.
    async fn create_failed(
        &self,
        cx: &mut Context<Template>,
        guest: &GuestRef,
        error: &ApiError,
    ) -> Diagnostics {
        images::stop_if_unfinished(self.px, error).await;
        let cleanup = cleanup();
        self.px.api.invalidate();
        // Proxmox takes a failed creation back by itself. Only what is proven gone is forgotten.
        if let Ok(Presence::Gone) = self.px.api.presence(guest.vmid, &cleanup).await {
            match &self.keep {
                Keep::Itself => cx.forget(),
                Keep::Beside(prior) => drop(cx.checkpoint(prior)),
            }
        }
        if error.is(Kind::AlreadyExists) {
            return Diagnostics::error_at(
                Path::root().attribute("vmid"),
                format!("VMID {} is taken", guest.vmid),
                format!(
                    "{error}. Leave `vmid` out to let the cluster choose, choose a free one, or take the existing guest over \
                     with `adopt = {{ vmid = {} }}` or an import.",
                    guest.vmid
                ),
            );
        }
        failure(self.what(), error)
    }

    /// Keeps track of the guest in state.
    fn note(&self, cx: &mut Context<Template>, vmid: Vmid) -> Result<()> {
        match &self.keep {
            Keep::Itself => {
                let mut partial = self.plan.clone();
                partial.vmid = Computed::Known(vmid);
                partial.id = Computed::Known(vmid.to_string());
                partial.current_node = Computed::Known(self.plan.node.clone());
                partial.previous = Computed::Known(Vec::new());
                cx.checkpoint(&partial)
            }
            Keep::Beside(prior) => {
                let mut beside = (*prior).clone();
                let mut previous = beside.previous.into_known().unwrap_or_default();
                previous.retain(|other| other.vmid != vmid);
                previous.push(Previous { vmid, version: self.plan.version.clone(), uuid: None });
                beside.previous = Computed::Known(previous);
                cx.checkpoint(&beside)
            }
        }
    }

    /// Grows the disk and converts the guest, where that is still to be done.
    async fn finish(&self, guest: &GuestRef) -> Result<(), ApiError> {
        let config = self.px.api.guest_config(guest, ConfigView::Current, &self.budget).await?;
        if config.is_template() {
            return Ok(());
        }
        let wanted: Option<DiskSize> = self.disk.size.as_deref().and_then(|size| size.parse().ok());
        let actual = hardware::disk_at(&config, &self.disk.slot).and_then(|disk| disk.size);
        if let (Some(wanted), Some(actual)) = (wanted, actual)
            && wanted > actual
        {
            let grow = || self.px.api.resize_disk(guest, &self.disk.slot, wanted, None, &self.budget);
            self.px.api.run_optional(&self.budget, grow).await?;
        }
        convert(self.px, guest, &self.budget).await
    }

    async fn look_at(&self, guest: &GuestRef) -> Result<Seen, ApiError> {
        super::look_up(self.px, guest.vmid, &self.budget).await
    }
}

/// The limits of putting things in order after a failure, also when the operation was cancelled.
fn cleanup() -> Budget {
    Budget::within(Duration::from_secs(20))
}

/// Makes a guest a template. One that is already is left as it is.
pub(super) async fn convert(px: &Proxmox, guest: &GuestRef, budget: &Budget) -> Result<(), ApiError> {
    match px.api.run_optional(budget, || px.api.convert_to_template(guest, budget)).await {
        Err(error) if error.is(Kind::IsTemplate) => Ok(()),
        converted => converted.map(drop),
    }
}
