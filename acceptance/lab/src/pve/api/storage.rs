//! `/storage`: the definitions.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Route;
use crate::pve::call::{Call, Param};
use crate::pve::cluster::State;
use crate::pve::config::family::prefixed;
use crate::pve::config::options::given;
use crate::pve::config::store::{Fields, Section, unmodified};
use crate::pve::config::view;
use crate::pve::reply::{Answer, Outcome, Refusal};
use crate::pve::schema;
use crate::pve::storage::{Storage, Type};

pub(super) const ROUTES: &[Route] = &[
    ("GET", "/storage", list),
    ("POST", "/storage", create),
    ("GET", "/storage/{storage}", read),
    ("PUT", "/storage/{storage}", update),
    ("DELETE", "/storage/{storage}", delete),
];

fn shown(call: &Call, storage: &Storage, digest: &str) -> Value {
    let method = schema::method(call.cluster.config.release, "POST", "/storage");
    let secrets = Type::named(&storage.kind).map_or(&[] as &[&str], |t| t.secrets);
    let fields: Fields = storage
        .options
        .iter()
        .filter(|(key, _)| !secrets.contains(&key.as_str()))
        .map(|(key, text)| (key.clone(), Param::One(text.clone())))
        .collect();
    let mut view: Map<String, Value> = view::fields(method, &fields);
    if storage.options.contains_key("master-pubkey") {
        view.insert("master-pubkey".into(), json!("1"));
    }
    view.insert("storage".into(), json!(storage.id));
    view.insert("type".into(), json!(storage.kind));
    view.insert("content".into(), json!(storage.content_text()));
    view.insert("digest".into(), json!(digest));
    if Type::named(&storage.kind).is_some_and(|t| t.options.get("path").is_some()) {
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
        .map(|s| shown(call, s, &digest))
        .collect();
    Ok(Value::from(found).into())
}

fn read(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let storage = state.storage(call.params.need("storage")?)?;
    Ok(shown(call, storage, &state.storage_digest()).into())
}

fn kind_of(name: &str) -> Outcome<&'static Type> {
    Type::named(name).ok_or_else(|| Refusal::died(format!("unknown section type '{name}'")))
}

/// Contents a type can hold; those it cannot are left out, as the real one only warns.
fn contents(kind: &Type, text: &str) -> Outcome<BTreeSet<String>> {
    let found: BTreeSet<String> =
        schema::split_list(text).filter(|c| kind.can_hold(c)).map(str::to_owned).collect();
    if found.contains("none") && found.len() > 1 {
        return Err(Refusal::died("unable to combine 'none' with other content types"));
    }
    if found.is_empty() && !kind.can_hold("none") {
        return Err(Refusal::died("storage does not support content type 'none'"));
    }
    Ok(found)
}

/// Puts options on a storage; answers what is told once and never again.
fn apply(kind: &Type, storage: &mut Storage, fields: &Fields) -> Outcome<Option<Value>> {
    let mut told = None;
    for (key, param) in fields {
        let text = match param {
            Param::One(text) => text.clone(),
            Param::Many(texts) => texts.join(","),
        };
        match key.as_str() {
            "content" => storage.content = contents(kind, &text)?,
            "nodes" => {
                let nodes: BTreeSet<String> = schema::split_list(&text).map(str::to_owned).collect();
                storage.nodes = Some(nodes).filter(|n| !n.is_empty());
            }
            "path" => storage.path = text,
            "encryption-key" => {
                let key = if text == "autogen" { generated_key() } else { text };
                storage.options.insert("encryption-key".into(), fingerprint(&key)?);
                told = Some(json!({ "encryption-key": key }));
            }
            _ if text.is_empty() => {
                storage.options.remove(key);
            }
            _ => {
                storage.options.insert(key.clone(), text);
            }
        }
    }
    let on = |key: &str| storage.options.get(key).is_some_and(|v| matches!(v.as_str(), "1" | "on"));
    storage.disabled = on("disable");
    storage.shared = kind.shared || on("shared");
    Ok(told)
}

fn generated_key() -> String {
    let part = crate::pve::guest::random();
    let fingerprint: Vec<String> = (0..8).map(|i| format!("{:02x}", (part >> (8 * i)) & 0xff)).collect();
    json!({ "kdf": null, "data": format!("{part:016x}"), "fingerprint": fingerprint.join(":") }).to_string()
}

