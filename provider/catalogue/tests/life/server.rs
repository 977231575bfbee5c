//! A server in memory. A double: it answers in the forms that real ones answer in.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use catalogue::Run;
use catalogue::description::{AllocatorParent, Field, Identity, Kind, Literal, Shape, Version};
use catalogue::store::{
    Body, Cause, CustomField, CustomFieldType, Defaults, Id, Problem, Query, Record, Scope, Store,
    StoreError, Upload,
};
use serde_json::{Value as Json, json};

use super::table::TABLE;

#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) path: &'static str,
    pub(crate) fields: Body,
    pub(crate) stamp: String,
    pub(crate) changes: u64,
}

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) objects: Mutex<BTreeMap<u64, Object>>,
    pub(crate) version: Version,
    pub(crate) log: Mutex<Vec<String>>,
    /// Makes the next write take effect and its answer get lost.
    pub(crate) lose_answer: Mutex<bool>,
    pub(crate) defaults: Defaults,
    pub(crate) run: Run,
    next: AtomicU64,
}

impl Server {
    pub(crate) fn new(version: Version, defaults: Defaults) -> Self {
        Self {
            objects: Mutex::default(),
            version,
            log: Mutex::default(),
            lose_answer: Mutex::new(false),
            defaults,
            run: Run::default(),
            next: AtomicU64::new(1),
        }
    }

