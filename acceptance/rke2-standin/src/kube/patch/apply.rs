//! Server-side apply (apimachinery/pkg/util/managedfields and structured-merge-diff): merge what is applied, take away
//! what this manager applied before and applies no more, refuse what another manager set otherwise.

use serde_json::{Value, json};

use super::super::kinds::Kind;
use super::super::objects;
use super::super::status::Status;
use super::fields::{self, FieldSet};
use super::lists::{ListType, list_type};
use super::managers::{self, Manager};

/// Who applies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Applier<'a> {
    pub(crate) manager: &'a str,
    pub(crate) subresource: &'a str,
    /// Take over what others own.
    pub(crate) force: bool,
}

/// The object after `applied` was applied to `live`, which is empty for a new one.
pub(crate) fn apply(kind: &Kind, live: &Value, applied: &Value, by: Applier<'_>) -> Result<Value, Status> {
    let mut managers = managers::read(live);
    let wanted = fields::leaves(kind, applied);
    let conflicts = conflicts(live, applied, &wanted, &managers, by);
    if !conflicts.is_empty() {
        if !by.force {
            return Err(refusal(&conflicts));
        }
        for manager in &mut managers {
            if !manager.is(by.manager, "Apply", by.subresource) {
                manager.fields.retain(|path| !conflicts.iter().any(|conflict| conflict.path == *path));
            }
        }
    }
    let mut result = if live.is_object() { live.clone() } else { json!({}) };
    merge_into(kind, &mut result, applied, &[]);
    let before = managers
        .iter()
        .find(|manager| manager.is(by.manager, "Apply", by.subresource))
        .map(|manager| manager.fields.clone())
        .unwrap_or_default();
    prune(&mut result, &before, &wanted, &managers, by);
    let entry = Manager {
        name: by.manager.to_owned(),
        operation: "Apply",
        api_version: kind.api_version(),
        subresource: by.subresource.to_owned(),
        time: objects::now(),
        fields: wanted,
    };
    match managers.iter_mut().find(|manager| manager.is(by.manager, "Apply", by.subresource)) {
        Some(known) if known.fields == entry.fields && known.api_version == entry.api_version => {}
        Some(known) => *known = entry,
        None => managers.push(entry),
    }
    managers::write(&mut result, &managers);
    Ok(result)
}

/// One field another manager owns at another value.
struct Conflict {
    path: fields::Path,
    manager: String,
    api_version: String,
}

fn conflicts(
    live: &Value,
    applied: &Value,
    wanted: &FieldSet,
    managers: &[Manager],
    by: Applier<'_>,
) -> Vec<Conflict> {
    let mut found = Vec::new();
    for path in wanted.iter().filter(|path| !path.last().is_some_and(|last| last.starts_with("k:"))) {
        let Some(current) = fields::get(live, path) else { continue };
        if Some(current) == fields::get(applied, path) {
            continue;
        }
        let owners = managers
            .iter()
            .filter(|manager| !manager.is(by.manager, "Apply", by.subresource))
            .filter(|manager| manager.fields.contains(path));
        found.extend(owners.map(|owner| Conflict {
            path: path.clone(),
            manager: owner.name.clone(),
            api_version: owner.api_version.clone(),
        }));
    }
    found
}

/// managedfields/internal/conflict.go: one line for one conflict, a list for more.
fn refusal(conflicts: &[Conflict]) -> Status {
    let named = |conflict: &Conflict| format!("\"{}\" using {}", conflict.manager, conflict.api_version);
    let message = match conflicts {
        [only] => format!(
            "Apply failed with 1 conflict: conflict with {}: {}",
            named(only),
            fields::display(&only.path)
        ),
        many => {
            let lines: Vec<String> = many
                .iter()
                .map(|conflict| {
                    format!("conflict with {}:\n- {}", named(conflict), fields::display(&conflict.path))
                })
                .collect();
            format!("Apply failed with {} conflicts: {}", many.len(), lines.join("\n"))
        }
    };
    let causes = conflicts
        .iter()
        .map(|conflict| {
            json!({
                "reason": "FieldManagerConflict",
                "message": format!("conflict with {}", named(conflict)),
                "field": fields::display(&conflict.path),
            })
        })
        .collect();
    Status::new(409, "Conflict", message).with_causes(causes)
}

