//! The objects: kept by type and id, with who refers to whom, and with a way back for requests that fail.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::table::{Kind, Table, Together, Type, TypeId};

/// One object. References are ids, choices plain values, tags a list of ids.
#[derive(Debug, Clone, Default)]
pub(crate) struct Object {
    pub(crate) id: u64,
    pub(crate) data: Map<String, Value>,
    /// Microseconds since 1970.
    pub(crate) created: u64,
    pub(crate) updated: u64,
}

impl Object {
    pub(crate) fn get(&self, field: &str) -> &Value {
        self.data.get(field).unwrap_or(&Value::Null)
    }

    pub(crate) fn text(&self, field: &str) -> &str {
        self.get(field).as_str().unwrap_or_default()
    }

    /// The id a reference holds.
    pub(crate) fn key(&self, field: &str) -> Option<u64> {
        self.get(field).as_u64()
    }

    /// The ids a list of references holds.
    pub(crate) fn keys(&self, field: &str) -> Vec<u64> {
        self.get(field).as_array().into_iter().flatten().filter_map(Value::as_u64).collect()
    }
}

/// A reference seen from its target: (type that refers, field's place, id of the object).
pub(crate) type Back = (TypeId, usize, u64);

/// Place that stands for tags among the fields of a type.
pub(crate) const BY_TAG: usize = usize::MAX;

#[derive(Debug, Default)]
struct Collection {
    last: u64,
    objects: BTreeMap<u64, Arc<Object>>,
    /// By constraint: who has which key.
    keys: Vec<HashMap<String, BTreeSet<u64>>>,
}

/// A constraint of the database does not hold.
#[derive(Debug)]
pub(crate) struct Violation {
    pub(crate) constraint: String,
    pub(crate) detail: String,
}

/// All objects.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) table: Arc<Table>,
    collections: Vec<Collection>,
    back: HashMap<(TypeId, u64), BTreeSet<Back>>,
    /// What a running request has changed: the objects as they were.
    undo: Vec<(TypeId, u64, Option<Arc<Object>>)>,
    /// Counts changes, for what is derived from many objects.
    pub(crate) generation: u64,
    clock: u64,
}

/// All constraints of a type: single columns first.
pub(crate) fn constraints(t: &Type) -> impl Iterator<Item = Together> + '_ {
    let single = t.facts.unique.iter().filter(|f| t.field(f).is_some()).map(|field| Together {
        name: format!("{}_{field}_key", t.facts.model.replace('.', "_")),
        fields: vec![field.clone()],
        ..Together::default()
    });
    let known = |c: &&Together| c.fields.iter().all(|f| t.field(f).is_some() || f == "_site");
    single.chain(t.facts.together.iter().filter(known).cloned())
}

/// What a constraint compares; `None` where it does not apply.
pub(crate) fn constraint_key(constraint: &Together, data: &Map<String, Value>) -> Option<String> {
    let get = |f: &str| data.get(f).unwrap_or(&Value::Null);
    for (field, wanted) in &constraint.when {
        let value = get(field);
        let holds = match wanted {
            Value::Bool(null) => value.is_null() == *null,
            _ => value.as_str().is_some_and(|s| !s.is_empty()),
        };
        if !holds {
            return None;
        }
    }
    let mut key = String::new();
    for field in &constraint.fields {
        let value = get(field);
        if value.is_null() {
            return None;
        }
        match value.as_str() {
            Some(text) if constraint.lower.contains(field) => key.push_str(&text.to_lowercase()),
            Some(text) => key.push_str(text),
            None => key.push_str(&value.to_string()),
        }
        key.push('\u{1f}');
    }
    Some(key)
}

impl Store {
    pub(crate) fn new(table: Arc<Table>) -> Self {
        let collections = table.types.iter().map(|t| Collection {
            keys: constraints(t).map(|_| HashMap::new()).collect(),
            ..Collection::default()
        });
        let collections = collections.collect();
        Self { table, collections, back: HashMap::new(), undo: Vec::new(), generation: 0, clock: 0 }
    }

    pub(crate) fn kind(&self, kind: TypeId) -> &Type {
        &self.table.types[kind]
    }

    pub(crate) fn get(&self, kind: TypeId, id: u64) -> Option<&Arc<Object>> {
        self.collections.get(kind)?.objects.get(&id)
    }

    pub(crate) fn all(&self, kind: TypeId) -> impl DoubleEndedIterator<Item = &Arc<Object>> {
        self.collections[kind].objects.values()
    }

    /// Objects from an id on.
    pub(crate) fn from(&self, kind: TypeId, id: u64) -> impl Iterator<Item = &Arc<Object>> {
        self.collections[kind].objects.range(id..).map(|(_, o)| o)
    }

