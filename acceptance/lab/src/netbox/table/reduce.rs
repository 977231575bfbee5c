//! Reduces NetBox's OpenAPI documents, one a version, to one table for all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::span::Span;

/// Lookups that may follow a filter's name after two underscores.
const LOOKUPS: &[&str] = &[
    "n", "ic", "nic", "ie", "nie", "iew", "niew", "isw", "nisw", "regex", "iregex", "empty", "lt", "lte",
    "gt", "gte", "any",
];

/// Parameters that choose a page or a form and filter nothing.
const NO_FILTERS: &[&str] =
    &["brief", "fields", "omit", "exclude", "limit", "offset", "start", "ordering", "format"];

/// A document cannot be reduced.
#[derive(Debug, thiserror::Error)]
pub enum ReduceError {
    /// The document is not JSON.
    #[error("a document is no JSON")]
    Json(#[from] serde_json::Error),
    /// The document does not tell its version.
    #[error("a document has no version")]
    NoVersion,
    /// More documents than the table has room for.
    #[error("more than eight documents")]
    TooMany,
}

/// One document.
struct Document<'a> {
    paths: &'a Map<String, Value>,
    schemas: &'a Map<String, Value>,
}

/// What was found under one key, by version: equal findings of several versions are one.
#[derive(Default)]
struct Versions(Vec<(Value, u8)>);

impl Versions {
    fn add(&mut self, value: Value, version: usize) {
        match self.0.iter_mut().find(|(v, _)| *v == value) {
            Some((_, mask)) => *mask |= 1 << version,
            None => self.0.push((value, 1 << version)),
        }
    }
}

#[derive(Default)]
struct Type {
    mask: u8,
    schema: String,
    verbs: Versions,
    fields: BTreeMap<String, Versions>,
    enums: BTreeMap<String, Vec<(Value, Value, u8)>>,
    filters: BTreeMap<String, Versions>,
}

#[derive(Default)]
struct Reducer {
    types: BTreeMap<String, Type>,
    shapes: BTreeMap<String, Versions>,
}

fn reference(schema: &Value) -> Option<&str> {
    let direct = schema.get("$ref").or_else(|| schema.pointer("/allOf/0/$ref"));
    direct?.as_str()?.rsplit('/').next()
}

fn is(value: &Value, key: &str) -> bool {
    value.get(key) == Some(&Value::Bool(true))
}

/// The table for documents in the order of their versions.
///
/// # Errors
/// A document is not what it should be.
pub(crate) fn reduce(documents: &[String]) -> Result<String, ReduceError> {
    if documents.len() > 8 {
        return Err(ReduceError::TooMany);
    }
    let mut reducer = Reducer::default();
    let mut versions = Vec::new();
    for (index, text) in documents.iter().enumerate() {
        let document: Value = serde_json::from_str(text)?;
        let version = document.pointer("/info/version").and_then(Value::as_str);
        let version = version.and_then(|v| v.split(' ').next()).ok_or(ReduceError::NoVersion)?;
        versions.push(version.to_owned());
        let empty = Map::new();
        let paths = document["paths"].as_object().unwrap_or(&empty);
        let schemas = document.pointer("/components/schemas").and_then(Value::as_object).unwrap_or(&empty);
        reducer.document(&Document { paths, schemas }, index);
    }
    Ok(reducer.print(&versions))
}

impl Document<'_> {
    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        reference(schema).and_then(|name| self.schemas.get(name)).unwrap_or(schema)
    }

    /// Schema a request body of an operation has.
    fn request(&self, operation: &Value) -> Option<&Value> {
        let schema = operation.pointer("/requestBody/content/application~1json/schema")?;
        let one = schema.pointer("/oneOf/0").unwrap_or(schema);
        self.schemas.get(reference(one)?)
    }

    /// Name and schema of the items of a list.
    fn item(&self, operation: &Value) -> Option<(&str, &Value)> {
        let page = operation.pointer("/responses/200/content/application~1json/schema")?;
        let page = self.schemas.get(reference(page)?)?;
        let name = reference(page.pointer("/properties/results/items")?)?;
        Some((name, self.schemas.get(name)?))
    }
}

