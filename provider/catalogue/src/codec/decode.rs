//! From an answer to an object.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use tf_value::Value;

use super::custom_fields::{decode_owned, to_record_json};
use super::plain::decode_plain;
use crate::description::{Field, Kind, Literal, Presence, Shape, TargetChoice};
use crate::memory::Memory;
use crate::reference::Referent;
use crate::store::{Defaults, Record};
use crate::table::Table;

/// What an answer is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// An object of which configuration or state is known.
    Known,
    /// An object that is taken over whole.
    Import,
}

/// An object read from an answer.
#[derive(Debug, Clone)]
pub struct Decoded {
    /// The object.
    pub object: Value,
    /// What is remembered of it.
    pub memory: Memory,
}

struct Decoder<'a> {
    table: &'a Table,
    record: &'a Record,
    hint: &'a Value,
    before: &'a Memory,
    defaults: &'a Defaults,
    reading: Reading,
    standing: bool,
    named: bool,
    references: BTreeMap<String, Vec<Referent>>,
}

/// Reads an answer in the form of `hint`, whose references are remembered in `before`.
#[must_use]
pub fn decode(
    table: &Table,
    kind: &Kind,
    record: &Record,
    hint: &Value,
    before: &Memory,
    defaults: &Defaults,
    reading: Reading,
) -> Decoded {
    let standing = kind.nature.standing;
    let named = !kind.nature.identity.is_number();
    let references = BTreeMap::new();
    let mut decoder = Decoder { table, record, hint, before, defaults, reading, standing, named, references };
    let mut members: BTreeMap<String, Value> = hint.as_map().cloned().unwrap_or_default();
    for field in kind.fields {
        let value = decoder.field(field);
        members.insert(field.name.to_owned(), value);
    }
    if kind.tags().is_some() {
        let tags = decoder.tags(kind);
        members.extend(tags);
    }
    members.insert("id".to_owned(), record.id.to_value());
    if kind.nature.identity.is_number() {
        members.insert("url".to_owned(), decoder.text("url"));
    }
    let memory = Memory {
        seen: record.seen.clone(),
        ignored_tags: decoder.ignored_tags(),
        fact_tags: decoder.fact_tags(),
        owned: before.owned.clone(),
        own: before.own.clone(),
        references: decoder.references,
    };
    Decoded { object: Value::Object(members), memory }
}

static NULL: Value = Value::Null;

/// Whether a flag is known to be off. Servers whose objects are known by texts leave flags out that are.
fn is_off(field: &Field, hint: &Value) -> bool {
    *hint == Value::Bool(false) && field.default != Some(Literal::Bool(true))
}

