//! What a validator expects, in words, and whether a value meets it.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use regex::Regex;
use tf_value::{Number, Value};

use super::Validator;

impl Validator {
    /// What the attribute must be, after "must be": "between 1 and 5".
    #[must_use]
    pub fn expectation(&self) -> String {
        match self {
            Self::OneOf(values) => {
                format!("one of {}", values.iter().map(literal).collect::<Vec<_>>().join(", "))
            }
            Self::Range { min, max } => bounds(min.as_ref(), max.as_ref()),
            Self::Length { min, max } => format!("{} long", counted(*min, *max, "character")),
            Self::Items { min, max } => format!("a collection of {}", counted(*min, *max, "element")),
            Self::Matches { expected, .. } | Self::Custom { expected, .. } => (*expected).to_owned(),
            Self::Each(inner) => format!("a collection with every element {}", all(inner)),
            Self::Keys(inner) => format!("a map with every key {}", all(inner)),
            Self::ConflictsWith(names) => format!("unset where {} is set", list(names, "or")),
            Self::RequiredWith(names) => format!("set together with {}", list(names, "and")),
            Self::ExactlyOneOf(names) => format!("set if and only if {} is not", list(names, "or")),
            Self::AtLeastOneOf(names) => format!("set unless {} is", list(names, "or")),
        }
    }

    /// Whether a value satisfies the validator. Null and unknown values do, and so does everything for the
    /// validators that speak of siblings, which only the whole object can break.
    ///
    /// # Errors
    /// What the value must be, "must be …", without the value itself, which may be secret. Only the text of a
    /// [`Validator::Custom`] check is its own.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        if !value.is_known() {
            return Ok(());
        }
        let satisfied = match self {
            Self::OneOf(values) => {
                !value.is_wholly_known() || values.iter().any(|allowed| allowed == value.concrete())
            }
            Self::Range { min, max } => {
                value.as_number().is_none_or(|number| within(number, min.as_ref(), max.as_ref()))
            }
            Self::Length { min, max } => {
                value.as_str().is_none_or(|text| count_within(text.chars().count(), *min, *max))
            }
            Self::Items { min, max } => items(value).is_none_or(|items| count_within(items, *min, *max)),
            Self::Matches { pattern, .. } => match value.as_str() {
                Some(text) => compiled(pattern)?.is_match(text),
                None => true,
            },
            Self::Custom { check, .. } => return check(value),
            Self::Each(inner) => return elements(value).try_for_each(|element| check_all(inner, element)),
            Self::Keys(inner) => {
                let mut keys = value.as_map().into_iter().flatten().map(|(key, _)| Value::from(key.as_str()));
                return keys.try_for_each(|key| check_all(inner, &key));
            }
            Self::ConflictsWith(_)
            | Self::RequiredWith(_)
            | Self::ExactlyOneOf(_)
            | Self::AtLeastOneOf(_) => true,
        };
        if satisfied { Ok(()) } else { Err(format!("must be {}", self.expectation())) }
    }
}

fn check_all(validators: &[Validator], value: &Value) -> Result<(), String> {
    validators.iter().try_for_each(|validator| validator.check(value))
}

fn elements(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_list().into_iter().flatten().chain(value.as_map().into_iter().flat_map(|map| map.values()))
}

/// The number of elements, once it is certain: unknown elements of a set may turn out to be the same.
fn items(value: &Value) -> Option<usize> {
    match value.concrete() {
        Value::Set(elements) if !value.is_wholly_known() && elements.len() > 1 => None,
        _ => value.as_list().map(<[_]>::len).or_else(|| value.as_map().map(std::collections::BTreeMap::len)),
    }
}

fn within(number: &Number, min: Option<&Number>, max: Option<&Number>) -> bool {
    min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max)
}

fn count_within(count: usize, min: Option<u64>, max: Option<u64>) -> bool {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    min.is_none_or(|min| count >= min) && max.is_none_or(|max| count <= max)
}

/// A pattern compiled once in the life of the process.
pub(crate) fn compiled(pattern: &'static str) -> Result<Arc<Regex>, String> {
    static PATTERNS: LazyLock<RwLock<HashMap<&'static str, Arc<Regex>>>> = LazyLock::new(RwLock::default);
    if let Some(regex) = PATTERNS.read().unwrap_or_else(PoisonError::into_inner).get(pattern) {
        return Ok(Arc::clone(regex));
    }
    let regex = Regex::new(pattern).map(Arc::new).map_err(|error| format!("cannot be checked: {error}"))?;
    PATTERNS.write().unwrap_or_else(PoisonError::into_inner).insert(pattern, Arc::clone(&regex));
    Ok(regex)
}

// === Words ===

/// A value as it would be written in a configuration.
pub(crate) fn literal(value: &Value) -> String {
    match value.concrete() {
        Value::String(text) => format!("{text:?}"),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        other => other.kind().to_owned(),
    }
}

/// Names in code style: "`a`, `b` or `c`".
pub(crate) fn list(names: &[String], last: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((only, [])) => only.clone(),
        Some((tail, front)) => format!("{} {last} {tail}", front.join(", ")),
        None => String::new(),
    }
}

fn all(validators: &[Validator]) -> String {
    validators.iter().map(Validator::expectation).collect::<Vec<_>>().join(" and ")
}

fn bounds(min: Option<&Number>, max: Option<&Number>) -> String {
    match (min, max) {
        (Some(min), Some(max)) if min == max => min.to_string(),
        (Some(min), Some(max)) => format!("between {min} and {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => "a number".to_owned(),
    }
}

fn counted(min: Option<u64>, max: Option<u64>, noun: &str) -> String {
    let plural = if max.or(min) == Some(1) { "" } else { "s" };
    let amount = bounds(min.map(Number::from).as_ref(), max.map(Number::from).as_ref());
    match (min, max) {
        (None, None) => format!("any number of {noun}s"),
        _ => format!("{amount} {noun}{plural}"),
    }
}
