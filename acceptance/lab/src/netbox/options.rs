//! What `OPTIONS` tells of a type: its fields, and the choices of each.

use serde_json::{Map, Value, json};

use super::table::{Field, Kind, Type};

fn kind(field: &Field) -> &'static str {
    match field.kind {
        Kind::Int if !field.read_only || field.name == "id" => "integer",
        Kind::Num => "decimal",
        Kind::Bool => "boolean",
        Kind::Date => "date",
        Kind::Time => "datetime",
        Kind::Choice => "choice",
        Kind::Url if !field.read_only => "url",
        Kind::Email => "email",
        Kind::Reference | Kind::Object if !field.read_only => "nested object",
        Kind::Text if field.name == "slug" => "slug",
        Kind::Text if !field.read_only => "string",
        _ => "field",
    }
}

fn label(name: &str) -> String {
    let text = name.trim_start_matches('_').replace('_', " ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn describe(field: &Field) -> Value {
    let mut told = json!({
        "type": kind(field), "required": field.required, "read_only": field.read_only, "label": label(&field.name),
    });
    if field.read_only {
        return told;
    }
    if let Some(max) = field.max_length {
        told["max_length"] = json!(max);
    }
    if field.kind == Kind::Int {
        let number = |n: Option<f64>| n.map(|n| json!(n as i64));
        for (name, value) in [("min_value", number(field.low)), ("max_value", number(field.high))] {
            if let Some(value) = value {
                told[name] = value;
            }
        }
    }
    if !field.choices.is_empty() {
        let shown = field.choices.iter().filter(|(value, _)| value != "" && !value.is_null());
        told["choices"] =
            shown.map(|(value, label)| json!({ "value": value, "display_name": label })).collect();
    }
    told
}

/// The answer to `OPTIONS` on a type's list or on one object.
pub(crate) fn of(t: &Type, detail: bool, may: impl Fn(&str) -> bool) -> Value {
    let fields: Map<String, Value> = t
        .fields
        .iter()
        .filter(|f| !matches!(f.kind, Kind::Tags | Kind::CustomFields) || !f.read_only)
        .map(|f| (f.name.clone(), describe(f)))
        .collect();
    let mut name = String::new();
    for (at, letter) in t.schema.chars().enumerate() {
        if at > 0 && letter.is_uppercase() && !name.ends_with(char::is_uppercase) {
            name.push(' ');
        }
        name.push(letter);
    }
    let methods: &[(&str, &str)] =
        if detail { &[("PUT", "change")] } else { &[("PUT", "change"), ("POST", "add")] };
    let actions: Map<String, Value> = methods
        .iter()
        .filter(|(_, action)| may(action))
        .map(|(method, _)| ((*method).to_owned(), Value::Object(fields.clone())))
        .collect();
    json!({
        "name": if detail { format!("{name} Instance") } else { format!("{name} List") },
        "description": "", "renders": ["application/json", "text/html"],
        "parses": ["application/json", "multipart/form-data"], "actions": actions,
    })
}
