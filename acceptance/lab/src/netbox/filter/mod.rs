//! Filters of lists: what a parameter looks at, and whether an object fits.

mod paths;
mod special;
mod test;

use serde_json::Value;

use super::custom_fields;
use super::refusal::{Errors, Refusal};
use super::store::{Object, Store};
use super::table::{Kind, TypeId};
use paths::Path;
use test::Test;

/// Parameters of a request, in order.
pub(crate) type Query = Vec<(String, String)>;

/// Parameters that choose a page or a form.
const NO_FILTERS: &[&str] =
    &["brief", "fields", "omit", "exclude", "limit", "offset", "start", "ordering", "format", "export"];

/// One filter with its values.
#[derive(Debug)]
enum Filter {
    /// Compares what is found along a path.
    Values(Path, Test),
    /// A rule of its own.
    Special(special::Special),
    /// A custom field.
    Custom(String, Test),
    /// Tags: all wanted, any wanted, or none wanted.
    Tags(Vec<u64>, TagMode),
    /// Text anywhere in one of these fields.
    Search(Vec<Path>, String),
}

/// How several tags count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TagMode {
    All,
    Any,
    None,
}

/// All filters of a request.
#[derive(Debug, Default)]
pub(crate) struct Filters {
    filters: Vec<Filter>,
    /// The ids asked for, where there is such a filter.
    pub(crate) ids: Option<Vec<u64>>,
}

fn no_choice(value: &str) -> String {
    format!("Select a valid choice. {value} is not one of the available choices.")
}

/// Values of every parameter, together.
fn grouped(query: &Query) -> Vec<(&str, Vec<&str>)> {
    let mut found: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, value) in query.iter().filter(|(name, _)| !NO_FILTERS.contains(&name.as_str())) {
        match found.iter_mut().find(|(n, _)| n == name) {
            Some((_, values)) => values.push(value),
            None => found.push((name, vec![value])),
        }
    }
    found
}

impl Filters {
    /// Reads the filters of a request; parameters that are none are ignored, as NetBox does.
    pub(crate) fn read(store: &Store, kind: TypeId, query: &Query) -> Result<Self, Refusal> {
        let t = store.kind(kind);
        let mut filters = Self::default();
        let mut errors = Errors::default();
        for (name, values) in grouped(query) {
            if let Some(field) = name.strip_prefix("cf_") {
                filters.filters.extend(custom(store, kind, field, &values));
                continue;
            }
            let (base, lookup) = match name.rsplit_once("__") {
                Some((base, lookup))
                    if t.filters.get(base).is_some_and(|f| f.lookups.iter().any(|l| l == lookup)) =>
                {
                    (base, lookup)
                }
                _ => (name, ""),
            };
            let Some(spec) = t.filters.get(base) else { continue };
            // An empty value filters nothing.
            let values: Vec<&str> = values.into_iter().filter(|v| !v.is_empty()).collect();
            if values.is_empty() {
                continue;
            }
            if base == "id" && lookup.is_empty() {
                match values.iter().map(|v| v.trim().parse().ok()).collect::<Option<Vec<u64>>>() {
                    Some(ids) => filters.ids = Some(ids),
                    None => errors.add(name, "Enter a whole number."),
                }
                continue;
            }
            match one(store, kind, base, lookup, &spec.kind, &values) {
                Ok(Some(filter)) => filters.filters.push(filter),
                Ok(None) => return Err(Refusal::not_served(&format!("the filter {name:?} of {}", t.path))),
                Err(text) => errors.add(name, text),
            }
        }
        errors.refuse()?;
        Ok(filters)
    }

    /// Whether an object fits all.
    pub(crate) fn fit(&self, store: &Store, kind: TypeId, object: &Object) -> bool {
        let by_id = self.ids.as_ref().is_none_or(|ids| ids.contains(&object.id));
        by_id && self.filters.iter().all(|f| f.fits(store, kind, object))
    }
}

fn one(
    store: &Store,
    kind: TypeId,
    base: &str,
    lookup: &str,
    of: &str,
    values: &[&str],
) -> Result<Option<Filter>, String> {
    // The log's own names for a range.
    let (base, lookup) = match base {
        "time_after" => ("time", "after"),
        "time_before" => ("time", "before"),
        other => (other, lookup),
    };
    if matches!(base, "tag" | "tag_id") {
        return tags(store, base, lookup, values).map(Some);
    }
    if base == "q" {
        let fields = store.kind(kind).facts.search.clone();
        let paths = fields.iter().filter_map(|f| paths::parse(store, kind, f)).collect();
        return Ok(Some(Filter::Search(paths, values.last().copied().unwrap_or_default().to_lowercase())));
    }
    if let Some(special) = special::read(store, kind, base, lookup, values)? {
        return Ok(Some(Filter::Special(special)));
    }
    // The one range of moments that has names of its own, both ends in it.
    if let ("time_after" | "time_before", Some(path)) = (base, paths::parse(store, kind, "time")) {
        let lookup = if base == "time_after" { "gte" } else { "lte" };
        return Ok(Some(Filter::Values(path, Test::new(lookup, of, values))));
    }
    let Some(path) = paths::of_filter(store, kind, base) else { return Ok(None) };
    if let Some(field) = path.last_field(store, kind)
        && !field.choices.is_empty()
        && matches!(lookup, "" | "n")
    {
        let known = |v: &str| v == "null" || field.choices.iter().any(|(c, _)| test::text(c) == v);
        if let Some(value) = values.iter().find(|v| !known(v)) {
            return Err(no_choice(value));
        }
    }
    if path.is_reference() && matches!(lookup, "" | "n") {
        for value in values.iter().filter(|v| **v != "null") {
            path.check_choice(store, kind, value)?;
        }
    } else if of == "int" && !matches!(lookup, "empty") && values.iter().any(|v| v.parse::<i64>().is_err()) {
        return Err("Enter a whole number.".to_owned());
    }
    Ok(Some(Filter::Values(path, Test::new(lookup, of, values))))
}