impl Decoder<'_> {
    fn on_wire(&self, key: &str) -> &Json {
        self.record.body.get(key).unwrap_or(&Json::Null)
    }

    fn text(&self, key: &str) -> Value {
        self.on_wire(key).as_str().map_or(Value::Null, Value::from)
    }

    fn hinted(&self, name: &str) -> &Value {
        self.hint.get(name).unwrap_or(&NULL)
    }

    fn field(&mut self, field: &Field) -> Value {
        if field.secret {
            return Value::Null;
        }
        let hint = self.hinted(field.name).clone();
        if field.unread {
            return if hint.is_unknown() { Value::Null } else { hint };
        }
        let managed = field.presence == Presence::ReadOnly || !hint.is_null();
        if self.standing && self.reading == Reading::Known && !managed {
            // Of an object that is always there, what is not configured is not managed.
            return Value::Null;
        }
        match field.shape {
            Shape::Reference { target } => self.reference(field, target, &hint),
            Shape::References { target } => self.references(field, target, &hint),
            Shape::Target { type_key, id_key, of } => self.target(field, [type_key, id_key], of, &hint),
            Shape::CustomFields => match self.reading {
                Reading::Import => decode_owned(self.on_wire(field.wire), None),
                Reading::Known if hint.is_null() || hint.is_unknown() => Value::Null,
                Reading::Known => decode_owned(self.on_wire(field.wire), Some(&hint)),
            },
            Shape::Tags => Value::Null,
            Shape::Bool if self.named && is_off(field, &hint) && self.on_wire(field.wire).is_null() => hint,
            Shape::Bool if self.leaves_out_off(field) => Value::Bool(false),
            Shape::File => hint,
            _ => decode_plain(field, self.on_wire(field.wire), &hint).unwrap_or(Value::Null),
        }
    }

    /// Whether a flag that is off by default is not told at all.
    fn leaves_out_off(&self, field: &Field) -> bool {
        let off = field.default == Some(Literal::Bool(false));
        self.named && !self.standing && off && self.on_wire(field.wire).is_null()
    }

    fn reference(&mut self, field: &Field, target: &str, hint: &Value) -> Value {
        let lookup = self.table.lookup(target);
        let Some(mut referent) = Referent::of(self.on_wire(field.wire), lookup) else {
            return Value::Null;
        };
        let before = self.before.referent(field.name);
        referent.complete(hint, before, lookup);
        let value = referent.in_form_of(Some(hint), before);
        self.references.insert(field.name.to_owned(), vec![referent]);
        value
    }

    /// Each object in the form of the element that means it; the others by id.
    fn references(&mut self, field: &Field, target: &str, hint: &Value) -> Value {
        let lookup = self.table.lookup(target);
        let items = self.on_wire(field.wire).as_array().map(Vec::as_slice).unwrap_or_default();
        let forms: Vec<&str> = hint.as_list().unwrap_or_default().iter().filter_map(Value::as_str).collect();
        let remembered = self.before.references.get(field.name).map(Vec::as_slice).unwrap_or_default();
        let mut referents: Vec<Referent> =
            items.iter().filter_map(|item| Referent::of(item, lookup)).collect();
        for referent in referents.iter_mut().filter(|referent| referent.known_as.is_empty()) {
            if let Some(known) = remembered.iter().find(|known| known.id == referent.id) {
                referent.known_as.clone_from(&known.known_as);
            }
        }
        let written = |referent: &Referent| {
            let id = referent.id.to_string();
            let means =
                |form: &&&str| **form == id || referent.known_as.iter().any(|(_, text)| text == **form);
            Value::String(forms.iter().find(means).map_or(id.clone(), |form| (*form).to_owned()))
        };
        let values: Vec<Value> = referents.iter().map(written).collect();
        let meant_empty = hint.as_list().is_some_and(<[Value]>::is_empty);
        if !referents.is_empty() {
            self.references.insert(field.name.to_owned(), referents);
        }
        if values.is_empty() && !meant_empty { Value::Null } else { Value::set(values) }
    }

    fn target(&mut self, field: &Field, keys: [&str; 2], of: &[TargetChoice], hint: &Value) -> Value {
        let [model, id] = keys.map(|key| self.on_wire(key));
        let (Some(model), Some(id)) = (model.as_str(), id.as_u64()) else { return Value::Null };
        let Some(choice) = of.iter().find(|choice| choice.model == model) else { return Value::Null };
        let nested = Referent::of(self.on_wire(field.wire), self.table.lookup(choice.kind));
        let same_choice = self.before.referent(&format!("{}.{}", field.name, choice.name));
        let remembered = || same_choice.filter(|before| before.id == id).cloned();
        let mut referent = nested.filter(|nested| nested.id == id).or_else(remembered).unwrap_or_default();
        referent.id = id;
        referent.complete(
            hint.get(choice.name).unwrap_or(&NULL),
            same_choice,
            self.table.lookup(choice.kind),
        );
        let value = referent.in_form_of(hint.get(choice.name), same_choice);
        self.references.insert(format!("{}.{}", field.name, choice.name), vec![referent]);
        let member = |other: &TargetChoice| {
            (other.name, if other.name == choice.name { value.clone() } else { Value::Null })
        };
        Value::object(of.iter().map(member))
    }

    fn slugs(&self) -> Vec<String> {
        let items = self.on_wire("tags").as_array().map(Vec::as_slice).unwrap_or_default();
        let slug = |tag: &Json| tag.get("slug").or(Some(tag))?.as_str().map(str::to_owned);
        items.iter().filter_map(slug).collect()
    }

    fn ignored_tags(&self) -> Vec<String> {
        self.slugs().into_iter().filter(|slug| self.defaults.ignored_tags.contains(slug)).collect()
    }

    /// Whether the configuration names a tag.
    fn names(&self, slug: &str) -> bool {
        ["tags", "add_tags"].into_iter().any(|name| {
            self.hinted(name).as_list().is_some_and(|tags| tags.iter().any(|tag| tag.as_str() == Some(slug)))
        })
    }

    /// Tags that state a fact and are there because the provider put them, now or earlier.
    fn fact_tags(&self) -> BTreeSet<String> {
        let put = |slug: &String| {
            self.defaults.fact_tags.values().any(|tag| tag == slug) || self.before.fact_tags.contains(slug)
        };
        self.slugs().into_iter().filter(|slug| put(slug) && !self.names(slug)).collect()
    }

    /// `tags` holds the tags that the configuration speaks of; those of the provider's defaults are in `tags_all`
    /// unless the configuration names them too.
    fn tags(&self, kind: &Kind) -> [(String, Value); 3] {
        let hint = self.hinted("tags");
        let all: Vec<String> =
            self.slugs().into_iter().filter(|slug| !self.defaults.ignored_tags.contains(slug)).collect();
        let named = |slug: &String| {
            hint.as_list().is_some_and(|tags| tags.iter().any(|tag| tag.as_str() == Some(slug)))
        };
        let put = |slug: &String| self.defaults.puts(slug) || self.before.fact_tags.contains(slug);
        let of_defaults = |slug: &String| put(slug) && !named(slug);
        let values =
            |slugs: Vec<&String>| Value::set(slugs.into_iter().map(|slug| Value::from(slug.as_str())));
        let spoken_of = values(all.iter().filter(|slug| !of_defaults(slug)).collect());
        let tags = match self.reading {
            _ if kind.tags().is_none() => Value::Null,
            Reading::Import if spoken_of.as_list().is_some_and(<[Value]>::is_empty) => Value::Null,
            Reading::Import => spoken_of,
            Reading::Known if hint.is_known() => spoken_of,
            Reading::Known => Value::Null,
        };
        let added = match self.hinted("add_tags") {
            hint if hint.is_known() => {
                let wanted = hint.as_list().unwrap_or_default().iter();
                let there = |tag: &&Value| all.iter().any(|slug| tag.as_str() == Some(slug));
                Value::set(wanted.filter(there).cloned())
            }
            _ => Value::Null,
        };
        [
            ("tags".to_owned(), tags),
            ("add_tags".to_owned(), added),
            ("tags_all".to_owned(), values(all.iter().collect())),
        ]
    }
}

