//! What the server must show for a value, judged on what it answers itself.

use std::collections::{BTreeMap, BTreeSet};

use ::catalogue::description::{Field, Format, Literal, Presence, Shape};
use serde_json::{Value as Json, json};

use super::value::{Link, Sample};

/// What is known of the instances on the server: id and slug by kind and label.
pub type Known = BTreeMap<(String, String), (u64, Option<String>)>;

/// Why the server shows something else.
pub type Difference = String;

fn on_wire<'j>(object: &'j Json, key: &str) -> &'j Json {
    static NULL: Json = Json::Null;
    object.get(key).unwrap_or(&NULL)
}

/// A choice without its label.
fn bare(value: &Json) -> &Json {
    match value.as_object() {
        Some(members) if members.contains_key("value") && members.contains_key("label") => &value["value"],
        _ => value,
    }
}

fn id_in(value: &Json) -> Option<u64> {
    value.as_u64().or_else(|| value.get("id")?.as_u64())
}

fn number(value: &Json) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

fn known(all: &Known, link: &Link) -> Result<u64, Difference> {
    let found = all.get(&(link.kind.clone(), link.instance.clone()));
    found.map(|(id, _)| *id).ok_or_else(|| format!("{}:{} is not in the state", link.kind, link.instance))
}

/// Compares a field of an object on the server with the value that was configured for it.
///
/// # Errors
/// The server shows something else.
pub fn has(field: &Field, sample: &Sample, object: &Json, all: &Known) -> Result<(), Difference> {
    let actual = on_wire(object, field.wire);
    let differs = |wanted: &Json| format!("{} is {actual}, not {wanted}", field.name);
    let equal = |holds: bool, wanted: &Json| if holds { Ok(()) } else { Err(differs(wanted)) };
    if field.unread {
        return Ok(());
    }
    match sample {
        Sample::Plain(wanted) => equal(same(field, wanted, actual), wanted),
        Sample::Encoded(wanted) => equal(wanted == actual, wanted),
        Sample::Reference(link) => {
            let id = known(all, link)?;
            equal(id_in(actual) == Some(id), &json!({"id": id}))
        }
        Sample::References(links) => {
            let wanted: BTreeSet<u64> =
                links.iter().map(|link| known(all, link)).collect::<Result<_, _>>()?;
            let is: BTreeSet<u64> = actual.as_array().into_iter().flatten().filter_map(id_in).collect();
            equal(wanted == is, &json!(wanted))
        }
        Sample::Target(choice, link) => {
            let Shape::Target { type_key, id_key, of } = field.shape else { return Ok(()) };
            let model = of.iter().find(|one| one.name == choice).map(|one| one.model);
            let id = known(all, link)?;
            let (is_model, is_id) = (on_wire(object, type_key), on_wire(object, id_key));
            if is_model.as_str() == model && is_id.as_u64() == Some(id) {
                Ok(())
            } else {
                Err(format!("{} is {is_model} {is_id}, not {model:?} {id}", field.name))
            }
        }
        Sample::Objects(objects) => {
            let items = actual.as_array().map(Vec::as_slice).unwrap_or_default();
            let is = |members: &BTreeMap<String, Sample>, item: &Json| {
                members.iter().all(|(name, value)| match value {
                    Sample::Reference(link) => known(all, link).ok() == id_in(&item[name]),
                    Sample::Plain(wanted) => wanted == bare(&item[name]),
                    _ => false,
                })
            };
            let holds = items.len() == objects.len()
                && objects.iter().all(|members| items.iter().any(|item| is(members, item)));
            equal(holds, &Json::from(format!("{objects:?}")))
        }
        Sample::Tags(links) => {
            let slug = |link: &Link| {
                let found = all.get(&(link.kind.clone(), link.instance.clone()));
                found.and_then(|(_, slug)| slug.clone()).unwrap_or_default()
            };
            let wanted: BTreeSet<String> = links.iter().map(slug).collect();
            let slugs = actual.as_array().into_iter().flatten();
            let is: BTreeSet<String> =
                slugs.filter_map(|tag| tag["slug"].as_str().map(str::to_owned)).collect();
            equal(wanted == is, &json!(wanted))
        }
        Sample::Keys(keys) => {
            for (key, wanted) in keys {
                let is = bare(on_wire(actual, key));
                if is != wanted {
                    return Err(format!("the custom field {key} is {is}, not {wanted}"));
                }
            }
            Ok(())
        }
        Sample::File(_) => equal(actual.as_str().is_some_and(|url| !url.is_empty()), &json!("a file")),
        // Some read back and some do not; where they do they must be right.
        Sample::Secret(wanted, _) => match actual {
            Json::String(text) if !text.is_empty() && field.wire != "token" => {
                equal(text == wanted, &json!("…"))
            }
            _ => Ok(()),
        },
    }
}

