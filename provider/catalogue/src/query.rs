//! Filters of lists, as the configuration gives them.

use tf_framework::{Diagnostic, Diagnostics, Path, Value};

use crate::description::{Filter, Kind};
use crate::schema::{asked, is_filter};
use crate::store::Query;

/// Filters that every kind has, whatever its documents list.
const COMMON: [&str; 4] = ["id", "q", "tag", "tag_id"];

/// Tells of filters that do not exist. The server would ignore them and answer with everything.
pub(crate) fn validate(kind: &Kind, config: &Value, diagnostics: &mut Diagnostics) {
    let Some(filters) = config.get("filters").filter(|filters| filters.is_known()) else { return };
    for name in filters.as_map().into_iter().flatten().map(|(name, _)| name) {
        if !exists(kind, name) {
            let near = nearest(kind, name);
            let hint = near.map_or_else(String::new, |near| format!(" Did you mean {near:?}?"));
            let custom = match kind.custom_fields() {
                None if !kind.nature.identity.is_number() => "",
                _ => " Filters of custom fields begin with cf_.",
            };
            let detail =
                format!("There is no filter {name:?} for objects of the type {}.{hint}{custom}", kind.label);
            let path = Path::root().attribute("filters").key(name.clone());
            diagnostics.push(Diagnostic::error("Unknown filter", detail).at(path));
        }
    }
}

fn exists(kind: &Kind, name: &str) -> bool {
    if !kind.nature.identity.is_number() {
        return is_filter(kind, name);
    }
    let is = |filter: &Filter| {
        name == filter.name
            || name
                .strip_prefix(filter.name)
                .and_then(|rest| rest.strip_prefix("__"))
                .is_some_and(|suffix| filter.suffixes.iter().any(|known| known == suffix))
    };
    name.starts_with("cf_") || COMMON.contains(&name) || kind.filters.iter().any(is)
}

/// The filter whose name is most like a name, if any is like it.
fn nearest(kind: &Kind, name: &str) -> Option<&'static str> {
    let distance = |other: &str| edits(name, other);
    let by_field = kind.fields.iter().map(|field| field.name).filter(|name| is_filter(kind, name));
    let known = kind.filters.iter().map(|filter| filter.name).chain(by_field);
    let best = known.min_by_key(|other| distance(other))?;
    (distance(best) <= 2 + name.len() / 6).then_some(best)
}

/// How many letters must be changed to make one text of the other.
fn edits(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

/// What the filters ask.
pub(crate) fn query(config: &Value) -> Query {
    let filters = config.get("filters").cloned().unwrap_or(Value::Null);
    let pairs = asked(&filters);
    Query(
        pairs
            .into_iter()
            .flat_map(|(name, values)| values.into_iter().map(move |value| (name.clone(), value)))
            .collect(),
    )
}

/// Whether an object, as data sources show it, is what the filters ask for. Servers whose objects are known by texts
/// are not asked to choose.
pub(crate) fn is_asked_for(config: &Value, object: &Value) -> bool {
    let filters = config.get("filters").cloned().unwrap_or(Value::Null);
    let text = |name: &str| match object.get(name).map(Value::concrete) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Bool(bool)) => bool.to_string(),
        _ => String::new(),
    };
    asked(&filters).into_iter().all(|(name, values)| values.contains(&text(&name)))
}

#[cfg(test)]
mod tests {
    use super::edits;

    #[test]
    fn edits_count_letters() {
        for (left, right, expected) in
            [("site", "site", 0), ("sites", "site", 1), ("stie", "site", 2), ("", "ab", 2)]
        {
            assert_eq!(edits(left, right), expected, "{left} {right}");
        }
    }
}
