//! Reduces the API viewer's schema to the table the stand-in works from.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Map, Value, json};

/// Schema keyword and its name in the table.
const KEYWORDS: &[(&str, &str)] = &[
    ("enum", "enum"),
    ("minimum", "min"),
    ("maximum", "max"),
    ("minLength", "minlen"),
    ("maxLength", "maxlen"),
    ("pattern", "re"),
    ("requires", "requires"),
    ("alias", "alias"),
    ("keyAlias", "keyalias"),
    ("default_key", "defkey"),
];

/// Things used in several places, each kept once.
#[derive(Default)]
struct Pool {
    items: Vec<Value>,
    seen: BTreeMap<String, usize>,
}

impl Pool {
    fn index(&mut self, item: Value) -> usize {
        let next = self.items.len();
        let index = *self.seen.entry(item.to_string()).or_insert(next);
        if index == next {
            self.items.push(item);
        }
        index
    }
}

#[derive(Default)]
struct Reducer {
    params: Pool,
    formats: Pool,
    served: BTreeMap<String, Map<String, Value>>,
    other: BTreeMap<String, Vec<String>>,
}

/// The table for the paths that `is_served` names.
pub(crate) fn reduce(schema: &Value, release: &str, is_served: &dyn Fn(&str, &str) -> bool) -> String {
    let mut reducer = Reducer::default();
    for node in schema.as_array().into_iter().flatten() {
        reducer.walk(node, is_served);
    }
    // The root index is not in the viewer's schema.
    reducer
        .served
        .insert("/".into(), Map::from_iter([("GET".into(), json!({ "user": "all", "params": {} }))]));
    reducer.print(release)
}

fn truthy(value: Option<&Value>) -> bool {
    matches!(value, Some(Value::Bool(true)))
        || value.and_then(Value::as_i64).is_some_and(|n| n == 1)
        || value.and_then(Value::as_str).is_some_and(|s| s == "1")
}

impl Reducer {
    fn walk(&mut self, node: &Value, is_served: &dyn Fn(&str, &str) -> bool) {
        let path = node["path"].as_str().unwrap_or_default();
        for (method, info) in node["info"].as_object().into_iter().flatten() {
            if is_served(method, path) {
                let reduced = self.method(info);
                self.served.entry(path.to_owned()).or_default().insert(method.clone(), reduced);
            } else {
                self.other.entry(path.to_owned()).or_default().push(method.clone());
            }
        }
        for child in node["children"].as_array().into_iter().flatten() {
            self.walk(child, is_served);
        }
    }

    fn method(&mut self, info: &Value) -> Value {
        let mut reduced = json!({});
        let permissions = &info["permissions"];
        if !permissions["check"].is_null() {
            reduced["check"] = permissions["check"].clone();
        } else if !permissions["user"].is_null() {
            reduced["user"] = permissions["user"].clone();
        }
        if info["proxyto"] == "node" {
            reduced["node"] = json!(1);
        }
        let mut params = Map::new();
        for (name, spec) in info["parameters"]["properties"].as_object().into_iter().flatten() {
            let spec = self.spec(spec);
            params.insert(name.clone(), json!(self.params.index(spec)));
        }
        reduced["params"] = Value::Object(params);
        reduced
    }

    fn spec(&mut self, spec: &Value) -> Value {
        let mut reduced = json!({ "t": spec["type"].as_str().unwrap_or("string") });
        if truthy(spec.get("optional")) {
            reduced["opt"] = json!(1);
        }
        for (keyword, short) in KEYWORDS {
            match spec.get(*keyword) {
                None | Some(Value::Null) => {}
                // Some limits are written as text.
                Some(Value::String(text)) if matches!(*short, "min" | "max") => {
                    reduced[*short] = serde_json::from_str(text).unwrap_or_default();
                }
                Some(value) => reduced[*short] = value.clone(),
            }
        }
        match spec.get("format") {
            Some(Value::String(name)) => reduced["fmt"] = json!(name),
            Some(Value::Object(properties)) => {
                let properties: Map<String, Value> =
                    properties.iter().map(|(name, spec)| (name.clone(), self.spec(spec))).collect();
                reduced["props"] = json!(self.formats.index(Value::Object(properties)));
            }
            _ => {}
        }
        if let Some(items) = spec.get("items") {
            reduced["items"] = self.spec(items);
        }
        reduced
    }

    /// One entry a line, so that a change shows as one.
    fn print(&self, release: &str) -> String {
        let entries = |items: Vec<String>| items.join(",\n");
        let keyed = |key: &String, value: String| format!("{}: {value}", json!(key));
        let served = self.served.iter().map(|(k, v)| keyed(k, json!(v).to_string())).collect();
        let other = self.other.iter().map(|(k, v)| keyed(k, json!(v).to_string())).collect();
        let params = self.params.items.iter().map(Value::to_string).collect();
        let formats = self.formats.items.iter().map(Value::to_string).collect();
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ =
            writeln!(text, "{{\n\"release\": {},\n\"served\": {{\n{}\n}},", json!(release), entries(served));
        let _ = writeln!(text, "\"other\": {{\n{}\n}},", entries(other));
        let _ = writeln!(text, "\"params\": [\n{}\n],", entries(params));
        let _ = writeln!(text, "\"formats\": [\n{}\n]\n}}", entries(formats));
        text
    }
}