/// Whether a value on the wire is a configured one, as the server keeps it.
fn same(field: &Field, wanted: &Json, actual: &Json) -> bool {
    let actual = bare(actual);
    match (field.shape, wanted) {
        (Shape::Integer { .. } | Shape::Decimal { .. } | Shape::IntegerChoice { .. }, wanted) => {
            match (number(wanted), number(actual)) {
                (Some(wanted), Some(actual)) => (wanted - actual).abs() < 1e-9,
                _ => false,
            }
        }
        (Shape::Text { format, .. }, Json::String(wanted)) => {
            // The number of an address family may come as one.
            let actual = actual.as_str().map(str::to_owned).unwrap_or_else(|| actual.to_string());
            match format {
                Format::Mac | Format::Wwn | Format::DnsName => wanted.eq_ignore_ascii_case(&actual),
                Format::DateTime => {
                    wanted.trim_end_matches('Z') == actual.trim_end_matches('Z').trim_end_matches("+00:00")
                }
                _ => *wanted == actual,
            }
        }
        (Shape::Texts { ordered: false, .. } | Shape::Integers { ordered: false }, Json::Array(wanted)) => {
            let set =
                |items: &[Json]| items.iter().map(|item| bare(item).to_string()).collect::<BTreeSet<_>>();
            actual.as_array().is_some_and(|actual| set(wanted) == set(actual))
        }
        (Shape::Pairs { names: [first, second], .. }, Json::Array(wanted)) => {
            let pairs: Vec<Json> = wanted.iter().map(|pair| json!([pair[first], pair[second]])).collect();
            actual.as_array() == Some(&pairs)
        }
        _ => wanted == actual,
    }
}

/// Compares a field with what leaving it out means. `before` is what the server showed while it was set.
///
/// # Errors
/// The server shows something else.
pub fn is_cleared(field: &Field, keys: &[String], object: &Json, before: &Json) -> Result<(), Difference> {
    let actual = on_wire(object, field.wire);
    let wanted =
        |what: &str| Err(format!("{} is {actual} although it was left out: {what} was expected", field.name));
    // A slug that is left out stays what it was.
    let stays = field.presence == Presence::Required && !field.nullable;
    if stays || field.secret || field.unread || matches!(field.presence, Presence::OptionalComputed(_)) {
        return Ok(());
    }
    if let Some(default) = field.default {
        let json = match default {
            Literal::Bool(value) => json!(value),
            Literal::Integer(value) => json!(value),
            Literal::Decimal(text) => serde_json::from_str(text).unwrap_or(Json::Null),
            Literal::Text(text) => json!(text),
        };
        return if same(field, &json, actual) { Ok(()) } else { wanted(&json.to_string()) };
    }
    match field.shape {
        Shape::CustomFields => {
            let left = keys.iter().find(|key| !on_wire(actual, key).is_null());
            left.map_or(Ok(()), |key| Err(format!("the custom field {key} is {} still", actual[key])))
        }
        Shape::Target { type_key, id_key, .. } => {
            if on_wire(object, type_key).is_null() && on_wire(object, id_key).is_null() {
                Ok(())
            } else {
                wanted("null")
            }
        }
        _ if field.nullable => {
            let empty = actual.as_array().is_some_and(Vec::is_empty);
            if bare(actual).is_null() || empty { Ok(()) } else { wanted("null") }
        }
        Shape::Text { .. } => {
            if actual.as_str() == Some("") {
                Ok(())
            } else {
                wanted("an empty text")
            }
        }
        Shape::References { .. }
        | Shape::Tags
        | Shape::Texts { .. }
        | Shape::Integers { .. }
        | Shape::Pairs { .. }
        | Shape::Objects { .. } => {
            if actual.as_array().is_some_and(Vec::is_empty) {
                Ok(())
            } else {
                wanted("an empty list")
            }
        }
        // What cannot be null and has no default we know stays as it is.
        _ => {
            if actual == on_wire(before, field.wire) {
                Ok(())
            } else {
                wanted("what was there")
            }
        }
    }
}
