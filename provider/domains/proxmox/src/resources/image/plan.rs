//! The plan of an image: which file it would be, where it is missing, and what cannot work.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::{Diagnostic, Diagnostics, Field, PlanContext, PlannedAction, Result};
use tf_value::Path;
use transport_rest::Budget;

use super::model::{Content, Image, ImageCopy, ImagePartial, OnDestroy, Transfer};
use super::observe::is_shared;
use super::steps::{Steps, steps, wanted};
use super::{look, names};
use crate::api::VolumeId;
use crate::client::{Proxmox, budget};
use crate::errors::failure;
use crate::images::{Looked, ResolvedChecksum, url_name};
use crate::preflight::{Operation, Scope, StorageNeed, check_node, lacking, storage_problems};

fn at(name: &str) -> Path {
    Path::root().attribute(name)
}

/// Checks what validators cannot express, offline.
pub(super) fn validate(config: &ImagePartial, diagnostics: &mut Diagnostics) {
    if let (Some(content), Some(name)) = (config.content.known(), config.file_name.known())
        && let Err(error) = names::check(*content, name)
    {
        diagnostics
            .push(Diagnostic::error("The file name cannot be used", format!("{error}.")).at(at("file_name")));
    }
    if let (Some(Content::Vztmpl), Some(url), Field::Null) =
        (config.content.known(), config.url.known(), &config.file_name)
        && names::derived(Content::Vztmpl, &url_name(url), "sha256:0", None).is_none()
    {
        diagnostics.push(
            Diagnostic::error(
                "The URL does not tell the kind of archive",
                "A container template ends in .tar.gz, .tar.xz or .tar.zst. Set `file_name` with the right ending.",
            )
            .at(at("url")),
        );
    }
}

/// The error of an image whose format nothing tells.
pub(super) fn name_needed() -> Diagnostics {
    Diagnostics::error_at(
        at("file_name"),
        "The format of the image is not known",
        "Neither the end of the URL nor a look at the file tells whether the image is qcow2, raw or vmdk (it is packed, \
         or this machine cannot reach the publisher). Set `file_name` with the right ending, such as `debian-12.qcow2`.",
    )
}

/// The checksum the image must have: given, or published.
pub(super) async fn resolve(
    px: &Proxmox,
    url: &str,
    checksum: Option<&str>,
    checksum_url: Option<&str>,
    budget: &Budget,
) -> Result<ResolvedChecksum> {
    match (checksum, checksum_url) {
        (Some(given), _) => Ok(ResolvedChecksum::given(given)),
        (None, Some(sums)) => px.publisher.sum(sums, url, budget).await.map_err(|error| {
            Diagnostics::error_at(
                at("checksum_url"),
                "The image's checksum cannot be found",
                format!("{error}."),
            )
        }),
        (None, None) => Err(Diagnostics::error_at(
            at("checksum"),
            "The image has no checksum",
            "Set `checksum`, or `checksum_url` with the publisher's sums file.",
        )),
    }
}

/// Completes the plan, or refuses it.
pub(super) async fn modify(cx: &mut PlanContext<Image>) -> Result<()> {
    match cx.action() {
        PlannedAction::Destroy => return refuse_destroy(cx).await,
        // Planned again as a create, with nothing to keep.
        PlannedAction::Update if cx.replaces() => return Ok(()),
        PlannedAction::Create | PlannedAction::Update => {}
    }
    let Some(checksum) = checksum(cx).await? else {
        // Another image may come, and under a name of the user's there is room for one.
        if fixed_name_stays(cx) {
            cx.require_replace(at("image_checksum"));
        }
        return all_unknown(cx);
    };
    if prior_checksum(cx).as_deref() != Some(checksum.as_str()) {
        cx.plan(&at("image_checksum"), &Some(checksum.as_str().to_owned()))?;
    }
    let Some((name, looked)) = file_name(cx, &checksum).await? else { return place_unknown(cx) };
    if is_replaced(cx, &checksum, &name)? {
        cx.require_replace(at("image_checksum"));
        return Ok(());
    }
    placed(cx, name, looked).await
}