fn tags(store: &Store, base: &str, lookup: &str, values: &[&str]) -> Result<Filter, String> {
    let mode = match lookup {
        "any" => TagMode::Any,
        "n" => TagMode::None,
        _ => TagMode::All,
    };
    let tags = store.table.by_path("extras/tags").ok_or("There are no tags.")?;
    let mut ids = Vec::new();
    for value in values {
        if *value == "null" {
            continue;
        }
        let fits = |o: &&std::sync::Arc<Object>| {
            if base == "tag" { o.text("slug") == *value } else { o.id.to_string() == *value }
        };
        ids.push(store.all(tags).find(fits).ok_or_else(|| no_choice(value))?.id);
    }
    Ok(Filter::Tags(ids, mode))
}

fn custom(store: &Store, kind: TypeId, name: &str, values: &[&str]) -> Option<Filter> {
    let definitions = custom_fields::definitions(store, kind);
    let known = |n: &str| definitions.iter().find(|d| d.name == n);
    let (field, lookup) = match name.rsplit_once("__") {
        Some((field, lookup)) if known(field).is_some() => (field, lookup),
        _ => (name, ""),
    };
    let definition = known(field)?;
    let of = match definition.kind.as_str() {
        "integer" | "decimal" => "num",
        "boolean" => "bool",
        "object" | "multiobject" => "int",
        _ => "text",
    };
    let loose =
        of == "text" && definition.loose && matches!(definition.kind.as_str(), "text" | "longtext" | "url");
    let lookup = if lookup.is_empty() && loose { "ic" } else { lookup };
    Some(Filter::Custom(field.to_owned(), Test::new(lookup, of, values)))
}

impl Filter {
    fn fits(&self, store: &Store, kind: TypeId, object: &Object) -> bool {
        match self {
            Self::Values(path, test) => test.fits(&path.values(store, kind, object)),
            Self::Special(special) => special.fits(store, kind, object),
            Self::Custom(name, test) => {
                let value = object.get("custom_fields").get(name).cloned().unwrap_or_default();
                match value {
                    Value::Array(list) => test.fits(&list),
                    value => test.fits(&[value]),
                }
            }
            Self::Tags(wanted, mode) => {
                let tags = object.keys("tags");
                match mode {
                    TagMode::All => wanted.iter().all(|t| tags.contains(t)),
                    TagMode::Any => wanted.iter().any(|t| tags.contains(t)),
                    TagMode::None => !wanted.iter().any(|t| tags.contains(t)),
                }
            }
            Self::Search(paths, wanted) => paths.iter().any(|path| {
                let found = path.values(store, kind, object);
                found.iter().any(|v| test::text(v).to_lowercase().contains(wanted.as_str()))
            }),
        }
    }
}

/// Whether what is found along a path is a value: the condition of an object permission.
pub(crate) fn holds(store: &Store, kind: TypeId, object: &Object, path: &str, wanted: &Value) -> bool {
    let (plain, lookup) = match path.rsplit_once('.') {
        Some((plain, lookup @ ("in" | "isnull" | "icontains" | "startswith"))) => (plain, lookup),
        _ => (path, ""),
    };
    let Some(path) = paths::parse(store, kind, plain) else { return false };
    let found = path.values(store, kind, object);
    let has = |wanted: &Value| {
        found.iter().any(|v| v == wanted || (v.is_number() && v.as_f64() == wanted.as_f64()))
    };
    let texts = || found.iter().map(test::text);
    let wanted_text = wanted.as_str().unwrap_or_default();
    match lookup {
        "in" => wanted.as_array().is_some_and(|list| list.iter().any(has)),
        "isnull" => (found.iter().all(Value::is_null)) == (*wanted == Value::Bool(true)),
        "icontains" => texts().any(|t| t.to_lowercase().contains(&wanted_text.to_lowercase())),
        "startswith" => texts().any(|t| t.starts_with(wanted_text)),
        _ => has(wanted),
    }
}

/// Whether a field of a type refers to others.
fn refers(kind: Kind) -> bool {
    matches!(kind, Kind::Reference | Kind::Many)
}
