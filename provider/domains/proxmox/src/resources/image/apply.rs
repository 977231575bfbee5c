//! Bringing files to nodes, swapping the old image for the new, and removing what nobody needs.

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tf_framework::{Computed, Context, Diagnostic, Diagnostics, Result};
use tf_value::Path;
use transport_rest::Budget;

use super::model::{Image, ImageCopy, OnDestroy, Transfer};
use super::observe::{Sight, is_shared, sight};
use super::steps::{steps, wanted};
use super::{look, names, plan};
use crate::api::{ApiError, Kind, VolumeId};
use crate::client::{Proxmox, budget};
use crate::errors::{failed, failure};
use crate::images::{self, Delivery, DeliveryError, ResolvedChecksum, deliver, proven_by_node, url_name};

/// How long cleaning up after a failure or an interrupt may take.
const CLEANUP: std::time::Duration = std::time::Duration::from_secs(20);

/// One making of an image: everything the plan left open is settled.
pub(super) struct Making<'a> {
    px: &'a Proxmox,
    plan: &'a Image,
    url: &'a str,
    checksum: ResolvedChecksum,
    volume: VolumeId,
    derived_name: bool,
    transfer: images::Transfer,
    shared: bool,
    budget: Budget,
}

/// What became of one delivery.
struct Brought {
    copy: ImageCopy,
    outcome: Result<(), DeliveryError>,
    /// Whether a file that was not there before is there now.
    exists: bool,
}

impl<'a> Making<'a> {
    pub(super) async fn new(cx: &Context<Image>, px: &'a Proxmox, plan: &'a Image) -> Result<Self> {
        let budget = budget(cx);
        let url = plan.url.as_deref().ok_or_else(|| {
            Diagnostics::error_at(Path::root().attribute("url"), "The image has no URL", "Set `url`.")
        })?;
        let checksum = match plan.image_checksum.known() {
            Some(Some(planned)) => ResolvedChecksum::given(planned),
            _ => {
                plan::resolve(px, url, plan.checksum.as_deref(), plan.checksum_url.as_deref(), &budget)
                    .await?
            }
        };
        let looked = look::look(px, plan.content, url, &budget).await?;
        let derived = names::derived(plan.content, &url_name(url), checksum.as_str(), looked.format);
        let file_name = match plan.file_name.known() {
            Some(name) => name.clone(),
            None => derived.clone().ok_or_else(plan::name_needed)?,
        };
        let volume = VolumeId::file(&plan.storage, plan.content.as_str(), &file_name).map_err(|error| {
            Diagnostics::error_at(
                Path::root().attribute("file_name"),
                "The image has no usable name",
                format!("{error}."),
            )
        })?;
        let transfer = match plan.transfer {
            Some(Transfer::Node) => images::Transfer::Node,
            Some(Transfer::Provider) => images::Transfer::Provider,
            None if looked.packed => images::Transfer::Provider,
            None => images::Transfer::Node,
        };
        let first = plan.nodes.first().map_or("", String::as_str);
        let shared = is_shared(px, &plan.storage, first, &budget)
            .await
            .map_err(|error| failure(format!("Storage {} cannot be looked at", plan.storage), &error))?;
        let derived_name = derived.as_deref() == Some(file_name.as_str());
        Ok(Self { px, plan, url, checksum, volume, derived_name, transfer, shared, budget })
    }

    fn what(&self, node: &str) -> String {
        format!("Bringing image {} to {node} failed", self.volume)
    }

    fn wanted(&self) -> Vec<ImageCopy> {
        wanted(&self.plan.nodes, &self.volume.to_string())
    }

    fn delivery(&self, node: &str) -> Delivery {
        Delivery {
            node: node.to_owned(),
            storage: self.plan.storage.clone(),
            content: self.plan.content.as_str().to_owned(),
            file_name: self.volume.file_name().to_owned(),
            // A node compares what it finds with the checksum. What was unpacked has another checksum than what was
            // published, so that the name must do.
            named_by_checksum: self.derived_name && self.transfer == images::Transfer::Provider,
            url: self.url.to_owned(),
            checksum: self.checksum.clone(),
            transfer: self.transfer,
        }
    }