fn merge_into(kind: &Kind, live: &mut Value, applied: &Value, path: &[String]) {
    let Some(members) = applied.as_object() else {
        *live = applied.clone();
        return;
    };
    if !live.is_object() {
        *live = json!({});
    }
    for (name, value) in members {
        let mut below = path.to_vec();
        below.push(format!("f:{name}"));
        let Some(map) = live.as_object_mut() else { return };
        let place = map.entry(name.clone()).or_insert(Value::Null);
        match (value, list_type(kind, path, name)) {
            (Value::Null, _) => {
                map.remove(name);
            }
            (Value::Object(_), _) => merge_into(kind, place, value, &below),
            (Value::Array(elements), ListType::Map(keys)) => {
                let mut merged = place.as_array().cloned().unwrap_or_default();
                for element in elements {
                    let key = fields::element_key(element, keys);
                    match merged.iter_mut().find(|known| fields::element_key(known, keys) == key) {
                        Some(known) => merge_into(kind, known, element, &below),
                        None => merged.push(element.clone()),
                    }
                }
                *place = Value::Array(merged);
            }
            (Value::Array(elements), ListType::Set) => {
                let mut merged = place.as_array().cloned().unwrap_or_default();
                let fresh: Vec<Value> =
                    elements.iter().filter(|element| !merged.contains(element)).cloned().collect();
                merged.extend(fresh);
                *place = Value::Array(merged);
            }
            _ => *place = value.clone(),
        }
    }
}

/// Takes away what only this manager owned and wants no more.
fn prune(result: &mut Value, before: &FieldSet, wanted: &FieldSet, managers: &[Manager], by: Applier<'_>) {
    let others: Vec<&Manager> =
        managers.iter().filter(|manager| !manager.is(by.manager, "Apply", by.subresource)).collect();
    let owned_otherwise = |path: &[String]| {
        let is_in = |set: &FieldSet| set.iter().any(|owned| owned.starts_with(path));
        is_in(wanted) || others.iter().any(|manager| is_in(&manager.fields))
    };
    for path in before.difference(wanted).filter(|path| !owned_otherwise(path)) {
        fields::remove(result, path);
        // A map whose last member went with it goes too, up to the object's own sections.
        let mut parent = path.as_slice();
        while let Some((_, above)) = parent.split_last()
            && above.len() > 1
            && fields::get(result, above).is_some_and(|value| {
                value.as_object().is_some_and(serde_json::Map::is_empty)
                    || value.as_array().is_some_and(Vec::is_empty)
            })
            && !owned_otherwise(above)
        {
            fields::remove(result, above);
            parent = above;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::kinds::Kinds;
    use super::*;

    fn by(manager: &str, force: bool) -> Applier<'_> {
        Applier { manager, subresource: "", force }
    }

    fn config_map(data: &Value) -> Value {
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "a" }, "data": data })
    }

    fn kind(api_version: &str, name: &str) -> std::sync::Arc<Kind> {
        Kinds::new().of(api_version, name).unwrap()
    }

    #[test]
    fn what_is_no_more_applied_goes_and_what_others_own_stays() {
        let kind = kind("v1", "ConfigMap");
        let first = apply(&kind, &Value::Null, &config_map(&json!({ "a": "1", "b": "2" })), by("one", false))
            .unwrap();
        let second =
            apply(&kind, &first, &config_map(&json!({ "b": "2", "c": "3" })), by("two", false)).unwrap();
        let third = apply(&kind, &second, &config_map(&json!({})), by("one", false)).unwrap();
        assert_eq!(third["data"], json!({ "b": "2", "c": "3" }));
    }

    #[test]
    fn another_value_is_a_conflict_until_forced() {
        let kind = kind("v1", "ConfigMap");
        let first = apply(&kind, &Value::Null, &config_map(&json!({ "a": "1" })), by("one", false)).unwrap();
        let refused = apply(&kind, &first, &config_map(&json!({ "a": "2" })), by("two", false)).unwrap_err();
        assert_eq!(refused.message, "Apply failed with 1 conflict: conflict with \"one\" using v1: .data.a");
        let forced = apply(&kind, &first, &config_map(&json!({ "a": "2" })), by("two", true)).unwrap();
        assert_eq!(forced["data"]["a"], "2");
        let owners: Vec<String> = managers::read(&forced).into_iter().map(|manager| manager.name).collect();
        assert_eq!(owners, ["two"]);
    }

    #[test]
    fn the_same_again_changes_nothing() {
        let kind = kind("apps/v1", "Deployment");
        let applied = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "a" },
            "spec": { "template": { "spec": { "containers": [ { "name": "c", "image": "1" } ] } } } });
        let first = apply(&kind, &Value::Null, &applied, by("one", false)).unwrap();
        assert_eq!(apply(&kind, &first, &applied, by("one", false)).unwrap(), first);
    }

    #[test]
    fn containers_are_merged_by_name() {
        let kind = kind("apps/v1", "Deployment");
        let with = |containers: Value| {
            json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "a" },
                "spec": { "template": { "spec": { "containers": containers } } } })
        };
        let first =
            apply(&kind, &Value::Null, &with(json!([{ "name": "c", "image": "1" }])), by("one", false))
                .unwrap();
        let second =
            apply(&kind, &first, &with(json!([{ "name": "side", "image": "2" }])), by("two", false)).unwrap();
        let containers = &second["spec"]["template"]["spec"]["containers"];
        assert_eq!(containers.as_array().unwrap().len(), 2);
        let third = apply(&kind, &second, &with(json!([])), by("two", false)).unwrap();
        assert_eq!(third["spec"]["template"]["spec"]["containers"], json!([{ "name": "c", "image": "1" }]));
    }
}
