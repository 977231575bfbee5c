//! Reads the compiled-in table for one version.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::field::{Field, Kind};
use super::span::Span;
use super::{Facts, Filter, Generic, OnDelete, Shape, Table, Type, TypeId};
use crate::netbox::version::NetBoxVersion;

const TABLE: &str = include_str!("../../../data/netbox/table.json");
const MODELS: &str = include_str!("../../../data/netbox/models.json");
const PLUGIN: &str = include_str!("../../../data/netbox/plugin.json");

/// A type as it lies in the table: path, head, fields, filters.
type RawType = (String, Map<String, Value>, Vec<(String, Value)>, Vec<Value>);

/// A plugin's type: its filters are written out.
type PluginType = (String, Map<String, Value>, Vec<(String, Value)>, Vec<(String, Vec<String>)>);

#[derive(Debug, Default, Deserialize)]
struct Raw {
    versions: Vec<String>,
    types: Vec<RawType>,
    shapes: Vec<Value>,
    enums: Vec<Vec<Value>>,
    filters: Vec<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
struct Plugin {
    types: Vec<PluginType>,
    models: BTreeMap<String, Facts>,
}

fn raw() -> Raw {
    // The data is compiled in; a test shows that it can be read.
    serde_json::from_str(TABLE).unwrap_or_default()
}

struct Loader {
    raw: Raw,
    at: usize,
}

impl Loader {
    fn has(&self, span: Option<&Value>) -> bool {
        span.and_then(Value::as_str).is_none_or(|s| Span::parse(s, &self.raw.versions).has(self.at))
    }

    fn choices(&self, spec: &Value) -> Vec<(Value, Value)> {
        let pool =
            spec["e"].as_u64().and_then(|at| self.raw.enums.get(usize::try_from(at).unwrap_or(usize::MAX)));
        let values = pool.into_iter().flatten().filter(|v| self.has(v.get(2)));
        values.map(|v| (v[0].clone(), v[1].clone())).collect()
    }

    fn field(&self, name: &str, spec: &Value, facts: &Facts) -> Field {
        let kind = spec["t"].as_str().unwrap_or("text");
        let mut kind = Kind::parse(kind);
        let generic = facts.generic.keys().any(|g| name == format!("{g}_type"));
        if generic || matches!(name, "related_object_type" | "object_type" | "changed_object_type") {
            kind = Kind::ContentType;
        } else if name == "object_types" {
            kind = Kind::ContentTypes;
        } else if facts.keys.contains_key(name)
            || (kind == Kind::Object && facts.writable.iter().any(|w| w == name))
        {
            kind = Kind::Reference;
        }
        let flag = |key: &str| spec.get(key).is_some();
        Field {
            name: name.to_owned(),
            kind,
            target: None,
            form: spec["to"].as_str().map(str::to_owned),
            read_only: flag("ro") && !facts.writable.iter().any(|w| w == name),
            write_only: flag("wo"),
            nullable: flag("null"),
            required: flag("req"),
            min_length: spec["minlen"].as_u64().unwrap_or_default(),
            max_length: spec["max"].as_u64(),
            low: spec["lo"].as_f64(),
            high: spec["hi"].as_f64(),
            open: flag("open"),
            pattern: spec["re"].as_str().map(str::to_owned),
            choices: self.choices(spec),
            digits: facts.digits.get(name).copied(),
            default: facts.default.get(name).cloned(),
            on_delete: facts.delete.get(name).copied().unwrap_or(OnDelete::Null),
        }
    }

