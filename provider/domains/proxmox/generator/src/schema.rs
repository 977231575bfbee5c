//! The API's description of itself: paths, methods, and what each takes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use serde::{Deserialize, Deserializer};
use serde_json::Value as Json;

/// Methods that write.
const WRITES: [&str; 3] = ["POST", "PUT", "DELETE"];

/// The whole API.
#[derive(Debug)]
pub struct Schema {
    /// By path, then by method.
    paths: BTreeMap<String, BTreeMap<String, Parameters>>,
}

/// What a method takes, by name on the wire.
pub type Parameters = BTreeMap<String, Parameter>;

/// One parameter, or one part of a property string.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Parameter {
    /// `string`, `integer`, `number`, `boolean`, `array`.
    #[serde(rename = "type", default)]
    pub of_type: String,
    /// Whether it may be left out.
    #[serde(default, deserialize_with = "flag")]
    pub optional: bool,
    /// What the server takes where it is left out.
    pub default: Option<Json>,
    /// The only values.
    #[serde(rename = "enum")]
    pub values: Option<Vec<String>>,
    /// What a text looks like.
    pub format: Option<Format>,
    /// Least value.
    pub minimum: Option<Json>,
    /// Greatest value.
    pub maximum: Option<Json>,
    /// Least number of characters.
    #[serde(rename = "minLength")]
    pub min_length: Option<u32>,
    /// Greatest number of characters.
    #[serde(rename = "maxLength")]
    pub max_length: Option<u32>,
    /// What an array holds.
    pub items: Option<Box<Self>>,
    /// The parameter without which it may not be given.
    pub requires: Option<String>,
    /// Whether, in a property string, its value may stand without its key.
    #[serde(default, deserialize_with = "flag")]
    pub default_key: bool,
}

/// What a text looks like.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Format {
    /// A format that the server knows by name.
    Named(String),
    /// A property string of these parts.
    Parts(BTreeMap<String, Parameter>),
}

#[derive(Deserialize)]
struct Node {
    path: String,
    #[serde(default)]
    info: BTreeMap<String, Method>,
    #[serde(default)]
    children: Vec<Self>,
}

#[derive(Deserialize)]
struct Method {
    #[serde(default)]
    parameters: Properties,
}

#[derive(Default, Deserialize)]
struct Properties {
    #[serde(default)]
    properties: BTreeMap<String, Parameter>,
}

impl Schema {
    /// Reads a description.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let nodes: Vec<Node> = serde_json::from_str(&text)
            .with_context(|| format!("{} is no description of the API", path.display()))?;
        let mut paths = BTreeMap::new();
        gather(nodes, &mut paths);
        Ok(Self { paths })
    }

    /// What a method of a path takes.
    #[must_use]
    pub fn method(&self, path: &str, method: &str) -> Option<&Parameters> {
        self.paths.get(path)?.get(method)
    }

    /// What a method of a path that must be there takes.
    pub fn expect(&self, path: &str, method: &str) -> Result<&Parameters> {
        self.method(path, method).ok_or_else(|| anyhow!("the API has no {method} {path}"))
    }

    /// Whether the API has a path.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.paths.contains_key(path)
    }

    /// Every path that something can be written to, with the methods.
    pub fn writable(&self) -> impl Iterator<Item = (&str, Vec<&str>)> {
        self.paths.iter().filter_map(|(path, methods)| {
            let writes: Vec<&str> =
                methods.keys().map(String::as_str).filter(|method| WRITES.contains(method)).collect();
            (!writes.is_empty()).then_some((path.as_str(), writes))
        })
    }
}

fn gather(nodes: Vec<Node>, paths: &mut BTreeMap<String, BTreeMap<String, Parameters>>) {
    for node in nodes {
        let methods = node.info.into_iter().map(|(name, method)| (name, method.parameters.properties));
        paths.insert(node.path, methods.collect());
        gather(node.children, paths);
    }
}

impl Parameter {
    /// The name of its format.
    #[must_use]
    pub fn format_name(&self) -> Option<&str> {
        match &self.format {
            Some(Format::Named(name)) => Some(name),
            _ => None,
        }
    }

    /// The least value of a number.
    #[must_use]
    pub fn least(&self) -> Option<String> {
        self.minimum.as_ref().and_then(number)
    }

    /// The greatest value of a number.
    #[must_use]
    pub fn greatest(&self) -> Option<String> {
        self.maximum.as_ref().and_then(number)
    }
}

/// A number, which the schema writes as a number or as text.
fn number(json: &Json) -> Option<String> {
    match json {
        Json::Number(number) => Some(number.to_string()),
        Json::String(text) => Some(text.clone()),
        _ => None,
    }
}

/// A flag, which the schema writes as true, 1 or "1".
fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(match Json::deserialize(deserializer)? {
        Json::Bool(set) => set,
        Json::Number(number) => number.as_f64() != Some(0.0),
        Json::String(text) => !matches!(text.as_str(), "" | "0"),
        _ => false,
    })
}