fn prior_checksum(cx: &PlanContext<Image>) -> Option<String> {
    cx.prior().and_then(|prior| prior.image_checksum.known().cloned().flatten())
}

/// The checksum of the image to be, `None` while it cannot be known.
async fn checksum(cx: &mut PlanContext<Image>) -> Result<Option<ResolvedChecksum>> {
    let config = cx.config();
    let (url, given, sums) = (config.url.clone(), config.checksum.clone(), config.checksum_url.clone());
    if let Field::Known(given) = &given {
        return Ok(Some(ResolvedChecksum::given(given)));
    }
    let (Field::Known(url), Field::Known(sums)) = (&url, &sums) else { return Ok(None) };
    let Some(px) = cx.try_client() else { return Ok(None) };
    let resolved = resolve(&px, url, None, Some(sums), &budget(cx)).await;
    let unchanged = cx
        .prior()
        .is_some_and(|prior| prior.url.as_ref() == Some(url) && prior.checksum_url.as_ref() == Some(sums));
    match (resolved, prior_checksum(cx)) {
        (Ok(resolved), _) => Ok(Some(resolved)),
        // A publisher who is away for a while must not stop the plans of everything else.
        (Err(errors), Some(known)) if unchanged => {
            let why = errors.iter().map(|error| error.detail.as_str()).collect::<Vec<_>>().join(" ");
            cx.warn(
                Diagnostic::warning(
                    "The sums file could not be read",
                    format!("{why} Whether there is a new image is not known; the plan goes by the one in the state."),
                )
                .at(at("checksum_url")),
            );
            Ok(Some(ResolvedChecksum::given(&known)))
        }
        (Err(errors), _) => Err(errors),
    }
}

/// The name the file will have and, where it was needed, a look at the published file.
async fn file_name(
    cx: &PlanContext<Image>,
    checksum: &ResolvedChecksum,
) -> Result<Option<(String, Option<Looked>)>> {
    match &cx.config().file_name {
        Field::Known(name) => return Ok(Some((name.clone(), None))),
        Field::Unknown => return Ok(None),
        Field::Null => {}
    }
    if let Some(prior) = cx.prior()
        && let Some(name) = prior.file_name.known()
    {
        let same_image = match prior.image_checksum.known() {
            Some(Some(known)) => known.as_str() == checksum.as_str(),
            // Imported: the file is taken for the image unless its name says otherwise; the apply proves it.
            _ => !names::contradicts(name, checksum.as_str()),
        };
        if same_image {
            return Ok(Some((name.clone(), None)));
        }
    }
    let (Some(content), Some(url)) = (cx.config().content.known(), cx.config().url.known()) else {
        return Ok(None);
    };
    let Some(px) = cx.try_client() else { return Ok(None) };
    let looked = look::look(&px, *content, url, &budget(cx)).await?;
    let name =
        names::derived(*content, &url_name(url), checksum.as_str(), looked.format).ok_or_else(name_needed)?;
    Ok(Some((name, Some(looked))))
}

/// Whether the new image would need the very name the old one has: there is no place beside it.
fn is_replaced(cx: &PlanContext<Image>, checksum: &ResolvedChecksum, name: &str) -> Result<bool> {
    let Some(prior) = cx.prior() else { return Ok(false) };
    let same_name = prior.file_name.known().map(String::as_str) == Some(name);
    let other_image = prior_checksum(cx).is_some_and(|known| known != checksum.as_str());
    Ok(same_name && other_image)
}

/// Whether the user keeps the name that the file has now.
fn fixed_name_stays(cx: &PlanContext<Image>) -> bool {
    let configured = cx.config().file_name.known();
    configured.is_some() && cx.prior().and_then(|prior| prior.file_name.known()) == configured
}

/// Nothing of the file can be known before the checksum is.
fn all_unknown(cx: &mut PlanContext<Image>) -> Result<()> {
    cx.plan_unknown(&at("image_checksum"))?;
    if cx.config().file_name.is_null() {
        cx.plan_unknown(&at("file_name"))?;
    }
    place_unknown(cx)
}

