//! From the parts of a specification to the attributes of a resource.

use std::collections::BTreeMap;

use tf_framework::{Diagnostic, Diagnostics};
use tf_value::{Path, Step};

/// Where the parts of a container stand in the configuration of a resource.
#[derive(Clone, Debug, Default)]
pub struct ContainerPaths {
    /// The block with most of them.
    pub block: Path,
    /// What stands elsewhere: mount points by slot.
    pub mounts: BTreeMap<String, Path>,
    /// What stands elsewhere: parts by name.
    pub parts: BTreeMap<String, Path>,
}

impl ContainerPaths {
    /// Messages as the resource's user understands them: at the resource's paths, which their text names too.
    #[must_use]
    pub fn relocate(&self, diagnostics: Diagnostics) -> Diagnostics {
        diagnostics.into_iter().map(|diagnostic| self.relocated(diagnostic)).collect()
    }

    /// One message.
    #[must_use]
    pub fn relocated(&self, mut diagnostic: Diagnostic) -> Diagnostic {
        let Some(from) = diagnostic.path.take() else { return diagnostic };
        let to = self.of(&from);
        let (was, is) = (from.to_string(), to.to_string());
        for text in [&mut diagnostic.summary, &mut diagnostic.detail] {
            *text = replace_word(text, &was, &is);
        }
        diagnostic.at(to)
    }

    /// Where a part stands.
    #[must_use]
    pub fn of(&self, part: &Path) -> Path {
        let mut steps = part.steps().iter();
        let Some(Step::Attribute(name)) = steps.next() else { return self.block.clone() };
        let mut rest: Vec<&Step> = steps.collect();
        let key = match rest.first() {
            Some(Step::Key(key)) => Some(key.clone()),
            _ => None,
        };
        let base = match (name.as_str(), key) {
            ("mounts", Some(slot)) => {
                // What a mount is made of is the resource's own choice: the whole of it is to blame.
                rest.clear();
                self.mounts.get(&slot).cloned().unwrap_or_else(|| self.block.clone())
            }
            (name, key) => {
                if name == "network" && key.is_some() {
                    rest.remove(0);
                }
                self.parts.get(name).cloned().unwrap_or_else(|| self.block.clone().attribute(name))
            }
        };
        rest.into_iter().fold(base, |path, step| path.then(step.clone()))
    }
}

/// Replaces what stands as a word of its own.
fn replace_word(text: &str, was: &str, is: &str) -> String {
    if was.is_empty() || was == is {
        return text.to_owned();
    }
    let inner = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '[' | '/' | '-');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(was) {
        out.push_str(before);
        let alone = !before.chars().next_back().is_some_and(inner)
            && !after
                .chars()
                .next()
                .is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '[' | '/' | '-'));
        out.push_str(if alone { is } else { was });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(name: &str) -> Path {
        Path::root().attribute(name)
    }

    fn paths() -> ContainerPaths {
        ContainerPaths {
            block: at("container"),
            mounts: [("mp0".to_owned(), at("data"))].into(),
            parts: [("name".to_owned(), at("name"))].into(),
        }
    }

    #[test]
    fn parts_stand_where_the_resource_has_them() {
        let of = |path: Path| paths().of(&path).to_string();
        assert_eq!(of(at("template")), "container.template");
        assert_eq!(of(at("network").key("net0").attribute("bridge")), "container.network.bridge");
        assert_eq!(of(at("mounts").key("mp0").attribute("bind")), "data");
        assert_eq!(of(at("root_disk").attribute("storage")), "container.root_disk.storage");
        assert_eq!(of(at("name")), "name");
        assert_eq!(of(Path::root()), "container");
    }

    #[test]
    fn texts_name_the_path_too() {
        let path = at("mounts").key("mp0").attribute("bind");
        let told = Diagnostic::error("no", format!("{path} takes root@pam; a {path}x does not")).at(path);
        let told = paths().relocated(told);
        assert!(told.detail.starts_with("data takes root@pam"), "{}", told.detail);
        assert_eq!(told.path, Some(at("data")));
    }

    proptest! {
        #[test]
        fn nothing_but_the_word_changes(text in "[a-z ._\\[]{0,40}", was in "[a-z]{1,4}") {
            let replaced = replace_word(&text, &was, &was);
            prop_assert_eq!(&replaced, &text);
            // What is replaced can be put back, when the new word is nowhere else.
            let there = replace_word(&text, &was, "QQ");
            prop_assert_eq!(there.replace("QQ", &was), text);
        }
    }
}
