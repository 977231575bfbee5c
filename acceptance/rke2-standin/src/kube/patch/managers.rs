//! `metadata.managedFields`: who set what, after every write (apimachinery/pkg/util/managedfields).

use serde_json::{Value, json};

use super::super::kinds::Kind;
use super::super::objects;
use super::fields::{self, FieldSet};

/// The fields of one manager.
#[derive(Debug, Clone)]
pub(crate) struct Manager {
    pub(crate) name: String,
    /// `Apply` or `Update`.
    pub(crate) operation: &'static str,
    pub(crate) api_version: String,
    pub(crate) subresource: String,
    pub(crate) time: String,
    pub(crate) fields: FieldSet,
}

impl Manager {
    pub(crate) fn is(&self, name: &str, operation: &str, subresource: &str) -> bool {
        self.name == name && self.operation == operation && self.subresource == subresource
    }
}

/// Reads the managers of an object.
pub(crate) fn read(object: &Value) -> Vec<Manager> {
    objects::list(object, &["metadata", "managedFields"])
        .iter()
        .map(|entry| Manager {
            name: objects::text(entry, &["manager"]).to_owned(),
            operation: if entry["operation"] == "Apply" { "Apply" } else { "Update" },
            api_version: objects::text(entry, &["apiVersion"]).to_owned(),
            subresource: objects::text(entry, &["subresource"]).to_owned(),
            time: objects::text(entry, &["time"]).to_owned(),
            fields: fields::decode(&entry["fieldsV1"]),
        })
        .collect()
}

/// Writes them; those who own nothing are left out.
pub(crate) fn write(object: &mut Value, managers: &[Manager]) {
    let entries: Vec<Value> = managers
        .iter()
        .filter(|manager| !manager.fields.is_empty())
        .map(|manager| {
            let mut entry = json!({
                "manager": manager.name, "operation": manager.operation, "apiVersion": manager.api_version,
                "time": manager.time, "fieldsType": "FieldsV1", "fieldsV1": fields::encode(&manager.fields),
            });
            if !manager.subresource.is_empty() {
                entry["subresource"] = json!(manager.subresource);
            }
            entry
        })
        .collect();
    if entries.is_empty() {
        objects::unset(object, &["metadata", "managedFields"]);
    } else {
        objects::set(object, &["metadata", "managedFields"], Value::Array(entries));
    }
}

/// After an update: what changed belongs to the one who changed it, and to nobody else.
pub(crate) fn after_update(kind: &Kind, old: &Value, new: &mut Value, name: &str, subresource: &str) {
    // A client that sends an empty list asks for all records to be dropped; one that sends none keeps them.
    let mut managers = read(old);
    let (before, after) = (fields::leaves(kind, old), fields::leaves(kind, new));
    let is_element = |path: &[String]| path.last().is_some_and(|last| last.starts_with("k:"));
    let changed: FieldSet = after
        .iter()
        .filter(|path| match fields::get(old, path) {
            None => true,
            Some(_) if is_element(path) => false,
            Some(value) => Some(value) != fields::get(new, path),
        })
        .cloned()
        .collect();
    let removed: FieldSet = before.iter().filter(|path| fields::get(new, path).is_none()).cloned().collect();
    if !changed.is_empty() || !removed.is_empty() {
        for manager in &mut managers {
            manager
                .fields
                .retain(|path| !removed.contains(path) && (is_element(path) || !changed.contains(path)));
        }
    }
    if !changed.is_empty() {
        match managers.iter_mut().find(|manager| manager.is(name, "Update", subresource)) {
            Some(manager) => {
                manager.fields.extend(changed);
                manager.time = objects::now();
            }
            None => managers.push(Manager {
                name: name.to_owned(),
                operation: "Update",
                api_version: kind.api_version(),
                subresource: subresource.to_owned(),
                time: objects::now(),
                fields: changed,
            }),
        }
    }
    write(new, &managers);
}
