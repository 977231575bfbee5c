//! Bodies: what is sent, what is read, and when both mean the same.

use std::collections::{BTreeMap, BTreeSet};

use catalogue::json;
use catalogue::reference::dynamic;
use serde_json::{Map, Value as Json};
use tf_framework::Value;

use crate::api::{Object, agrees};

/// Keys that every object has, and that nobody sets.
const META: [&str; 6] = ["id", "url", "display", "display_url", "created", "last_updated"];

/// The members of a body.
pub(super) fn members(body: &Value) -> BTreeMap<String, Value> {
    body.as_map().cloned().unwrap_or_default()
}

/// A body on the wire.
pub(super) fn wire(body: &Value) -> Map<String, Json> {
    members(body).iter().map(|(key, value)| (key.clone(), json::from_value(value))).collect()
}

/// Whether a configured value is what the server has: an absent key counts as null, and empty as absent.
pub(super) fn same(configured: &Value, there: Option<&Json>) -> bool {
    let there = there.unwrap_or(&Json::Null);
    let sent = json::from_value(configured);
    agrees(&sent, there) || (is_empty(&sent) && is_empty(there)) || same_moment(&sent, there)
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(members) => members.is_empty(),
        _ => false,
    }
}

fn same_moment(sent: &Json, there: &Json) -> bool {
    use time::OffsetDateTime;
    use time::format_description::well_known::Rfc3339;
    let moment = |value: &Json| OffsetDateTime::parse(value.as_str()?, &Rfc3339).ok();
    moment(sent).is_some_and(|sent| moment(there) == Some(sent))
}

/// The keys that the body in `hint` names, with what the server has for them, in the form of the hint where that means
/// the same.
pub(super) fn owned(hint: &Value, object: &Object, unread: &BTreeSet<String>) -> Value {
    let value = |(key, hinted): (String, Value)| {
        let there = object.fields.get(&key);
        let keeps = unread.contains(&key) || same(&hinted, there);
        let shown = if keeps { hinted } else { json::to_value(&simplified(there.unwrap_or(&Json::Null))) };
        (key, shown)
    };
    dynamic(Value::object(members(hint).into_iter().map(value)))
}

/// All that the server has: what an import shows.
pub(super) fn whole(object: &Object) -> Value {
    let said = object.fields.iter().filter(|(key, value)| {
        !META.contains(&key.as_str()) && !key.ends_with("_count") && !key.starts_with('_') && !is_empty(value)
    });
    dynamic(Value::object(said.map(|(key, value)| (key.clone(), json::to_value(&simplified(value))))))
}

/// A value as one would write it: choices without labels, tags by slug, other objects by id.
fn simplified(value: &Json) -> Json {
    match value {
        Json::Array(items) => items.iter().map(simplified).collect(),
        Json::Object(members) if ["id", "slug", "color"].iter().all(|key| members.contains_key(*key)) => {
            let mut tag = Map::new();
            tag.insert("slug".to_owned(), members.get("slug").cloned().unwrap_or_default());
            Json::Object(tag)
        }
        Json::Object(members) => match (members.get("value"), members.get("label"), members.get("id")) {
            (Some(value), Some(_), _) => value.clone(),
            (_, _, Some(id)) if members.contains_key("url") => id.clone(),
            _ => {
                let inner = members.iter().map(|(key, value)| (key.clone(), simplified(value)));
                Json::Object(inner.collect())
            }
        },
        other => other.clone(),
    }
}

/// The keys whose value differs from what was there, to be sent.
pub(super) fn changes(prior: &Value, planned: &Value) -> Map<String, Json> {
    let before = members(prior);
    let changed = members(planned).into_iter().filter(|(key, value)| before.get(key) != Some(value));
    changed.map(|(key, value)| (key, json::from_value(&value))).collect()
}

/// Whether every key of a body means what an imported object has.
pub(super) fn is_covered(configured: &Value, imported: &Value) -> bool {
    let there = wire(imported);
    members(configured).iter().all(|(key, value)| same(value, there.get(key)))
}

/// Whether an object agrees with what a filter asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Agreement {
    Agrees,
    Differs,
    /// The object does not tell.
    Unknown,
}

