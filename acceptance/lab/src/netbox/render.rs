//! Objects as JSON: whole, brief, by chosen fields, nested in others.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::computed;
use super::custom_fields::{self, Definition};
use super::display;
use super::store::{Object, Store};
use super::table::{Field, Kind, Type, TypeId};

/// Which fields an answer has.
#[derive(Debug, Clone)]
pub(crate) enum Select {
    /// All.
    All,
    /// The type's brief form.
    Brief,
    /// Those named; others than the type's are ignored.
    Only(BTreeSet<String>),
    /// All but those.
    But(BTreeSet<String>),
}

impl Select {
    fn takes(&self, t: &Type, field: &str) -> bool {
        match self {
            Self::All => true,
            Self::Brief => t.brief.iter().any(|b| b == field),
            Self::Only(names) => names.contains(field),
            Self::But(names) => !names.contains(field),
        }
    }
}

/// A moment as NetBox writes it: `2026-11-21T05:59:03.104387Z`.
pub(crate) fn moment(micros: u64) -> String {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000);
    let at = at.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        at.microsecond()
    )
}

/// An object's entity tag.
pub(crate) fn etag(object: &Object) -> String {
    format!("W/\"{}+00:00\"", moment(object.updated).trim_end_matches('Z'))
}

/// A nested object: type, id, form.
type NestedKey = (TypeId, u64, Option<String>);

/// Renders the objects of one answer; nested objects are rendered once.
pub(crate) struct Render<'a> {
    pub(crate) store: &'a Store,
    /// `http://127.0.0.1:8077`, or empty.
    pub(crate) base: &'a str,
    /// The answer is to a POST.
    pub(crate) created: bool,
    /// The answer shows objects as they were when saved, without what the database adds.
    pub(crate) unread: bool,
    /// Likewise of several saved together, which do not know of each other yet.
    pub(crate) several: bool,
    nested: RefCell<HashMap<NestedKey, Rc<str>>>,
    definitions: RefCell<HashMap<TypeId, Rc<Vec<Definition>>>>,
    pub(crate) trees: computed::Trees,
}

fn text_into(out: &mut String, text: &str) {
    if text.bytes().all(|b| (0x20..0x7f).contains(&b) && b != b'"' && b != b'\\') {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&Value::from(text).to_string());
    }
}

fn value_into(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::String(text) => text_into(out, text),
        other => out.push_str(&other.to_string()),
    }
}

impl<'a> Render<'a> {
    pub(crate) fn new(store: &'a Store, base: &'a str) -> Self {
        Self {
            store,
            base,
            created: false,
            unread: false,
            several: false,
            nested: RefCell::default(),
            definitions: RefCell::default(),
            trees: computed::Trees::default(),
        }
    }

    /// One object.
    pub(crate) fn object(&self, out: &mut String, kind: TypeId, object: &Object, select: &Select) {
        let t = self.store.kind(kind);
        out.push('{');
        let mut first = true;
        for field in t.fields.iter().filter(|f| !f.write_only && select.takes(t, &f.name)) {
            let counted = || t.facts.counts.get(&field.name).is_some_and(|c| c.0 == "related");
            if hidden(field, object) || (self.unread && counted()) {
                continue;
            }
            self.member(out, &mut first, &field.name);
            self.field(out, kind, object, field, field.form.as_deref());
        }
        out.push('}');
    }

    /// One object as a value.
    pub(crate) fn value(&self, kind: TypeId, object: &Object, select: &Select) -> Value {
        let mut out = String::new();
        self.object(&mut out, kind, object, select);
        serde_json::from_str(&out).unwrap_or_default()
    }

    fn member(&self, out: &mut String, first: &mut bool, name: &str) {
        if !std::mem::take(first) {
            out.push(',');
        }
        out.push('"');
        out.push_str(name);
        out.push_str("\":");
    }

