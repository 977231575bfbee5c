//! `/nodes/{node}/storage`.

mod content;
mod download;
mod fetch;
mod upload;

pub(in super::super) use content::check_volume_access;
use serde_json::{Value, json};

use super::super::Route;
use crate::pve::call::Call;
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::storage::{Plugin, Storage, hex};

pub(super) const ROUTES: &[Route] = &[
    ("GET", "/nodes/{node}/storage", list),
    ("GET", "/nodes/{node}/storage/{storage}/status", status),
    ("GET", "/nodes/{node}/storage/{storage}/content", content::list),
    ("POST", "/nodes/{node}/storage/{storage}/content", content::allocate),
    ("GET", "/nodes/{node}/storage/{storage}/content/{volume}", content::read),
    ("PUT", "/nodes/{node}/storage/{storage}/content/{volume}", content::annotate),
    ("DELETE", "/nodes/{node}/storage/{storage}/content/{volume}", content::delete),
    ("POST", "/nodes/{node}/storage/{storage}/download-url", download::download),
    ("POST", "/nodes/{node}/storage/{storage}/upload", upload::upload),
    ("GET", "/nodes/{node}/query-url-metadata", download::metadata),
];

fn figures(call: &Call, node: &str, storage: &Storage) -> Value {
    let active = !storage.disabled && !storage.broken && storage.on_node(node);
    let mut item = json!({
        "type": storage.kind, "content": storage.content_text(), "shared": u8::from(storage.shared),
        "enabled": u8::from(!storage.disabled), "active": u8::from(active),
        "total": 0, "used": 0, "avail": 0,
    });
    if active {
        let used = call.cluster.storage_used(node, storage);
        item["total"] = json!(storage.capacity);
        item["used"] = json!(used);
        item["avail"] = json!(storage.capacity.saturating_sub(used));
    }
    item
}

fn list(call: &Call) -> Outcome {
    let node = call.node();
    let params = &call.params;
    let state = call.cluster.state();
    let visible: Vec<Storage> = state
        .storages
        .values()
        .filter(|s| s.on_node(node))
        .filter(|s| params.str("storage").is_none_or(|id| s.id == id))
        .filter(|s| params.str("content").is_none_or(|c| c.split(',').any(|c| s.holds(c))))
        .filter(|s| !params.flag("enabled") || !s.disabled)
        .filter(|s| {
            let path = format!("/storage/{}", s.id);
            ["Datastore.Audit", "Datastore.AllocateSpace"]
                .iter()
                .any(|p| state.may(&call.principal, &path, p))
        })
        .cloned()
        .collect();
    drop(state);
    let list: Vec<Value> = visible
        .iter()
        .map(|storage| {
            let mut item = figures(call, node, storage);
            item["storage"] = json!(storage.id);
            // Only the list has the share of used space.
            #[allow(clippy::cast_precision_loss)]
            if let (Some(used), Some(total @ 1..)) = (item["used"].as_u64(), item["total"].as_u64()) {
                item["used_fraction"] = json!(used as f64 / total as f64);
            }
            item
        })
        .collect();
    Ok(Value::from(list).into())
}

fn status(call: &Call) -> Outcome {
    let id = call.params.need("storage")?;
    let storage = call.cluster.state().storages.get(id).cloned();
    let storage = storage.ok_or_else(|| Refusal::param("storage", "No such storage."))?;
    Ok(figures(call, call.node(), &storage).into())
}

/// A storage that takes files, with the path they go to.
fn file_storage(call: &Call, content: &str) -> Outcome<Storage> {
    let id = call.params.need("storage")?;
    let storage = call.cluster.state().storage_on(id, call.node())?;
    if storage.plugin != Plugin::Dir {
        let kind = &storage.kind;
        return Err(Refusal::died(format!(
            "can't upload to storage type '{kind}', not a file based storage!"
        )));
    }
    if !storage.holds(content) {
        return Err(Refusal::died(format!("storage '{id}' is not configured for content-type '{content}'")));
    }
    Ok(storage)
}

/// The base name, with everything unusual replaced.
fn normalise_filename(text: &str) -> String {
    let base = text.rsplit(['/', '\\']).next().unwrap_or(text);
    base.trim()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' })
        .collect()
}

/// Refuses names whose ending does not suit the content.
fn check_extension(content: &str, name: &str) -> Outcome<()> {
    let lower = name.to_ascii_lowercase();
    let ends = |list: &[&str]| list.iter().any(|e| lower.len() > e.len() && lower.ends_with(e));
    let (good, error) = match content {
        "iso" => (ends(&[".iso", ".img"]), "wrong file extension"),
        "vztmpl" => (ends(&[".tar.gz", ".tar.xz", ".tar.zst"]), "wrong file extension"),
        _ => (ends(&[".qcow2", ".raw", ".vmdk", ".ova"]), "invalid filename or wrong extension"),
    };
    if good { Ok(()) } else { Err(Refusal::param("filename", error)) }
}

/// Checksum of a file by the API's algorithm name.
fn checksum(path: &std::path::Path, algorithm: &str) -> Outcome<String> {
    use sha2::Digest;
    fn run<D: Digest + std::io::Write>(path: &std::path::Path) -> std::io::Result<String> {
        let mut digest = D::new();
        std::io::copy(&mut std::fs::File::open(path)?, &mut digest)?;
        Ok(hex(&digest.finalize()))
    }
    let sum = match algorithm {
        "md5" => run::<md5::Md5>(path),
        "sha1" => run::<sha1::Sha1>(path),
        "sha224" => run::<sha2::Sha224>(path),
        "sha384" => run::<sha2::Sha384>(path),
        "sha512" => run::<sha2::Sha512>(path),
        _ => run::<sha2::Sha256>(path),
    };
    sum.map_err(|error| Refusal::died(format!("unable to open file '{}': {error}", path.display())))
}
