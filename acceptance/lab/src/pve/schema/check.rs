//! Parameter verification with the API's own words.

use std::collections::BTreeMap;

use super::{Method, Spec, formats, pattern, property_string};
use crate::pve::call::{Param, Params};
use crate::pve::reply::{Outcome, Refusal};

const UNKNOWN: &str = "property is not defined in schema and the schema does not allow additional properties";
const MISSING: &str = "property is missing and it is not optional";

/// Checks all parameters of a request.
pub(crate) fn check(method: &Method, params: &Params) -> Outcome<()> {
    let mut errors = BTreeMap::new();
    for (name, param) in params.iter() {
        let Some(spec) = method.param(name) else {
            errors.insert(name.to_owned(), UNKNOWN.to_owned());
            continue;
        };
        errors.extend(check_param(name, param, spec));
        if let Some(other) = spec.requires.as_deref().filter(|o| params.get(o).is_none()) {
            errors.insert(other.to_owned(), format!("missing property - '{name}' requires this property"));
        }
    }
    for name in method.required() {
        if params.get(name).is_none() {
            errors.insert(name.to_owned(), MISSING.to_owned());
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Refusal::params(errors)) }
}

/// Problems of one parameter; those of an array stand under the element's name.
fn check_param(name: &str, param: &Param, spec: &Spec) -> Vec<(String, String)> {
    let values: Vec<&str> = match param {
        Param::Many(_) if spec.kind != "array" => {
            return vec![(name.to_owned(), format!("type check ('{}') failed - got ARRAY", spec.kind))];
        }
        Param::Many(values) => values.iter().map(String::as_str).collect(),
        Param::One(value) if spec.kind == "array" => vec![value],
        Param::One(value) => {
            return check_value(name, value, spec)
                .map(|problem| (name.to_owned(), problem))
                .into_iter()
                .collect();
        }
    };
    let Some(items) = spec.items() else { return Vec::new() };
    let elements = values.iter().enumerate().map(|(index, value)| (format!("{name}[{index}]"), value));
    elements
        .filter_map(|(name, value)| check_value(&name, value, items).map(|problem| (name, problem)))
        .collect()
}

/// Checks one value; `name` is the full name for errors inside property strings.
pub(crate) fn check_value(name: &str, value: &str, spec: &Spec) -> Option<String> {
    let type_error = || Some(format!("type check ('{}') failed - got '{value}'", spec.kind));
    match spec.kind.as_str() {
        "integer" if value.parse::<i64>().is_err() => return type_error(),
        "number" if value.parse::<f64>().is_err() => return type_error(),
        "boolean" if !matches!(value, "0" | "1" | "on" | "off") => return type_error(),
        _ => {}
    }
    if let Some(properties) = spec.properties() {
        return match property_string::parse(name, value, properties) {
            Err(error) => Some(format!("invalid format - {error}")),
            // A validator of the whole string, so its error has no inner name.
            Ok(parsed) => parsed
                .get("cputype")
                .and_then(|cpu| formats::check("cpu-type", cpu).err())
                .map(|error| format!("invalid format - {error}\n")),
        };
    }
    if let Some(format) = &spec.format
        && let Err(error) = formats::check(format, value)
    {
        return Some(format!("invalid format - {error}\n"));
    }
    if let Some(max) = spec.max_length.filter(|max| value.chars().count() > *max) {
        return Some(format!("value may only be {max} characters long"));
    }
    if let Some(min) = spec.min_length.filter(|min| value.chars().count() < *min) {
        return Some(format!("value must be at least {min} characters long"));
    }
    if let Some(text) = &spec.pattern
        && pattern(text).is_some_and(|regex| !regex.is_match(value))
    {
        return Some("value does not match the regex pattern".to_owned());
    }
    if !spec.values.is_empty() && !spec.values.iter().any(|v| v == value) {
        let list = spec.values.join(", ");
        return Some(format!("value '{value}' does not have a value in the enumeration '{list}'"));
    }
    if let Ok(number) = value.parse::<f64>() {
        if let Some(min) = spec.min.filter(|min| number < *min) {
            return Some(format!("value must have a minimum value of {min}"));
        }
        if let Some(max) = spec.max.filter(|max| number > *max) {
            return Some(format!("value must have a maximum value of {max}"));
        }
    }
    None
}
