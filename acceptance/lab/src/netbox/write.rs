//! Creating and changing objects: decode, check, save, and what follows from it.

use serde_json::{Map, Value, json};

use super::access::{self, Grant, Principal};
use super::bodies::object_of;
use super::cables;
use super::changes::{self, Author};
use super::clean;
use super::components;
use super::custom_fields;
use super::decode;
use super::effects;
use super::reference::{self, python_type};
use super::refusal::{Errors, Refusal};
use super::store::{Object, Store, Violation, constraint_key, constraints};
use super::table::{Field, Kind, TypeId};

/// A request that writes.
pub(crate) struct Writer<'a> {
    pub(crate) store: &'a mut Store,
    pub(crate) author: Author,
    pub(crate) who: Principal,
}

/// What became of the fields of a request.
struct Decoded {
    data: Map<String, Value>,
    custom_fields: Option<Value>,
    tags: Option<Vec<u64>>,
    add_tags: Vec<u64>,
    remove_tags: Vec<u64>,
    mirrored: Vec<(String, Vec<u64>)>,
}

/// An object ready to be saved.
pub(crate) struct Prepared {
    kind: TypeId,
    object: Object,
    before: Option<Object>,
    message: String,
    mirrored: Vec<(String, Vec<u64>)>,
}

fn database_error(store: &Store, violation: &Violation) -> Refusal {
    Refusal::new(
        500,
        json!({
            "error": format!(
                "duplicate key value violates unique constraint \"{}\"\nDETAIL:  {}",
                violation.constraint, violation.detail
            ),
            "exception": "IntegrityError", "netbox_version": store.table.version.full(), "python_version": "3.12.1",
        }),
    )
}