impl Reducer {
    fn document(&mut self, document: &Document<'_>, version: usize) {
        for (path, operations) in document.paths {
            let Some(name) = path.strip_prefix("/api/").and_then(|p| p.strip_suffix('/')) else { continue };
            if name.split('/').count() != 2 || name.contains('{') {
                continue;
            }
            let Some((schema, item)) = document.item(&operations["get"]) else { continue };
            let kind = self.types.entry(name.to_owned()).or_default();
            kind.mask |= 1 << version;
            kind.schema = schema.trim_end_matches("WithConfigContext").to_owned();
            let detail = document.paths.get(&format!("{path}{{id}}/")).unwrap_or(&Value::Null);
            let has = |operations: &Value, method: &str| !operations[method].is_null();
            let verbs: String = [
                (has(operations, "post"), 'c'),
                (has(detail, "get"), 'r'),
                (has(detail, "patch"), 'u'),
                (has(detail, "delete"), 'd'),
            ]
            .iter()
            .filter(|(there, _)| *there)
            .map(|(_, c)| *c)
            .collect();
            kind.verbs.add(json!(verbs), version);
            let request = document.request(&operations["post"]);
            kind.fields(document, item, request, version);
            kind.filters(&operations["get"]["parameters"], version);
        }
        for (name, schema) in document.schemas {
            let short =
                (name.starts_with("Brief") || name.starts_with("Nested")) && !name.ends_with("Request");
            if short && schema["properties"]["id"].is_object() {
                let fields = schema["properties"].as_object().into_iter().flatten();
                let fields: Vec<Value> = fields
                    .map(|(field, spec)| match reference(spec) {
                        Some(to) => json!([field, to]),
                        None => json!(field),
                    })
                    .collect();
                self.shapes.entry(name.clone()).or_default().add(json!(fields), version);
            }
        }
    }

    /// One entry a line, so that a change shows as one.
    fn print(&self, versions: &[String]) -> String {
        let mut enums: Vec<String> = Vec::new();
        let mut filters: Vec<String> = Vec::new();
        let all = u8::MAX >> (8 - versions.len().clamp(1, 8));
        let span = |mask: u8| Span::new(mask).text(versions);
        let mut types = Vec::new();
        for (name, kind) in &self.types {
            let mut fields = Vec::new();
            for (field, variants) in &kind.fields {
                for (spec, mask) in &variants.0 {
                    let mut spec = spec.clone();
                    if let Some(values) = kind.enums.get(field).filter(|_| spec["e"] == true) {
                        let values = values.iter().map(|(value, label, of)| {
                            if *of & kind.mask == kind.mask {
                                json!([value, label])
                            } else {
                                json!([value, label, span(*of)])
                            }
                        });
                        spec["e"] = json!(index(&mut enums, &json!(values.collect::<Vec<_>>())));
                    }
                    if *mask != kind.mask {
                        spec["v"] = json!(span(*mask));
                    }
                    fields.push(format!("  {}", json!([field, spec])));
                }
            }
            let mut named = Vec::new();
            for (filter, variants) in &kind.filters {
                for (spec, mask) in &variants.0 {
                    let at = index(&mut filters, spec);
                    named.push(if *mask == kind.mask {
                        json!([filter, at])
                    } else {
                        json!([filter, at, span(*mask)])
                    });
                }
            }
            let verbs: Vec<Value> = kind.verbs.0.iter().map(|(v, mask)| json!([v, span(*mask)])).collect();
            let verbs = if let [(verbs, _)] = kind.verbs.0.as_slice() { verbs.clone() } else { json!(verbs) };
            let mut head = json!({ "schema": kind.schema, "verbs": verbs });
            if kind.mask != all {
                head["v"] = json!(span(kind.mask));
            }
            types.push(format!("[{}, {head}, [\n{}],\n  {}]", json!(name), fields.join(",\n"), json!(named)));
        }
        let mut shapes = Vec::new();
        for (name, variants) in &self.shapes {
            for (fields, mask) in &variants.0 {
                shapes.push(
                    if *mask == all { json!([name, fields]) } else { json!([name, fields, span(*mask)]) }
                        .to_string(),
                );
            }
        }
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ =
            writeln!(text, "{{\n\"versions\": {},\n\"types\": [\n{}\n],", json!(versions), types.join(",\n"));
        let _ = writeln!(text, "\"shapes\": [\n{}\n],", shapes.join(",\n"));
        let _ = writeln!(text, "\"enums\": [\n{}\n],", enums.join(",\n"));
        let _ = writeln!(text, "\"filters\": [\n{}\n]\n}}", filters.join(",\n"));
        text
    }
}

