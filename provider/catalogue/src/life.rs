//! The life of an object: what all resources of a table have in common.

use std::sync::Arc;

use serde_json::Value as Json;
use tf_framework::schema::{Attribute, Schema};
use tf_framework::{Call, Diagnostic, Diagnostics, Result};
use tf_value::{Path, Value};

use crate::codec::{Reading, Resolution, decode, same_inner};
use crate::description::{Field, Kind, Presence, Shape, Version};
use crate::failures::Doing;
use crate::id::Id;
use crate::memory::Memory;
use crate::reference::Reference;
use crate::resolve::{Which, complaints, references, resolve};
use crate::run::Run;
use crate::store::{Query, Record, Scope, Store};
use crate::table::Table;

/// A kind and the table it is from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) table: &'static Table,
    pub(crate) kind: &'static Kind,
}

pub(crate) static NULL: Value = Value::Null;

pub(crate) fn member<'v>(object: &'v Value, name: &str) -> &'v Value {
    object.get(name).unwrap_or(&NULL)
}

/// What an object was made or found as, and what is remembered of it.
pub(crate) struct Settled {
    pub(crate) object: Value,
    pub(crate) memory: Memory,
}

impl Place {
    pub(crate) fn doing(&self, verb: &'static str, object: &Value) -> Doing {
        Doing::new(verb, self.kind, self.called(object))
    }

    /// What an object is called in messages: its name, or its id.
    pub(crate) fn called(&self, object: &Value) -> Option<String> {
        let named = self.kind.lookup.iter().chain(&["name"]).find_map(|name| member(object, name).as_str());
        named
            .map(|name| format!("{name:?}"))
            .or_else(|| Id::of(member(object, "id")).map(|id| id.to_string()))
    }

    /// An answer in the form of what is known.
    pub(crate) fn settled<S: Store>(
        &self,
        store: &S,
        record: &Record,
        hint: &Value,
        memory: &Memory,
        reading: Reading,
    ) -> Settled {
        let decoded = decode(self.table, self.kind, record, hint, memory, store.defaults(), reading);
        Settled { object: decoded.object, memory: decoded.memory }
    }

    /// The ids of references that the wire takes as ids only, of the fields wanted.
    pub(crate) async fn resolved<S: Store>(
        &self,
        store: &S,
        scope: &Scope,
        doing: &Doing,
        object: &Value,
        wanted: impl Fn(&Field) -> bool,
    ) -> Result<Resolution> {
        let mut unknown = Vec::new();
        for field in self.kind.fields.iter().filter(|field| wanted(field)) {
            references(self.table, field, member(object, field.name), Which::IdsOnly, &mut unknown);
        }
        if unknown.is_empty() {
            return Ok(Resolution::default());
        }
        let (ids, unresolved) =
            resolve(store, scope, &unknown).await.map_err(|error| doing.failed::<S>(error))?;
        complaints(&Run::default(), S::NAME, &unresolved).into_result(ids)
    }

    /// What is remembered of an object, with what its references were found to mean.
    pub(crate) fn knowing(&self, memory: &Memory, object: &Value, ids: &Resolution) -> Memory {
        let mut knowing = memory.clone();
        for field in self.kind.fields {
            let value = member(object, field.name);
            match field.shape {
                Shape::References { target } => {
                    let lookup = self.table.lookup(target);
                    let elements = value.as_list().unwrap_or_default().iter();
                    let known = elements.filter_map(|element| ids.referent(target, element, lookup));
                    knowing.references.entry(field.name.to_owned()).or_default().extend(known);
                }
                Shape::Target { of, .. } => {
                    for choice in of {
                        let lookup = self.table.lookup(choice.kind);
                        if let Some(known) = ids.referent(choice.kind, member(value, choice.name), lookup) {
                            knowing.references.insert(format!("{}.{}", field.name, choice.name), vec![known]);
                        }
                    }
                }
                _ => {}
            }
        }
        knowing
    }

    /// The state to be kept after a write: as planned, where the plan did not write a field and someone else did.
    /// The next refresh shows the difference.
    pub(crate) fn as_planned(&self, plan: &Value, object: Value) -> Value {
        let Value::Object(mut members) = object else { return object };
        for field in self.kind.fields {
            let planned = member(plan, field.name);
            if planned.is_wholly_known() && field.presence != Presence::ReadOnly && !field.secret {
                members.insert(field.name.to_owned(), planned.clone());
            }
        }
        Value::Object(members)
    }

