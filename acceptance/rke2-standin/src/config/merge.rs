//! Files that follow each other: the last one wins, `key+` appends.

use std::collections::BTreeMap;

use serde_norway::Value;

/// Every key's values, in order; a scalar is one value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Config {
    pub(super) values: BTreeMap<String, Vec<String>>,
}

impl Config {
    /// Takes in one file.
    pub(super) fn overlay(&mut self, text: &str) -> anyhow::Result<()> {
        let parsed: Value = serde_norway::from_str(text)?;
        let pairs = match parsed {
            Value::Null => return Ok(()),
            Value::Mapping(pairs) => pairs,
            _ => anyhow::bail!("yaml: the file is not a mapping"),
        };
        for (key, value) in pairs {
            let Some(key) = key.as_str() else { anyhow::bail!("yaml: a key is not a string") };
            let values = words(&value);
            match key.strip_suffix('+') {
                Some(key) => self.values.entry(key.to_owned()).or_default().extend(values),
                None => {
                    self.values.insert(key.to_owned(), values);
                }
            }
        }
        Ok(())
    }

    /// A scalar.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.values
            .get(key)
            .and_then(|values| values.last())
            .map(String::as_str)
            .filter(|text| !text.is_empty())
    }

    /// A switch.
    pub(crate) fn on(&self, key: &str) -> bool {
        self.text(key).is_some_and(|text| text.eq_ignore_ascii_case("true") || text == "1")
    }

    /// A switch that stands on where nobody says otherwise.
    pub(crate) fn on_unless_off(&self, key: &str) -> bool {
        self.text(key).is_none() || self.on(key)
    }

    /// A list; commas separate too.
    pub(crate) fn list(&self, key: &str) -> Vec<String> {
        let values = self.values.get(key).map(Vec::as_slice).unwrap_or_default();
        let parts = values.iter().flat_map(|value| value.split(','));
        parts.map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }

    /// A number, or what is usual.
    pub(crate) fn number(&self, key: &str, usual: u64) -> u64 {
        self.text(key).and_then(|text| text.parse().ok()).unwrap_or(usual)
    }

    /// Sets a key, as a flag on the command line does.
    pub(crate) fn set(&mut self, key: &str, values: Vec<String>) {
        self.values.insert(key.to_owned(), values);
    }
}

fn words(value: &Value) -> Vec<String> {
    match value {
        Value::Sequence(items) => items.iter().flat_map(words).collect(),
        Value::Null => vec![String::new()],
        Value::Bool(on) => vec![on.to_string()],
        Value::Number(number) => vec![number.to_string()],
        Value::String(text) => vec![text.clone()],
        Value::Mapping(pairs) => pairs
            .iter()
            .map(|(key, value)| format!("{}={}", words(key).concat(), words(value).concat()))
            .collect(),
        Value::Tagged(tagged) => words(&tagged.value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_appends_and_its_absence_replaces() {
        let mut config = Config::default();
        config.overlay("tls-san: [a]\nnode-label: x=1\ncluster-cidr: 10.42.0.0/16\n").unwrap();
        config.overlay("tls-san+: [b, c]\nnode-label: [y=2]\n").unwrap();
        assert_eq!(config.list("tls-san"), ["a", "b", "c"]);
        assert_eq!(config.list("node-label"), ["y=2"]);
        config.overlay("tls-san: d").unwrap();
        assert_eq!(config.list("tls-san"), ["d"]);
        assert_eq!(config.text("cluster-cidr"), Some("10.42.0.0/16"));
    }

    #[test]
    fn an_empty_file_is_no_error_and_a_list_is() {
        let mut config = Config::default();
        config.overlay("").unwrap();
        config.overlay("# nothing\n").unwrap();
        assert!(config.overlay("- a").is_err());
    }
}