    pub(crate) fn count(&self, kind: TypeId) -> usize {
        self.collections[kind].objects.len()
    }

    /// A moment later than all before.
    pub(crate) fn now(&mut self) -> u64 {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        self.clock = u64::try_from(now.as_micros()).unwrap_or(u64::MAX).max(self.clock + 1);
        self.clock
    }

    /// The next id of a type, taken.
    pub(crate) fn next_id(&mut self, kind: TypeId) -> u64 {
        let collection = &mut self.collections[kind];
        collection.last += 1;
        collection.last
    }

    /// Lets the ids of a type go on after this one.
    pub(crate) fn skip_ids(&mut self, kind: TypeId, last: u64) {
        let collection = &mut self.collections[kind];
        collection.last = collection.last.max(last);
    }

    /// Who refers to an object.
    pub(crate) fn back(&self, kind: TypeId, id: u64) -> impl Iterator<Item = &Back> {
        self.back.get(&(kind, id)).into_iter().flatten()
    }

    /// Objects of a type that refer to an object by one field.
    pub(crate) fn by_field(
        &self,
        kind: TypeId,
        id: u64,
        of: TypeId,
        field: &str,
    ) -> impl Iterator<Item = u64> + '_ {
        let place = self.place(of, field);
        let set = self.back.get(&(kind, id)).filter(|_| place.is_some());
        let place = place.unwrap_or_default();
        set.into_iter()
            .flat_map(move |s| s.range((of, place, 0)..=(of, place, u64::MAX)))
            .map(|(_, _, id)| *id)
    }

    fn place(&self, kind: TypeId, field: &str) -> Option<usize> {
        if field == "tags" {
            return Some(BY_TAG);
        }
        let t = self.kind(kind);
        let generic = t.generics.iter().find(|g| g.object == field).map(|g| g.id.as_str());
        let wanted = generic.unwrap_or(field);
        t.fields.iter().position(|f| f.name == wanted)
    }

    /// Another object with the same key for a constraint.
    pub(crate) fn taken(&self, kind: TypeId, at: usize, key: &str, but: u64) -> Option<u64> {
        self.collections[kind].keys.get(at)?.get(key)?.iter().copied().find(|id| *id != but)
    }

    fn edges(&self, kind: TypeId, object: &Object) -> Vec<(TypeId, u64, usize)> {
        let t = self.kind(kind);
        let mut edges = Vec::new();
        for (place, field) in t.fields.iter().enumerate() {
            if field.read_only {
                continue;
            }
            match (field.kind, field.target) {
                (Kind::Reference, Some(target)) => {
                    edges.extend(object.key(&field.name).map(|id| (target, id, place)));
                }
                (Kind::Many, Some(target)) => {
                    edges.extend(object.keys(&field.name).into_iter().map(|id| (target, id, place)));
                }
                (Kind::Tags, _) => {
                    if let Some(tags) = self.table.by_path("extras/tags") {
                        edges.extend(object.keys("tags").into_iter().map(|id| (tags, id, BY_TAG)));
                    }
                }
                _ => {}
            }
        }
        for generic in &t.generics {
            let target = self.table.by_model(object.text(&generic.kind));
            if let (Some(target), Some(id)) = (target, object.key(&generic.id)) {
                let place = t.fields.iter().position(|f| f.name == generic.id).unwrap_or_default();
                edges.push((target, id, place));
            }
        }
        edges
    }

    fn index(&mut self, kind: TypeId, object: &Object, add: bool) {
        for (target, id, place) in self.edges(kind, object) {
            let set = self.back.entry((target, id)).or_default();
            if add {
                set.insert((kind, place, object.id));
            } else {
                set.remove(&(kind, place, object.id));
            }
        }
        let table = Arc::clone(&self.table);
        for (at, constraint) in constraints(&table.types[kind]).enumerate() {
            let Some(key) = constraint_key(&constraint, &object.data) else { continue };
            let Some(index) = self.collections[kind].keys.get_mut(at) else { continue };
            let set = index.entry(key).or_default();
            if add {
                set.insert(object.id);
            } else {
                set.remove(&object.id);
            }
        }
    }

    fn put(&mut self, kind: TypeId, id: u64, object: Option<Arc<Object>>) -> Option<Arc<Object>> {
        self.generation += 1;
        let before = self.collections[kind].objects.get(&id).cloned();
        if let Some(before) = &before {
            self.index(kind, before, false);
        }
        match object {
            Some(object) => {
                self.index(kind, &object, true);
                self.collections[kind].objects.insert(id, object);
            }
            None => {
                self.collections[kind].objects.remove(&id);
            }
        }
        before
    }

    /// Puts an object in its place, new or not.
    pub(crate) fn save(&mut self, kind: TypeId, object: Object) -> Result<Arc<Object>, Violation> {
        let table = Arc::clone(&self.table);
        for (at, constraint) in constraints(&table.types[kind]).enumerate() {
            if let Some(key) = constraint_key(&constraint, &object.data)
                && self.taken(kind, at, &key, object.id).is_some()
            {
                let column = |f: &String| match table.types[kind].field(f).map(|f| f.kind) {
                    Some(Kind::Reference) => format!("{f}_id"),
                    _ => f.clone(),
                };
                let columns: Vec<String> = constraint.fields.iter().map(column).collect();
                let values = key.trim_end_matches('\u{1f}').replace('\u{1f}', ", ");
                let detail = format!("Key ({})=({values}) already exists.", columns.join(", "));
                return Err(Violation { constraint: constraint.name, detail });
            }
        }
        Ok(self.force(kind, object))
    }

    /// Puts an object in its place without a look at constraints.
    pub(crate) fn force(&mut self, kind: TypeId, object: Object) -> Arc<Object> {
        let id = object.id;
        self.skip_ids(kind, id);
        let object = Arc::new(object);
        let before = self.put(kind, id, Some(Arc::clone(&object)));
        self.undo.push((kind, id, before));
        object
    }

    pub(crate) fn remove(&mut self, kind: TypeId, id: u64) {
        let before = self.put(kind, id, None);
        self.undo.push((kind, id, before));
    }

    /// Changes some fields, as the database does, with no check.
    pub(crate) fn change(&mut self, kind: TypeId, id: u64, change: impl FnOnce(&mut Object)) {
        if let Some(object) = self.get(kind, id) {
            let mut object = Object::clone(object);
            change(&mut object);
            self.force(kind, object);
        }
    }

    /// Forgets the way back: the request succeeded.
    pub(crate) fn commit(&mut self) {
        self.undo.clear();
    }

    /// Takes back all since the last commit. Ids stay taken, as with the real database.
    pub(crate) fn roll_back(&mut self) {
        for (kind, id, before) in std::mem::take(&mut self.undo).into_iter().rev() {
            self.put(kind, id, before);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::netbox::version::NetBoxVersion;

    fn object(id: u64, data: impl Into<Value>) -> Object {
        let data: Value = data.into();
        Object { id, data: data.as_object().cloned().unwrap_or_default(), ..Object::default() }
    }

    #[test]
    fn a_failed_request_leaves_nothing_behind() {
        let mut store = Store::new(Table::of(NetBoxVersion::V4_6));
        let (sites, tenants) = (
            store.table.by_path("dcim/sites").expect("a type"),
            store.table.by_path("tenancy/tenants").expect("a type"),
        );
        store.force(tenants, object(1, json!({ "name": "a", "slug": "a" })));
        store.force(sites, object(1, json!({ "name": "s", "slug": "s", "tenant": 1 })));
        store.commit();
        store.change(sites, 1, |o| _ = o.data.insert("tenant".into(), Value::Null));
        store.remove(tenants, 1);
        assert!(store.back(tenants, 1).next().is_none());
        store.roll_back();
        assert_eq!(store.by_field(tenants, 1, sites, "tenant").collect::<Vec<_>>(), [1]);
        assert!(store.get(tenants, 1).is_some());
        let violation =
            store.save(sites, object(2, json!({ "name": "t", "slug": "s" }))).expect_err("refused");
        assert_eq!(
            (violation.constraint.as_str(), violation.detail.as_str()),
            ("dcim_site_slug_key", "Key (slug)=(s) already exists.")
        );
    }

    #[test]
    fn conditions_and_nulls_let_pass() {
        let store = Store::new(Table::of(NetBoxVersion::V4_6));
        let regions = store.kind(store.table.by_path("dcim/regions").expect("a type"));
        let key = |name: &str, data: &Value| {
            let constraint = regions.facts.together.iter().find(|c| c.name == name).expect("known");
            constraint_key(constraint, data.as_object().expect("an object"))
        };
        let top = json!({ "name": "n", "slug": "s", "parent": null });
        let child = json!({ "name": "n", "slug": "s", "parent": 4 });
        assert_eq!(key("dcim_region_parent_slug", &top), None);
        assert!(key("dcim_region_slug", &top).is_some());
        assert_eq!(key("dcim_region_slug", &child), None);
        assert!(key("dcim_region_parent_slug", &child).is_some());
    }
}