/// An object as data sources show it, with the attributes of the type given by [`crate::schema::record_type`], or
/// with custom fields as values where `open` is set.
#[must_use]
pub fn decode_record(table: &Table, kind: &Kind, record: &Record, open: bool) -> Value {
    let wire = |key: &str| record.body.get(key).unwrap_or(&Json::Null);
    let text = |key: &str| wire(key).as_str().map_or(Value::Null, Value::from);
    let mut members: BTreeMap<String, Value> = BTreeMap::new();
    for field in kind.fields.iter().filter(|field| !field.secret) {
        let value = match field.shape {
            Shape::CustomFields if open => decode_owned(wire(field.wire), None),
            Shape::CustomFields => to_record_json(wire(field.wire)),
            _ => shown(table, field, record),
        };
        members.insert(field.name.to_owned(), value);
    }
    for key in crate::schema::told_of_every(kind) {
        members.insert((*key).to_owned(), text(key));
    }
    members.insert("id".to_owned(), record.id.to_value());
    Value::Object(members)
}

fn shown(table: &Table, field: &Field, record: &Record) -> Value {
    let wire = |key: &str| record.body.get(key).unwrap_or(&Json::Null);
    let items = |key: &str| wire(key).as_array().cloned().unwrap_or_default();
    let _ = table;
    match field.shape {
        Shape::Reference { .. } => shown_referent(wire(field.wire)),
        Shape::References { .. } => Value::List(items(field.wire).iter().map(shown_referent).collect()),
        Shape::Target { type_key, id_key, .. } => match (wire(type_key).as_str(), wire(id_key).as_u64()) {
            (Some(model), Some(id)) => Value::object([
                ("type", Value::from(model)),
                ("id", Value::from(id)),
                (
                    "display",
                    wire(field.wire).get("display").and_then(Json::as_str).map_or(Value::Null, Value::from),
                ),
            ]),
            _ => Value::Null,
        },
        Shape::Tags => {
            let slug = |tag: &Json| tag.get("slug").and_then(Json::as_str).map(Value::from);
            Value::set(items(field.wire).iter().filter_map(slug))
        }
        Shape::File => wire(field.wire).as_str().map_or(Value::Null, Value::from),
        _ => decode_plain(field, wire(field.wire), &NULL).unwrap_or(Value::Null),
    }
}

fn shown_referent(json: &Json) -> Value {
    let text = |key: &str| json.get(key).and_then(Json::as_str).map_or(Value::Null, Value::from);
    let id = json.as_u64().or_else(|| json.get("id").and_then(Json::as_u64));
    match id {
        None => Value::Null,
        Some(id) => Value::object([
            ("id", Value::from(id)),
            ("slug", text("slug")),
            ("name", text("name")),
            ("display", text("display")),
        ]),
    }
}
