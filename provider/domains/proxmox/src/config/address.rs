//! Addresses of objects, made from the patterns that places give.

use std::collections::BTreeMap;
use std::fmt;

use catalogue::description::Kind;
use catalogue::store::Id;
use serde_json::Value as Json;
use transport_rest::{Form, Path};

/// An address: the segments of its path, and parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    segments: Vec<String>,
    parameters: Vec<(String, String)>,
}

/// What the words in braces of a pattern stand for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Words(BTreeMap<String, String>);

/// The word that stands for where a guest is.
const GUEST: &str = "guest";

/// A word of a pattern that is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not known")]
pub(super) struct UnknownWord(pub(super) String);

impl Words {
    /// The parts of an id, by the names of their fields.
    pub(super) fn of_id(kind: &Kind, id: &Id) -> Option<Self> {
        let parts = kind.nature.identity.parts_of_id(id.text()?)?;
        Some(Self(parts.into_iter().map(|(name, text)| (name.to_owned(), text)).collect()))
    }

    pub(super) fn with(mut self, word: impl Into<String>, meaning: impl Into<String>) -> Self {
        self.0.insert(word.into(), meaning.into());
        self
    }

    /// With where the guest is: `pve1/qemu/100`.
    pub(super) fn with_guest(self, node: &str, kind: &str, vmid: u32) -> Self {
        self.with(GUEST, format!("nodes/{node}/{kind}/{vmid}"))
    }

    pub(super) fn get(&self, word: &str) -> Option<&str> {
        self.0.get(word).map(String::as_str)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(word, meaning)| (word.as_str(), meaning.as_str()))
    }
}

/// Whether a pattern asks where a guest is.
pub(super) fn asks_for_guest(pattern: &str) -> bool {
    pattern.contains("{guest}")
}

/// Whether a pattern asks what the listing says of the object.
pub(super) fn asks_for_entry(pattern: &str) -> bool {
    pattern.contains("{@")
}

/// The words of a pattern's path and of its parameters, in order.
pub(super) fn words(pattern: &str) -> Vec<&str> {
    pattern.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
}

impl Address {
    /// Fills a pattern.
    pub(super) fn fill(pattern: &str, words: &Words) -> Result<Self, UnknownWord> {
        let (path, query) = pattern.split_once('?').unwrap_or((pattern, ""));
        let mut segments = Vec::new();
        for segment in path.split('/') {
            let filled = filled(segment, words)?;
            // Where a guest is takes several segments; other meanings may hold slashes of their own.
            if segment == "{guest}" {
                segments.extend(filled.split('/').map(str::to_owned));
            } else {
                segments.push(filled);
            }
        }
        let parameter = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((name.to_owned(), filled(value, words)?))
        };
        let parameters =
            query.split('&').filter(|pair| !pair.is_empty()).map(parameter).collect::<Result<_, _>>()?;
        Ok(Self { segments, parameters })
    }

    pub(super) fn path(&self) -> Path {
        Path::new(&self.segments)
    }

    /// Its parameters.
    pub(super) fn query(&self) -> Form {
        self.parameters
            .iter()
            .fold(Form::new(), |form, (name, value)| form.text(name.as_str(), value.as_str()))
    }

    /// The same without parameters.
    pub(super) fn bare(&self) -> Self {
        Self { segments: self.segments.clone(), parameters: Vec::new() }
    }

    /// An address below this one.
    pub(super) fn below(&self, segment: impl Into<String>) -> Self {
        let mut below = self.clone();
        below.segments.push(segment.into());
        below
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.segments.join("/"))?;
        if !self.parameters.is_empty() {
            write!(f, "?{}", self.query().encoded())?;
        }
        Ok(())
    }
}

fn filled(text: &str, words: &Words) -> Result<String, UnknownWord> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, (word, after))) =
        rest.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    {
        filled.push_str(before);
        filled.push_str(words.get(word).ok_or_else(|| UnknownWord(word.to_owned()))?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// The text of a scalar, for comparing parts of ids.
pub(super) fn scalar(json: &Json) -> Option<String> {
    crate::api::lenient::scalar(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Words {
        Words::default().with("name", "a/b").with("vmid", "100").with("@subnet", "z-10.0.0.0-24")
    }

    #[test]
    fn patterns_are_filled() {
        let fill = |pattern| Address::fill(pattern, &words().with_guest("pve1", "qemu", 100)).unwrap();
        assert_eq!(fill("pools?poolid={name}").to_string(), "pools?poolid=a%2Fb");
        assert_eq!(fill("storage/{name}").path().as_str(), "/storage/a%2Fb");
        let alias = fill("{guest}/firewall/aliases/{name}");
        assert_eq!(alias.path().as_str(), "/nodes/pve1/qemu/100/firewall/aliases/a%2Fb");
        assert_eq!(fill("x/{@subnet}").to_string(), "x/z-10.0.0.0-24");
        assert_eq!(Address::fill("x/{nobody}", &words()), Err(UnknownWord("nobody".into())));
    }

    #[test]
    fn words_are_found() {
        assert_eq!(super::words("{guest}/x/{name}?a={b}"), ["guest", "name", "b"]);
        assert!(asks_for_guest("{guest}/x") && asks_for_entry("x/{@id}"));
    }
}
