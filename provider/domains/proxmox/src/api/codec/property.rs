//! Property strings: `local:100/vm-100-disk-0.raw,size=2G,discard=on`.

use std::fmt;

/// Why a property string cannot be read or written.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum PropertyError {
    /// A part without a key where the format has no default key.
    #[error("{0:?} has no key and this format has no default key")]
    NoDefaultKey(String),
    /// The same key twice.
    #[error("key {0:?} is given twice")]
    Duplicate(String),
    /// `=x` or `x=`.
    #[error("{0:?} is not of the form key=value")]
    Malformed(String),
    /// The format has no way to write this value.
    #[error("{key}: {value:?} cannot be written in a property string: commas and line breaks have no escape")]
    Unwritable {
        /// The key.
        key: String,
        /// Its value.
        value: String,
    },
}

/// Keys and values in their order. The server returns them in another order and adds defaults, so that
/// comparisons go by [`PropertyString::get`], not by text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PropertyString {
    default_key: Option<String>,
    pairs: Vec<(String, String)>,
}

impl PropertyString {
    /// An empty string without a default key.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty string whose `key` is written without its name (`file` of a disk, `volume` of a mount).
    pub fn with_default(key: impl Into<String>) -> Self {
        Self { default_key: Some(key.into()), pairs: Vec::new() }
    }

    /// Reads a text. As in Proxmox's own parser there is no quoting: a comma always separates.
    ///
    /// # Errors
    /// [`PropertyError`] naming the part.
    pub fn parse(text: &str, default_key: Option<&str>) -> Result<Self, PropertyError> {
        let mut string = Self { default_key: default_key.map(str::to_owned), pairs: Vec::new() };
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let (key, value) = match part.split_once('=') {
                Some((key, value)) if !key.is_empty() && !value.is_empty() => (key.trim(), value),
                Some(_) => return Err(PropertyError::Malformed(part.to_owned())),
                None => {
                    let key = default_key.ok_or_else(|| PropertyError::NoDefaultKey(part.to_owned()))?;
                    (key, part)
                }
            };
            if string.get(key).is_some() {
                return Err(PropertyError::Duplicate(key.to_owned()));
            }
            string.pairs.push((key.to_owned(), value.to_owned()));
        }
        Ok(string)
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.pairs.iter().find_map(|(other, value)| (other == key).then_some(value.as_str()))
    }

    /// A switch: `1`, `on`, `yes` and `true` are on.
    pub fn flag(&self, key: &str) -> Option<bool> {
        super::lenient::truth(&serde_json::Value::from(self.get(key)?))
    }

    /// Sets a key in its place, or at the end.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<String>) {
        let (key, value) = (key.into(), value.into());
        match self.pairs.iter_mut().find(|(other, _)| *other == key) {
            Some((_, old)) => *old = value,
            None => self.pairs.push((key, value)),
        }
    }

    /// Sets a switch as `1` or `0`.
    pub fn set_flag(&mut self, key: impl Into<String>, value: bool) {
        self.set(key, if value { "1" } else { "0" });
    }

    /// Builder form of [`PropertyString::set`].
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.set(key, value);
        self
    }

    /// Removes a key.
    pub fn remove(&mut self, key: &str) -> Option<String> {
        let index = self.pairs.iter().position(|(other, _)| other == key)?;
        Some(self.pairs.remove(index).1)
    }

    /// Keys and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Whether both hold the same keys with the same values, in whatever order.
    pub fn same_as(&self, other: &Self) -> bool {
        self.pairs.len() == other.pairs.len() && self.iter().all(|(key, value)| other.get(key) == Some(value))
    }

    /// The wire text, the default key first and without its name.
    ///
    /// # Errors
    /// [`PropertyError::Unwritable`] or [`PropertyError::Malformed`] for values the format cannot hold.
    pub fn format(&self) -> Result<String, PropertyError> {
        for (key, value) in self.iter() {
            if value.contains([',', '\n', '\r', '\0']) {
                return Err(PropertyError::Unwritable { key: key.to_owned(), value: value.to_owned() });
            }
            if key.is_empty() || value.trim().is_empty() || key.contains([',', '=']) {
                return Err(PropertyError::Malformed(format!("{key}={value}")));
            }
        }
        Ok(self.to_string())
    }

    fn is_default(&self, key: &str, value: &str) -> bool {
        // A value with `=` would be read back as another key.
        self.default_key.as_deref() == Some(key) && !value.contains('=')
    }
}

impl fmt::Display for PropertyString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, rest): (Vec<_>, Vec<_>) =
            self.iter().partition(|(key, value)| self.is_default(key, value));
        let parts = first
            .into_iter()
            .map(|(_, value)| value.to_owned())
            .chain(rest.into_iter().map(|(key, value)| format!("{key}={value}")));
        f.write_str(&parts.collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_disk_reads_and_writes() {
        let text = "local:200/vm-200-disk-1.qcow2,discard=on,iothread=1,size=2G,ssd=1";
        let disk = PropertyString::parse(text, Some("file")).unwrap();
        assert_eq!(disk.get("file"), Some("local:200/vm-200-disk-1.qcow2"));
        assert_eq!((disk.flag("discard"), disk.flag("ssd"), disk.flag("ro")), (Some(true), Some(true), None));
        assert_eq!(disk.format().unwrap(), text);
        let reordered = PropertyString::parse(
            "ssd=1,size=2G,file=local:200/vm-200-disk-1.qcow2,iothread=1,discard=on",
            Some("file"),
        );
        assert!(disk.same_as(&reordered.unwrap()));
    }

    #[test]
    fn faults_are_named() {
        let fault = |text| PropertyString::parse(text, None).unwrap_err();
        assert_eq!(fault("a"), PropertyError::NoDefaultKey("a".into()));
        assert_eq!(fault("a=1,a=2"), PropertyError::Duplicate("a".into()));
        assert_eq!(fault("=1"), PropertyError::Malformed("=1".into()));
        assert!(PropertyString::new().with("a", "1,b=2").format().is_err());
        assert!(PropertyString::new().with("a", "").format().is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            pairs in proptest::collection::btree_map("[a-z][a-z0-9_-]{0,8}", "[^,\\s\\x00][^,\\r\\n\\x00]{0,20}", 0..6),
            named in proptest::bool::ANY,
        ) {
            let default = (!named).then_some("file");
            let mut string = PropertyString { default_key: default.map(str::to_owned), pairs: vec![] };
            for (key, value) in &pairs {
                string.set(key, value);
            }
            let text = string.format().unwrap();
            prop_assert!(PropertyString::parse(&text, default).unwrap().same_as(&string), "{}", text);
        }

        #[test]
        fn reading_never_fails_badly(text: String) {
            let _ = PropertyString::parse(&text, Some("file"));
        }
    }
}