    pub(crate) fn objects(&self) -> MutexGuard<'_, BTreeMap<u64, Object>> {
        self.objects.lock().unwrap()
    }

    pub(crate) fn writes(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    fn note(&self, what: String) {
        self.log.lock().unwrap().push(what);
    }

    fn answer(&self, id: u64) -> Option<Record> {
        let objects = self.objects();
        let object = objects.get(&id)?;
        let kind = TABLE.kind(object.path)?;
        let mut body = Body::new();
        for field in kind.fields.iter().filter(|field| field.available.covers(self.version)) {
            match field.shape {
                Shape::Target { type_key, id_key, .. } => {
                    for key in [type_key, id_key] {
                        body.insert(key.to_owned(), object.fields.get(key).cloned().unwrap_or(Json::Null));
                    }
                    let id = object.fields.get(id_key).unwrap_or(&Json::Null);
                    body.insert(field.wire.to_owned(), brief(&objects, id));
                }
                _ => {
                    let stored = object.fields.get(field.wire).cloned().unwrap_or_else(|| blank(field));
                    body.insert(field.wire.to_owned(), shown(&objects, field, stored));
                }
            }
        }
        let seen = Some(object.changes.to_string());
        if !kind.nature.identity.is_number() {
            return Some(Record { id: id_of(kind, &object.fields), body, seen });
        }
        body.insert("id".into(), id.into());
        body.insert("url".into(), format!("http://lab/{}/{id}/", object.path).into());
        body.insert("display".into(), object.fields.get("name").cloned().unwrap_or(json!("?")));
        Some(Record { id: id.into(), body, seen })
    }

    /// Where an object is kept.
    fn key(&self, kind: &Kind, id: &Id) -> Option<u64> {
        let objects = self.objects();
        let is = |(key, object): &(&u64, &Object)| {
            object.path == kind.path
                && (id.number() == Some(**key)
                    || (!kind.nature.identity.is_number() && id_of(kind, &object.fields) == *id))
        };
        objects.iter().find(is).map(|(key, _)| *key)
    }

    /// Takes what was sent as a real server does: unknown keys are dropped, references become ids.
    fn store(&self, kind: &'static Kind, sent: &Body, into: &mut Body) -> Result<(), StoreError> {
        for (key, value) in sent {
            if key == "add_tags" || key == "remove_tags" {
                let mut tags: Vec<Json> =
                    into.get("tags").and_then(Json::as_array).cloned().unwrap_or_default();
                for tag in value.as_array().unwrap() {
                    let slug = tag["slug"].clone();
                    tags.retain(|known| *known != slug);
                    if key == "add_tags" {
                        tags.push(slug);
                    }
                }
                into.insert("tags".into(), tags.into());
                continue;
            }
            let Some(field) = kind.field_on_wire(key) else { continue };
            if !field.available.covers(self.version) {
                continue;
            }
            let problem = |cause, message: &str| {
                StoreError::Refused(vec![Problem { path: vec![key.clone()], message: message.into(), cause }])
            };
            let value = match field.shape {
                Shape::Text { .. } if value.is_null() && !field.nullable => {
                    return Err(problem(Cause::Other, "This field may not be null."));
                }
                Shape::Text { .. } => value.as_str().map_or(Json::Null, |text| text.trim().into()),
                Shape::Reference { target } if !value.is_null() => {
                    match self.find(target, value).as_slice() {
                        [] => return Err(problem(Cause::NotFound, "Related object not found")),
                        [id] => (*id).into(),
                        _ => return Err(problem(Cause::Ambiguous, "Multiple objects match")),
                    }
                }
                Shape::Tags => value.as_array().unwrap().iter().map(|tag| tag["slug"].clone()).collect(),
                Shape::Choice { .. } if value == "" => Json::Null,
                Shape::CustomFields => {
                    let mut all = into.get(key).and_then(Json::as_object).cloned().unwrap_or_default();
                    all.extend(value.as_object().unwrap().clone());
                    all.into()
                }
                _ => value.clone(),
            };
            into.insert(key.clone(), value);
        }
        Ok(())
    }

    fn find(&self, path: &str, reference: &Json) -> Vec<u64> {
        let objects = self.objects();
        let is = |id: &u64, object: &Object| match reference {
            Json::Number(number) => number.as_u64() == Some(*id),
            Json::Object(wanted) => wanted.iter().all(|(key, value)| object.fields.get(key) == Some(value)),
            _ => false,
        };
        objects
            .iter()
            .filter(|(id, object)| object.path == path && is(id, object))
            .map(|(id, _)| *id)
            .collect()
    }

    pub(crate) fn insert(&self, kind: &'static Kind, fields: Json) -> u64 {
        let id = self.next.fetch_add(1, Ordering::SeqCst);
        let fields = fields.as_object().unwrap().clone();
        self.objects().insert(id, Object { path: kind.path, fields, stamp: String::new(), changes: 0 });
        id
    }

    fn make(&self, kind: &'static Kind, body: &Body, stamp: &str) -> Result<Record, StoreError> {
        if kind.nature.standing {
            let key = self.key(kind, &id_of(kind, body)).unwrap();
            let mut fields = self.objects()[&key].fields.clone();
            self.store(kind, body, &mut fields)?;
            self.objects().get_mut(&key).unwrap().fields = fields;
            self.lost()?;
            return Ok(self.answer(key).unwrap());
        }
        if !kind.nature.identity.is_number() && self.key(kind, &id_of(kind, body)).is_some() {
            let message = "It already exists.".into();
            return Err(StoreError::Refused(vec![Problem {
                path: vec![],
                message,
                cause: Cause::Duplicate,
            }]));
        }
        let slug = body.get("slug").cloned();
        let same = |object: &Object| {
            object.path == kind.path && slug.is_some() && object.fields.get("slug") == slug.as_ref()
        };
        if self.objects().values().any(same) {
            let message = "An object with this slug already exists.".into();
            return Err(StoreError::Refused(vec![Problem {
                path: vec!["slug".into()],
                message,
                cause: Cause::Duplicate,
            }]));
        }
        let mut fields = Body::new();
        for field in kind.fields {
            if let Some(default) = field.default {
                fields.insert(field.wire.into(), literal(default));
            }
        }
        self.store(kind, body, &mut fields)?;
        let id = self.next.fetch_add(1, Ordering::SeqCst);
        // Where the name is the lock, servers keep no record of who made what.
        let stamp = if kind.nature.identity.is_number() { stamp } else { "" };
        self.objects().insert(id, Object { path: kind.path, fields, stamp: stamp.into(), changes: 0 });
        self.lost()?;
        Ok(self.answer(id).unwrap())
    }

    fn lost(&self) -> Result<(), StoreError> {
        if std::mem::take(&mut *self.lose_answer.lock().unwrap()) {
            return Err(StoreError::Told(tf_framework::Diagnostics::error("Lost", "The answer was lost.")));
        }
        Ok(())
    }
}

