//! Looking for the files, and never taking silence for absence.

use std::collections::BTreeMap;

use futures::future::join_all;
use tf_framework::{Computed, Context, Diagnostic, Result};
use transport_rest::Budget;

use super::model::{Image, ImageCopy};
use crate::api::{ApiError, Inventory, Kind, NodeEntry, Volume, VolumeId};
use crate::client::{Proxmox, budget};
use crate::errors::failure;

/// What a look at a storage told of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sight {
    /// It is there.
    There(Volume),
    /// It is proven not to be: the storage is active and does not list it, or the node left the cluster.
    Gone,
    /// Nobody can tell now, and why.
    Unclear(String),
}

/// Looks for a file on a node.
///
/// # Errors
/// What says neither that it is there nor that it cannot be told, such as a lacking privilege.
pub(super) async fn sight(
    px: &Proxmox,
    inventory: &Inventory,
    node: &str,
    volume: &VolumeId,
    budget: &Budget,
) -> Result<Sight, ApiError> {
    match inventory.node(node) {
        // Every account is told of every node.
        None if inventory.nodes().next().is_some() => return Ok(Sight::Gone),
        Some(entry) if !entry.is_online() => {
            return Ok(Sight::Unclear(format!("node {node} is {}", entry.status)));
        }
        _ => {}
    }
    let storage = volume.storage();
    match px.api.shared_volumes(node, storage, volume.content(), budget).await {
        Ok(volumes) => {
            if let Some(found) = volumes.iter().find(|found| found.volid == *volume) {
                return Ok(Sight::There(found.clone()));
            }
        }
        Err(error) => return unclear(error),
    }
    // Not listed. That proves something only where the storage is at work.
    match px.api.storage(node, storage, budget).await {
        Ok(found) if found.active && found.enabled => Ok(Sight::Gone),
        Ok(_) => Ok(Sight::Unclear(format!("storage {storage} is not active on {node}"))),
        Err(error) => unclear(error),
    }
}

/// Failures that say that the file cannot be seen now, rather than that something is wrong with the question.
fn unclear(error: ApiError) -> Result<Sight, ApiError> {
    let silent = match error.kind() {
        Some(kind) => matches!(
            kind,
            Kind::NodeUnreachable
                | Kind::NodeTimeout
                | Kind::StorageOffline
                | Kind::Unavailable
                | Kind::CommandFailed
                // "storage … does not exist", "directory … does not exist or is unreachable"
                | Kind::Missing
                | Kind::Unclassified
        ),
        None => false,
    };
    if silent { Ok(Sight::Unclear(error.to_string())) } else { Err(error) }
}

/// Whether all nodes see the same files on a storage.
///
/// # Errors
/// [`ApiError`].
pub(super) async fn is_shared(
    px: &Proxmox,
    storage: &str,
    node: &str,
    budget: &Budget,
) -> Result<bool, ApiError> {
    let inventory = px.api.inventory(budget).await?;
    match inventory.storages().find(|entry| entry.storage == storage) {
        Some(entry) => Ok(entry.shared),
        // The index leaves out what the account may not audit.
        None => Ok(px.api.storage(node, storage, budget).await?.shared),
    }
}

/// What looking for all files of an image told.
struct Sights {
    by_file: BTreeMap<ImageCopy, Sight>,
    shared: bool,
}

impl Sights {
    /// One look a file: on a shared storage from a node that answers.
    async fn gather(px: &Proxmox, copies: &[ImageCopy], budget: &Budget) -> Result<Self, ApiError> {
        let inventory = px.api.inventory(budget).await?;
        let storages = copies.iter().filter_map(|copy| copy.volume_id.parse::<VolumeId>().ok());
        let shared = storages.into_iter().any(|volume| inventory.is_shared(&volume));
        let mut chosen: Vec<&ImageCopy> = Vec::new();
        for copy in copies {
            let online = |copy: &ImageCopy| inventory.node(&copy.node).is_some_and(NodeEntry::is_online);
            match chosen.iter_mut().find(|other| shared && other.volume_id == copy.volume_id) {
                Some(other) if !online(other) && online(copy) => *other = copy,
                Some(_) => {}
                None => chosen.push(copy),
            }
        }
        let looks = chosen.into_iter().map(|copy| async {
            let sight = match copy.volume_id.parse::<VolumeId>() {
                Ok(volume) => sight(px, &inventory, &copy.node, &volume, budget).await?,
                Err(error) => Sight::Unclear(error.to_string()),
            };
            Ok::<_, ApiError>((copy.clone(), sight))
        });
        let by_file = join_all(looks).await.into_iter().collect::<Result<_, _>>()?;
        Ok(Self { by_file, shared })
    }

    fn of(&self, copy: &ImageCopy) -> Option<&Sight> {
        self.by_file.get(copy).or_else(|| {
            let same = |(other, _): &(&ImageCopy, &Sight)| self.shared && other.volume_id == copy.volume_id;
            self.by_file.iter().find(same).map(|(_, sight)| sight)
        })
    }
}

/// Reads the image: which files are there, which are gone, which were changed.
pub(super) async fn refresh(cx: &Context<Image>, px: &Proxmox, state: Image) -> Result<Option<Image>> {
    let (copies, leftovers) = (state.copies(), state.leftover_copies());
    let all: Vec<ImageCopy> = copies.iter().chain(&leftovers).cloned().collect();
    let what = || format!("Reading image {} failed", state.volume_id.known().map_or("", String::as_str));
    let sights = Sights::gather(px, &all, &budget(cx)).await.map_err(|error| failure(what(), &error))?;
    let (fresh, remarks) = judged(state, &copies, leftovers, &sights);
    remarks.into_iter().for_each(|remark| cx.warn(remark));
    Ok(fresh)
}