fn place_unknown(cx: &mut PlanContext<Image>) -> Result<()> {
    if cx.config().file_name.is_null() {
        cx.plan_unknown(&at("file_name"))?;
    }
    for name in ["id", "volume_id", "volumes", "node", "size", "format"] {
        cx.plan_unknown(&at(name))?;
    }
    cx.plan(&at("leftovers"), &Vec::<ImageCopy>::new())
}

/// The plan of a file whose name is known.
async fn placed(cx: &mut PlanContext<Image>, name: String, looked: Option<Looked>) -> Result<()> {
    let (Some(storage), Some(content)) =
        (cx.config().storage.known().cloned(), cx.config().content.known().copied())
    else {
        return place_unknown(cx);
    };
    let volume = VolumeId::file(&storage, content.as_str(), &name).map_err(|error| {
        Diagnostics::error_at(at("file_name"), "The image has no usable name", format!("{error}."))
    })?;
    plan_if_new(cx, "file_name", &name, |prior| prior.file_name.known())?;
    let id = volume.to_string();
    for attribute in ["id", "volume_id"] {
        plan_if_new(cx, attribute, &id, |prior| prior.volume_id.known())?;
    }
    if cx.prior().is_none_or(|prior| !prior.leftover_copies().is_empty()) {
        cx.plan(&at("leftovers"), &Vec::<ImageCopy>::new())?;
    }
    let Some(nodes) = known_nodes(cx) else {
        for attribute in ["volumes", "node", "size", "format"] {
            cx.plan_unknown(&at(attribute))?;
        }
        return Ok(());
    };
    let target = wanted(&nodes, &id);
    let volumes: BTreeMap<String, String> =
        target.iter().map(|copy| (copy.node.clone(), copy.volume_id.clone())).collect();
    plan_if_new(cx, "volumes", &volumes, |prior| prior.volumes.known())?;
    let first = cx.prior().and_then(|prior| prior.node.known().filter(|node| nodes.contains(*node)).cloned());
    let first = first.or_else(|| nodes.first().cloned()).unwrap_or_default();
    plan_if_new(cx, "node", &first, |prior| prior.node.known())?;
    let same_file =
        cx.prior().is_some_and(|prior| prior.volume_id.known() == Some(&id) && !prior.copies().is_empty());
    if !same_file {
        for attribute in ["size", "format"] {
            cx.plan_unknown(&at(attribute))?;
        }
    }
    preflight(cx, &storage, content, &target, looked).await
}

fn known_nodes(cx: &PlanContext<Image>) -> Option<BTreeSet<String>> {
    cx.config().nodes.known()?.iter().map(|node| node.known().cloned()).collect()
}

/// Plans a value unless the state has it already.
fn plan_if_new<T: tf_framework::AttributeType + PartialEq>(
    cx: &mut PlanContext<Image>,
    name: &str,
    value: &T,
    held: impl Fn(&Image) -> Option<&T>,
) -> Result<()> {
    if cx.prior().and_then(held) == Some(value) { Ok(()) } else { cx.plan(&at(name), value) }
}

