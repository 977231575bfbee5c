//! Storages: there, active, of the right content, with room.

use tf_framework::Diagnostic;
use transport_rest::Budget;

use crate::api::{Client, Inventory, Kind, Storage, StorageEntry};
use crate::errors::failed;

/// What a storage is needed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StorageNeed<'a> {
    /// The node it is used from.
    pub(crate) node: &'a str,
    /// Its name.
    pub(crate) storage: &'a str,
    /// The content kind it must take: `import`, `images`, `iso` …
    pub(crate) content: &'a str,
    /// What content kind that is to people: "disk images to import".
    pub(crate) purpose: &'a str,
    /// Bytes that must fit, where that is known.
    pub(crate) bytes: Option<u64>,
}

/// Reads a storage's state from its node, one request, and judges it.
pub(crate) async fn storage_problems(
    api: &Client,
    inventory: &Inventory,
    need: &StorageNeed<'_>,
    budget: &Budget,
) -> Vec<Diagnostic> {
    let of_each = problems_of_each(api, inventory, std::slice::from_ref(need), budget).await;
    of_each.into_iter().flatten().collect()
}

/// The same for several needs of one storage, still one request. What is wrong with the storage itself is told with
/// the first need.
pub(crate) async fn problems_of_each(
    api: &Client,
    inventory: &Inventory,
    needs: &[StorageNeed<'_>],
    budget: &Budget,
) -> Vec<Vec<Diagnostic>> {
    let Some(need) = needs.first() else { return Vec::new() };
    let elsewhere_only = inventory.storage(need.node, need.storage).is_none()
        && inventory.storages().any(|entry| entry.storage == need.storage);
    let problem = match api.storage(need.node, need.storage, budget).await {
        // Inactive because it is not meant for this node.
        Ok(found) if !found.active && elsewhere_only => storage_missing(inventory, need),
        Ok(found) => return needs.iter().map(|need| check_storage(&found, need)).collect(),
        Err(error) if error.is_missing() => storage_missing(inventory, need),
        // "storage 'x' is not available on node 'y'" has no kind of its own.
        Err(error)
            if error.is(Kind::Unclassified) && inventory.storage(need.node, need.storage).is_none() =>
        {
            storage_missing(inventory, need)
        }
        Err(error) => {
            failed(format!("Storage {} on {} cannot be looked at", need.storage, need.node), &error)
        }
    };
    vec![vec![problem]]
}

/// A storage that the node does not have: the text lists those it has.
pub(crate) fn storage_missing(inventory: &Inventory, need: &StorageNeed<'_>) -> Diagnostic {
    let StorageNeed { node, storage, .. } = need;
    let names = |wanted: &dyn Fn(&StorageEntry) -> bool, name: fn(&StorageEntry) -> &str| {
        inventory.storages().filter(|entry| wanted(entry)).map(name).collect::<Vec<_>>().join(", ")
    };
    let elsewhere = names(&|entry| entry.storage == *storage && entry.node != *node, |entry| &entry.node);
    let here = names(&|entry| entry.node == *node, |entry| &entry.storage);
    let mut detail = match elsewhere.as_str() {
        "" => format!("The cluster has no storage named {storage:?} that this account may see."),
        nodes => format!(
            "Storage {storage} is not available on {node}, only on: {nodes}. Allow it on {node} under Datacenter → \
             Storage, or with `pvesm set {storage} --nodes …`."
        ),
    };
    match here.as_str() {
        "" => detail.push_str(&format!(
            "\n\nThis account sees no storage on {node} at all: it may lack Datastore.Audit on /storage/{storage}."
        )),
        here => detail.push_str(&format!("\n\nStorages on {node}: {here}.")),
    }
    Diagnostic::error(format!("Node {node} has no storage {storage}"), detail)
}

/// Whether a storage can take what is planned.
pub(crate) fn check_storage(found: &Storage, need: &StorageNeed<'_>) -> Vec<Diagnostic> {
    let StorageNeed { node, storage, content, purpose, bytes } = need;
    if !found.enabled {
        return vec![Diagnostic::error(
            format!("Storage {storage} is switched off"),
            format!("Switch it on under Datacenter → Storage, or with `pvesm set {storage} --disable 0`."),
        )];
    }
    if !found.active {
        return vec![Diagnostic::error(
            format!("Storage {storage} is not active on {node}"),
            format!(
                "It is configured, but {node} cannot use it now. See `pvesm status --storage {storage}` there."
            ),
        )];
    }
    let mut problems = Vec::new();
    if !found.content.contains(*content) {
        problems.push(content_missing(found, need, purpose));
    }
    // A storage that tells no size tells nothing about room either.
    if let Some(bytes) = bytes
        && found.total > 0
        && *bytes > found.avail
    {
        problems.push(Diagnostic::error(
            format!("Storage {storage} on {node} has no room"),
            format!(
                "{} are needed, {} are free of {}.",
                human_size(*bytes),
                human_size(found.avail),
                human_size(found.total)
            ),
        ));
    }
    problems
}

fn content_missing(found: &Storage, need: &StorageNeed<'_>, purpose: &str) -> Diagnostic {
    let StorageNeed { storage, content, .. } = need;
    let now: Vec<&str> = found.content.iter().map(String::as_str).collect();
    let with = found.content.iter().map(String::as_str).chain([*content]).collect::<Vec<_>>().join(",");
    let mut detail = format!(
        "It takes {}, not {purpose} (`{content}`). Enable the content type under Datacenter → Storage → {storage} → \
         Content, or with `pvesm set {storage} --content {with}`.",
        if now.is_empty() { "nothing".to_owned() } else { now.join(", ") },
    );
    if matches!(found.kind.as_str(), "lvm" | "lvmthin" | "zfspool" | "zfs" | "rbd" | "iscsi" | "iscsidirect")
        && *content != "images"
    {
        detail = format!(
            "It is of type {}, which holds disks and no files. Choose a storage with a file system, such as a directory, \
             NFS, CIFS or CephFS, for {purpose}.",
            found.kind
        );
    }
    Diagnostic::error(format!("Storage {storage} does not take {purpose}"), detail)
}

/// Bytes for people: `1.5 GiB`.
pub(crate) fn human_size(bytes: u64) -> String {
    const UNITS: [(&str, u32); 4] = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    match UNITS.iter().find(|(_, shift)| bytes >> shift != 0) {
        // A tenth is enough; the fraction is cut so that what is free is never overstated.
        Some((unit, shift)) => {
            format!("{}.{} {unit}", bytes >> shift, ((bytes >> (shift - 10)) & 1023) * 10 / 1024)
        }
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NEED: StorageNeed<'static> = StorageNeed {
        node: "pve1",
        storage: "local",
        content: "import",
        purpose: "disk images to import",
        bytes: Some(2 << 30),
    };

    fn storage(json: serde_json::Value) -> Storage {
        serde_json::from_value(json).unwrap()
    }

    fn summaries(found: &Storage) -> Vec<String> {
        check_storage(found, &NEED).into_iter().map(|problem| problem.summary).collect()
    }

    #[test]
    fn each_hindrance_has_its_message() {
        let good = json!({"type": "dir", "content": "iso,import", "active": 1, "enabled": 1, "total": 1_u64 << 40, "avail": 3_u64 << 30});
        let with = |key: &str, value: serde_json::Value| {
            let mut json = good.clone();
            json[key] = value;
            storage(json)
        };
        assert_eq!(summaries(&storage(good.clone())), [""; 0]);
        assert_eq!(summaries(&with("enabled", json!(0))), ["Storage local is switched off"]);
        assert_eq!(summaries(&with("active", json!(0))), ["Storage local is not active on pve1"]);
        assert_eq!(
            summaries(&with("content", json!("iso"))),
            ["Storage local does not take disk images to import"]
        );
        assert_eq!(summaries(&with("avail", json!(1_u64 << 30))), ["Storage local on pve1 has no room"]);
        // A storage that does not tell its size is not judged by it.
        let mut blind = with("avail", json!(0));
        blind.total = 0;
        assert_eq!(summaries(&blind), [""; 0]);
    }

    #[test]
    fn the_way_out_fits_the_storage() {
        let found = storage(json!({"type": "dir", "content": "iso,vztmpl", "active": 1, "enabled": 1}));
        let detail = &check_storage(&found, &NEED)[0].detail;
        assert!(detail.contains("`pvesm set local --content iso,vztmpl,import`"), "{detail}");
        let found = storage(json!({"type": "lvmthin", "content": "images", "active": 1, "enabled": 1}));
        let detail = &check_storage(&found, &NEED)[0].detail;
        assert!(detail.contains("holds disks and no files") && !detail.contains("pvesm set"), "{detail}");
    }

    #[test]
    fn a_missing_storage_is_answered_with_what_there_is() {
        let inventory: Inventory = serde_json::from_value(json!([
            {"type": "storage", "node": "pve1", "storage": "ceph"},
            {"type": "storage", "node": "pve2", "storage": "local"},
        ]))
        .unwrap();
        let detail = storage_missing(&inventory, &NEED).detail;
        assert!(detail.contains("only on: pve2") && detail.contains("Storages on pve1: ceph"), "{detail}");
        let detail = storage_missing(&Inventory::default(), &NEED).detail;
        assert!(detail.contains("Datastore.Audit on /storage/local"), "{detail}");
    }

    #[test]
    fn sizes_for_people() {
        assert_eq!(human_size(0), "0 bytes");
        assert_eq!(human_size(1023), "1023 bytes");
        assert_eq!(human_size(3 << 29), "1.5 GiB");
        assert_eq!(human_size((2 << 30) - 1), "1.9 GiB");
        assert_eq!(human_size(5 << 40), "5.0 TiB");
        assert_eq!(human_size(1 << 10), "1.0 KiB");
    }
}
