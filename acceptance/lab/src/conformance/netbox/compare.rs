//! Makes equal what differs by time, chance and host.

use std::sync::OnceLock;

use regex::Regex;
use serde_json::{Value, json};

/// (pattern, replacement) for text.
const RULES: &[(&str, &str)] = &[
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(?:Z|\+00:00)", "<time>"),
    (r"\b\d{4}-\d\d-\d\d \d\d:\d\d\b", "<minute>"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<uuid>"),
    (r"http://127\.0\.0\.1:\d+", "<base>"),
];

fn rules() -> &'static [(Regex, &'static str)] {
    static COMPILED: OnceLock<Vec<(Regex, &'static str)>> = OnceLock::new();
    COMPILED.get_or_init(|| {
        RULES.iter().filter_map(|(pattern, with)| Regex::new(pattern).ok().map(|r| (r, *with))).collect()
    })
}

/// Text without what differs from run to run.
pub(super) fn text(value: &str) -> String {
    let mut value = value.to_owned();
    for (pattern, with) in rules() {
        value = pattern.replace_all(&value, *with).into_owned();
    }
    value
}

/// A body without what differs from run to run.
pub(super) fn body(value: &Value) -> Value {
    match value {
        // Pages are compared by being pages: theirs are full of style.
        Value::String(page) if page.trim_start().to_lowercase().starts_with("<!doctype") => json!("<page>"),
        Value::String(s) => json!(text(s)),
        Value::Array(items) => items.iter().map(body).collect(),
        Value::Object(map) => {
            map.iter().map(|(k, v)| (k.clone(), body(v))).collect::<serde_json::Map<_, _>>().into()
        }
        Value::Number(n) => n.as_f64().map_or_else(|| value.clone(), |f| json!(f)),
        other => other.clone(),
    }
}

/// Moments in a body or header, in the order they stand there.
pub(super) fn moments(text: &str) -> Vec<String> {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    let pattern = PATTERN.get_or_init(|| Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}").ok());
    pattern.as_ref().map(|p| p.find_iter(text).map(|m| m.as_str().to_owned()).collect()).unwrap_or_default()
}
