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
use crate::api::{ApiError, Kind, NodeEntry, VolumeId};
use crate::client::{Proxmox, budget};
use crate::errors::{failed, failure};
use crate::images::{
    self, Delivery, DeliveryError, Looked, ResolvedChecksum, deliver, proven_by_node, url_name,
};

/// How long cleaning up after a failure or an interrupt may take.
const CLEANUP: std::time::Duration = std::time::Duration::from_secs(20);

/// One making of an image: everything the plan left open is settled.
pub(super) struct Making<'a> {
    px: &'a Proxmox,
    plan: &'a Image,
    url: &'a str,
    checksum: ResolvedChecksum,
    volume: VolumeId,
    shared: bool,
    /// A look at the published file, where one was needed to find its name.
    looked: Option<Looked>,
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
    pub(super) async fn new(
        cx: &Context<Image>,
        px: &'a Proxmox,
        prior: Option<&Image>,
        plan: &'a Image,
    ) -> Result<Self> {
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
        let held = prior.filter(|prior| is_of(prior, &checksum)).and_then(|prior| prior.file_name.known());
        let mut looked = None;
        let file_name = match plan.file_name.known().or(held) {
            Some(name) => name.clone(),
            None => {
                let seen = looked.insert(look::look(px, plan.content, url, &budget).await?);
                names::derived(plan.content, &url_name(url), checksum.as_str(), seen.format)
                    .ok_or_else(plan::name_needed)?
            }
        };
        let volume = VolumeId::file(&plan.storage, plan.content.as_str(), &file_name).map_err(|error| {
            let at = Path::root().attribute("file_name");
            Diagnostics::error_at(at, "The image has no usable name", format!("{error}."))
        })?;
        let first = plan.nodes.first().map_or("", String::as_str);
        let shared = is_shared(px, &plan.storage, first, &budget)
            .await
            .map_err(|error| failure(format!("Storage {} cannot be looked at", plan.storage), &error))?;
        Ok(Self { px, plan, url, checksum, volume, shared, looked, budget })
    }

    /// Who downloads: as configured, else the node unless the image must be unpacked.
    async fn transfer(&self) -> Result<images::Transfer> {
        let packed = match (self.plan.transfer, &self.looked) {
            (Some(Transfer::Node), _) => return Ok(images::Transfer::Node),
            (Some(Transfer::Provider), _) => return Ok(images::Transfer::Provider),
            (None, Some(looked)) => looked.packed,
            (None, None) => look::look(self.px, self.plan.content, self.url, &self.budget).await?.packed,
        };
        Ok(if packed { images::Transfer::Provider } else { images::Transfer::Node })
    }

    fn what(&self, node: &str) -> String {
        format!("Bringing image {} to {node} failed", self.volume)
    }

    fn wanted(&self) -> Vec<ImageCopy> {
        wanted(&self.plan.nodes, &self.volume.to_string())
    }

    fn delivery(&self, node: &str, transfer: images::Transfer) -> Delivery {
        let named = names::carries(self.volume.file_name(), self.checksum.as_str());
        Delivery {
            node: node.to_owned(),
            storage: self.plan.storage.clone(),
            content: self.plan.content.as_str().to_owned(),
            file_name: self.volume.file_name().to_owned(),
            // A node compares what it finds with the checksum. What was unpacked has another checksum than what was
            // published, so that the name must do.
            named_by_checksum: named && transfer == images::Transfer::Provider,
            url: self.url.to_owned(),
            checksum: self.checksum.clone(),
            transfer,
        }
    }

    /// Brings the file to one node, and looks what is there if that failed.
    async fn bring_one(&self, copy: ImageCopy, transfer: images::Transfer) -> Brought {
        let _held = self.px.hold_file(&copy.node, &self.plan.storage, self.volume.file_name()).await;
        let before = images::place(self.px, &copy.node, &self.volume, &self.budget).await;
        let absent = match before {
            Ok(found) => found.is_none(),
            Err(error) => return Brought { copy, outcome: Err(error.into()), exists: false },
        };
        let outcome = deliver(self.px, &self.delivery(&copy.node, transfer), &self.budget).await.map(drop);
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
        if copies.is_empty() {
            return Ok(());
        }
        let transfer = self.transfer().await?;
        let mut there: Vec<ImageCopy> = Vec::new();
        let mut errors = Diagnostics::new();
        let mut running: FuturesUnordered<_> =
            copies.iter().map(|copy| self.bring_one(copy.clone(), transfer)).collect();
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
        let transfer = self.transfer().await?;
        if transfer == images::Transfer::Provider {
            cx.warn(Diagnostic::warning(
                format!("Image {} was not verified", self.volume),
                "Only a node can compare a file on its storage with a checksum, and only with the checksum of the file as \
                 it lies there. With `transfer = \"provider\"`, and for images that are unpacked on the way, the \
                 configured checksum is recorded unproven.",
            ));
            return Ok(());
        }
        for copy in copies {
            let proven = proven_by_node(self.px, &self.delivery(&copy.node, transfer), &self.budget).await;
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
    let making = Making::new(cx, px, None, plan).await?;
    let work = steps(&[], &[], &making.wanted(), making.shared);
    making.bring(cx, &work.deliver, |there| making.partial(there)).await?;
    making.settled().await
}

/// Whether an image is the one with this checksum. An imported one is, until it is proven not to be.
fn is_of(image: &Image, checksum: &ResolvedChecksum) -> bool {
    match image.image_checksum.known() {
        Some(Some(known)) => known == checksum.as_str(),
        _ => image.file_name.known().is_some_and(|name| !names::contradicts(name, checksum.as_str())),
    }
}

/// Brings what is missing, swaps, and removes what nobody needs any more.
pub(super) async fn update(
    cx: &mut Context<Image>,
    px: &Proxmox,
    prior: &Image,
    plan: &Image,
) -> Result<Image> {
    if let Some(done) = bookkeeping(prior, plan) {
        return Ok(done);
    }
    let making = Making::new(cx, px, Some(prior), plan).await?;
    // What lies under the name of the image but is another one makes room first.
    let of_this = is_of(prior, &making.checksum);
    let (present, astray): (Vec<_>, Vec<_>) =
        prior.copies().into_iter().partition(|copy| of_this || copy.volume_id != making.volume.to_string());
    let leftovers = [prior.leftover_copies(), astray].concat();
    let work = steps(&present, &leftovers, &making.wanted(), making.shared);
    if prior.image_checksum.known() == Some(&None) {
        let kept: Vec<ImageCopy> =
            making.wanted().into_iter().filter(|copy| present.contains(copy)).collect();
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

/// The changed image where no file changes: without a request.
fn bookkeeping(prior: &Image, plan: &Image) -> Option<Image> {
    let volume = plan.volume_id.known()?;
    let target = wanted(&plan.nodes, volume);
    let same = prior.image_checksum == plan.image_checksum
        && prior.copies() == target
        && prior.leftover_copies().is_empty()
        && prior.size.known().is_some();
    let still_there = prior.node.known().filter(|node| plan.nodes.contains(*node)).or(plan.nodes.first());
    same.then(|| Image {
        file_name: prior.file_name.clone(),
        volumes: prior.volumes.clone(),
        node: Computed::Known(still_there.cloned().unwrap_or_default()),
        size: prior.size,
        format: prior.format.clone(),
        leftovers: Computed::Known(Vec::new()),
        ..plan.clone()
    })
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
        // What left the cluster took its files along; what does not answer is found out below.
        if inventory.node(&copy.node).is_some_and(NodeEntry::is_online) {
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
