//! What is sent to make or change an object.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};
use sha2::{Digest as _, Sha256};
use tf_value::Value;

use crate::codec::{Resolution, cleared, encode, same_custom_value};
use crate::description::{Field, Kind, Presence, Shape, Version};
use crate::json;
use crate::life::{Place, member};
use crate::memory::Memory;
use crate::plan::wanted_tags;
use crate::store::{Body, Defaults, Store, Upload};

/// What a body is made from.
#[derive(Clone, Copy)]
pub(crate) struct Change<'a> {
    pub(crate) place: &'a Place,
    pub(crate) prior: &'a Value,
    pub(crate) planned: &'a Value,
    pub(crate) memory: &'a Memory,
    pub(crate) defaults: &'a Defaults,
    pub(crate) version: Version,
    pub(crate) ids: &'a Resolution,
}

/// Whether a field is of those that a change writes.
pub(crate) fn is_changed(field: &Field, prior: &Value, planned: &Value) -> bool {
    if field.presence == Presence::ReadOnly || matches!(field.shape, Shape::File) {
        return false;
    }
    let value = member(planned, field.name);
    if field.secret {
        let version = format!("{}_version", field.name);
        let changed = !field.replace && member(prior, &version) != member(planned, &version);
        return value.is_known() && (prior.is_null() || changed);
    }
    !value.is_unknown() && value != member(prior, field.name)
}