impl Writer<'_> {
    /// Decodes what was sent for one object.
    fn decode(
        &self,
        kind: TypeId,
        sent: &Map<String, Value>,
        create: bool,
        full: bool,
    ) -> Result<Decoded, Refusal> {
        let t = self.store.kind(kind);
        let mut errors = Errors::default();
        let mut decoded = Decoded {
            data: Map::new(),
            custom_fields: None,
            tags: None,
            add_tags: Vec::new(),
            remove_tags: Vec::new(),
            mirrored: Vec::new(),
        };
        for field in t.fields.iter().filter(|f| f.is_stored()) {
            match sent.get(&field.name) {
                Some(value) => self.field(kind, field, value, &mut decoded, &mut errors),
                None if field.required && full => errors.add(&field.name, "This field is required."),
                None if create => {
                    decoded.data.insert(field.name.clone(), decode::absent(field));
                }
                None => {}
            }
        }
        self.tag_changes(sent, create, &mut decoded, &mut errors);
        errors.refuse()?;
        Ok(decoded)
    }

    fn field(&self, kind: TypeId, field: &Field, value: &Value, decoded: &mut Decoded, errors: &mut Errors) {
        let name = &field.name;
        let t = self.store.kind(kind);
        let done = match field.kind {
            Kind::CustomFields if value.is_null() => Err("This field may not be null.".to_owned()),
            Kind::CustomFields => {
                decoded.custom_fields = Some(value.clone());
                return;
            }
            Kind::Tags => self.tags(value).map(|ids| {
                decoded.tags = Some(ids);
                Value::Null
            }),
            Kind::Reference => self.reference(field, value),
            Kind::Many => self.many(field, value).map(|ids| {
                if t.facts.mirror.contains_key(name) {
                    decoded.mirrored.push((name.clone(), ids));
                    Value::Null
                } else {
                    json!(ids)
                }
            }),
            Kind::ContentType => {
                self.content_type(t.generic(name).map(|g| g.allowed.as_slice()), field, value)
            }
            Kind::ContentTypes => decode::items(value).and_then(|items| {
                let models: Result<Vec<Value>, String> =
                    items.iter().map(|v| self.content_type(None, field, v)).collect();
                models.map(Value::Array)
            }),
            _ if t.path == "dcim/cables" && name.ends_with("_terminations") => {
                cables::decode(self.store, value)
            }
            Kind::Texts if name == "tags" => self.slugs(value),
            _ => decode::scalar(t, field, value),
        };
        match done {
            Ok(Value::Null) if matches!(field.kind, Kind::Tags) || t.facts.mirror.contains_key(name) => {}
            Ok(value) => {
                decoded.data.insert(name.clone(), value);
            }
            Err(text) => errors.add(name, text),
        }
    }

    fn may_view(&self, target: TypeId) -> impl Fn(&Object) -> bool + '_ {
        let grant = self.who.grant(self.store, target, "view");
        move |object| grant.as_ref().is_some_and(|g| g.covers(self.store, target, object))
    }

    fn reference(&self, field: &Field, value: &Value) -> Result<Value, String> {
        if value.is_null() {
            return if field.nullable {
                Ok(Value::Null)
            } else {
                Err("This field may not be null.".to_owned())
            };
        }
        let target = field.target.ok_or("This field goes nowhere.")?;
        reference::one(self.store, target, value, &self.may_view(target)).map(|id| json!(id))
    }

    /// A list of ids; objects are not taken.
    fn many(&self, field: &Field, value: &Value) -> Result<Vec<u64>, String> {
        if value.is_null() {
            return Err("This field may not be null.".to_owned());
        }
        let target = field.target.ok_or("This field goes nowhere.")?;
        let mut ids = Vec::new();
        for item in decode::items(value)? {
            let id = item.as_u64().or_else(|| item.as_str()?.trim().parse().ok());
            let Some(id) = id else {
                return Err(format!("Incorrect type. Expected pk value, received {}.", python_type(item)));
            };
            if self.store.get(target, id).is_none() {
                return Err(format!("Invalid pk \"{id}\" - object does not exist."));
            }
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Ok(ids)
    }

    fn tags(&self, value: &Value) -> Result<Vec<u64>, String> {
        if value.is_null() {
            return Err("This field may not be null.".to_owned());
        }
        let target = self.store.table.by_path("extras/tags").ok_or("There are no tags.")?;
        let mut ids = Vec::new();
        for item in decode::items(value)? {
            let id = reference::one(self.store, target, item, &self.may_view(target))?;
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Ok(ids)
    }

    /// Tags by slug, as configuration contexts take them.
    fn slugs(&self, value: &Value) -> Result<Value, String> {
        let target = self.store.table.by_path("extras/tags").ok_or("There are no tags.")?;
        let mut ids = Vec::new();
        for item in decode::items(value)? {
            let slug = item.as_str().unwrap_or_default();
            let found = self.store.all(target).find(|o| o.text("slug") == slug);
            let found = found.ok_or_else(|| format!("Object with slug={slug} does not exist."))?;
            ids.push(found.id);
        }
        Ok(json!(ids))
    }

    fn content_type(
        &self,
        allowed: Option<&[String]>,
        field: &Field,
        value: &Value,
    ) -> Result<Value, String> {
        if value.is_null() && field.kind == Kind::ContentType {
            return if field.nullable {
                Ok(Value::Null)
            } else {
                Err("This field may not be null.".to_owned())
            };
        }
        let invalid = "Invalid value. Specify a content type as '<app_label>.<model_name>'.";
        let text = value.as_str().filter(|s| s.split('.').count() == 2).ok_or(invalid)?;
        let known = self.store.table.by_model(text).is_some();
        let fits = allowed.is_none_or(|a| a.is_empty() || a.iter().any(|m| m == text));
        if known && fits { Ok(json!(text)) } else { Err(format!("Invalid content type: {text}")) }
    }

    fn tag_changes(
        &self,
        sent: &Map<String, Value>,
        create: bool,
        decoded: &mut Decoded,
        errors: &mut Errors,
    ) {
        if !self.store.table.version.has_cursor_etag_and_tag_changes() {
            return;
        }
        for name in ["add_tags", "remove_tags"] {
            let Some(value) = sent.get(name) else { continue };
            match self.tags(value) {
                Ok(ids) if name == "add_tags" => decoded.add_tags = ids,
                Ok(ids) => decoded.remove_tags = ids,
                Err(text) => errors.add(name, text),
            }
        }
        let changes = !decoded.add_tags.is_empty() || !decoded.remove_tags.is_empty();
        if changes && decoded.tags.as_ref().is_some_and(|t| !t.is_empty()) {
            errors.add("tags", "Cannot specify \"tags\" together with \"add_tags\" or \"remove_tags\".");
        }
        if create && !decoded.remove_tags.is_empty() {
            errors.add("remove_tags", "Cannot use \"remove_tags\" when creating a new object.");
        }
    }

    /// Checks an object as it would be after the request; nothing is saved.
    pub(crate) fn prepare(
        &mut self,
        kind: TypeId,
        before: Option<&Object>,
        sent: &Map<String, Value>,
        full: bool,
    ) -> Result<Prepared, Refusal> {
        let decoded = self.decode(kind, sent, before.is_none(), full)?;
        let table = std::sync::Arc::clone(&self.store.table);
        let t = &table.types[kind];
        let id = before.map_or(0, |o| o.id);
        let mut object = before.cloned().unwrap_or_default();
        object.data.extend(decoded.data);
        if let Some(password) = object.data.remove("password") {
            object.data.insert("_password".to_owned(), password);
        }
        if full && before.is_some() {
            for field in t.facts.clear.iter().filter(|f| !sent.contains_key(*f) && t.field(f).is_some()) {
                object.data.insert(field.clone(), Value::Null);
            }
        }
        let mut tags = decoded.tags.unwrap_or_else(|| object.keys("tags"));
        tags.extend(decoded.add_tags.iter().filter(|id| !tags.contains(id)).copied().collect::<Vec<_>>());
        tags.retain(|id| !decoded.remove_tags.contains(id));
        if t.field("tags").is_some_and(|f| f.kind == Kind::Tags) {
            object.data.insert("tags".to_owned(), json!(tags));
        }
        let mut errors = Errors::default();
        self.unique_fields(kind, id, &object, sent, &mut errors);
        let definitions =
            self.custom_fields(kind, before.is_none(), decoded.custom_fields, &mut object, &mut errors);
        errors.refuse()?;
        let mut errors = Errors::default();
        clean::check(self.store, kind, before, &mut object, &mut errors);
        if let Some(definitions) = definitions {
            let values = object.get("custom_fields").as_object().cloned().unwrap_or_default();
            custom_fields::check(self.store, kind, id, &definitions, &values, &mut errors);
        }
        self.constraints(kind, id, &object, &mut errors);
        errors.refuse()?;
        let message = sent.get("changelog_message").and_then(Value::as_str).unwrap_or_default();
        let kept = self.store.table.version.keeps_changelog_message();
        Ok(Prepared {
            kind,
            object,
            before: before.cloned(),
            message: if kept { message.to_owned() } else { String::new() },
            mirrored: decoded.mirrored,
        })
    }

    fn unique_fields(
        &self,
        kind: TypeId,
        id: u64,
        object: &Object,
        sent: &Map<String, Value>,
        errors: &mut Errors,
    ) {
        let t = self.store.kind(kind);
        for (at, constraint) in constraints(t).enumerate().take_while(|(_, c)| c.name.ends_with("_key")) {
            let Some(field) = constraint.fields.first().filter(|f| sent.contains_key(*f)) else { continue };
            let Some(key) = constraint_key(&constraint, &object.data) else { continue };
            if self.store.taken(kind, at, &key, id).is_some() {
                errors.add(field, format!("{} with this {} already exists.", t.facts.name, label(t, field)));
            }
        }
    }

    fn custom_fields(
        &self,
        kind: TypeId,
        create: bool,
        sent: Option<Value>,
        object: &mut Object,
        errors: &mut Errors,
    ) -> Option<Vec<custom_fields::Definition>> {
        self.store.kind(kind).field("custom_fields").filter(|f| f.kind == Kind::CustomFields)?;
        let definitions = custom_fields::definitions(self.store, kind);
        let current = if create {
            custom_fields::defaults(&definitions)
        } else {
            object.get("custom_fields").as_object().cloned().unwrap_or_default()
        };
        let merged = match sent {
            Some(sent) => custom_fields::merge(self.store, &definitions, &current, &sent),
            None => Ok(current),
        };
        match merged {
            Ok(values) => {
                object.data.insert("custom_fields".to_owned(), Value::Object(values));
                Some(definitions)
            }
            Err(error) => {
                errors.put("custom_fields", error);
                None
            }
        }
    }

    fn constraints(&self, kind: TypeId, id: u64, object: &Object, errors: &mut Errors) {
        let t = self.store.kind(kind);
        for (at, constraint) in constraints(t).enumerate().filter(|(_, c)| !c.name.ends_with("_key")) {
            let Some(key) = constraint_key(&constraint, &object.data) else { continue };
            if self.store.taken(kind, at, &key, id).is_none() {
                continue;
            }
            let plain = constraint.when.is_empty() && constraint.lower.is_empty();
            let text = match &constraint.text {
                Some(text) => text.clone(),
                None if plain => {
                    let labels: Vec<String> =
                        constraint.fields.iter().map(|f| capital(&label(t, f))).collect();
                    let (last, front) = labels.split_last().map_or(("", &[][..]), |(l, f)| (l.as_str(), f));
                    let names = if front.is_empty() {
                        last.to_owned()
                    } else {
                        format!("{} and {last}", front.join(", "))
                    };
                    format!("{} with this {names} already exists.", capital(&t.facts.name))
                }
                None => format!("Constraint “{}” is violated.", constraint.name),
            };
            errors.add("__all__", text);
        }
    }

    /// Saves a prepared object and does what follows.
    pub(crate) fn save(&mut self, prepared: Prepared, grant: &Grant) -> Result<u64, Refusal> {
        let Prepared { kind, mut object, before, message, mirrored } = prepared;
        let now = self.store.now();
        if before.is_none() {
            object.id = self.store.next_id(kind);
            object.created = now;
            effects::before_create(self.store, kind, &mut object, self.author.user);
        }
        object.updated = self.store.now();
        let saved = self.store.save(kind, object).map_err(|v| database_error(self.store, &v))?;
        for (field, ids) in mirrored {
            effects::mirror(self.store, kind, saved.id, &field, &ids);
        }
        let author = Author { message, ..self.author.clone() };
        let action = if before.is_some() { "update" } else { "create" };
        changes::record(self.store, &author, action, kind, before.as_ref(), Some(&saved));
        effects::after_save(self.store, kind, before.as_ref(), &saved)?;
        if before.is_none() {
            components::born(self, kind, &saved)?;
        }
        let there = self.store.get(kind, saved.id);
        if !grant.is_total() && !there.is_some_and(|o| grant.covers(self.store, kind, o)) {
            return Err(Refusal::forbidden());
        }
        Ok(saved.id)
    }

    /// Creates one object.
    pub(crate) fn create(&mut self, kind: TypeId, body: &Value, grant: &Grant) -> Result<u64, Refusal> {
        let prepared = self.prepare(kind, None, object_of(body)?, true)?;
        self.save(prepared, grant)
    }

    /// Creates several: all are checked first, then all are saved.
    pub(crate) fn create_all(
        &mut self,
        kind: TypeId,
        bodies: &[Value],
        grant: &Grant,
    ) -> Result<Vec<u64>, Refusal> {
        if self.store.kind(kind).path == "dcim/devices" {
            return bodies.iter().map(|body| self.create(kind, body, grant)).collect();
        }
        let mut prepared = Vec::new();
        let mut errors = Vec::new();
        for body in bodies {
            let one = object_of(body).and_then(|sent| self.prepare(kind, None, sent, true));
            match one {
                Ok(one) => {
                    prepared.push(one);
                    errors.push(json!({}));
                }
                Err(refusal) if refusal.status == 400 => errors.push(refusal.body),
                Err(refusal) => return Err(refusal),
            }
        }
        if prepared.len() < bodies.len() {
            return Err(Refusal::new(400, self.list_errors(errors)));
        }
        prepared.into_iter().map(|one| self.save(one, grant)).collect()
    }

    /// Errors of a list, as the version tells them.
    fn list_errors(&self, errors: Vec<Value>) -> Value {
        if !self.store.table.version.labels_selects_and_indexes_errors() {
            return Value::Array(errors);
        }
        let wrong = errors.into_iter().enumerate().filter(|(_, e)| *e != json!({}));
        let wrong: Vec<Value> =
            wrong.map(|(index, errors)| json!({ "index": index, "errors": errors })).collect();
        json!({ "detail": "One or more objects failed validation.", "errors": wrong })
    }

    /// Changes one object.
    pub(crate) fn update(
        &mut self,
        kind: TypeId,
        id: u64,
        body: &Value,
        full: bool,
        grant: &Grant,
    ) -> Result<u64, Refusal> {
        let schema = self.store.kind(kind).schema.clone();
        let before = self.store.get(kind, id).cloned().ok_or_else(|| Refusal::gone(&schema))?;
        let prepared = self.prepare(kind, Some(&before), object_of(body)?, full)?;
        self.save(prepared, grant)
    }
}

/// A field's name in messages.
fn label(t: &super::table::Type, field: &str) -> String {
    t.facts.labels.get(field).cloned().unwrap_or_else(|| field.trim_start_matches('_').replace('_', " "))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A principal for what the stand-in's own tests do.
pub(crate) fn administrator(store: &Store) -> Option<Principal> {
    let users = store.table.by_path("users/users")?;
    store.get(users, 1).map(|u| access::of_user(u, true))
}