    /// Brings the file to one node, and looks what is there if that failed.
    async fn bring_one(&self, copy: ImageCopy) -> Brought {
        let _held = self.px.hold_file(&copy.node, &self.plan.storage, self.volume.file_name()).await;
        let before = images::place(self.px, &copy.node, &self.volume, &self.budget).await;
        let absent = match before {
            Ok(found) => found.is_none(),
            Err(error) => return Brought { copy, outcome: Err(error.into()), exists: false },
        };
        let outcome = deliver(self.px, &self.delivery(&copy.node), &self.budget).await.map(drop);
        let exists = match &outcome {
            Ok(()) => true,
            Err(_) if !absent => false,
            Err(_) => {
                let cleanup = Budget::within(CLEANUP);
                // What cannot be told counts as there: it stays in the state until a read proves otherwise.
                !matches!(images::place(self.px, &copy.node, &self.volume, &cleanup).await, Ok(None))
            }
        };
        Brought { copy, outcome, exists }
    }

    /// Brings the file to each of these nodes. After each the state is kept as `track` tells it from what is there.
    async fn bring(
        &self,
        cx: &mut Context<Image>,
        copies: &[ImageCopy],
        track: impl Fn(&[ImageCopy]) -> Image,
    ) -> Result<()> {
        let mut there: Vec<ImageCopy> = Vec::new();
        let mut errors = Diagnostics::new();
        let mut running: FuturesUnordered<_> =
            copies.iter().map(|copy| self.bring_one(copy.clone())).collect();
        while let Some(Brought { copy, outcome, exists }) = running.next().await {
            if let Err(error) = &outcome {
                errors.push(delivery_failed(self.what(&copy.node), error));
            }
            if exists {
                there.push(copy);
                cx.checkpoint(&track(&there))?;
            }
        }
        errors.into_result(())
    }

    /// The image with everything filled in, as it is once all files are there.
    async fn settled(&self) -> Result<Image> {
        let node =
            self.plan.node.known().cloned().or_else(|| self.plan.nodes.first().cloned()).unwrap_or_default();
        let mut image = self.plan.clone();
        if image.size.known().is_none() || image.format.known().is_none() {
            let what = || format!("Image {} is not listed by {node}", self.volume);
            let inventory =
                self.px.api.inventory(&self.budget).await.map_err(|error| failure(what(), &error))?;
            let seen = sight(self.px, &inventory, &node, &self.volume, &self.budget).await;
            match seen.map_err(|error| failure(what(), &error))? {
                Sight::There(volume) => {
                    image.size = Computed::Known(volume.size);
                    image.format = Computed::Known(volume.format);
                }
                Sight::Gone => {
                    return Err(Diagnostics::error(what(), "It vanished right after it was brought."));
                }
                Sight::Unclear(why) => return Err(Diagnostics::error(what(), format!("{why}."))),
            }
        }
        let volume = self.volume.to_string();
        image.id = Computed::Known(volume.clone());
        image.volume_id = Computed::Known(volume);
        image.file_name = Computed::Known(self.volume.file_name().to_owned());
        image.node = Computed::Known(node);
        image.volumes =
            Computed::Known(self.wanted().into_iter().map(|copy| (copy.node, copy.volume_id)).collect());
        image.image_checksum = Computed::Known(Some(self.checksum.as_str().to_owned()));
        image.leftovers = Computed::Known(Vec::new());
        Ok(image)
    }

    /// The planned image with these files, while others are still on their way.
    fn partial(&self, there: &[ImageCopy]) -> Image {
        let volume = self.volume.to_string();
        let mut image = self.plan.clone();
        image.id = Computed::Known(volume.clone());
        image.volume_id = Computed::Known(volume);
        image.file_name = Computed::Known(self.volume.file_name().to_owned());
        image.node = Computed::Known(there.first().map(|copy| copy.node.clone()).unwrap_or_default());
        image.volumes =
            Computed::Known(there.iter().map(|copy| (copy.node.clone(), copy.volume_id.clone())).collect());
        image.image_checksum = Computed::Known(Some(self.checksum.as_str().to_owned()));
        image.leftovers = Computed::Known(Vec::new());
        image
    }