fn index(pool: &mut Vec<String>, value: &Value) -> usize {
    let text = value.to_string();
    pool.iter().position(|known| *known == text).unwrap_or_else(|| {
        pool.push(text);
        pool.len() - 1
    })
}

impl Type {
    fn fields(&mut self, document: &Document<'_>, item: &Value, request: Option<&Value>, version: usize) {
        let empty = Map::new();
        let read = item["properties"].as_object().unwrap_or(&empty);
        let written = request.and_then(|r| r["properties"].as_object()).unwrap_or(&empty);
        let required: BTreeSet<&str> = request
            .and_then(|r| r["required"].as_array())
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let names: BTreeSet<&String> = read.keys().chain(written.keys()).collect();
        for name in names {
            let (r, w) = (read.get(name), written.get(name));
            let mut spec = field(name, document, r, w);
            match (r, w) {
                (Some(_), None) => spec["ro"] = json!(1),
                (None, Some(_)) => spec["wo"] = json!(1),
                _ => {}
            }
            if required.contains(name.as_str()) {
                spec["req"] = json!(1);
            }
            let values = choices(document, r, w);
            if !values.is_empty() {
                spec["e"] = json!(true);
                let known = self.enums.entry(name.clone()).or_default();
                for (value, label) in values {
                    match known.iter_mut().find(|(v, l, _)| *v == value && *l == label) {
                        Some((_, _, mask)) => *mask |= 1 << version,
                        None => known.push((value, label, 1 << version)),
                    }
                }
            }
            self.fields.entry(name.clone()).or_default().add(spec, version);
        }
    }

    fn filters(&mut self, parameters: &Value, version: usize) {
        let found: BTreeMap<&str, &Value> = parameters
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|p| Some((p["name"].as_str()?, &p["schema"])))
            .filter(|(name, _)| !NO_FILTERS.contains(name))
            .collect();
        let base = |name: &str| {
            let (base, lookup) = name.rsplit_once("__")?;
            (LOOKUPS.contains(&lookup) && found.contains_key(base))
                .then(|| (base.to_owned(), lookup.to_owned()))
        };
        let mut lookups: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for name in found.keys() {
            if let Some((base, lookup)) = base(name) {
                lookups.entry(base).or_default().push(lookup);
            }
        }
        for (name, schema) in &found {
            if base(name).is_some() {
                continue;
            }
            let one = if schema["type"] == "array" { &schema["items"] } else { schema };
            let kind = match (one["type"].as_str(), one["format"].as_str()) {
                (Some("integer"), _) => "int",
                (Some("number"), _) => "num",
                (Some("boolean"), _) => "bool",
                (_, Some("date-time")) => "time",
                (_, Some("date")) => "date",
                _ => "text",
            };
            let mut spec = json!([kind, lookups.get(*name).map(|l| l.join(" ")).unwrap_or_default()]);
            if schema["type"] == "array"
                && let Some(spec) = spec.as_array_mut()
            {
                spec.push(json!("many"));
            }
            self.filters.entry((*name).to_owned()).or_default().add(spec, version);
        }
    }
}

