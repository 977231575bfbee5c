//! Taking over a file that exists.

use std::collections::BTreeSet;

use tf_framework::{Computed, Context, Diagnostics, ImportId, Result};
use tf_value::Value;
use transport_rest::Budget;

use super::model::{Content, Image, OnDestroy};
use super::names;
use super::observe::{Sight, sight};
use super::plan::resolve;
use super::steps::wanted;
use crate::api::{Inventory, NodeEntry, VolumeId};
use crate::client::{Proxmox, budget};
use crate::errors::failure;

/// What the user said of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Given {
    nodes: BTreeSet<String>,
    volume: VolumeId,
    url: Option<String>,
    /// A checksum, or the address of a sums file.
    checksum: Option<String>,
}

const FORMS: &str = "Import an image by node and volume id, `pve1/local:iso/debian.iso`; several nodes are separated by \
                     commas, on a shared storage the node may be left out. Its URL and its checksum (or the address of \
                     the sums file) may follow, separated by blanks: they are then taken as given and the plan is empty. \
                     Or import by `identity = { volume_id = \"local:iso/debian.iso\", node = \"pve1\" }`.";

fn unreadable(why: &str) -> Diagnostics {
    Diagnostics::error("The import id is no image", format!("{why}. {FORMS}"))
}

/// Reads `[node[,node…]/]storage:content/file[ url[ checksum or sums url]]`.
fn parse(text: &str) -> Result<Given> {
    let mut words = text.split_whitespace();
    let place = words.next().ok_or_else(|| unreadable("It is empty"))?;
    let (url, checksum) = (words.next(), words.next());
    if words.next().is_some() {
        return Err(unreadable("It has more than three words"));
    }
    if url.is_some_and(|url| !url.starts_with("http://") && !url.starts_with("https://")) {
        return Err(unreadable("The second word is no http:// or https:// URL"));
    }
    if url.is_some() && checksum.is_none() {
        return Err(unreadable("A URL without a checksum proves nothing"));
    }
    let (before_colon, _) = place.split_once(':').ok_or_else(|| unreadable("It names no volume"))?;
    let (nodes, volume) = match before_colon.rsplit_once('/') {
        Some((nodes, _)) => (nodes, place.get(nodes.len() + 1..).unwrap_or_default()),
        None => ("", place),
    };
    let volume: VolumeId = volume.parse().map_err(|error| unreadable(&format!("{error}")))?;
    Ok(Given {
        nodes: nodes.split(',').filter(|node| !node.is_empty()).map(str::to_owned).collect(),
        volume,
        url: url.map(str::to_owned),
        checksum: checksum.map(str::to_owned),
    })
}

fn given(id: &ImportId) -> Result<Given> {
    match id {
        ImportId::Id(text) => parse(text),
        ImportId::Identity(identity) => {
            let text = |name: &str| identity.get(name).and_then(Value::as_str);
            let volume = text("volume_id").unwrap_or_default();
            match text("node") {
                Some(node) => parse(&format!("{node}/{volume}")),
                None => parse(volume),
            }
        }
    }
}

/// The nodes to look on: those given, else one that has the storage, if that is beyond doubt.
fn nodes(given: &Given, inventory: &Inventory) -> Result<BTreeSet<String>> {
    if !given.nodes.is_empty() {
        return Ok(given.nodes.clone());
    }
    let storage = given.volume.storage();
    let online = |node: &str| inventory.node(node).is_some_and(NodeEntry::is_online);
    let having: Vec<_> =
        inventory.storages().filter(|entry| entry.storage == storage && online(&entry.node)).collect();
    match having.as_slice() {
        [one] => Ok(BTreeSet::from([one.node.clone()])),
        [first, ..] if first.shared => Ok(BTreeSet::from([first.node.clone()])),
        [] => {
            Err(unreadable(&format!("No node that is online has a storage {storage} this account may see")))
        }
        several => {
            let names: Vec<&str> = several.iter().map(|entry| entry.node.as_str()).collect();
            Err(unreadable(&format!(
                "Several nodes have a storage {storage} of their own ({})",
                names.join(", ")
            )))
        }
    }
}

/// Finds the file on its nodes and reads it.
pub(super) async fn import(cx: &Context<Image>, px: &Proxmox, id: &ImportId) -> Result<Image> {
    let given = given(id)?;
    let budget = budget(cx);
    let what = format!("Importing image {} failed", given.volume);
    let content: Content = given.volume.content().parse().map_err(|_| {
        Diagnostics::error(
            &what,
            format!("It is no image: `{}` is no content of this resource. {FORMS}", given.volume.content()),
        )
    })?;
    let inventory = px.api.inventory(&budget).await.map_err(|error| failure(&what, &error))?;
    let nodes = nodes(&given, &inventory)?;
    let mut seen = None;
    for node in &nodes {
        let found = sight(px, &inventory, node, &given.volume, &budget).await;
        match found.map_err(|error| failure(&what, &error))? {
            Sight::There(volume) => seen = Some(volume),
            Sight::Gone => return Err(Diagnostics::error(&what, format!("Node {node} does not list it."))),
            Sight::Unclear(why) => {
                return Err(Diagnostics::error(&what, format!("It cannot be seen: {why}.")));
            }
        }
    }
    let seen = seen.ok_or_else(|| Diagnostics::error(&what, "There is no node to look on."))?;
    let said = provenance(px, &given, &what, &budget).await?;
    Ok(observed(&nodes, &given.volume, content, (seen.size, seen.format), said))
}

