//! Facts of NetBox's models that its documents lack; `data/netbox/models.json`, read in by hand and kept by hand.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// One type's facts.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Facts {
    /// Content type: `dcim.site`.
    pub(crate) model: String,
    /// Name in messages: `site`.
    pub(crate) name: String,
    /// Fields lists are sorted by.
    pub(crate) order: Vec<String>,
    /// Values of fields not given at creation.
    pub(crate) default: Map<String, Value>,
    /// Fields that are unique by themselves.
    pub(crate) unique: Vec<String>,
    /// Constraints over several fields, or under a condition.
    pub(crate) together: Vec<Together>,
    /// Digits and decimals of decimal numbers.
    pub(crate) digits: BTreeMap<String, (u32, u32)>,
    /// What the deletion of a reference's target does.
    pub(crate) delete: BTreeMap<String, OnDelete>,
    /// Names of fields in messages, where they are not the field's name.
    pub(crate) labels: BTreeMap<String, String>,
    /// Fields of the brief form.
    pub(crate) brief: Vec<String>,
    /// Lists whose members are shown whole.
    pub(crate) whole: Vec<String>,
    /// Fields the document calls read-only, or leaves out of requests, that are accepted.
    pub(crate) writable: Vec<String>,
    /// Fields the document leaves out, in the table's form.
    pub(crate) extra: Vec<(String, Value)>,
    /// Fields the document has and answers lack.
    pub(crate) hidden: Vec<String>,
    /// How counts are made: (`related`, `counter` or `tree`; type counted; field that refers).
    pub(crate) counts: BTreeMap<String, (String, String, String)>,
    /// Where a filter looks, when it is not a field of that name.
    pub(crate) filters: BTreeMap<String, String>,
    /// Fields `q` searches.
    pub(crate) search: Vec<String>,
    /// Pairs of `x_type` and `x_id`: the content types allowed, or all.
    pub(crate) generic: BTreeMap<String, Option<Vec<String>>>,
    /// References the document shows as bare numbers.
    pub(crate) keys: BTreeMap<String, String>,
    /// Fields a PUT without them clears.
    pub(crate) clear: Vec<String>,
    /// Lists kept at the other end: `type.field` there.
    pub(crate) mirror: BTreeMap<String, String>,
    /// The field that makes a tree of the type.
    pub(crate) tree: Option<String>,
    /// `unicode`, where slugs may hold more than ASCII.
    pub(crate) slug: Option<String>,
    /// Place among the models, in which blockers of a deletion are told.
    pub(crate) rank: usize,
    /// First version, for the reader.
    pub(crate) since: Option<String>,
}

/// A constraint of the database.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Together {
    /// Its name there.
    pub(crate) name: String,
    /// Fields; a null in one of them lets all pass.
    pub(crate) fields: Vec<String>,
    /// Fields compared without case.
    pub(crate) lower: Vec<String>,
    /// Only where these are null (true), not null (false) or not empty (`filled`).
    pub(crate) when: BTreeMap<String, Value>,
    /// What the refusal says, where recorded.
    pub(crate) text: Option<String>,
}

/// What happens to an object whose reference goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OnDelete {
    /// The deletion is refused.
    Protect,
    /// The object goes, too.
    Cascade,
    /// The reference becomes null.
    Null,
}
