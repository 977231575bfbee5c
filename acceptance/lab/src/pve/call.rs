//! One request, as a handler sees it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use super::access::Principal;
use super::cluster::Cluster;
use super::reply::{Outcome, Refusal};
use super::schema::split_list;

/// A parameter: the API takes arrays by repeating the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Param {
    One(String),
    Many(Vec<String>),
}

/// Parameters of path, query and body together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Params(BTreeMap<String, Param>);

impl Params {
    /// Adds a form or query pair; a repeated key becomes an array.
    pub(crate) fn push(&mut self, key: String, value: String) {
        match self.0.get_mut(&key) {
            None => {
                self.0.insert(key, Param::One(value));
            }
            Some(Param::Many(values)) => values.push(value),
            Some(slot @ Param::One(_)) => {
                if let Param::One(first) = std::mem::replace(slot, Param::Many(Vec::new())) {
                    *slot = Param::Many(vec![first, value]);
                }
            }
        }
    }

    /// Sets a value, replacing what was there.
    pub(crate) fn set(&mut self, key: &str, value: impl Into<String>) {
        self.0.insert(key.to_owned(), Param::One(value.into()));
    }

    /// Takes a JSON object: booleans become 1 and 0, numbers text.
    pub(crate) fn push_json(&mut self, object: &serde_json::Map<String, Value>) {
        fn text(value: &Value) -> String {
            match value {
                Value::String(s) => s.clone(),
                Value::Bool(b) => u8::from(*b).to_string(),
                other => other.to_string(),
            }
        }
        for (key, value) in object {
            let param = match value {
                Value::Null => continue,
                Value::Array(items) => Param::Many(items.iter().map(text).collect()),
                other => Param::One(text(other)),
            };
            self.0.insert(key.clone(), param);
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Param> {
        self.0.get(key)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Param)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v))
    }

    /// A scalar as text.
    pub(crate) fn str(&self, key: &str) -> Option<&str> {
        match self.0.get(key)? {
            Param::One(value) => Some(value),
            Param::Many(values) => values.first().map(String::as_str),
        }
    }

    /// Elements of an array, or of a list in one text.
    pub(crate) fn list(&self, key: &str) -> Vec<String> {
        let texts: &[String] = match self.0.get(key) {
            None => &[],
            Some(Param::One(text)) => std::slice::from_ref(text),
            Some(Param::Many(texts)) => texts,
        };
        texts.iter().flat_map(|text| split_list(text)).map(str::to_owned).collect()
    }

    /// A scalar the schema declares as required.
    pub(crate) fn need(&self, key: &str) -> Outcome<&str> {
        self.str(key).ok_or_else(|| Refusal::param(key, "property is missing and it is not optional"))
    }

    pub(crate) fn number(&self, key: &str) -> Option<u64> {
        self.str(key)?.parse().ok()
    }

    /// A boolean; absent counts as `false`.
    pub(crate) fn flag(&self, key: &str) -> bool {
        self.flag_or(key, false)
    }

    pub(crate) fn flag_or(&self, key: &str, default: bool) -> bool {
        self.str(key).map_or(default, |v| matches!(v, "1" | "on"))
    }
}

/// A file that came with a multipart request.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) path: PathBuf,
    /// Path the real server would have spooled it to.
    pub(crate) shown: String,
    pub(crate) size: u64,
}

/// One authenticated, checked request.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) principal: Principal,
    pub(crate) params: Params,
    pub(crate) upload: Option<Upload>,
    /// Node the request arrived at.
    pub(crate) via: String,
    /// The path as the API's description writes it.
    pub(crate) template: &'static str,
}

impl Call {
    /// A call the server makes itself, about one guest.
    pub(crate) fn about_guest(cluster: &Arc<Cluster>, principal: Principal, node: &str, vmid: u32) -> Self {
        let mut params = Params::default();
        params.set("node", node);
        params.set("vmid", vmid.to_string());
        let template = "";
        Self { cluster: Arc::clone(cluster), principal, params, upload: None, via: node.to_owned(), template }
    }

    /// The node the path names, else the one spoken to.
    pub(crate) fn node(&self) -> &str {
        self.params.str("node").unwrap_or(&self.via)
    }

    /// The VM id of the path.
    pub(crate) fn vmid(&self) -> Outcome<u32> {
        let text = self.params.need("vmid")?;
        text.parse()
            .map_err(|_| Refusal::param("vmid", "invalid format - value does not look like a valid VM ID\n"))
    }
}
