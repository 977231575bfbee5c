//! Custom fields: what is defined for a type, what values are legal, and how they read.

use serde_json::{Map, Value, json};

use super::display;
use super::reference;
use super::refusal::{Errors, Refusal};
use super::store::Store;
use super::table::TypeId;

/// A custom field as it concerns a type.
#[derive(Debug, Clone)]
pub(crate) struct Definition {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) required: bool,
    pub(crate) unique: bool,
    pub(crate) default: Value,
    pub(crate) loose: bool,
    /// Type of related objects.
    pub(crate) target: Option<TypeId>,
    choice_set: Option<u64>,
    minimum: Option<f64>,
    maximum: Option<f64>,
    pattern: String,
    order: (String, i64, String),
}

/// The custom fields of a type, in order.
pub(crate) fn definitions(store: &Store, kind: TypeId) -> Vec<Definition> {
    let Some(fields) = store.table.by_path("extras/custom-fields") else { return Vec::new() };
    let model = &store.kind(kind).facts.model;
    let concerns = |v: &Value| v.as_array().is_some_and(|list| list.iter().any(|m| m == model.as_str()));
    let mut found: Vec<Definition> = store
        .all(fields)
        .filter(|o| concerns(o.get("object_types")))
        .map(|o| Definition {
            name: o.text("name").to_owned(),
            kind: o.text("type").to_owned(),
            required: o.get("required") == true,
            unique: o.get("unique") == true,
            default: o.get("default").clone(),
            loose: o.text("filter_logic") != "exact",
            target: store.table.by_model(o.text("related_object_type")),
            choice_set: o.key("choice_set"),
            minimum: o.get("validation_minimum").as_f64(),
            maximum: o.get("validation_maximum").as_f64(),
            pattern: o.text("validation_regex").to_owned(),
            order: (
                o.text("group_name").to_owned(),
                o.get("weight").as_i64().unwrap_or(100),
                o.text("name").to_owned(),
            ),
        })
        .collect();
    found.sort_by(|a, b| a.order.cmp(&b.order));
    found
}

/// All values set to their defaults.
pub(crate) fn defaults(definitions: &[Definition]) -> Map<String, Value> {
    definitions.iter().map(|d| (d.name.clone(), d.default.clone())).collect()
}

/// Values of a choice set with their labels.
pub(crate) fn choices(store: &Store, set: u64) -> Vec<(String, String)> {
    let sets = store.table.by_path("extras/custom-field-choice-sets");
    let Some(set) = sets.and_then(|t| store.get(t, set)) else { return Vec::new() };
    let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    let pairs = set.get("extra_choices").as_array().into_iter().flatten();
    pairs.map(|p| (text(&p[0]), text(&p[1]))).collect()
}

/// A minimum or maximum as Python writes it.
fn decimal(number: f64) -> String {
    format!("{number:.4}")
}

impl Definition {
    fn choices(&self, store: &Store) -> Vec<(String, String)> {
        self.choice_set.map(|set| choices(store, set)).unwrap_or_default()
    }

    fn set_name(&self, store: &Store) -> String {
        let sets = store.table.by_path("extras/custom-field-choice-sets");
        sets.zip(self.choice_set).map(|(t, id)| display::by_id(store, t, id)).unwrap_or_default()
    }

    /// A value as answers show it.
    pub(crate) fn shown(&self, store: &Store, value: &Value) -> Value {
        if !store.table.version.labels_selects_and_indexes_errors() || value.is_null() {
            return value.clone();
        }
        let labelled = |v: &Value| {
            let label = self.choices(store).into_iter().find(|(key, _)| *v == key.as_str()).map(|(_, l)| l);
            json!({ "value": v, "label": label.unwrap_or_default() })
        };
        match (self.kind.as_str(), value) {
            ("select", v) => labelled(v),
            ("multiselect", Value::Array(list)) => list.iter().map(labelled).collect(),
            _ => value.clone(),
        }
    }

    fn range(&self, number: f64) -> Result<(), String> {
        if let Some(minimum) = self.minimum.filter(|m| number < *m) {
            return Err(format!("Value must be at least {}", decimal(minimum)));
        }
        match self.maximum.filter(|m| number > *m) {
            Some(maximum) => Err(format!("Value must not exceed {}", decimal(maximum))),
            None => Ok(()),
        }
    }

    fn matches(&self, text: &str) -> Result<(), String> {
        let fits = regex::Regex::new(&format!("^(?:{})", self.pattern)).map_or(true, |r| r.is_match(text));
        if self.pattern.is_empty() || fits {
            Ok(())
        } else {
            Err(format!("Value must match regex '{}'", self.pattern))
        }
    }

    /// Whether a value is legal.
    fn check(&self, store: &Store, value: &Value) -> Result<(), String> {
        if value.is_null() || value == "" {
            return if self.required { Err("Required field cannot be empty.".to_owned()) } else { Ok(()) };
        }
        let refused = |text: &str| Err(text.to_owned());
        match self.kind.as_str() {
            "text" | "longtext" | "url" => match value.as_str() {
                Some(text) => self.matches(text),
                None => refused("Value must be a string."),
            },
            "integer" => match value.as_i64() {
                Some(number) => self.range(number as f64),
                None => refused("Value must be an integer."),
            },
            "decimal" => match value.as_f64().or_else(|| value.as_str()?.parse().ok()) {
                Some(number) => self.range(number),
                None => refused("Value must be a decimal."),
            },
            "boolean" if !matches!(value, Value::Bool(_)) && value != 0 && value != 1 => {
                refused("Value must be true or false.")
            }
            "date" if !value.as_str().is_some_and(super::decode::is_date) => {
                refused("Date values must be in ISO 8601 format (YYYY-MM-DD).")
            }
            "datetime" if !value.as_str().is_some_and(super::decode::is_time) => {
                refused("Date and time values must be in ISO 8601 format (YYYY-MM-DD HH:MM:SS).")
            }
            "select" if !self.choices(store).iter().any(|(key, _)| *value == key.as_str()) => {
                let value = reference::python(value).trim_matches('\'').to_owned();
                Err(format!("Invalid choice ({value}) for choice set {}.", self.set_name(store)))
            }
            "multiselect" => {
                let choices = self.choices(store);
                let known = |v: &Value| choices.iter().any(|(key, _)| *v == key.as_str());
                if value.as_array().is_some_and(|list| list.iter().all(known)) {
                    return Ok(());
                }
                let value = reference::python(value);
                Err(format!("Invalid choice(s) ({value}) for choice set {}.", self.set_name(store)))
            }
            _ => Ok(()),
        }
    }
}