/// Fingerprint told inside a key.
fn fingerprint(key: &str) -> Outcome<String> {
    let invalid = || Refusal::died("Value does not seems like a valid, JSON formatted encryption key!");
    let key: Value = serde_json::from_str(key).map_err(|_| invalid())?;
    key.get("data").ok_or_else(invalid)?;
    Ok(key.get("fingerprint").and_then(Value::as_str).unwrap_or("1").to_owned())
}

/// Makes it usable; a server that does not answer makes that fail.
fn activate(state: &State, kind: &Type, storage: &Storage) -> Outcome<()> {
    let server = kind.server.and_then(|key| storage.options.get(key)).map_or("", String::as_str);
    let silent = schema::split_list(server).any(|host| {
        state.silent_servers.contains(host)
            || state.silent_servers.contains(host.split(':').next().unwrap_or(host))
    });
    match silent && !storage.disabled {
        true => Err(Refusal::died(format!("storage '{}' is not online", storage.id))),
        false => Ok(()),
    }
}

fn answer(storage: &Storage, told: Option<Value>) -> Answer {
    let mut answer = json!({ "storage": storage.id, "type": storage.kind });
    if let Some(told) = told {
        answer["config"] = told;
    }
    answer.into()
}

fn create(call: &Call) -> Outcome {
    let (id, kind) = (call.params.need("storage")?, kind_of(call.params.need("type")?)?);
    let fields = given(&call.params, call.template, &["storage", "type"]);
    kind.options.create(&fields)?;
    let mut state = call.cluster.state();
    let path = if kind.mounted { format!("/mnt/pve/{id}") } else { String::new() };
    let mut storage = Storage::dir(id, &path, &[]);
    storage.plugin = kind.plugin;
    kind.name.clone_into(&mut storage.kind);
    storage.content = kind.default_content();
    let told = apply(kind, &mut storage, &fields)?;
    let refused = match state.storages.contains_key(id) {
        true => Err(Refusal::died(format!("storage ID '{id}' already defined"))),
        false => activate(&state, kind, &storage),
    };
    prefixed("create storage failed", refused)?;
    let answer = answer(&storage, told);
    state.storages.insert(id.to_owned(), storage);
    Ok(answer)
}

fn update(call: &Call) -> Outcome {
    let id = call.params.need("storage")?;
    let mut state = call.cluster.state();
    let (storage, told) = prefixed("update storage failed", changed(call, &state, id))?;
    let answer = answer(&storage, told);
    state.storages.insert(id.to_owned(), storage);
    Ok(answer)
}

fn changed(call: &Call, state: &State, id: &str) -> Outcome<(Storage, Option<Value>)> {
    unmodified(&state.storage_digest(), call.params.str("digest"))?;
    let mut storage = state.storage(id)?.clone();
    let kind = kind_of(&storage.kind)?;
    let fields = given(&call.params, call.template, &["storage", "type"]);
    kind.options.update(&fields)?;
    let gone = call.params.list("delete");
    // The section only serves to refuse what may not be deleted.
    kind.options.delete(&mut Section::new(kind.name), &fields, &gone)?;
    for key in &gone {
        match key.as_str() {
            "nodes" => storage.nodes = None,
            "content" => storage.content = kind.default_content(),
            other => {
                storage.options.remove(other);
            }
        }
    }
    // What a laboratory prepared as shared has no option that says so.
    if storage.shared && !kind.shared && !gone.iter().any(|k| k == "shared") {
        storage.options.entry("shared".into()).or_insert_with(|| "1".to_owned());
    }
    let told = apply(kind, &mut storage, &fields)?;
    Ok((storage, told))
}

fn delete(call: &Call) -> Outcome {
    let id = call.params.need("storage")?;
    let mut state = call.cluster.state();
    prefixed("delete storage failed", state.storage(id).map(drop))?;
    let base = format!("{id}:");
    if state.storages.values().any(|s| s.options.get("base").is_some_and(|b| b.starts_with(&base))) {
        let text = "can't remove storage - storage is used as base of another storage";
        return prefixed("delete storage failed", Err(Refusal::died(text)));
    }
    state.storages.remove(id);
    let path = format!("/storage/{id}");
    state.access.acl.retain(|entry| entry.path != path);
    Ok(Answer::null())
}