/// The id of an object that is known by its fields.
fn id_of(kind: &Kind, fields: &Body) -> Id {
    match kind.nature.identity {
        Identity::Only(id) => Id::from(id),
        identity => {
            let part = |name: &&str| match &fields[*name] {
                Json::String(text) => text.clone(),
                other => other.to_string(),
            };
            Id::from(identity.parts().iter().map(part).collect::<Vec<_>>().join("/"))
        }
    }
}

fn literal(literal: Literal) -> Json {
    match literal {
        Literal::Bool(bool) => bool.into(),
        Literal::Integer(number) => number.into(),
        Literal::Decimal(text) => serde_json::from_str(text).unwrap(),
        Literal::Text(text) => text.into(),
    }
}

/// What a server has where nothing was ever written.
fn blank(field: &Field) -> Json {
    match field.shape {
        Shape::Text { .. } if !field.nullable => json!(""),
        Shape::References { .. }
        | Shape::Tags
        | Shape::Texts { .. }
        | Shape::Integers { .. }
        | Shape::Pairs { .. }
        | Shape::Objects { .. }
            if !field.nullable =>
        {
            json!([])
        }
        Shape::CustomFields => json!({}),
        _ => Json::Null,
    }
}

fn brief(objects: &BTreeMap<u64, Object>, id: &Json) -> Json {
    match id.as_u64().and_then(|id| Some((id, objects.get(&id)?))) {
        Some((id, object)) => {
            json!({"id": id, "url": "x", "name": object.fields["name"], "slug": object.fields["slug"]})
        }
        None => Json::Null,
    }
}

fn shown(objects: &BTreeMap<u64, Object>, field: &Field, stored: Json) -> Json {
    let brief = |id: &Json| brief(objects, id);
    match field.shape {
        Shape::Choice { .. } if !stored.is_null() => json!({"value": stored, "label": "Some"}),
        Shape::Reference { .. } => brief(&stored),
        Shape::References { .. } => stored.as_array().unwrap().iter().map(brief).collect(),
        Shape::Tags => stored.as_array().unwrap().iter().map(|slug| json!({"id": 1, "slug": slug})).collect(),
        Shape::Text { format: catalogue::description::Format::Mac, .. } => {
            stored.as_str().map_or(Json::Null, |mac| mac.to_uppercase().into())
        }
        Shape::CustomFields => {
            let mut all = stored.as_object().unwrap().clone();
            for key in ["site_code", "amount", "ready", "several"] {
                all.entry(key).or_insert(Json::Null);
            }
            all.into()
        }
        _ => stored,
    }
}

#[async_trait]
impl Store for Server {
    const NAME: &'static str = "Lab";

    fn adds_single_tags(version: Version) -> bool {
        version >= Version::new(4, 6)
    }

    async fn version(&self, _: &Scope) -> Result<Version, StoreError> {
        Ok(self.version)
    }

    fn defaults(&self) -> &Defaults {
        &self.defaults
    }

    fn run(&self) -> &Run {
        &self.run
    }

    async fn read(&self, _: &Scope, kind: &'static Kind, id: &Id) -> Result<Option<Record>, StoreError> {
        Ok(self.key(kind, id).and_then(|key| self.answer(key)))
    }

    async fn create(
        &self,
        _: &Scope,
        kind: &'static Kind,
        body: Body,
        _: &[Upload],
        stamp: &str,
    ) -> Result<Record, StoreError> {
        self.note(format!("POST {} {}", kind.path, Json::Object(body.clone())));
        self.make(kind, &body, stamp)
    }

    async fn update(
        &self,
        _: &Scope,
        kind: &'static Kind,
        id: &Id,
        changes: Body,
        _: &[Upload],
        seen: Option<&str>,
    ) -> Result<Record, StoreError> {
        self.note(format!("PATCH {} {}", kind.path, Json::Object(changes.clone())));
        let id = self.key(kind, id).ok_or(StoreError::Gone)?;
        let (mut fields, count) = match self.objects().get(&id) {
            Some(object) => (object.fields.clone(), object.changes),
            None => return Err(StoreError::Gone),
        };
        if seen.is_some_and(|seen| seen != count.to_string()) {
            return Err(StoreError::Changed);
        }
        self.store(kind, &changes, &mut fields)?;
        if let Some(object) = self.objects().get_mut(&id) {
            object.fields = fields;
            object.changes += 1;
        }
        self.lost()?;
        self.answer(id).ok_or(StoreError::Gone)
    }

