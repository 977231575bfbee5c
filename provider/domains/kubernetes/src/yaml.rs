//! YAML as values: kubeconfigs, manifests, values of charts.

use saphyr::{LoadableYamlNode as _, Yaml};
use serde_json::Value;

/// Why a text is no YAML.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub(crate) struct NotYaml {
    /// Counted from 1.
    pub(crate) line: usize,
    /// What the parser says.
    pub(crate) why: String,
}

/// All documents of a text; an empty one is null.
pub(crate) fn documents(text: &str) -> Result<Vec<Value>, NotYaml> {
    let documents = Yaml::load_from_str(text)
        .map_err(|error| NotYaml { line: error.marker().line(), why: error.info().to_owned() })?;
    Ok(documents.iter().map(value).collect())
}

/// The one document of a text; null for an empty one.
pub(crate) fn document(text: &str) -> Result<Value, NotYaml> {
    let mut documents = documents(text)?;
    match documents.len() {
        0 => Ok(Value::Null),
        1 => Ok(documents.remove(0)),
        _ => Err(NotYaml { line: 1, why: "there is more than one document".to_owned() }),
    }
}

fn value(yaml: &Yaml<'_>) -> Value {
    if let Some(mapping) = yaml.as_mapping() {
        return mapping.iter().map(|(key, item)| (key_text(key), value(item))).collect();
    }
    if let Some(sequence) = yaml.as_sequence() {
        return sequence.iter().map(value).collect();
    }
    if let Some(text) = yaml.as_str() {
        return text.into();
    }
    if let Some(number) = yaml.as_integer() {
        return number.into();
    }
    if let Some(flag) = yaml.as_bool() {
        return flag.into();
    }
    match yaml {
        Yaml::Tagged(_, inner) => value(inner),
        _ => yaml.as_floating_point().map_or(Value::Null, Value::from),
    }
}

fn key_text(key: &Yaml<'_>) -> String {
    match value(key) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_are_read_in_their_order() {
        let read = documents("a: 1\n---\n# nothing\n---\nb: [x, 'y']\nc: |\n  z\n").unwrap();
        assert_eq!(read.first(), Some(&json!({"a": 1})));
        assert_eq!(read.last(), Some(&json!({"b": ["x", "y"], "c": "z\n"})));
        assert_eq!(document(""), Ok(Value::Null));
        assert_eq!(document("a: [").unwrap_err().line, 2);
    }
}
