//! One field of a type.

use serde_json::Value;

use super::{OnDelete, TypeId};

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Int,
    Num,
    Bool,
    Date,
    Time,
    Url,
    Email,
    File,
    Json,
    Texts,
    Ints,
    Choice,
    /// One object.
    Reference,
    /// Several objects, written as a list of ids.
    Many,
    /// An object that cannot be written.
    Object,
    /// Objects that cannot be written.
    Objects,
    Tags,
    CustomFields,
    /// `dcim.site`.
    ContentType,
    /// A list of such.
    ContentTypes,
}

impl Kind {
    pub(super) fn parse(name: &str) -> Self {
        match name {
            "int" => Self::Int,
            "num" => Self::Num,
            "bool" => Self::Bool,
            "date" => Self::Date,
            "time" => Self::Time,
            "url" => Self::Url,
            "email" => Self::Email,
            "file" => Self::File,
            "json" => Self::Json,
            "texts" => Self::Texts,
            "ints" => Self::Ints,
            "choice" => Self::Choice,
            "fk" => Self::Reference,
            "m2m" => Self::Many,
            "object" => Self::Object,
            "objects" => Self::Objects,
            "tags" => Self::Tags,
            "cf" => Self::CustomFields,
            _ => Self::Text,
        }
    }

    /// Stored as text that may be empty.
    pub(crate) fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Url | Self::Email)
    }
}

/// One field.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Type referred to.
    pub(crate) target: Option<TypeId>,
    /// Form nested objects take.
    pub(crate) form: Option<String>,
    pub(crate) read_only: bool,
    pub(crate) write_only: bool,
    pub(crate) nullable: bool,
    pub(crate) required: bool,
    pub(crate) min_length: u64,
    pub(crate) max_length: Option<u64>,
    pub(crate) low: Option<f64>,
    pub(crate) high: Option<f64>,
    /// The upper limit itself is out.
    pub(crate) open: bool,
    pub(crate) pattern: Option<String>,
    pub(crate) choices: Vec<(Value, Value)>,
    pub(crate) digits: Option<(u32, u32)>,
    pub(crate) default: Option<Value>,
    pub(crate) on_delete: OnDelete,
}

impl Field {
    /// Whether an object of this type keeps a value for it.
    pub(crate) fn is_stored(&self) -> bool {
        !self.read_only
    }

    /// The label of a choice.
    pub(crate) fn label(&self, value: &Value) -> Option<&Value> {
        self.choices.iter().find(|(v, _)| v == value).map(|(_, label)| label)
    }

    pub(crate) fn allows_blank(&self) -> bool {
        if self.choices.is_empty() { self.min_length == 0 } else { self.choices.iter().any(|(v, _)| v == "") }
    }
}