    fn kind(&self, entry: &RawType, facts: Facts) -> Type {
        let (path, head, fields, filters) = entry;
        let verbs = match &head["verbs"] {
            Value::String(verbs) => verbs.clone(),
            variants => {
                let variants = variants.as_array().into_iter().flatten();
                let found = variants.filter(|v| self.has(v.get(1))).find_map(|v| v[0].as_str());
                found.unwrap_or("r").to_owned()
            }
        };
        let fields: Vec<Field> = fields
            .iter()
            .chain(&facts.extra)
            .filter(|(name, spec)| self.has(spec.get("v")) && !facts.hidden.contains(name))
            .map(|(name, spec)| self.field(name, spec, &facts))
            .collect();
        let filters = filters.iter().filter(|f| self.has(f.get(2))).filter_map(|f| {
            let spec = self.raw.filters.get(usize::try_from(f[1].as_u64()?).ok()?)?;
            Some((f[0].as_str()?.to_owned(), filter(spec)))
        });
        assemble(path, head["schema"].as_str().unwrap_or_default(), verbs, fields, filters.collect(), facts)
    }
}

fn filter(spec: &[String]) -> Filter {
    let lookups = spec.get(1).map(|l| l.split_whitespace().map(str::to_owned).collect()).unwrap_or_default();
    Filter { kind: spec.first().cloned().unwrap_or_default(), lookups }
}

fn assemble(
    path: &str,
    schema: &str,
    verbs: String,
    fields: Vec<Field>,
    filters: HashMap<String, Filter>,
    facts: Facts,
) -> Type {
    let places: HashMap<String, usize> =
        fields.iter().enumerate().map(|(at, f)| (f.name.clone(), at)).collect();
    let generics = facts.generic.iter().filter(|(g, _)| {
        places.contains_key(&format!("{g}_type")) && places.contains_key(&format!("{g}_id"))
    });
    let generics = generics.map(|(name, allowed)| {
        let own = places.contains_key(name);
        Generic {
            kind: format!("{name}_type"),
            id: format!("{name}_id"),
            object: if own { name.clone() } else { "parent".to_owned() },
            allowed: allowed.clone().unwrap_or_default(),
        }
    });
    let generics = generics.collect();
    let mut brief: Vec<String> = facts.brief.iter().filter(|b| places.contains_key(*b)).cloned().collect();
    if brief.is_empty() {
        let usual = ["id", "url", "display", "name", "slug", "description"];
        brief = usual.iter().filter(|b| places.contains_key(**b)).map(|b| (*b).to_owned()).collect();
    }
    Type {
        path: path.to_owned(),
        schema: schema.to_owned(),
        verbs,
        fields,
        places,
        filters,
        facts,
        brief,
        generics,
    }
}

pub(super) fn load(version: NetBoxVersion) -> Table {
    let mut models: BTreeMap<String, Facts> = serde_json::from_str(MODELS).unwrap_or_default();
    let loader = Loader { raw: raw(), at: version.index() };
    let mut types: Vec<Type> = Vec::new();
    for entry in loader.raw.types.iter().filter(|t| loader.has(t.1.get("v"))) {
        let facts = models.remove(&entry.0).unwrap_or_default();
        types.push(loader.kind(entry, facts));
    }
    types.extend(plugin(&loader));
    let shapes = loader.raw.shapes.iter().filter(|s| loader.has(s.get(2))).filter_map(|s| {
        let fields = s[1].as_array()?.iter().map(|f| match f {
            Value::Array(pair) => {
                let text = |at: usize| pair.get(at).and_then(Value::as_str).map(str::to_owned);
                (text(0).unwrap_or_default(), text(1))
            }
            other => (other.as_str().unwrap_or_default().to_owned(), None),
        });
        Some((s[0].as_str()?.to_owned(), fields.collect::<Shape>()))
    });
    let shapes = shapes.collect();
    let index = |key: &dyn Fn(&Type) -> String| -> HashMap<String, TypeId> {
        types.iter().enumerate().map(|(at, t)| (key(t), at)).collect()
    };
    let mut table = Table {
        version,
        by_path: index(&|t| t.path.clone()),
        by_model: index(&|t| t.facts.model.clone()),
        by_schema: index(&|t| t.schema.clone()),
        types,
        shapes,
        referrers: Vec::new(),
    };
    link(&mut table);
    table
}

fn plugin(loader: &Loader) -> Vec<Type> {
    let mut plugin: Plugin = serde_json::from_str(PLUGIN).unwrap_or_default();
    let types = std::mem::take(&mut plugin.types);
    let made = types.into_iter().map(|(path, head, fields, filters)| {
        let facts = plugin.models.remove(&path).unwrap_or_default();
        let fields: Vec<Field> = fields.iter().map(|(name, spec)| loader.field(name, spec, &facts)).collect();
        let filters = filters.into_iter().map(|(name, spec)| (name, filter(&spec))).collect();
        assemble(
            &path,
            head["schema"].as_str().unwrap_or_default(),
            "crud".to_owned(),
            fields,
            filters,
            facts,
        )
    });
    made.collect()
}

/// Finds the types that fields refer to, and who refers to a type.
fn link(table: &mut Table) {
    let mut found: Vec<(TypeId, usize, TypeId)> = Vec::new();
    for (kind, t) in table.types.iter().enumerate() {
        for (place, field) in t.fields.iter().enumerate() {
            let by_key = t.facts.keys.get(&field.name).map(String::as_str);
            let by_mirror = t.facts.mirror.get(&field.name).and_then(|m| m.split('.').next());
            let by_key = by_key.or(by_mirror).and_then(|path| table.by_path(path));
            let by_form = || field.form.as_deref().and_then(|form| table.by_form(form));
            if let Some(target) = by_key.or_else(by_form) {
                found.push((kind, place, target));
            }
        }
    }
    table.referrers = vec![Vec::new(); table.types.len()];
    for (kind, place, target) in found {
        let Some(t) = table.types.get_mut(kind) else { continue };
        if let Some(field) = t.fields.get_mut(place) {
            field.target = Some(target);
            let stored = field.is_stored() && !t.facts.mirror.contains_key(&field.name);
            let kind_of = field.kind;
            if stored && matches!(kind_of, Kind::Reference | Kind::Many) {
                table.referrers[target].push((kind, place));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_can_be_read_and_every_reference_has_a_target() {
        let raw: Raw = serde_json::from_str(TABLE).expect("the table");
        let models: BTreeMap<String, Facts> = serde_json::from_str(MODELS).expect("the facts");
        serde_json::from_str::<Plugin>(PLUGIN).expect("the plugin");
        let types = |path: &str| raw.types.iter().any(|t| t.0 == path);
        let mut bad: Vec<String> =
            models.keys().filter(|p| !types(p)).map(|p| format!("{p} is no type")).collect();
        for version in NetBoxVersion::all() {
            let table = load(version);
            for t in &table.types {
                if t.facts.model.is_empty() {
                    bad.push(format!("{} has no facts", t.path));
                }
                for field in t.fields.iter().filter(|f| matches!(f.kind, Kind::Reference | Kind::Many)) {
                    if field.target.is_none() {
                        bad.push(format!("{version}: {}.{} goes nowhere", t.path, field.name));
                    }
                }
            }
        }
        assert!(bad.is_empty(), "{}", bad.join("\n"));
    }
}