    /// Whether an imported file is what the configuration says, as far as that can be told without transferring it.
    async fn prove_imported(&self, cx: &Context<Image>, copies: &[ImageCopy]) -> Result<()> {
        if self.transfer == images::Transfer::Provider {
            cx.warn(Diagnostic::warning(
                format!("Image {} was not verified", self.volume),
                "Only a node can compare a file on its storage with a checksum, and only with the checksum of the file as \
                 it lies there. With `transfer = \"provider\"`, and for images that are unpacked on the way, the \
                 configured checksum is recorded unproven.",
            ));
            return Ok(());
        }
        for copy in copies {
            let proven = proven_by_node(self.px, &self.delivery(&copy.node), &self.budget).await;
            if !proven.map_err(|error| delivery_failed(self.what(&copy.node), &error))? {
                return Err(Diagnostics::error_at(
                    Path::root().attribute(if self.plan.checksum.is_some() {
                        "checksum"
                    } else {
                        "checksum_url"
                    }),
                    "The imported file is another image",
                    format!(
                        "{} on {} does not have the checksum {}. Nothing was changed. Import the right file, or set another \
                         `file_name` to have the image delivered beside it.",
                        copy.volume_id,
                        copy.node,
                        self.checksum.as_str()
                    ),
                ));
            }
        }
        Ok(())
    }
}

/// Makes the image on every node.
pub(super) async fn create(cx: &mut Context<Image>, px: &Proxmox, plan: &Image) -> Result<Image> {
    let making = Making::new(cx, px, plan).await?;
    let work = steps(&[], &[], &making.wanted(), making.shared);
    making.bring(cx, &work.deliver, |there| making.partial(there)).await?;
    making.settled().await
}

/// Brings what is missing, swaps, and removes what nobody needs any more.
pub(super) async fn update(
    cx: &mut Context<Image>,
    px: &Proxmox,
    prior: &Image,
    plan: &Image,
) -> Result<Image> {
    let planned_volume = plan.volume_id.known().cloned();
    let leftovers = prior.leftover_copies();
    if let Some(volume) = &planned_volume
        && prior.image_checksum == plan.image_checksum
    {
        let target = wanted(&plan.nodes, volume);
        // Bookkeeping only: no request at all.
        if leftovers.is_empty() && prior.copies() == target {
            return Ok(Image { node: still_first(prior, plan), ..plan.clone() });
        }
    }
    let making = Making::new(cx, px, plan).await?;
    let work = steps(&prior.copies(), &leftovers, &making.wanted(), making.shared);
    if prior.image_checksum.known() == Some(&None) {
        let kept: Vec<ImageCopy> =
            making.wanted().into_iter().filter(|copy| prior.copies().contains(copy)).collect();
        making.prove_imported(cx, &kept).await?;
    }
    let mut before = prior.clone();
    for copy in &work.clear {
        discard(px, copy, &making.budget).await?;
        forget(&mut before, copy);
        cx.checkpoint(&before)?;
    }
    making
        .bring(cx, &work.deliver, |there| {
            let mut tracked = before.clone();
            let mut astray = tracked.leftover_copies();
            astray.extend(there.iter().filter(|copy| !before.copies().contains(copy)).cloned());
            tracked.leftovers = Computed::Known(astray);
            tracked
        })
        .await?;
    let next = making.settled().await?;
    reap(cx, px, next, work.remove, &making.budget).await
}

/// The first node the image was made on, as long as it has it.
fn still_first(prior: &Image, plan: &Image) -> Computed<String> {
    match prior.node.known().filter(|node| plan.nodes.contains(*node)) {
        Some(node) => Computed::Known(node.clone()),
        None => Computed::Known(plan.nodes.first().cloned().unwrap_or_default()),
    }
}

/// The swap: from here on the new files are the image. What cannot be removed stays in the state.
async fn reap(
    cx: &mut Context<Image>,
    px: &Proxmox,
    next: Image,
    remove: Vec<ImageCopy>,
    budget: &Budget,
) -> Result<Image> {
    let mut tracked = next.clone();
    tracked.leftovers = Computed::Known(remove.clone());
    cx.checkpoint(&tracked)?;
    let mut errors = Diagnostics::new();
    for copy in &remove {
        match discard(px, copy, budget).await {
            Ok(()) => {
                forget(&mut tracked, copy);
                cx.checkpoint(&tracked)?;
            }
            Err(problems) => errors.extend(problems),
        }
    }
    errors.into_result(next)
}