/// Merges what was sent into what is there; unknown names and related objects that are none are refused.
pub(crate) fn merge(
    store: &Store,
    definitions: &[Definition],
    current: &Map<String, Value>,
    sent: &Value,
) -> Result<Map<String, Value>, Value> {
    let Some(sent) = sent.as_object() else {
        return Err(json!([
            "Invalid data format. Custom field data must be passed as a dictionary mapping field names to their values."
        ]));
    };
    let unknown = sent.keys().filter(|name| !definitions.iter().any(|d| d.name == **name));
    let unknown: Map<String, Value> = unknown
        .map(|name| {
            (name.clone(), json!(format!("Custom field '{name}' does not exist for this object type.")))
        })
        .collect();
    if !unknown.is_empty() {
        return Err(Value::Object(unknown));
    }
    let mut merged = current.clone();
    for (name, value) in sent {
        let target = definitions.iter().find(|d| d.name == *name).and_then(|d| d.target);
        let empty = value.is_null() || value == "" || *value == json!([]) || *value == json!({});
        let resolved = match target.filter(|_| !empty) {
            None => Ok(value.clone()),
            Some(target) => match value {
                Value::Array(list) => {
                    let ids: Result<Vec<u64>, String> =
                        list.iter().map(|v| reference::one(store, target, v, &|_| true)).collect();
                    ids.map(|ids| json!(ids))
                }
                value => reference::one(store, target, value, &|_| true).map(|id| json!(id)),
            },
        };
        match resolved {
            Ok(value) => merged.insert(name.clone(), value),
            Err(_) => {
                return Err(json!([format!("Unknown related object(s): {}", reference::python(value))]));
            }
        };
    }
    Ok(merged)
}

/// Checks all values of an object; the first that is wrong is told.
pub(crate) fn check(
    store: &Store,
    kind: TypeId,
    id: u64,
    definitions: &[Definition],
    data: &Map<String, Value>,
    errors: &mut Errors,
) {
    // Values are checked in the order they are kept in, then those that are missing.
    let mut ordered: Vec<&Definition> = definitions.iter().collect();
    ordered.sort_by_key(|d| (!data.contains_key(&d.name), d.name.clone()));
    for definition in ordered {
        let value = data.get(&definition.name).unwrap_or(&Value::Null);
        let name = &definition.name;
        if let Err(text) = definition.check(store, value) {
            let missing = definition.required && value.is_null() && !data.contains_key(name);
            return errors.add(
                "__all__",
                if missing {
                    format!("Missing required custom field '{name}'.")
                } else {
                    format!("Invalid value for custom field '{name}': {text}")
                },
            );
        }
        let same = |o: &super::store::Object| o.id != id && o.get("custom_fields").get(name) == Some(value);
        if definition.unique && !value.is_null() && store.all(kind).any(|o| same(o)) {
            return errors.add("__all__", format!("Custom field '{name}' must have a unique value."));
        }
    }
}

/// What the definition of a custom field itself must obey.
pub(crate) fn check_definition(data: &Map<String, Value>, errors: &mut Errors) {
    let get = |name: &str| data.get(name).unwrap_or(&Value::Null);
    let kind = get("type").as_str().unwrap_or_default();
    let selects = matches!(kind, "select" | "multiselect");
    if selects && get("choice_set").is_null() {
        errors.add("choice_set", "Selection fields must specify a set of choices.");
    }
    if !selects && !get("choice_set").is_null() {
        errors.add("choice_set", "Choices may be set only on selection fields.");
    }
    let relates = matches!(kind, "object" | "multiobject");
    if relates && get("related_object_type").is_null() {
        errors.add("related_object_type", "Object fields must define an object type.");
    }
}

/// Puts the default of a new custom field on the objects it concerns, or takes a removed one away.
pub(crate) fn spread(
    store: &mut Store,
    definition: &Map<String, Value>,
    remove: bool,
) -> Result<(), Refusal> {
    let name = definition.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let default = definition.get("default").cloned().unwrap_or_default();
    let models = definition.get("object_types").and_then(Value::as_array).cloned().unwrap_or_default();
    for kind in models.iter().filter_map(|m| store.table.by_model(m.as_str()?)).collect::<Vec<_>>() {
        let ids: Vec<u64> = store.all(kind).map(|o| o.id).collect();
        for id in ids {
            store.change(kind, id, |object| {
                let values = object.data.entry("custom_fields").or_insert_with(|| json!({}));
                let Some(values) = values.as_object_mut() else { return };
                if remove {
                    values.remove(&name);
                } else {
                    values.entry(name.clone()).or_insert_with(|| default.clone());
                }
            });
        }
    }
    Ok(())
}
