//! Sample values: what is written into a configuration, and what the server must make of it.

use std::collections::BTreeMap;

use serde_json::Value as Json;

/// A value of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Sample {
    /// A literal.
    Plain(Json),
    /// JSON, written with `jsonencode`.
    Encoded(Json),
    /// Another object of the configuration.
    Reference(Link),
    /// Several of them.
    References(Vec<Link>),
    /// One object of one of several kinds: the name of the choice and the object.
    Target(String, Link),
    /// Objects inside the object.
    Objects(Vec<BTreeMap<String, Sample>>),
    /// Tags.
    Tags(Vec<Link>),
    /// Custom fields by key; null clears one.
    Keys(BTreeMap<String, Json>),
    /// A file beside the configuration.
    File(String),
    /// A secret, and the version that sends it again.
    Secret(String, u32),
}

/// An instance that is referred to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// Path of its kind.
    pub kind: String,
    /// Its label.
    pub instance: String,
    /// How it is referred to.
    pub form: Form,
}

/// How an object is referred to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// By id.
    Id,
    /// By slug, name, or whatever its kind is looked up by.
    Text,
    /// By an object of one attribute.
    Attributes,
}

impl Sample {
    /// Every instance that this value refers to.
    pub fn links(&self) -> Vec<&Link> {
        match self {
            Self::Reference(link) | Self::Target(_, link) => vec![link],
            Self::References(links) | Self::Tags(links) => links.iter().collect(),
            Self::Objects(objects) => {
                objects.iter().flat_map(|object| object.values().flat_map(Self::links)).collect()
            }
            Self::Plain(_) | Self::Encoded(_) | Self::Keys(_) | Self::File(_) | Self::Secret(..) => {
                Vec::new()
            }
        }
    }
}
