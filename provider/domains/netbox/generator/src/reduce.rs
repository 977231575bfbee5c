//! Several documents side by side: which release has which type, field and filter.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use catalogue::description::{Availability, Version};

use crate::document::Document;
use crate::raw::{self, RawField};

/// What several documents say together.
#[derive(Debug)]
pub struct Reduced {
    /// The releases, oldest first.
    pub versions: Vec<Version>,
    /// Every type that any of them can make objects of, by path.
    pub types: BTreeMap<String, Type>,
}

/// One type over the releases.
#[derive(Debug, Default)]
pub struct Type {
    /// The releases in which its objects can be made, oldest first.
    pub versions: Vec<Version>,
    /// Whether its objects can be read, changed and deleted, in the newest release that has it.
    pub managed: bool,
    /// What its schema is called in the newest release that has it.
    pub schema: String,
    /// Its writable fields: what each release says, oldest first.
    pub fields: BTreeMap<String, Vec<(Version, RawField)>>,
    /// The fields of an answer in the newest release that has the type.
    pub answered: BTreeMap<String, RawField>,
    /// The parameters that select objects, and the releases that have them.
    pub filters: BTreeMap<String, Vec<Version>>,
}

/// Puts documents side by side.
pub fn reduce(documents: &[Document]) -> Result<Reduced> {
    let mut documents: Vec<&Document> = documents.iter().collect();
    documents.sort_by_key(|document| document.version);
    let versions: Vec<Version> = documents.iter().map(|document| document.version).collect();
    if versions.is_empty() {
        bail!("no document was given");
    }
    if let Some(pair) = versions.windows(2).find(|pair| pair[0] == pair[1]) {
        bail!("two documents describe NetBox {}", pair[0]);
    }
    let mut types: BTreeMap<String, Type> = BTreeMap::new();
    for document in documents {
        for (path, collection) in document.collections() {
            let Some(request) = collection.request else {
                types.entry(path.to_owned()).or_default().versions.push(document.version);
                continue;
            };
            let entry = types.entry(path.to_owned()).or_default();
            entry.versions.push(document.version);
            entry.managed = collection.managed;
            entry.schema = collection.schema.unwrap_or_default().to_owned();
            for (name, field) in raw::fields(document, request) {
                entry.fields.entry(name).or_default().push((document.version, field));
            }
            entry.answered =
                collection.response.map(|schema| raw::fields(document, schema)).unwrap_or_default();
            for name in collection.filters {
                entry.filters.entry(name.to_owned()).or_default().push(document.version);
            }
        }
    }
    Ok(Reduced { versions, types })
}

/// When something was there, among the releases that could have had it. Of several spans the last counts: what was
/// taken away and given back is there for good only since then.
pub fn span(all: &[Version], present: &[Version]) -> Availability {
    let Some(last) = all.iter().rposition(|version| present.contains(version)) else {
        return Availability::ALWAYS;
    };
    let first = all[..=last].iter().rposition(|version| !present.contains(version)).map_or(0, |gap| gap + 1);
    Availability { since: (first > 0).then(|| all[first]), until: (last + 1 < all.len()).then(|| all[last]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(minor: u16) -> Version {
        Version::new(4, minor)
    }

    #[test]
    fn of_several_spans_the_last_counts() {
        let all: Vec<Version> = (1..=7).map(version).collect();
        assert_eq!(span(&all, &all), Availability::ALWAYS);
        assert_eq!(span(&all, &all[2..]), Availability::since(4, 3));
        assert_eq!(span(&all, &all[..4]), Availability::until(4, 4));
        assert_eq!(span(&all, &[version(1), version(7)]), Availability::since(4, 7));
        let middle = Availability::between(version(3), version(4));
        assert_eq!(span(&all, &[version(1), version(3), version(4)]), middle);
    }
}