    /// Whether two values of a field mean the same to the server.
    pub(crate) fn same(&self, schema: &Schema, field: &Field, wanted: &Value, actual: &Value) -> bool {
        let equality =
            schema.block.attributes.get(field.name).map(|attribute: &Attribute| &attribute.equality);
        let blank = |value: &Value| {
            value.is_null() || value.as_str() == Some("") || value.as_list().is_some_and(<[Value]>::is_empty)
        };
        wanted == actual
            || (blank(wanted) && blank(actual))
            || equality.is_some_and(|equality| equality.same(wanted, actual))
            || self.same_members(field, wanted, actual)
    }

    /// Objects inside the object: their members are compared by meaning too.
    fn same_members(&self, field: &Field, wanted: &Value, actual: &Value) -> bool {
        if let Shape::Object { fields } = field.shape {
            return same_inner(fields, wanted, actual);
        }
        if !matches!(field.shape, Shape::Objects { .. } | Shape::Pairs { .. }) {
            return false;
        }
        let (Some(left), Some(right)) = (wanted.as_list(), actual.as_list()) else { return false };
        let same = |left: &Value, right: &Value| {
            left.as_map().into_iter().flatten().all(|(name, value)| {
                let other = member(right, name);
                value == other || value.is_null() || (value.as_str() == Some("") && other.is_null())
            })
        };
        left.len() == right.len() && left.iter().all(|one| right.iter().any(|other| same(one, other)))
    }

    /// What the server made of what was sent, where that is something else.
    pub(crate) fn verified<S: Store>(
        &self,
        schema: &Schema,
        doing: &Doing,
        version: Version,
        wanted: &Value,
        actual: &Value,
    ) -> Diagnostics {
        let problem = |field: &Field| {
            let planned = member(wanted, field.name);
            let is_checked = field.presence != Presence::ReadOnly
                && !field.secret
                && !field.unread
                && !matches!(field.shape, Shape::File)
                && planned.is_wholly_known()
                && !planned.is_null();
            let stored = member(actual, field.name);
            if !is_checked || self.same(schema, field, planned, stored) {
                return None;
            }
            let detail = if field.available.covers(version) {
                format!(
                    "{} answered with another value for {} than it was sent: {} in place of {}. A script of the \
                     server, or a permission of the token, may be the reason.",
                    S::NAME,
                    field.name,
                    shown(stored),
                    shown(planned)
                )
            } else {
                format!(
                    "{} {version} ignored {}: it has the field {}.",
                    S::NAME,
                    field.name,
                    field.available.describe().unwrap_or_default()
                )
            };
            Some(Diagnostic::error(doing.summary(), detail).at(Path::root().attribute(field.name)))
        };
        self.kind.fields.iter().filter_map(problem).collect()
    }

    /// The filters that find the object by the best of its keys whose parts are all known.
    pub(crate) fn key_query(&self, object: &Value, ids: &Resolution) -> Option<Query> {
        self.kind.keys.iter().filter(|key| self.is_given(key, object, ids)).find_map(|key| {
            let mut query = Vec::new();
            for part in key.parts {
                let field = self.kind.field(part.field)?;
                let value = member(object, part.field);
                if let (Shape::Target { type_key, of, .. }, true) = (field.shape, value.is_known()) {
                    let choice = of.iter().find(|choice| member(value, choice.name).is_known())?;
                    query.push((type_key.to_owned(), choice.model.to_owned()));
                }
                if matches!(field.shape, Shape::Target { .. }) && value.is_null() {
                    // Its filter takes numbers only.
                    query.push((format!("{}__empty", part.filter), "true".to_owned()));
                    continue;
                }
                query.push((part.filter.to_owned(), self.key_value(field, value, ids)?));
            }
            Some(Query(query))
        })
    }

    fn key_value(&self, field: &Field, value: &Value, ids: &Resolution) -> Option<String> {
        match (field.shape, value) {
            (_, value) if value.is_unknown() => None,
            (Shape::Text { .. }, value) if value.is_null() => Some(String::new()),
            (_, value) if value.is_null() => Some("null".to_owned()),
            (Shape::Reference { target }, value) => match Reference::of(value).ok()? {
                Reference::Id(id) => Some(id.to_string()),
                reference => ids.id(target, &reference).map(|id| id.to_string()),
            },
            (Shape::Target { of, .. }, value) => of.iter().find_map(|choice| {
                let reference = Reference::of(member(value, choice.name)).ok()?;
                ids.id(choice.kind, &reference).map(|id| id.to_string())
            }),
            (_, value) => match value.concrete() {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                Value::Bool(bool) => Some(bool.to_string()),
                _ => None,
            },
        }
    }