/// What is known of an image that was not made by this resource.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Provenance {
    url: Option<String>,
    checksum: Option<String>,
    checksum_url: Option<String>,
    resolved: Option<String>,
}

/// What the import id says of the file's origin, as far as the name does not contradict it.
async fn provenance(px: &Proxmox, given: &Given, what: &str, budget: &Budget) -> Result<Provenance> {
    let (Some(url), Some(checksum)) = (&given.url, &given.checksum) else { return Ok(Provenance::default()) };
    let is_address = checksum.starts_with("http://") || checksum.starts_with("https://");
    let (sum, sums) = if is_address { (None, Some(checksum)) } else { (Some(checksum), None) };
    if sum.is_some_and(|sum| !is_checksum(sum)) {
        return Err(unreadable(
            "The third word is neither a checksum `sha256:…` or `sha512:…` nor an address",
        ));
    }
    let resolved = resolve(px, url, sum.map(String::as_str), sums.map(String::as_str), budget).await?;
    if names::contradicts(given.volume.file_name(), resolved.as_str()) {
        return Err(Diagnostics::error(
            what,
            format!("The name of the file says that it is another image than {}.", resolved.as_str()),
        ));
    }
    Ok(Provenance {
        url: Some(url.clone()),
        checksum: sum.cloned(),
        checksum_url: sums.cloned(),
        resolved: Some(resolved.as_str().to_owned()),
    })
}

fn is_checksum(text: &str) -> bool {
    let (algorithm, digest) = text.split_once(':').unwrap_or_default();
    let length = match algorithm {
        "sha256" => 64,
        "sha512" => 128,
        _ => return false,
    };
    digest.len() == length && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A file as the image it is.
pub(super) fn observed(
    nodes: &BTreeSet<String>,
    volume: &VolumeId,
    content: Content,
    (size, format): (u64, String),
    said: Provenance,
) -> Image {
    let id = volume.to_string();
    let volumes = wanted(nodes, &id).into_iter().map(|copy| (copy.node, copy.volume_id)).collect();
    Image {
        id: Computed::Known(id.clone()),
        nodes: nodes.clone(),
        storage: volume.storage().to_owned(),
        content,
        url: said.url,
        checksum: said.checksum,
        checksum_url: said.checksum_url,
        file_name: Computed::Known(volume.file_name().to_owned()),
        transfer: None,
        volumes: Computed::Known(volumes),
        volume_id: Computed::Known(id),
        node: Computed::Known(nodes.first().cloned().unwrap_or_default()),
        image_checksum: Computed::Known(said.resolved),
        size: Computed::Known(size),
        format: Computed::Known(format),
        leftovers: Computed::Known(Vec::new()),
        on_destroy: OnDestroy::Delete,
        timeouts: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn ids_are_read() {
        let read = |text: &str| {
            let given = parse(text).unwrap();
            (
                given.nodes.into_iter().collect::<Vec<_>>().join(","),
                given.volume.to_string(),
                given.url.is_some(),
            )
        };
        let of = |nodes: &str, volume: &str, url| (nodes.to_owned(), volume.to_owned(), url);
        assert_eq!(read("pve1/local:iso/a.iso"), of("pve1", "local:iso/a.iso", false));
        assert_eq!(read("local:iso/a.iso"), of("", "local:iso/a.iso", false));
        assert_eq!(read("pve1,pve2/local:import/a.qcow2"), of("pve1,pve2", "local:import/a.qcow2", false));
        let sum = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        assert_eq!(
            read(&format!("pve1/local:iso/a.iso https://x/a.iso {sum}")),
            of("pve1", "local:iso/a.iso", true)
        );
        for bad in
            ["", "a.iso", "pve1/a.iso", "pve1/local:", "pve1/local:iso/a.iso x y", "p/l:iso/a https://x"]
        {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_node_may_be_left_out_where_there_is_no_doubt() {
        let inventory: Inventory = serde_json::from_value(json!([
            {"type": "node", "node": "a", "status": "online"},
            {"type": "node", "node": "b", "status": "online"},
            {"type": "node", "node": "c", "status": "offline"},
            {"type": "storage", "node": "a", "storage": "local"},
            {"type": "storage", "node": "b", "storage": "local"},
            {"type": "storage", "node": "a", "storage": "nfs", "shared": 1},
            {"type": "storage", "node": "b", "storage": "nfs", "shared": 1},
            {"type": "storage", "node": "b", "storage": "usb"},
            {"type": "storage", "node": "c", "storage": "usb"},
        ]))
        .unwrap();
        let found = |text: &str| {
            nodes(&parse(text).unwrap(), &inventory).map(|nodes| nodes.into_iter().collect::<Vec<_>>())
        };
        assert_eq!(found("nfs:iso/x.iso").unwrap(), ["a"]);
        assert_eq!(found("usb:iso/x.iso").unwrap(), ["b"]);
        assert_eq!(found("b/local:iso/x.iso").unwrap(), ["b"]);
        assert!(found("local:iso/x.iso").unwrap_err().to_string().contains("a, b"));
        assert!(found("none:iso/x.iso").is_err());
    }

    #[test]
    fn checksums_are_told_from_other_words() {
        assert!(is_checksum(&format!("sha256:{}", "a".repeat(64))));
        assert!(is_checksum(&format!("sha512:{}", "A".repeat(128))));
        for bad in ["sha256:abc", "md5:00", "", "sha256"] {
            assert!(!is_checksum(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_id_is_read_or_refused(text in "\\PC{0,60}") {
            let _ = parse(&text);
        }
    }
}