    /// An object nested in another.
    pub(crate) fn nested(&self, kind: TypeId, id: u64, form: Option<&str>) -> Rc<str> {
        let key = (kind, id, form.map(str::to_owned));
        if let Some(done) = self.nested.borrow().get(&key) {
            return Rc::clone(done);
        }
        let Some(object) = self.store.get(kind, id) else { return Rc::from("null") };
        let t = self.store.kind(kind);
        let mut out = String::from("{");
        let mut first = true;
        match form.and_then(|f| self.store.table.shape(f)) {
            Some(shape) => {
                for (name, inner) in shape {
                    let Some(field) = t.field(name) else { continue };
                    self.member(&mut out, &mut first, name);
                    self.field_in(
                        &mut out,
                        kind,
                        object,
                        field,
                        inner.as_deref().or(field.form.as_deref()),
                        true,
                    );
                }
            }
            None => {
                let related = |name: &String| t.facts.counts.get(name).is_some_and(|c| c.0 == "related");
                for name in t.brief.iter().filter(|n| !related(n)) {
                    let Some(field) = t.field(name) else { continue };
                    self.member(&mut out, &mut first, name);
                    self.field_in(&mut out, kind, object, field, field.form.as_deref(), true);
                }
            }
        }
        out.push('}');
        let done: Rc<str> = Rc::from(out);
        self.nested.borrow_mut().insert(key, Rc::clone(&done));
        done
    }

    fn field(&self, out: &mut String, kind: TypeId, object: &Object, field: &Field, form: Option<&str>) {
        self.field_in(out, kind, object, field, form, false);
    }

    fn field_in(
        &self,
        out: &mut String,
        kind: TypeId,
        object: &Object,
        field: &Field,
        form: Option<&str>,
        nested: bool,
    ) {
        let t = self.store.kind(kind);
        match field.name.as_str() {
            "id" => out.push_str(&object.id.to_string()),
            "url" => self.url(out, "/api", t, object.id),
            "display_url" => self.url(out, "", t, object.id),
            "display" => text_into(out, &display::display(self.store, kind, object)),
            "created" if !object.data.contains_key("created") => text_into(out, &moment(object.created)),
            "last_updated" => text_into(out, &moment(object.updated)),
            "custom_fields" => self.custom_fields(out, kind, object),
            name => {
                if let Some(value) = computed::value(self, kind, object, name, nested) {
                    out.push_str(&value);
                    return;
                }
                self.stored(out, kind, object, field, form);
            }
        }
    }

    fn url(&self, out: &mut String, prefix: &str, t: &Type, id: u64) {
        let path = match (prefix, t.path.as_str()) {
            ("", "extras/custom-field-choice-sets") => "extras/custom-field-choices",
            ("", "core/object-changes") => "core/changelog",
            (_, path) => path,
        };
        out.push('"');
        out.push_str(self.base);
        out.push_str(prefix);
        out.push('/');
        out.push_str(path);
        out.push('/');
        out.push_str(&id.to_string());
        out.push_str("/\"");
    }

    fn stored(&self, out: &mut String, kind: TypeId, object: &Object, field: &Field, form: Option<&str>) {
        let value = object.get(&field.name);
        match field.kind {
            Kind::Choice => self.choice(out, field, value),
            Kind::Reference | Kind::Object if form.is_some() => match (field.target, value.as_u64()) {
                (Some(target), Some(id)) => out.push_str(&self.nested(target, id, form)),
                _ => value_into(out, if value.is_object() { value } else { &Value::Null }),
            },
            Kind::Many | Kind::Objects => {
                let Some(target) = field.target else { return out.push_str("[]") };
                if self.store.kind(kind).facts.whole.contains(&field.name) {
                    return self.whole(out, target, object.keys(&field.name));
                }
                self.list(out, target, object.keys(&field.name), form);
            }
            Kind::Tags => {
                let tags = self.store.table.by_path("extras/tags");
                match tags {
                    Some(tags) => self.list(out, tags, object.keys("tags"), Some("NestedTag")),
                    None => out.push_str("[]"),
                }
            }
            Kind::ContentTypes => {
                let mut models: Vec<&str> =
                    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                models.sort_unstable();
                out.push_str(&json!(models).to_string());
            }
            Kind::File => match value.as_str().filter(|name| !name.is_empty()) {
                Some(name) => text_into(out, &format!("{}/media/{name}", self.base)),
                None => out.push_str("null"),
            },
            Kind::Num => match value.as_f64() {
                Some(number) => value_into(out, &number_value(field, number)),
                None => value_into(out, value),
            },
            Kind::Json | Kind::Ints | Kind::Texts
                if value.is_null() && !field.nullable && field.kind != Kind::Json =>
            {
                out.push_str("[]");
            }
            Kind::Int if value.is_null() && !field.nullable => out.push('0'),
            Kind::Bool if value.is_null() && !field.nullable => out.push_str("false"),
            kind if kind.is_text() && value.is_null() && !field.nullable => out.push_str("\"\""),
            _ => value_into(out, value),
        }
    }