    /// Whether an object has the natural key of this one, part by part.
    fn has_key(&self, record: &Record, object: &Value, ids: &Resolution) -> bool {
        let Some(key) = self.kind.keys.iter().find(|key| self.is_given(key, object, ids)) else {
            return false;
        };
        let bare = |json: &Json| match json.get("id").or_else(|| json.get("value")).unwrap_or(json) {
            Json::String(text) => text.clone(),
            Json::Null => String::new(),
            other => other.to_string(),
        };
        key.parts.iter().all(|part| {
            let Some(field) = self.kind.field(part.field) else { return false };
            let on_wire = match field.shape {
                Shape::Target { id_key, .. } => id_key,
                _ => field.wire,
            };
            let wanted = self.key_value(field, member(object, part.field), ids).unwrap_or_default();
            let wanted = if wanted == "null" { String::new() } else { wanted };
            let actual = record.body.get(on_wire).map(bare).unwrap_or_default();
            let equality = crate::schema::attribute(field).equality;
            wanted == actual || equality.same(&Value::from(wanted), &Value::from(actual))
        })
    }

    /// Whether all parts of a key are known, and not all of them null.
    fn is_given(&self, key: &crate::description::Key, object: &Value, ids: &Resolution) -> bool {
        let value = |part: &crate::description::KeyPart| member(object, part.field);
        let known = key.parts.iter().all(|part| {
            self.kind.field(part.field).is_some_and(|field| self.key_value(field, value(part), ids).is_some())
        });
        known && key.parts.iter().any(|part| !value(part).is_null())
    }

    /// The object that has the natural key of this one, where there is one.
    pub(crate) async fn found_by_key<S: Store>(
        &self,
        store: &S,
        scope: &Scope,
        doing: &Doing,
        object: &Value,
    ) -> Result<Option<Record>> {
        if !self.kind.nature.identity.is_number() {
            let Some(id) = self.kind.nature.identity.id_of_parts(object) else { return Ok(None) };
            return store.read(scope, self.kind, &id).await.map_err(|error| doing.failed::<S>(error));
        }
        let parts: Vec<&str> =
            self.kind.keys.iter().flat_map(|key| key.parts).map(|part| part.field).collect();
        let mut unknown = Vec::new();
        for field in self.kind.fields.iter().filter(|field| parts.contains(&field.name)) {
            references(self.table, field, member(object, field.name), Which::All, &mut unknown);
        }
        let (ids, unresolved) =
            resolve(store, scope, &unknown).await.map_err(|error| doing.failed::<S>(error))?;
        if !unresolved.is_empty() {
            return Ok(None);
        }
        let Some(query) = self.key_query(object, &ids) else { return Ok(None) };
        let found =
            store.list(scope, self.kind, &query, Some(50)).await.map_err(|error| doing.failed::<S>(error))?;
        // Filters of trees find what is below, too.
        let found: Vec<Record> =
            found.into_iter().filter(|record| self.has_key(record, object, &ids)).collect();
        match <[Record; 1]>::try_from(found) {
            Ok([record]) => Ok(Some(record)),
            Err(found) if found.is_empty() => Ok(None),
            Err(_) => Err(Diagnostics::error(
                doing.summary(),
                format!(
                    "{} has several objects of the type {} with {}: none can be chosen. Import the right one by its id.",
                    S::NAME,
                    self.kind.label,
                    query_text(&query)
                ),
            )),
        }
    }
}

/// The store and the scope of an operation.
pub(crate) fn tools<S: Store>(call: &Call<S>) -> Result<(Arc<S>, Scope)> {
    Ok((call.client()?, Scope::of(call)))
}

pub(crate) fn query_text(query: &Query) -> String {
    let pairs: Vec<String> = query.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join(", ")
}

pub(crate) fn shown(value: &Value) -> String {
    const LONGEST: usize = 120;
    let json = match crate::json::from_value(value) {
        Json::Null => "nothing".to_owned(),
        json => json.to_string(),
    };
    if json.chars().count() <= LONGEST { json } else { json.chars().take(LONGEST).chain(['…']).collect() }
}