fn forget(image: &mut Image, copy: &ImageCopy) {
    let mut left = image.leftover_copies();
    left.retain(|other| other != copy);
    image.leftovers = Computed::Known(left);
    if let Computed::Known(volumes) = &mut image.volumes
        && volumes.get(&copy.node) == Some(&copy.volume_id)
    {
        volumes.remove(&copy.node);
    }
}

/// Removes a file and proves that it is gone.
async fn discard(px: &Proxmox, copy: &ImageCopy, budget: &Budget) -> Result<()> {
    let what = || format!("Removing {} from {} failed", copy.volume_id, copy.node);
    let volume: VolumeId =
        copy.volume_id.parse().map_err(|error| Diagnostics::error(what(), format!("{error}.")))?;
    let _held = px.hold_file(&copy.node, volume.storage(), volume.file_name()).await;
    let seen = async {
        let inventory = px.api.inventory(budget).await?;
        if inventory.node(&copy.node).is_none_or(|entry| entry.is_online()) {
            images::remove(px, &copy.node, &volume, budget).await?;
        }
        // The removal made the index stale.
        let inventory = px.api.inventory(budget).await?;
        sight(px, &inventory, &copy.node, &volume, budget).await
    };
    match seen.await.map_err(|error| remove_failed(what(), &error))? {
        Sight::Gone => Ok(()),
        Sight::There(_) => Err(Diagnostics::error(
            what(),
            "The node says that it removed the file, but still lists it. On a distributed storage it may need a moment: \
             apply again.",
        )),
        Sight::Unclear(why) => Err(Diagnostics::error(
            what(),
            format!(
                "Whether it is gone cannot be told: {why}. Bring the node and the storage back and apply again. If they are \
                 gone for good, drop the resource from the state with `terraform state rm`."
            ),
        )),
    }
}

fn remove_failed(what: String, error: &ApiError) -> Diagnostics {
    if error.is(Kind::InUse) || error.is(Kind::Protected) {
        let mut problem = failed(what, error);
        problem.detail.push_str(" A guest may have it in its drive: take it out there and apply again.");
        return problem.into();
    }
    failure(what, error)
}

/// Removes every file of the image.
pub(super) async fn delete(cx: &mut Context<Image>, px: &Proxmox, state: Image) -> Result<()> {
    if state.on_destroy == OnDestroy::Keep {
        return Ok(());
    }
    let budget = budget(cx);
    let all: Vec<ImageCopy> = state.copies().into_iter().chain(state.leftover_copies()).collect();
    let Some(first) = all.first() else { return Ok(()) };
    let shared = is_shared(px, &state.storage, &first.node, &budget)
        .await
        .map_err(|error| failure(format!("Storage {} cannot be looked at", state.storage), &error))?;
    let mut left = state;
    let mut errors = Diagnostics::new();
    for copy in steps(&all, &[], &[], shared).remove {
        match discard(px, &copy, &budget).await {
            Ok(()) => {
                let same = |other: &ImageCopy| {
                    other.volume_id == copy.volume_id && (shared || other.node == copy.node)
                };
                all.iter().filter(|other| same(other)).for_each(|other| forget(&mut left, other));
                cx.checkpoint(&left)?;
            }
            Err(problems) => errors.extend(problems),
        }
    }
    errors.into_result(())
}

/// A delivery's failure, pointing at the attribute to blame.
fn delivery_failed(what: String, error: &DeliveryError) -> Diagnostic {
    let at = |name: &str| Path::root().attribute(name);
    match error {
        DeliveryError::Api(error) if error.is(Kind::ChecksumMismatch) => failed(what, error).at(at("checksum")),
        DeliveryError::Api(error) => failed(what, error),
        DeliveryError::Publisher(_) | DeliveryError::Unpack { .. } | DeliveryError::NotAnImage { .. } => {
            Diagnostic::error(what, format!("{error}.")).at(at("url"))
        }
        DeliveryError::Occupied { volume } => Diagnostic::error(
            what,
            format!(
                "A file of this name is there already, and it is not this image. Remove it, choose another `file_name`, or \
                 import it: `{volume}`."
            ),
        )
        .at(at("file_name")),
        DeliveryError::Volume(_) | DeliveryError::File(_) => Diagnostic::error(what, format!("{error}.")),
    }
}
