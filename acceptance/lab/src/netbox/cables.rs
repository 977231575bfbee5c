//! Cables: their ends, what lies at the other end, and what connects to what.

use serde_json::{Map, Value, json};

use super::refusal::{Errors, Refusal};
use super::render::Render;
use super::store::{Object, Store};
use super::table::TypeId;

/// Types a cable can end at.
const ENDS: &[&str] = &[
    "dcim/interfaces",
    "dcim/console-ports",
    "dcim/console-server-ports",
    "dcim/power-ports",
    "dcim/power-outlets",
    "dcim/front-ports",
    "dcim/rear-ports",
    "dcim/power-feeds",
    "circuits/circuit-terminations",
];

/// An end: type and id.
type End = (TypeId, u64);

fn ends(store: &Store, cable: &Object, side: &str) -> Vec<End> {
    let list = cable.get(&format!("{side}_terminations")).as_array().into_iter().flatten();
    list.filter_map(|e| Some((store.table.by_model(e["object_type"].as_str()?)?, e["object_id"].as_u64()?)))
        .collect()
}

/// The cable at an object, and the side it is on.
fn cable_at(store: &Store, kind: TypeId, id: u64) -> Option<(u64, &'static str)> {
    let cable = store.get(kind, id)?.key("_cable")?;
    let cables = store.table.by_path("dcim/cables")?;
    let found = store.get(cables, cable)?;
    let side = if ends(store, found, "a").contains(&(kind, id)) { "A" } else { "B" };
    Some((cable, side))
}

fn peers(store: &Store, cable: u64, side: &str) -> Vec<End> {
    let Some(found) = store.table.by_path("dcim/cables").and_then(|t| store.get(t, cable)) else {
        return Vec::new();
    };
    ends(store, found, if side == "A" { "b" } else { "a" })
}

fn nested(render: &Render<'_>, ends: &[End]) -> String {
    let parts: Vec<String> = ends
        .iter()
        .map(|(kind, id)| render.nested(*kind, *id, render.brief_form(*kind).as_deref()).to_string())
        .collect();
    format!("[{}]", parts.join(","))
}

fn model(store: &Store, ends: &[End]) -> String {
    ends.first().map_or(Value::Null, |(kind, _)| json!(store.kind(*kind).facts.model)).to_string()
}

/// Values of fields that have to do with cables.
pub(crate) fn value(render: &Render<'_>, kind: TypeId, object: &Object, name: &str) -> Option<String> {
    let store = render.store;
    let path = store.kind(kind).path.as_str();
    if path == "dcim/cables" {
        let side = name.strip_suffix("_terminations")?;
        let parts: Vec<String> = ends(store, object, side)
            .iter()
            .map(|(kind, id)| {
                let model = json!(store.kind(*kind).facts.model);
                let end = render.nested(*kind, *id, render.brief_form(*kind).as_deref());
                format!("{{\"object_type\":{model},\"object_id\":{id},\"object\":{end}}}")
            })
            .collect();
        return Some(format!("[{}]", parts.join(",")));
    }
    if !ENDS.contains(&path) {
        return None;
    }
    let at = || cable_at(store, kind, object.id);
    let peers = || at().map(|(cable, side)| peers(store, cable, side)).unwrap_or_default();
    Some(match name {
        "cable" => {
            let cables = store.table.by_path("dcim/cables")?;
            at().map_or_else(
                || "null".to_owned(),
                |(id, _)| render.nested(cables, id, Some("BriefCable")).to_string(),
            )
        }
        "cable_end" => at().map_or_else(|| "null".to_owned(), |(_, side)| format!("\"{side}\"")),
        "link_peers" => nested(render, &peers()),
        "link_peers_type" => model(store, &peers()),
        "_occupied" => (at().is_some() || object.get("mark_connected") == true).to_string(),
        "connected_endpoints" => {
            let peers = peers();
            if peers.is_empty() { "null".to_owned() } else { nested(render, &peers) }
        }
        "connected_endpoints_type" => model(store, &peers()),
        "connected_endpoints_reachable" => {
            let cables = store.table.by_path("dcim/cables")?;
            let cable = at().and_then(|(id, _)| store.get(cables, id));
            (cable.is_some_and(|c| c.text("status") == "connected") && !peers().is_empty()).to_string()
        }
        _ => return None,
    })
}

