//! An OpenAPI document of one NetBox release, and the collections it describes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use catalogue::description::Version;
use flate2::read::GzDecoder;
use serde_json::Value;

/// Query parameters of every list that choose the form of the answer and not what is in it.
const NOT_FILTERS: [&str; 7] = ["brief", "fields", "omit", "limit", "offset", "start", "ordering"];

/// A document.
#[derive(Debug)]
pub struct Document {
    /// The feature release it describes.
    pub version: Version,
    root: Value,
}

/// An endpoint that lists and makes objects of one type.
#[derive(Debug, Clone)]
pub struct Collection<'a> {
    /// Schema of the body to create one; `None` where the document has none.
    pub request: Option<&'a Value>,
    /// Schema of one object as answered.
    pub response: Option<&'a Value>,
    /// What the document calls the answered object.
    pub schema: Option<&'a str>,
    /// Names of the query parameters that select objects.
    pub filters: BTreeSet<&'a str>,
    /// Whether single objects can be read, changed and deleted.
    pub managed: bool,
}

impl Document {
    /// Reads a document, plain or gzip.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let text = if bytes.starts_with(&[0x1f, 0x8b]) {
            let mut text = Vec::new();
            GzDecoder::new(bytes.as_slice())
                .read_to_end(&mut text)
                .with_context(|| format!("{} is not gzip to its end", path.display()))?;
            text
        } else {
            bytes
        };
        let root =
            serde_json::from_slice(&text).with_context(|| format!("{} is not JSON", path.display()))?;
        Self::new(root).with_context(|| format!("{} is not a NetBox document", path.display()))
    }

    /// Takes a document that is read already.
    pub fn new(root: Value) -> Result<Self> {
        let Some(version) = root.pointer("/info/version").and_then(Value::as_str) else {
            bail!("it has no info.version");
        };
        Ok(Self { version: version.parse()?, root })
    }

    /// Every endpoint that makes objects, by path (`dcim/sites`). Those of plugins are left out.
    pub fn collections(&self) -> BTreeMap<&str, Collection<'_>> {
        let mut collections = BTreeMap::new();
        let Some(paths) = self.root.get("paths").and_then(Value::as_object) else { return collections };
        for (path, operations) in paths {
            let name = path.trim_start_matches("/api/").trim_matches('/');
            let Some(post) = operations.get("post") else { continue };
            if path.contains('{') || name.starts_with("plugins/") {
                continue;
            }
            let detail = paths.get(&format!("{path}{{id}}/"));
            let has = |method: &str| detail.is_some_and(|detail| detail.get(method).is_some());
            let answered = post.get("responses").and_then(|all| all.get("201")).and_then(body_schema);
            let (request, response) =
                (post.get("requestBody").and_then(body_schema), answered.and_then(single));
            collections.insert(
                name,
                Collection {
                    request: request.and_then(single).map(|schema| self.resolve(schema)),
                    response: response.map(|schema| self.resolve(schema)),
                    schema: response.and_then(reference),
                    filters: operations.get("get").map(filters).unwrap_or_default(),
                    managed: has("get") && has("patch") && has("delete"),
                },
            );
        }
        collections
    }

    /// Follows references and single-member `allOf`s to a schema that says something itself.
    pub fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let mut schema = schema;
        loop {
            let next = match (reference(schema), schema.get("allOf").and_then(Value::as_array)) {
                (Some(name), _) => self.root.pointer("/components/schemas").and_then(|all| all.get(name)),
                (None, Some(members)) => members.first(),
                (None, None) => None,
            };
            match next {
                Some(next) => schema = next,
                None => return schema,
            }
        }
    }
}

/// Name of the schema that a reference points to, through a single-member `allOf` as well.
pub fn reference(schema: &Value) -> Option<&str> {
    if let Some(path) = schema.get("$ref").and_then(Value::as_str) {
        return path.rsplit('/').next();
    }
    schema.get("allOf").and_then(Value::as_array).and_then(|members| members.first()).and_then(reference)
}

fn body_schema(body: &Value) -> Option<&Value> {
    let content = body.get("content")?.as_object()?;
    content.get("application/json").or_else(|| content.values().next())?.get("schema")
}

/// The schema of one object where a body may be one or a list of them.
fn single(schema: &Value) -> Option<&Value> {
    match schema.get("oneOf").and_then(Value::as_array) {
        Some(members) => members.iter().find(|member| reference(member).is_some()),
        None => Some(schema),
    }
}

fn filters(get: &Value) -> BTreeSet<&str> {
    get.get("parameters")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|parameter| parameter.get("in").and_then(Value::as_str) == Some("query"))
        .filter_map(|parameter| parameter.get("name").and_then(Value::as_str))
        .filter(|name| !NOT_FILTERS.contains(name))
        .collect()
}
