//! `/storage`: the definitions.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Route;
use crate::pve::call::Call;
use crate::pve::reply::{Answer, Outcome, Refusal};
use crate::pve::storage::{Plugin, Storage};

pub(super) const ROUTES: &[Route] = &[
    ("GET", "/storage", list),
    ("POST", "/storage", create),
    ("GET", "/storage/{storage}", read),
    ("PUT", "/storage/{storage}", update),
    ("DELETE", "/storage/{storage}", delete),
];

/// Options that may not change after creation.
const FIXED: &[&str] = &["path", "type", "server", "export", "vgname", "thinpool", "share"];
/// Options kept in members of their own.
const OWN: &[&str] =
    &["storage", "type", "path", "content", "nodes", "disable", "shared", "digest", "delete"];

fn view(storage: &Storage, digest: &str) -> Value {
    let mut view: Map<String, Value> = storage.options.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
    view.insert("storage".into(), json!(storage.id));
    view.insert("type".into(), json!(storage.kind));
    view.insert("content".into(), json!(storage.content_text()));
    view.insert("digest".into(), json!(digest));
    if storage.plugin == Plugin::Dir {
        view.insert("path".into(), json!(storage.path));
    }
    if storage.shared {
        view.insert("shared".into(), json!(1));
    }
    if storage.disabled {
        view.insert("disable".into(), json!(1));
    }
    if let Some(nodes) = &storage.nodes {
        view.insert("nodes".into(), json!(nodes.iter().cloned().collect::<Vec<_>>().join(",")));
    }
    Value::Object(view)
}

fn list(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let digest = state.storage_digest();
    let found: Vec<Value> = state
        .storages
        .values()
        .filter(|s| call.params.str("type").is_none_or(|t| s.kind == t))
        .filter(|s| {
            let path = format!("/storage/{}", s.id);
            ["Datastore.Audit", "Datastore.AllocateSpace", "Datastore.Allocate"]
                .iter()
                .any(|p| state.may(&call.principal, &path, p))
        })
        .map(|s| view(s, &digest))
        .collect();
    Ok(Value::from(found).into())
}

fn read(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let storage = state.storage(call.params.need("storage")?)?;
    Ok(view(storage, &state.storage_digest()).into())
}

fn split(text: &str) -> BTreeSet<String> {
    text.split([',', ' ', ';']).filter(|s| !s.is_empty()).map(str::to_owned).collect()
}

fn apply(call: &Call, storage: &mut Storage) {
    let params = &call.params;
    if let Some(content) = params.str("content") {
        storage.content = split(content);
    }
    if let Some(nodes) = params.str("nodes") {
        storage.nodes = Some(split(nodes)).filter(|n| !n.is_empty());
    }
    storage.disabled = params.flag_or("disable", storage.disabled);
    storage.shared = params.flag_or("shared", storage.shared);
    for (key, _) in params.iter().filter(|(key, _)| !OWN.contains(key)) {
        if let Some(value) = params.str(key) {
            storage.options.insert(key.to_owned(), value.to_owned());
        }
    }
}

fn create(call: &Call) -> Outcome {
    let (id, kind) = (call.params.need("storage")?, call.params.need("type")?);
    let mut state = call.cluster.state();
    let failed = |text: String| Refusal::died(format!("create storage failed: {text}"));
    if state.storages.contains_key(id) {
        return Err(failed(format!("storage ID '{id}' already defined")));
    }
    let needed: &[&str] = match kind {
        "dir" => &["path"],
        "nfs" => &["server", "export"],
        "lvmthin" => &["vgname", "thinpool"],
        _ => return Err(Refusal::not_served("POST", &format!("/storage (type {kind})"))),
    };
    if let Some(missing) = needed.iter().find(|k| call.params.str(k).is_none()) {
        return Err(Refusal::died(format!("missing value for required option '{missing}'")));
    }
    let mut storage = match kind {
        "lvmthin" => Storage::lvmthin(id),
        // No NFS server stands behind this stand-in, so activation fails as with a dead server.
        "nfs" => return Err(failed(format!("storage '{id}' is not online"))),
        _ => Storage::dir(
            id,
            call.params.need("path")?,
            &["images", "rootdir", "vztmpl", "iso", "backup", "snippets"],
        ),
    };
    apply(call, &mut storage);
    let answer = json!({ "storage": id, "type": kind });
    state.storages.insert(id.to_owned(), storage);
    Ok(answer.into())
}

fn update(call: &Call) -> Outcome {
    let id = call.params.need("storage")?;
    let mut state = call.cluster.state();
    let failed = |text: String| Refusal::died(format!("update storage failed: {text}"));
    let digest = state.storage_digest();
    if !state.storages.contains_key(id) {
        return Err(failed(format!("storage '{id}' does not exist")));
    }
    if call.params.str("digest").is_some_and(|d| d != digest) {
        return Err(failed(
            "detected modified configuration - file changed by other user? Try again.".to_owned(),
        ));
    }
    if let Some(fixed) = FIXED.iter().find(|k| call.params.str(k).is_some()) {
        let text = "property is not defined in schema and the schema does not allow additional properties";
        return Err(Refusal::param(fixed, text));
    }
    let Some(storage) = state.storages.get_mut(id) else {
        return Err(failed(format!("storage '{id}' does not exist")));
    };
    for key in split(call.params.str("delete").unwrap_or_default()) {
        match key.as_str() {
            "disable" => storage.disabled = false,
            "shared" => storage.shared = false,
            "nodes" => storage.nodes = None,
            "content" => storage.content = BTreeSet::new(),
            other => {
                storage.options.remove(other);
            }
        }
    }
    apply(call, storage);
    Ok(json!({ "storage": id, "type": storage.kind }).into())
}

fn delete(call: &Call) -> Outcome {
    let id = call.params.need("storage")?;
    let mut state = call.cluster.state();
    match state.storages.remove(id) {
        Some(_) => Ok(Answer::null()),
        None => Err(Refusal::died(format!("delete storage failed: storage '{id}' does not exist"))),
    }
}