/// Reads the ends of a cable as sent.
pub(crate) fn decode(store: &Store, value: &Value) -> Result<Value, String> {
    let mut found = Vec::new();
    for end in super::decode::items(value)? {
        let model = end["object_type"].as_str().unwrap_or_default();
        let kind = store.table.by_model(model).ok_or_else(|| format!("Invalid content type: {model}"))?;
        let id = end["object_id"].as_u64().ok_or("A valid integer is required.")?;
        if !ENDS.contains(&store.kind(kind).path.as_str()) {
            return Err(format!("Invalid content type: {model}"));
        }
        if store.get(kind, id).is_none() {
            return Err(format!("Related object not found using the provided numeric ID: {id}"));
        }
        found.push(json!({ "object_type": model, "object_id": id }));
    }
    Ok(json!(found))
}

/// Whether the ends are legal.
pub(crate) fn check(store: &Store, id: u64, data: &Map<String, Value>, errors: &mut Errors) {
    let cable = Object { data: data.clone(), ..Object::default() };
    for side in ["a", "b"] {
        let ends = ends(store, &cable, side);
        if ends.is_empty() && id == 0 {
            return errors.add("__all__", "Must define A and B terminations when creating a new cable.");
        }
        if ends.iter().any(|(kind, _)| Some(*kind) != ends.first().map(|e| e.0)) {
            return errors.add("__all__", "Cannot connect different termination types to same end of cable.");
        }
        for (kind, at) in ends {
            if let Some((other, _)) = cable_at(store, kind, at).filter(|(other, _)| *other != id) {
                let app = store.kind(kind).facts.name.clone();
                return errors
                    .add("__all__", format!("Duplicate termination found for {app} {at}: cable {other}"));
            }
        }
    }
}

/// Marks the ends of a cable that was saved, frees those it no longer has, and keeps the list of ends.
pub(crate) fn connect(
    store: &mut Store,
    before: Option<&Object>,
    cable: Option<&Object>,
) -> Result<(), Refusal> {
    let all = |store: &Store, cable: Option<&Object>| -> Vec<End> {
        cable.map(|c| [ends(store, c, "a"), ends(store, c, "b")].concat()).unwrap_or_default()
    };
    for (kind, id) in all(store, before) {
        store.change(kind, id, |o| _ = o.data.remove("_cable"));
    }
    let id = cable.map(|c| c.id);
    for (kind, end) in all(store, cable) {
        store.change(kind, end, |o| _ = o.data.insert("_cable".to_owned(), json!(id)));
    }
    terminations(store, before.or(cable).map(|c| c.id), cable);
    Ok(())
}

/// The read-only objects that stand for the ends.
fn terminations(store: &mut Store, id: Option<u64>, cable: Option<&Object>) {
    let Some(kind) = store.table.by_path("dcim/cable-terminations") else { return };
    let old: Vec<u64> = store.all(kind).filter(|o| o.key("cable") == id).map(|o| o.id).collect();
    for old in old {
        store.remove(kind, old);
    }
    let Some(cable) = cable else { return };
    for side in ["a", "b"] {
        for (of, end) in ends(store, cable, side) {
            let now = store.now();
            let data = json!({
                "cable": cable.id, "cable_end": side.to_uppercase(), "termination_type": store.kind(of).facts.model,
                "termination_id": end, "termination": null,
            });
            let id = store.next_id(kind);
            let data = data.as_object().cloned().unwrap_or_default();
            store.force(kind, Object { id, data, created: now, updated: now });
        }
    }
}

/// Cables that end at an object.
pub(crate) fn of_end(store: &Store, kind: TypeId, id: u64) -> Option<u64> {
    store.get(kind, id)?.key("_cable")
}
