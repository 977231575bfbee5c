//! YAML as far as the checks of cloud-init documents look into it.

use saphyr::{LoadableYamlNode as _, Yaml};
use serde_json::Value;

/// Why a text is no YAML document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NotYaml {
    /// Counted from 1.
    pub(super) line: usize,
    /// What the parser says.
    pub(super) why: String,
}

/// The one document in a text; null for an empty one.
pub(super) fn parse(text: &str) -> Result<Value, NotYaml> {
    let documents = Yaml::load_from_str(text)
        .map_err(|error| NotYaml { line: error.marker().line(), why: error.info().to_owned() })?;
    if documents.len() > 1 {
        let line = 1 + text.lines().skip(1).position(|line| line.starts_with("---")).unwrap_or_default();
        return Err(NotYaml { line: line + 1, why: "a second document begins".to_owned() });
    }
    Ok(documents.first().map(value).unwrap_or_default())
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
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn documents_are_read() {
        let text = "a: 1\nb: [x, 'y']\nc: {d: true}\ne: |\n  two\n  lines\n2: ~\n";
        let read = json!({"a": 1, "b": ["x", "y"], "c": {"d": true}, "e": "two\nlines\n", "2": null});
        assert_eq!(parse(text), Ok(read));
        assert_eq!(parse(""), Ok(Value::Null));
        assert_eq!(parse("# nothing\n"), Ok(Value::Null));
    }

    #[test]
    fn the_line_of_a_mistake_is_told() {
        assert_eq!(parse("a: 1\nb: [\n").unwrap_err().line, 3);
        assert_eq!(parse("a: 1\n---\nb: 2\n").unwrap_err().line, 2);
        assert_eq!(parse("users:\n\t- x\n").unwrap_err().line, 2);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "([ -~]|\\n|é){0,120}") {
            let _ = parse(&text);
        }
    }
}
