//! What is there can be taken over: by id, and by what it is known by.

use std::collections::BTreeMap;

use acceptance_tests::Plan;
use acceptance_tests::netbox::{Catalogue, Instance, Stage, hcl};
use anyhow::{Context as _, Error, Result, ensure};
use catalogue::description::{Key, Kind, Shape};
use serde_json::Value as Json;

use crate::scene::{Scene, Shown};

/// Imports everything by id: the plan must not want to change anything.
pub(crate) fn by_id(it: &Scene, catalogue: &Catalogue, shown: &Shown) -> Result<()> {
    import(it, catalogue, shown, "id", |_, object| object["id"].as_u64().map(|id| id.to_string()))
}

/// Imports everything that has a natural key by it.
pub(crate) fn by_key(it: &Scene, catalogue: &Catalogue, shown: &Shown) -> Result<()> {
    let keyless = catalogue.kinds().filter(|kind| kind.keys.is_empty());
    let keyless: Vec<&str> = keyless.map(|kind| kind.name).collect();
    println!("{}: without a natural key: {}", it.version, keyless.join(", "));
    import(it, catalogue, shown, "key", key)
}

/// The natural key of an object as an import takes it.
fn key(kind: &Kind, object: &Json) -> Option<String> {
    kind.keys.iter().find_map(|key| by_parts(kind, key, object))
}

fn by_parts(kind: &Kind, key: &Key, object: &Json) -> Option<String> {
    let mut parts = Vec::new();
    for part in key.parts {
        let field = kind.field(part.field)?;
        let value = &object[field.wire];
        if let Shape::Target { type_key, id_key, .. } = field.shape {
            match (object[type_key].as_str(), object[id_key].as_u64()) {
                (Some(model), Some(id)) => {
                    parts.push(format!("{type_key}={model}"));
                    parts.push(format!("{}={id}", part.filter));
                }
                _ => parts.push(format!("{}__empty=true", part.filter)),
            }
            continue;
        }
        let text = match value {
            // Nothing singles nothing out; a parent that is not there narrows the search all the same.
            Json::Null if matches!(field.shape, Shape::Reference { .. }) && key.parts.len() > 1 => {
                "null".to_owned()
            }
            Json::Null => return None,
            Json::String(text) if text.is_empty() => return None,
            Json::String(text) => text.clone(),
            Json::Object(members) => match (members.get("value"), members.get("id")) {
                (Some(Json::String(value)), _) => value.clone(),
                (Some(value), _) => value.to_string(),
                (None, id) => id?.to_string(),
            },
            other => other.to_string(),
        };
        parts.push(format!("{}={text}", part.filter));
    }
    match (parts.as_slice(), key.parts) {
        // One that is known by a single name is imported by the name alone.
        ([one], [part]) if kind.lookup.first() == Some(&part.field) => {
            let text = one.split_once('=')?.1;
            Some(if text.parse::<u64>().is_ok() { one.clone() } else { text.to_owned() })
        }
        _ => Some(parts.join(",")),
    }
}

fn import(
    it: &Scene,
    catalogue: &Catalogue,
    shown: &Shown,
    by: &str,
    name: impl Fn(&Kind, &Json) -> Option<String>,
) -> Result<()> {
    let ws = it.another_workspace()?;
    let mut text = String::new();
    let mut instances = BTreeMap::new();
    for instance in catalogue.instances() {
        text.push_str(&catalogue.resource(&instance, Stage::Changed).map_err(Error::msg)?);
        let object = shown.get(&(instance.kind.path.to_owned(), instance.label.clone()));
        let object = object.with_context(|| instance.address())?;
        let by_id = || object["id"].as_u64().map(|id| id.to_string());
        let id = name(instance.kind, object).or_else(by_id).context("no id")?;
        text.push_str(&format!(
            "import {{\n  to = {}\n  id = {}\n}}\n",
            instance.address(),
            hcl::quoted(&id)
        ));
        instances.insert(instance.address(), instance);
    }
    ws.write("main.tf", &text)?;
    it.told(&format!("import by {by}"), || ws.plan())?;
    let plan = ws.saved_plan()?;
    let unexpected = changes(&plan, &instances)?;
    ensure!(unexpected.is_empty(), "imported by {by}, the plan would change:\n{}", unexpected.join("\n"));
    Ok(())
}

/// What the plan would change, but for what no server tells: secrets, files, what is only taken.
fn changes(plan: &Plan, instances: &BTreeMap<String, Instance>) -> Result<Vec<String>> {
    let mut unexpected = Vec::new();
    let all = plan.json()["resource_changes"].as_array().cloned().unwrap_or_default();
    ensure!(all.len() == instances.len(), "{} of {} are in the plan", all.len(), instances.len());
    for change in all {
        let address = change["address"].as_str().unwrap_or_default();
        let instance = instances.get(address).with_context(|| address.to_owned())?;
        let change = &change["change"];
        if change["importing"].is_null() {
            unexpected.push(format!("{address}: not imported: {}", change["actions"]));
            continue;
        }
        let before = change["before"].as_object().cloned().unwrap_or_default();
        for (name, was) in &before {
            let is = &change["after"][name];
            let untold = instance.kind.fields.iter().any(|field| {
                let hidden = field.unread || matches!(field.shape, Shape::File);
                (hidden && (name == field.name || *name == format!("{}_sha256", field.name)))
                    || (field.secret && *name == format!("{}_version", field.name))
            });
            let computed = change["after_unknown"][name] == Json::Bool(true);
            if is != was && !untold && !computed {
                unexpected.push(format!("{address}: {name}: {was} -> {is}"));
            }
        }
    }
    Ok(unexpected)
}