impl Change<'_> {
    fn kind(&self) -> &'static Kind {
        self.place.kind
    }

    /// The fields that make the object from nothing.
    pub(crate) fn whole<S: Store>(&self) -> Body {
        let mut body = Body::new();
        for field in self.kind().fields {
            let value = member(self.planned, field.name);
            let required_null = value.is_null() && field.presence == Presence::Required && field.nullable;
            if required_null && field.available.covers(self.version) {
                cleared(field, S::clears_choices_with_blank(self.version), &mut body);
            } else if value.is_known() && field.presence != Presence::ReadOnly {
                encode(self.place.table, field, value, self.ids, &mut body);
            }
        }
        self.all_tags(&mut body);
        self.first_custom_fields(&mut body);
        body
    }

    /// The fields that differ from what is there.
    pub(crate) fn differences<S: Store>(&self) -> Body {
        let mut body = Body::new();
        let blank = S::clears_choices_with_blank(self.version);
        for field in self.kind().fields.iter().filter(|field| is_changed(field, self.prior, self.planned)) {
            let value = member(self.planned, field.name);
            if value.is_null() {
                cleared(field, blank, &mut body);
            } else {
                encode(self.place.table, field, value, self.ids, &mut body);
            }
        }
        for field in self.kind().fields.iter().filter(|field| self.drops_file(field)) {
            body.insert(field.wire.to_owned(), Json::Null);
        }
        if self.kind().tags().is_some() && self.tags_differ() {
            self.changed_tags(S::adds_single_tags(self.version), &mut body);
        }
        self.changed_custom_fields(&mut body);
        body
    }

    fn drops_file(&self, field: &Field) -> bool {
        matches!(field.shape, Shape::File)
            && field.nullable
            && member(self.planned, field.name).is_null()
            && member(self.prior, field.name).is_known()
    }

    fn tags_differ(&self) -> bool {
        ["tags", "add_tags", "tags_all"].into_iter().any(|name| {
            !member(self.planned, name).is_unknown() && member(self.planned, name) != member(self.prior, name)
        })
    }

    fn tag_list(tags: impl IntoIterator<Item = String>) -> Json {
        let tag = |slug: String| {
            let mut tag = Map::new();
            tag.insert("slug".to_owned(), Json::from(slug));
            Json::Object(tag)
        };
        Json::Array(tags.into_iter().map(tag).collect())
    }

    fn all_tags(&self, body: &mut Body) {
        let Some(field) = self.kind().tags() else { return };
        let wanted = wanted_tags(self.defaults, &self.memory.fact_tags, &Value::Null, self.planned);
        if !wanted.is_empty() || member(self.planned, field.name).is_known() {
            body.insert(field.wire.to_owned(), Self::tag_list(wanted));
        }
    }

    /// Where the configuration names all tags they are sent as a whole, with those of others that the provider is
    /// told to ignore. Where it adds some, only those are sent.
    fn changed_tags(&self, singly: bool, body: &mut Body) {
        let Some(field) = self.kind().tags() else { return };
        let mut wanted = wanted_tags(self.defaults, &self.memory.fact_tags, self.prior, self.planned);
        let exact = member(self.planned, field.name).is_known();
        let all = member(self.prior, "tags_all").as_list().unwrap_or_default();
        let there: BTreeSet<String> = all.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        if exact || !singly {
            wanted.extend(self.memory.ignored_tags.iter().cloned());
            body.insert(field.wire.to_owned(), Self::tag_list(wanted));
            return;
        }
        let missing: BTreeSet<String> = wanted.difference(&there).cloned().collect();
        let unwanted: BTreeSet<String> = there.difference(&wanted).cloned().collect();
        if !missing.is_empty() {
            body.insert("add_tags".to_owned(), Self::tag_list(missing));
        }
        if !unwanted.is_empty() {
            body.insert("remove_tags".to_owned(), Self::tag_list(unwanted));
        }
    }

    fn first_custom_fields(&self, body: &mut Body) {
        let Some(field) = self.kind().custom_fields() else { return };
        let mut values = self.defaults.custom_fields.clone();
        for (key, value) in member(self.planned, field.name).as_map().into_iter().flatten() {
            values.insert(key.clone(), json::from_value(value));
        }
        values.retain(|_, value| !value.is_null());
        if !values.is_empty() {
            body.insert(field.wire.to_owned(), Json::Object(values));
        }
    }

    /// The server merges keys: only those that differ are sent, and those that the configuration owned and names no
    /// more as null.
    fn changed_custom_fields(&self, body: &mut Body) {
        let Some(field) = self.kind().custom_fields() else { return };
        let planned = member(self.planned, field.name);
        let prior = member(self.prior, field.name);
        if planned.is_unknown() || planned == prior {
            return;
        }
        let before =
            |key: &str| prior.as_map().and_then(|prior| prior.get(key)).map_or(Json::Null, json::from_value);
        let mut changed = Map::new();
        for (key, value) in planned.as_map().into_iter().flatten() {
            if !same_custom_value(value, &before(key)) {
                changed.insert(key.clone(), json::from_value(value));
            }
        }
        let named = |key: &String| planned.as_map().is_some_and(|planned| planned.contains_key(key));
        for key in self.memory.owned.iter().filter(|key| !named(key)) {
            let value = self.defaults.custom_fields.get(key).cloned().unwrap_or(Json::Null);
            changed.insert(key.clone(), value);
        }
        if !changed.is_empty() {
            body.insert(field.wire.to_owned(), Json::Object(changed));
        }
    }
}

/// What a creation is known by: the same in every run that would make the same object, and in no other.
pub(crate) fn stamp(kind: &Kind, body: &Body, more: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(kind.path.as_bytes());
    hash.update([0]);
    hash.update(Json::Object(body.clone()).to_string().as_bytes());
    hash.update([0]);
    hash.update(more.as_bytes());
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// A body without its secrets, for what outlives the request.
pub(crate) fn without_secrets(kind: &Kind, body: &Body) -> Body {
    let secret = |key: &str| kind.field_on_wire(key).is_some_and(|field| field.secret);
    body.iter().filter(|(key, _)| !secret(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The files that a change uploads, by wire key.
pub(crate) fn files(kind: &Kind, prior: &Value, planned: &Value) -> Vec<Upload> {
    let changed = |field: &&Field| {
        let digest = format!("{}_sha256", field.name);
        matches!(field.shape, Shape::File)
            && member(planned, field.name).is_known()
            && (member(prior, &digest) != member(planned, &digest) || member(prior, field.name).is_null())
    };
    let upload = |field: &Field| Upload {
        key: field.wire.to_owned(),
        path: member(planned, field.name).as_str().unwrap_or_default().to_owned(),
    };
    kind.fields.iter().filter(changed).map(upload).collect()
}