/// The image in the light of what was seen.
fn judged(
    mut state: Image,
    copies: &[ImageCopy],
    leftovers: Vec<ImageCopy>,
    sights: &Sights,
) -> (Option<Image>, Vec<Diagnostic>) {
    let mut remarks: Vec<Diagnostic> = Vec::new();
    let mut remark = |summary: String, detail: String| {
        let remark = Diagnostic::warning(summary, detail);
        if !remarks.contains(&remark) {
            remarks.push(remark);
        }
    };
    let mut volumes = BTreeMap::new();
    let mut astray = leftovers;
    astray.retain(|copy| sights.of(copy) != Some(&Sight::Gone));
    for copy in copies {
        match sights.of(copy) {
            Some(Sight::Gone) => continue,
            Some(Sight::There(volume)) => {
                let recorded = state.size.known().copied();
                if recorded.is_some_and(|size| size != volume.size) {
                    remark(
                        format!("{} on {} was changed", copy.volume_id, copy.node),
                        format!(
                            "It has {} bytes, the image has {}. The next apply removes the file and brings the image again.",
                            volume.size,
                            recorded.unwrap_or_default()
                        ),
                    );
                    if !astray.contains(copy) {
                        astray.push(copy.clone());
                    }
                    continue;
                }
                state.size = Computed::Known(volume.size);
                state.format = Computed::Known(volume.format.clone());
            }
            Some(Sight::Unclear(why)) => remark(
                format!("{} on {} cannot be seen", copy.volume_id, copy.node),
                format!("{why}. The state is kept as it was."),
            ),
            None => {}
        }
        volumes.insert(copy.node.clone(), copy.volume_id.clone());
    }
    let gone = volumes.is_empty() && astray.is_empty();
    state.volumes = Computed::Known(volumes);
    state.leftovers = Computed::Known(astray);
    ((!gone).then_some(state), remarks)
}

#[cfg(test)]
mod tests {
    use super::super::testing::image;
    use super::*;

    fn volume(size: u64) -> Sight {
        let json =
            serde_json::json!({"volid": "local:iso/x.iso", "content": "iso", "format": "iso", "size": size});
        Sight::There(serde_json::from_value(json).unwrap())
    }

    fn judge(shared: bool, sights: &[(&str, Sight)]) -> (Option<Image>, Vec<Diagnostic>) {
        let state = image(&["a", "b"]);
        let copies = state.copies();
        let file = |node: &str| ImageCopy { node: node.to_owned(), volume_id: "local:iso/x.iso".to_owned() };
        let by_file = sights.iter().map(|(node, sight)| (file(node), sight.clone())).collect();
        judged(state, &copies, Vec::new(), &Sights { by_file, shared })
    }

    fn nodes(image: &Option<Image>) -> Vec<String> {
        image
            .as_ref()
            .map(|image| image.copies().into_iter().map(|copy| copy.node).collect())
            .unwrap_or_default()
    }

    #[test]
    fn gone_only_when_proven_on_every_node() {
        let (fresh, remarks) = judge(false, &[("a", Sight::Gone), ("b", Sight::Gone)]);
        assert_eq!((fresh, remarks.len()), (None, 0));
        let (fresh, remarks) = judge(false, &[("a", Sight::Gone), ("b", volume(100))]);
        assert_eq!((nodes(&fresh), remarks.len()), (vec!["b".to_owned()], 0));
        let (fresh, remarks) =
            judge(false, &[("a", Sight::Gone), ("b", Sight::Unclear("node b is offline".into()))]);
        assert_eq!((nodes(&fresh), remarks.len()), (vec!["b".to_owned()], 1));
        assert!(remarks[0].detail.contains("node b is offline"), "{remarks:?}");
    }

    #[test]
    fn one_look_at_a_shared_storage_tells_for_all() {
        let (fresh, _) = judge(true, &[("a", volume(100))]);
        assert_eq!(nodes(&fresh), ["a", "b"]);
        assert_eq!(judge(true, &[("a", Sight::Gone)]).0, None);
    }

    #[test]
    fn a_file_of_another_size_is_no_longer_the_image() {
        let (fresh, remarks) = judge(false, &[("a", volume(100)), ("b", volume(7))]);
        let fresh = fresh.unwrap();
        assert_eq!(fresh.copies().len(), 1);
        assert_eq!(fresh.leftover_copies()[0].node, "b");
        assert_eq!(fresh.size, Computed::Known(100));
        assert!(remarks[0].summary.contains("was changed"), "{remarks:?}");
    }

    #[test]
    fn only_silence_is_unclear() {
        let refused = |kind: Kind, status: u16, message: &str| {
            let found = crate::api::classify_answer(
                &http::Method::GET,
                "/nodes/a/storage/local/content",
                http::StatusCode::from_u16(status).unwrap(),
                message,
            );
            assert_eq!(found, Some(kind), "{message}");
            kind
        };
        refused(Kind::Forbidden, 403, "Permission check failed (/storage/local, Datastore.Audit)");
        refused(Kind::NodeUnreachable, 595, "");
        refused(Kind::StorageOffline, 500, "storage 'local' is not online");
    }
}