/// Compares an object with a filter, where the filter's name is one of a field: a server that does not know a filter
/// ignores it, and answers with everything.
pub(crate) fn agreement(object: &Object, filter: &str, wanted: &[String]) -> Agreement {
    let custom = || object.fields.get("custom_fields")?.get(filter.strip_prefix("cf_")?);
    let by_id = || {
        let nested = object.fields.get(filter.strip_suffix("_id")?)?;
        Some(nested.get("id").unwrap_or(nested))
    };
    let tag = || (filter == "tag").then(|| object.fields.get("tags")).flatten();
    let field = object.fields.get(filter).or_else(by_id).or_else(custom).or_else(tag);
    let Some(field) = field else { return Agreement::Unknown };
    let found: Vec<String> = match field {
        Json::Array(items) => items.iter().flat_map(names).collect(),
        one => names(one),
    };
    let agrees = wanted.iter().any(|wanted| {
        let absent = found.is_empty() && (wanted.is_empty() || wanted == "null");
        absent || found.iter().any(|found| alike(found, wanted))
    });
    if agrees { Agreement::Agrees } else { Agreement::Differs }
}

/// Whatever a value may be asked for by.
fn names(value: &Json) -> Vec<String> {
    match value {
        Json::Null => Vec::new(),
        Json::String(text) => vec![text.clone()],
        Json::Object(members) => {
            let known = ["value", "id", "slug", "name", "address", "prefix", "vid", "username"];
            known.iter().filter_map(|key| members.get(*key)).flat_map(names).collect()
        }
        Json::Array(items) => items.iter().flat_map(names).collect(),
        other => vec![other.to_string()],
    }
}

fn alike(found: &str, wanted: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().ok();
    found.eq_ignore_ascii_case(wanted)
        || number(found).is_some_and(|found| number(wanted) == Some(found))
        // An address may be asked for without its mask.
        || found.split_once('/').is_some_and(|(host, _)| host.eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json as j;

    fn object(json: Json) -> Object {
        Object::from_json(json).unwrap()
    }

    #[test]
    fn what_means_the_same_keeps_the_form_of_the_configuration() {
        let there = object(j!({"id": 1, "status": {"value": "active", "label": "Active"}, "size": "1.50",
            "site": {"id": 3, "url": "u", "slug": "ams1"}, "tags": [{"id": 9, "slug": "b"}, {"id": 8, "slug": "a"}],
            "note": "", "extra": 5}));
        let body = json::to_value(&j!({"status": "active", "size": 1.5, "site": {"slug": "ams1"},
            "tags": [{"slug": "a"}, {"slug": "b"}], "note": null}));
        assert_eq!(wire(&owned(&body, &there, &BTreeSet::new())), wire(&body));
        let body = json::to_value(&j!({"status": "planned", "site": {"slug": "x"}, "gone": 1}));
        let shown = wire(&owned(&body, &there, &BTreeSet::new()));
        assert_eq!(Json::Object(shown), j!({"status": "active", "site": 3, "gone": null}));
        let kept = owned(&body, &there, &["gone".to_owned()].into());
        assert_eq!(wire(&kept)["gone"], j!(1));
    }

    #[test]
    fn a_subset_of_an_imported_object_is_covered() {
        let there =
            object(j!({"id": 1, "url": "u", "status": {"value": "active", "label": "Active"}, "size": 2,
            "widget_count": 3, "note": "", "site": {"id": 3, "url": "u", "slug": "ams1"}}));
        let imported = whole(&there);
        assert_eq!(Json::Object(wire(&imported)), j!({"status": "active", "size": 2, "site": 3}));
        let covered = |body: Json| is_covered(&json::to_value(&body), &imported);
        assert!(covered(j!({"status": "active", "note": null, "site": 3})));
        assert!(!covered(j!({"status": "planned"})));
        assert!(!covered(j!({"other": 1})));
    }

    #[test]
    fn a_filter_that_was_ignored_shows() {
        let there = object(j!({"id": 7, "name": "A", "status": {"value": "active", "label": "Active"},
            "site": {"id": 3, "slug": "ams1"}, "tags": [{"slug": "x"}], "address": "10.0.0.1/24",
            "custom_fields": {"ticket": 5}, "parent": null}));
        let check = |filter: &str, wanted: &str| agreement(&there, filter, &[wanted.to_owned()]);
        for (filter, wanted) in [
            ("name", "a"),
            ("status", "active"),
            ("site", "ams1"),
            ("site_id", "3"),
            ("tag", "x"),
            ("id", "7"),
            ("address", "10.0.0.1"),
            ("cf_ticket", "5"),
            ("parent", "null"),
        ] {
            assert_eq!(check(filter, wanted), Agreement::Agrees, "{filter}={wanted}");
        }
        assert_eq!(check("name", "b"), Agreement::Differs);
        assert_eq!(check("site_id", "4"), Agreement::Differs);
        assert_eq!(check("q", "b"), Agreement::Unknown);
    }
}