/// Values and labels of a choice.
fn choices(document: &Document<'_>, read: Option<&Value>, written: Option<&Value>) -> Vec<(Value, Value)> {
    let read = read.map(|r| document.resolve(r));
    let values = read
        .and_then(|r| r.pointer("/properties/value/enum"))
        .or_else(|| written.and_then(|w| w.get("enum")))
        .or_else(|| read.and_then(|r| r.get("enum")));
    let labels = read.and_then(|r| r.pointer("/properties/label/enum")).and_then(Value::as_array);
    let mut labels = labels.into_iter().flatten();
    let values = values.and_then(Value::as_array).into_iter().flatten();
    values
        .map(|value| {
            let blank = value == "" || value.is_null();
            let label = if blank { None } else { labels.next() };
            (value.clone(), label.cloned().unwrap_or_else(|| value.clone()))
        })
        .collect()
}

/// What a field is, from its form in answers and in requests.
fn field(name: &str, document: &Document<'_>, read: Option<&Value>, written: Option<&Value>) -> Value {
    let none = Value::Null;
    let (r, w) = (plain(read.unwrap_or(&none)), plain(written.unwrap_or(&none)));
    let either = if read.is_some() { r } else { w };
    let items = |schema: &Value| schema.get("items").cloned().unwrap_or_default();
    let target = |schema: &Value| reference(schema).map(str::to_owned);
    let mut spec = match name {
        "tags" if target(&items(r)).is_some() => json!({ "t": "tags" }),
        "custom_fields" => json!({ "t": "cf" }),
        _ if w["format"] == "binary" => json!({ "t": "file" }),
        _ if document.resolve(r).pointer("/properties/value").is_some() => json!({ "t": "choice" }),
        _ if written.is_some() && is_object(document, r) => {
            json!({ "t": "fk", "to": target(r) })
        }
        _ if items(w)["type"] == "integer" && target(&items(r)).is_some() => {
            json!({ "t": "m2m", "to": target(&items(r)) })
        }
        _ if is_object(document, &items(r)) => json!({ "t": "objects", "to": target(&items(r)) }),
        _ if is_object(document, r) => json!({ "t": "object", "to": target(r) }),
        _ => scalar(either),
    };
    limits(&mut spec, if written.is_some() { w } else { r });
    if is(r, "nullable") || is(w, "nullable") {
        spec["null"] = json!(1);
    }
    spec
}

/// Whether it is another type's object.
fn is_object(document: &Document<'_>, schema: &Value) -> bool {
    reference(schema).is_some() && document.resolve(schema)["properties"]["id"].is_object()
}

/// A text that may also be empty is written as a choice of the two.
fn plain(schema: &Value) -> &Value {
    let first = schema.pointer("/oneOf/0").or_else(|| schema.pointer("/anyOf/0"));
    first.filter(|one| one["type"] == "string").unwrap_or(schema)
}

fn scalar(schema: &Value) -> Value {
    let kind = match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("string"), Some("date")) => "date",
        (Some("string"), Some("date-time")) => "time",
        (Some("string"), Some("uri")) => "url",
        (Some("string"), Some("email")) => "email",
        (Some("string"), Some("binary")) => "file",
        (Some("string"), _) => "text",
        (Some("integer"), _) => "int",
        (Some("number"), _) => "num",
        (Some("boolean"), _) => "bool",
        (Some("array"), _) => match schema.pointer("/items/type").and_then(Value::as_str) {
            Some("string") => "texts",
            Some("integer") => "ints",
            _ => "json",
        },
        _ => "json",
    };
    json!({ "t": kind })
}

fn limits(spec: &mut Value, schema: &Value) {
    for (keyword, short) in
        [("minLength", "minlen"), ("maxLength", "max"), ("minimum", "lo"), ("maximum", "hi")]
    {
        if let Some(value) = schema.get(keyword) {
            spec[short] = value.clone();
        }
    }
    if is(schema, "exclusiveMaximum") {
        spec["open"] = json!(1);
    }
    if let Some(pattern) = schema["pattern"].as_str() {
        spec["re"] = json!(pattern);
    }
}