    fn choice(&self, out: &mut String, field: &Field, value: &Value) {
        if value.is_null() || value == "" {
            return out.push_str("null");
        }
        let label = field.label(value).cloned().unwrap_or_else(|| json!(""));
        out.push_str("{\"value\":");
        value_into(out, value);
        out.push_str(",\"label\":");
        value_into(out, &label);
        out.push('}');
    }

    /// Nested objects in the order of their type.
    pub(crate) fn list(&self, out: &mut String, target: TypeId, mut ids: Vec<u64>, form: Option<&str>) {
        if ids.len() > 1 {
            super::order::sort_ids(self.store, target, &mut ids);
        }
        out.push('[');
        for (at, id) in ids.into_iter().filter(|id| self.store.get(target, *id).is_some()).enumerate() {
            if at > 0 {
                out.push(',');
            }
            out.push_str(&self.nested(target, id, form));
        }
        out.push(']');
    }

    /// Objects as they are by themselves, in a list.
    pub(crate) fn whole(&self, out: &mut String, target: TypeId, mut ids: Vec<u64>) {
        super::order::sort_ids(self.store, target, &mut ids);
        out.push('[');
        for (at, object) in ids.iter().filter_map(|id| self.store.get(target, *id)).enumerate() {
            if at > 0 {
                out.push(',');
            }
            self.object(out, target, object, &Select::All);
        }
        out.push(']');
    }

    pub(crate) fn definitions(&self, kind: TypeId) -> Rc<Vec<Definition>> {
        let known = self.definitions.borrow().get(&kind).cloned();
        known.unwrap_or_else(|| {
            let made = Rc::new(custom_fields::definitions(self.store, kind));
            self.definitions.borrow_mut().insert(kind, Rc::clone(&made));
            made
        })
    }

    fn custom_fields(&self, out: &mut String, kind: TypeId, object: &Object) {
        out.push('{');
        let mut first = true;
        for definition in self.definitions(kind).iter() {
            self.member(out, &mut first, &definition.name);
            let value = object.get("custom_fields").get(&definition.name).unwrap_or(&Value::Null);
            match (definition.target, value) {
                (Some(target), Value::Number(_)) => {
                    out.push_str(&self.nested(
                        target,
                        value.as_u64().unwrap_or_default(),
                        self.brief_form(target).as_deref(),
                    ));
                }
                (Some(target), Value::Array(ids)) => {
                    let ids = ids.iter().filter_map(Value::as_u64).collect();
                    self.list(out, target, ids, self.brief_form(target).as_deref());
                }
                _ => value_into(out, &definition.shown(self.store, value)),
            }
        }
        out.push('}');
    }

    /// Name of the nested form of a type; addresses have two, and the document knows only the one devices use.
    pub(crate) fn brief_form(&self, kind: TypeId) -> Option<String> {
        let t = self.store.kind(kind);
        (t.path != "ipam/ip-addresses").then(|| format!("Brief{}", t.schema))
    }
}

/// A number as NetBox writes it: decimals with a point, whole numbers of integers without.
fn number_value(field: &Field, number: f64) -> Value {
    if field.digits.is_none() && number.fract() == 0.0 && field.name.starts_with("validation_") {
        return json!(number);
    }
    json!(number)
}

/// Fields only some objects of a type show.
fn hidden(field: &Field, object: &Object) -> bool {
    // A token's secret is shown once, by the answer that made it.
    field.name == "token" && object.data.contains_key("_shown") && !object.data.contains_key("token")
}