    async fn delete(&self, _: &Scope, kind: &'static Kind, id: &Id) -> Result<(), StoreError> {
        self.note(format!("DELETE {} {id}", kind.path));
        if let Some(key) = self.key(kind, id) {
            self.objects().remove(&key);
        }
        Ok(())
    }

    async fn allocate(
        &self,
        _: &Scope,
        parent: &'static AllocatorParent,
        id: u64,
        bodies: Vec<Body>,
        stamp: &str,
    ) -> Result<Vec<Record>, StoreError> {
        self.note(format!("POST {}/{id}/{} {}", parent.kind, parent.endpoint, bodies.len()));
        let kind = TABLE.kind("lab/seats").unwrap();
        let used = self.objects().values().filter(|object| object.path == kind.path).count();
        if used + bodies.len() > 5 {
            return Err(StoreError::Exhausted("There are five seats.".into()));
        }
        let mut taken = Vec::new();
        for (index, mut body) in bodies.into_iter().enumerate() {
            body.insert("number".into(), (used + index + 1).into());
            let mut fields = Body::new();
            self.store(kind, &body, &mut fields)?;
            let id = self.next.fetch_add(1, Ordering::SeqCst);
            self.objects().insert(id, Object { path: kind.path, fields, stamp: stamp.into(), changes: 0 });
            taken.push(id);
        }
        self.lost()?;
        Ok(taken.into_iter().filter_map(|id| self.answer(id)).collect())
    }

    async fn list(
        &self,
        _: &Scope,
        kind: &'static Kind,
        query: &Query,
        limit: Option<u64>,
    ) -> Result<Vec<Record>, StoreError> {
        let ids: Vec<u64> = {
            let objects = self.objects();
            let is = |object: &Object| {
                query.0.iter().all(|(name, value)| match object.fields.get(name) {
                    Some(Json::String(text)) => text == value,
                    Some(other) => other.to_string() == *value,
                    None => value == "null" || value.is_empty(),
                })
            };
            objects
                .iter()
                .filter(|(_, object)| object.path == kind.path && is(object))
                .map(|(id, _)| *id)
                .collect()
        };
        let most = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap());
        Ok(ids.into_iter().filter_map(|id| self.answer(id)).take(most).collect())
    }

    async fn look_up(
        &self,
        scope: &Scope,
        kind: &'static Kind,
        filter: &str,
        values: &[String],
    ) -> Result<Vec<Record>, StoreError> {
        let mut found = Vec::new();
        for value in values {
            let query = Query(vec![(filter.to_owned(), value.clone())]);
            found.extend(self.list(scope, kind, &query, None).await?);
        }
        Ok(found)
    }

    async fn choices(
        &self,
        _: &Scope,
        _: &'static Kind,
        wire: &str,
    ) -> Result<Option<Vec<String>>, StoreError> {
        Ok((wire == "status").then(|| ["active", "planned", "local"].map(str::to_owned).to_vec()))
    }

    async fn custom_fields(&self, _: &Scope, _: &'static Kind) -> Result<Vec<CustomField>, StoreError> {
        let field = |name: &str, holds| CustomField {
            name: name.into(),
            holds,
            required: false,
            has_default: false,
            choices: (name == "several").then(|| vec!["a".into(), "b".into()]),
            target: None,
        };
        Ok(vec![
            field("site_code", CustomFieldType::Text),
            field("amount", CustomFieldType::Integer),
            field("ready", CustomFieldType::Boolean),
            field("several", CustomFieldType::MultiSelect),
        ])
    }

    async fn stamped(&self, _: &Scope, kind: &'static Kind, stamp: &str) -> Result<Vec<Id>, StoreError> {
        let objects = self.objects();
        let is = |object: &Object| object.path == kind.path && object.stamp == stamp;
        Ok(objects.iter().filter(|(_, object)| is(object)).map(|(id, _)| Id::from(*id)).collect())
    }
}
