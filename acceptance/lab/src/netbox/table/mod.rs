//! What NetBox's types are made of, in any of its versions: reduced from its documents, with facts beside them.

mod facts;
mod field;
mod load;
pub(crate) mod reduce;
mod span;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

pub(crate) use facts::{Facts, OnDelete, Together};
pub(crate) use field::{Field, Kind};

use super::version::NetBoxVersion;

/// A type's place in the table.
pub(crate) type TypeId = usize;

/// A filter the document lists.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    /// `int`, `num`, `bool`, `time`, `date` or `text`.
    pub(crate) kind: String,
    /// Lookups that may follow its name.
    pub(crate) lookups: Vec<String>,
}

/// A short form of an object: fields, with the short forms of nested ones.
pub(crate) type Shape = Vec<(String, Option<String>)>;

/// One type.
#[derive(Debug)]
pub(crate) struct Type {
    /// `dcim/sites`.
    pub(crate) path: String,
    /// `Site`.
    pub(crate) schema: String,
    /// Of `crud`, what may be done.
    pub(crate) verbs: String,
    pub(crate) fields: Vec<Field>,
    places: HashMap<String, usize>,
    pub(crate) filters: HashMap<String, Filter>,
    pub(crate) facts: Facts,
    /// Fields of the brief form that this version has.
    pub(crate) brief: Vec<String>,
    /// Generic references: (name, type field, id field, object field).
    pub(crate) generics: Vec<Generic>,
}

/// A pair of fields that refers to an object of any of several types.
#[derive(Debug, Clone)]
pub(crate) struct Generic {
    pub(crate) kind: String,
    pub(crate) id: String,
    /// The read-only field with the object.
    pub(crate) object: String,
    /// Content types allowed; all where empty.
    pub(crate) allowed: Vec<String>,
}

/// The table of one version.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) version: NetBoxVersion,
    pub(crate) types: Vec<Type>,
    by_path: HashMap<String, TypeId>,
    by_model: HashMap<String, TypeId>,
    by_schema: HashMap<String, TypeId>,
    shapes: BTreeMap<String, Shape>,
    /// Which fields refer to a type: (type that refers, field's place).
    pub(crate) referrers: Vec<Vec<(TypeId, usize)>>,
}

impl Type {
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.places.get(name).and_then(|at| self.fields.get(*at))
    }

    pub(crate) fn generic(&self, field: &str) -> Option<&Generic> {
        self.generics.iter().find(|g| g.kind == field || g.id == field || g.object == field)
    }

    /// `dcim`.
    pub(crate) fn app(&self) -> &str {
        self.path.split('/').next().unwrap_or_default()
    }

    pub(crate) fn can(&self, verb: char) -> bool {
        self.verbs.contains(verb)
    }
}

impl Table {
    /// The table of a version, made once.
    pub(crate) fn of(version: NetBoxVersion) -> Arc<Self> {
        static MADE: [OnceLock<Arc<Table>>; 8] = [const { OnceLock::new() }; 8];
        MADE[version.index().min(7)].get_or_init(|| Arc::new(load::load(version))).clone()
    }

    pub(crate) fn by_path(&self, path: &str) -> Option<TypeId> {
        self.by_path.get(path).copied()
    }

    /// A type by its content type, `dcim.site`.
    pub(crate) fn by_model(&self, model: &str) -> Option<TypeId> {
        self.by_model.get(model).copied()
    }

    /// The fields of a nested form, if the document describes it.
    pub(crate) fn shape(&self, name: &str) -> Option<&Shape> {
        self.shapes.get(name)
    }

    /// The type a form's name speaks of: `BriefSite`, `NestedSite`, `Site`.
    pub(crate) fn by_form(&self, form: &str) -> Option<TypeId> {
        let plain = form.trim_start_matches("Brief").trim_start_matches("Nested");
        let plain = plain.trim_end_matches("WithConfigContext");
        let behind = || form.find("Nested").and_then(|at| self.by_schema.get(&form[at + "Nested".len()..]));
        self.by_schema.get(plain).or_else(behind).copied()
    }
}
