//! What is in force of several configuration files, and which file says it.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

/// A configuration file: its path and its keys.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) keys: Map<String, Json>,
}

/// What is in force of a key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct InForce {
    pub(crate) value: Json,
    /// The files that say it: the one that is in force, or all that add to it.
    pub(crate) files: Vec<String>,
}

fn list(value: Json) -> Vec<Json> {
    match value {
        Json::Array(items) => items,
        Json::Null => Vec::new(),
        other => vec![other],
    }
}

/// What is in force of files in the order in which they are read: the last one wins; a key with `+` behind it adds to
/// what was said before. Without a `+` a later file replaces everything that was added.
pub(crate) fn merge(files: &[File]) -> BTreeMap<String, InForce> {
    let mut merged: BTreeMap<String, InForce> = BTreeMap::new();
    for file in files {
        for (key, value) in &file.keys {
            let Some(key) = key.strip_suffix('+') else {
                merged.insert(key.clone(), InForce { value: value.clone(), files: vec![file.path.clone()] });
                continue;
            };
            let entry = merged
                .entry(key.to_owned())
                .or_insert_with(|| InForce { value: Json::Array(Vec::new()), files: Vec::new() });
            let mut items = list(std::mem::take(&mut entry.value));
            items.extend(list(value.clone()));
            entry.value = Json::Array(items);
            entry.files.push(file.path.clone());
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn file(path: &str, keys: &Json) -> File {
        File { path: path.to_owned(), keys: keys.as_object().unwrap().clone() }
    }

    fn of(files: &[File], key: &str) -> (Json, Vec<String>) {
        let merged = merge(files).remove(key).unwrap();
        (merged.value, merged.files)
    }

    #[test]
    fn the_last_wins_and_plus_adds() {
        let files = [
            file("a", &json!({ "cni": "canal", "tls-san": ["x"], "kubelet-arg": ["a"] })),
            file("b", &json!({ "cni": "calico", "tls-san+": "y", "node-label+": ["l"] })),
            file("c", &json!({ "tls-san+": ["z"], "kubelet-arg": ["b"] })),
        ];
        assert_eq!(of(&files, "cni"), (json!("calico"), vec!["b".to_owned()]));
        assert_eq!(
            of(&files, "tls-san"),
            (json!(["x", "y", "z"]), vec!["a".to_owned(), "b".to_owned(), "c".to_owned()])
        );
        assert_eq!(of(&files, "kubelet-arg"), (json!(["b"]), vec!["c".to_owned()]));
        assert_eq!(of(&files, "node-label"), (json!(["l"]), vec!["b".to_owned()]));
    }

    #[test]
    fn without_a_plus_what_was_added_is_gone() {
        let files = [file("a", &json!({ "tls-san+": ["x"] })), file("b", &json!({ "tls-san": ["y"] }))];
        assert_eq!(of(&files, "tls-san"), (json!(["y"]), vec!["b".to_owned()]));
    }

    proptest! {
        /// An empty file in between changes nothing.
        #[test]
        fn an_empty_file_says_nothing(keys in prop::collection::vec(("[ab]\\+?", "[xy]"), 0..6), at in 0usize..6) {
            let mut files: Vec<File> = keys.iter().enumerate()
                .map(|(i, (key, value))| file(&i.to_string(), &json!({ key.as_str(): value }))).collect();
            let merged = merge(&files);
            files.insert(at.min(files.len()), file("empty", &json!({})));
            prop_assert_eq!(merge(&files), merged);
        }
    }
}