/// Finds out now what the server would refuse later.
async fn preflight(
    cx: &PlanContext<Image>,
    storage: &str,
    content: Content,
    target: &[ImageCopy],
    looked: Option<Looked>,
) -> Result<()> {
    let Some(px) = cx.try_client() else { return Ok(()) };
    let (present, leftovers) =
        cx.prior().map(|prior| (prior.copies(), prior.leftover_copies())).unwrap_or_default();
    // Not knowing whether the storage is shared, more is taken for missing rather than less.
    if steps(&present, &leftovers, target, false) == Steps::default() {
        return Ok(());
    }
    let budget = budget(cx);
    let first = target.first().map_or("", |copy| copy.node.as_str());
    let inventory = px
        .api
        .inventory(&budget)
        .await
        .map_err(|error| failure("The cluster cannot be looked at", &error))?;
    let mut problems: Diagnostics = unusable_nodes(&inventory, &present, target).into_iter().collect();
    problems.clone().into_result(())?;
    let shared = is_shared(&px, storage, first, &budget).await.unwrap_or_default();
    let work = steps(&present, &leftovers, target, shared);
    let looked = match (looked, cx.config().url.known()) {
        (Some(looked), _) => Some(looked),
        (None, Some(url)) if !work.deliver.is_empty() => Some(look::look(&px, content, url, &budget).await?),
        (None, _) => None,
    };
    let transfer = cx.config().transfer.known().copied();
    if let Some(looked) = &looked {
        problems.extend(refuse_packed_by_node(content, transfer, looked));
    }
    let packed = looked.as_ref().is_some_and(|looked| looked.packed);
    let by_node =
        transfer.unwrap_or(if packed { Transfer::Provider } else { Transfer::Node }) == Transfer::Node;
    for copy in &work.deliver {
        let need = StorageNeed {
            node: &copy.node,
            storage,
            content: content.as_str(),
            purpose: content.purpose(),
            // The size of a packed image is not the size it takes up.
            bytes: looked.as_ref().and_then(|looked| looked.size.filter(|_| !looked.packed)),
        };
        let found = storage_problems(&px.api, &inventory, &need, &budget).await;
        problems.extend(found.into_iter().map(|problem| problem.at(at("storage"))));
    }
    problems.extend(forbidden(&px, storage, &work, by_node, &budget).await?);
    problems.into_result(())
}

/// Nodes that a file must be brought to, and cannot.
fn unusable_nodes(
    inventory: &crate::api::Inventory,
    present: &[ImageCopy],
    target: &[ImageCopy],
) -> Vec<Diagnostic> {
    target
        .iter()
        .filter(|copy| !present.contains(copy))
        .filter_map(|copy| check_node(inventory, &copy.node, "no file can be stored there"))
        .map(|problem| problem.at(at("nodes")))
        .collect()
}

fn refuse_packed_by_node(
    content: Content,
    transfer: Option<Transfer>,
    looked: &Looked,
) -> Option<Diagnostic> {
    let unpacked_on_the_way = looked.packed && content != Content::Vztmpl;
    (unpacked_on_the_way && transfer == Some(Transfer::Node)).then(|| {
        Diagnostic::error(
            "A node cannot unpack this image",
            "The published file is packed. A node would store it as it is, under a name that says otherwise. Leave \
             `transfer` out, or set it to \"provider\": the image is then unpacked here and uploaded.",
        )
        .at(at("transfer"))
    })
}

/// Privileges the work lacks. What only a later removal would need is a warning's worth, said by the destroy plan.
async fn forbidden(
    px: &Proxmox,
    storage: &str,
    work: &Steps,
    by_node: bool,
    budget: &Budget,
) -> Result<Vec<Diagnostic>> {
    let permissions = px
        .api
        .shared_permissions(budget)
        .await
        .map_err(|error| failure("The account's permissions cannot be read", &error))?;
    let mut needs = Vec::new();
    for copy in &work.deliver {
        let scope = Scope { node: &copy.node, storage, ..Scope::default() };
        needs.extend([(Operation::ListStorage, scope), (Operation::StoreFile, scope)]);
        if by_node {
            needs.push((Operation::NodeDownload, scope));
        }
    }
    for copy in work.clear.iter().chain(&work.remove) {
        needs.push((Operation::DeleteFile, Scope { node: &copy.node, storage, ..Scope::default() }));
    }
    Ok(lacking(&permissions, px.api.principal(), &needs))
}

/// Says at plan what the destruction would be refused.
async fn refuse_destroy(cx: &PlanContext<Image>) -> Result<()> {
    let (Some(prior), Some(px)) = (cx.prior(), cx.try_client()) else { return Ok(()) };
    if prior.on_destroy == OnDestroy::Keep {
        return Ok(());
    }
    let work = Steps { remove: prior.copies(), ..Steps::default() };
    let problems = forbidden(&px, &prior.storage, &work, false, &budget(cx)).await?;
    problems.into_iter().collect::<Diagnostics>().into_result(())
}
