//! Where a kind lives in the API, and its habits there, as Rust source.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, anyhow, bail};

use crate::fields::{Made, name_of};
use crate::overrides::{KindFacts, Overrides};
use crate::schema::Schema;

/// The habits of a kind that differ from the usual ones: the names of members of `Place`, and their source.
#[derive(Debug)]
pub struct Place {
    /// Where all are listed.
    pub collection: String,
    /// Where one is.
    pub item: String,
    /// Members that are not as usual.
    pub habits: Vec<(&'static str, String)>,
}

/// The place of a kind.
pub fn place(schema: &Schema, overrides: &Overrides, facts: &KindFacts, fields: &[Made]) -> Result<Place> {
    let collection = facts.collection.as_deref().context("it has no collection")?;
    let item = facts.item.as_deref().unwrap_or(collection);
    let has = |path: &str, method: &str| facts.source.is_some() || schema.method(path, method).is_some();
    let mut habits = Vec::new();
    let mut habit = |name, usual: &str, value: String| {
        if value != usual {
            habits.push((name, value));
        }
    };
    let create = match facts.create.as_deref() {
        None if has(collection, "POST") && item != collection => "Create::PostCollection".to_owned(),
        None if has(item, "POST") => "Create::PostItem".to_owned(),
        None | Some("exists") => "Create::Exists".to_owned(),
        Some("post_collection") => "Create::PostCollection".to_owned(),
        Some("post_item") => "Create::PostItem".to_owned(),
        Some(other) => format!("Create::Special({other:?})"),
    };
    habit("create", "Create::PostCollection", create);
    let read = match facts.read.as_deref() {
        None | Some("item") => "Read::Item".to_owned(),
        Some("listed") => "Read::Listed".to_owned(),
        Some(other) => format!("Read::Special({other:?})"),
    };
    habit("read", "Read::Item", read);
    let update = match facts.update.as_deref() {
        None if has(item, "PUT") => "Update::Put".to_owned(),
        None | Some("never") => "Update::Never".to_owned(),
        Some("put") => "Update::Put".to_owned(),
        Some("put_whole") => "Update::PutWhole".to_owned(),
        Some("post") => "Update::Post".to_owned(),
        Some("rename") => "Update::Rename".to_owned(),
        Some(other) => format!("Update::Special({other:?})"),
    };
    if update == "Update::Put" {
        carried(schema, facts, item)?;
    }
    habit("update", "Update::Put", update.clone());
    let takes_delete = schema.method(item, "PUT").is_some_and(|put| put.contains_key("delete"));
    let delete = match facts.delete.as_deref() {
        None if has(item, "DELETE") => "Delete::Delete".to_owned(),
        None | Some("reset") => "Delete::Reset".to_owned(),
        Some("delete") => "Delete::Delete".to_owned(),
        Some("leave") => "Delete::Leave".to_owned(),
        Some(other) => format!("Delete::Special({other:?})"),
    };
    habit("delete", "Delete::Delete", delete);
    let clear = match facts.clear.as_deref() {
        None if takes_delete || facts.source.is_some() => "Clear::DeleteList",
        Some("delete_list") => "Clear::DeleteList",
        Some("delete_each") => "Clear::DeleteEach",
        None | Some("empty") => "Clear::Empty",
        Some("leave_out") => "Clear::LeaveOut",
        Some(other) => bail!("{other:?} is no way to clear"),
    };
    habit("clear", "Clear::DeleteList", clear.to_owned());
    let told = ["PUT", "POST"].iter().any(|method| {
        schema.method(item, method).is_some_and(|parameters| parameters.contains_key("digest"))
    });
    habit("digest", "true", facts.digest.unwrap_or(told || facts.source.is_some()).to_string());
    habit("constants", "&[]", pairs(&facts.constants));
    habit("always", "&[]", format!("&{:?}", facts.always));
    if update == "Update::Put" {
        habit("requires", "&[]", requires(schema, facts, item, fields));
    }
    habit("found", "&[]", pairs(&facts.found));
    habit("wires", "&[]", wires(fields));
    match facts.settles.as_deref() {
        None => {}
        Some("sdn") => habit("settles", "", "Some(Settles::Sdn)".to_owned()),
        Some("node_network") => habit("settles", "", "Some(Settles::NodeNetwork)".to_owned()),
        Some(other) => bail!("nothing settles by {other:?}"),
    }
    let named = |own: &Option<String>, path: &str| match own {
        Some(own) => Ok(own.clone()),
        None => in_terraform(overrides, facts, path),
    };
    Ok(Place {
        collection: named(&facts.place_collection, collection)?,
        item: named(&facts.place_item, item)?,
        habits,
    })
}

/// What every change of the item must carry is known to be so.
fn carried(schema: &Schema, facts: &KindFacts, item: &str) -> Result<()> {
    let required =
        schema.method(item, "PUT").into_iter().flatten().filter(|(_, parameter)| !parameter.optional);
    let missing: Vec<&String> = required
        .map(|(wire, _)| wire)
        .filter(|wire| !facts.id.iter().flatten().chain(&facts.always).any(|known| known == *wire))
        .filter(|wire| !item.contains(&format!("{{{wire}}}")))
        .collect();
    if !missing.is_empty() {
        bail!("every change must carry {missing:?}, which `always` does not name");
    }
    Ok(())
}

/// The keys of fields that a change may carry only along with the key of another field.
fn requires(schema: &Schema, facts: &KindFacts, item: &str, fields: &[Made]) -> String {
    let is_field = |wire: &str| fields.iter().any(|made| made.field.wire == wire);
    let pairs = schema.method(item, "PUT").into_iter().flatten();
    let pairs = pairs.filter_map(|(wire, parameter)| Some((wire, parameter.requires.as_ref()?)));
    let pairs = pairs.chain(&facts.requires);
    let pairs = pairs.filter(|(wire, other)| is_field(wire) && is_field(other));
    let pairs: Vec<String> = pairs.map(|(wire, other)| format!("({wire:?}, {other:?})")).collect();
    format!("&[{}]", pairs.join(", "))
}

/// A path of the schema with the parameters called as the attributes are.
fn in_terraform(overrides: &Overrides, facts: &KindFacts, path: &str) -> Result<String> {
    let part = |part: &str| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
        None => Ok(part.to_owned()),
        Some(wire) if facts.id.iter().flatten().any(|id| id == wire) => {
            Ok(format!("{{{}}}", name_of(wire, &overrides.field(facts, wire))))
        }
        Some(wire) => Err(anyhow!("its path has {wire}, which is no part of its id")),
    };
    let parts = path.trim_start_matches('/').split('/').map(part);
    Ok(parts.collect::<Result<Vec<String>>>()?.join("/"))
}

fn pairs(map: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = map.iter().map(|(key, value)| format!("({key:?}, {value:?})")).collect();
    format!("&[{}]", pairs.join(", "))
}

fn wires(fields: &[Made]) -> String {
    let wires: Vec<String> = fields
        .iter()
        .filter_map(|made| Some(format!("({:?}, {})", made.field.name, made.wire.as_ref()?)))
        .collect();
    format!("&[{}]", wires.join(", "))
}
