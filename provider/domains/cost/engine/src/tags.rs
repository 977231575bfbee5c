//! Cost tags in the grammar of each target.
//!
//! Five facts are told about whatever costs money: environment, owner, component, run and purpose. `cost:env` is how
//! they are called everywhere in the documents of this crate; half of the systems that carry tags refuse the colon. The
//! table says how each of them spells the same fact, and what a value may consist of. Nothing is bent to fit: a value
//! that a target cannot carry is refused, so that what is read back is what was written.

use std::collections::BTreeMap;
use std::fmt;

use crate::documents::artifact::PURPOSES;
use crate::documents::forms::{is_component, is_env, is_run_id};

/// One of the five facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// Environment, as `prod`.
    Env,
    /// Who answers for the cost.
    Owner,
    /// The component that an artefact prices.
    Component,
    /// The run that made the thing: for what lives as long as a run only, since it differs in the next.
    RunId,
    /// dr, burst, drill or baseline.
    Purpose,
}

/// A system that carries tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// Tags of Amazon Web Services.
    Aws,
    /// Tags of Azure.
    Azure,
    /// Labels of Google Cloud.
    Gcp,
    /// Labels of Kubernetes.
    Kubernetes,
    /// Tags of guests of Proxmox VE, which have no values.
    Proxmox,
    /// Slugs of NetBox tags, which have no values.
    Netbox,
}

/// Tags as a target has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spelled {
    /// Names with values.
    Map(BTreeMap<String, String>),
    /// Words alone, sorted.
    Words(Vec<String>),
}

/// Why tags cannot be spelled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TagError {
    /// No such target.
    #[error("{name:?} is no target of cost tags; these are: {}", names(&Target::ALL))]
    Target {
        /// What was asked for.
        name: String,
    },
    /// No such tag.
    #[error("{name:?} is no cost tag; these are: {}", names(&Key::ALL))]
    Key {
        /// What was given.
        name: String,
    },
    /// A fact told twice, with and without its prefix.
    #[error("cost:{key} is given twice")]
    Twice {
        /// Which.
        key: Key,
    },
    /// A value that is none for this tag, wherever it is put.
    #[error("cost:{key} is {value:?}; it is {form}")]
    Form {
        /// Which tag.
        key: Key,
        /// What was given.
        value: String,
        /// What it may be.
        form: &'static str,
    },
    /// A value that this target cannot carry.
    #[error("cost:{key} is {value:?}, which {target} does not carry: {grammar}")]
    Grammar {
        /// Which tag.
        key: Key,
        /// What was given.
        value: String,
        /// Where it was to go.
        target: Target,
        /// What may stand there.
        grammar: &'static str,
    },
}

struct Form {
    name: &'static str,
    holds: fn(&str) -> bool,
    told: &'static str,
}

const NAME: &str = "1 to 63 lower-case letters, digits and hyphens, with no hyphen at an end";

/// What each fact is called and may be, in the order of [`Key::ALL`].
const FORMS: [Form; 5] = [
    Form { name: "env", holds: is_env, told: NAME },
    Form { name: "owner", holds: |text| !text.is_empty() && text.len() <= 63, told: "1 to 63 characters" },
    Form { name: "component", holds: is_component, told: NAME },
    Form {
        name: "run_id",
        holds: is_run_id,
        told: "1 to 128 letters, digits, `.`, `_` and `-`, beginning with a letter or digit, without `..`",
    },
    Form { name: "purpose", holds: |text| PURPOSES.contains(&text), told: "dr, burst, drill or baseline" },
];

struct Grammar {
    name: &'static str,
    /// What stands before the name of the fact.
    prefix: &'static str,
    /// What stands between name and value where both are one word.
    joint: Option<&'static str>,
    /// Bytes a value may have.
    longest: usize,
    allowed: fn(&str) -> bool,
    told: &'static str,
}

/// How each target spells, in the order of [`Target::ALL`].
const GRAMMARS: [Grammar; 6] = [
    Grammar {
        name: "aws",
        prefix: "cost:",
        joint: None,
        longest: 256,
        allowed: |text| text.chars().all(|c| c.is_alphanumeric() || " +-=._:/@".contains(c)),
        told: "at most 256 letters, digits, spaces and + - = . _ : / @",
    },
    Grammar {
        name: "azure",
        prefix: "cost:",
        joint: None,
        longest: 256,
        allowed: |text| !text.chars().any(char::is_control),
        told: "at most 256 characters, none of them a control character",
    },
    Grammar {
        name: "gcp",
        prefix: "cost_",
        joint: None,
        longest: 63,
        allowed: |text| text.bytes().all(|b| is_lower(b) || matches!(b, b'_' | b'-')),
        told: "at most 63 lower-case letters, digits, _ and -",
    },
    Grammar {
        name: "kubernetes",
        prefix: "cost.hybridops.io/",
        joint: None,
        longest: 63,
        allowed: |text| {
            let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
            let end = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
            let bytes = text.as_bytes();
            text.bytes().all(inner) && end(bytes.first()) && end(bytes.last())
        },
        told: "at most 63 letters, digits, -, _ and ., with a letter or digit at both ends",
    },
    Grammar {
        name: "proxmox",
        prefix: "cost-",
        joint: Some("."),
        // No limit of one tag is known; a guest's configuration is small.
        longest: 128,
        allowed: |text| text.bytes().all(|b| is_lower(b) || matches!(b, b'_' | b'-' | b'+' | b'.')),
        told: "at most 128 lower-case letters, digits, _, -, + and .",
    },
    Grammar {
        name: "netbox",
        prefix: "cost-",
        joint: Some("-"),
        // A slug has 100 characters, of which the longest name takes 15.
        longest: 85,
        allowed: |text| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')),
        told: "at most 85 letters, digits, _ and -",
    },
];

fn is_lower(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

/// How the tags are spelled there. The facts may be called `env` or `cost:env`.
///
/// # Errors
/// A tag is none of the five, a value is none for its tag, or the target cannot carry it.
pub fn spell<'t>(
    target: Target,
    tags: impl IntoIterator<Item = (&'t str, &'t str)>,
) -> Result<Spelled, TagError> {
    let mut facts = BTreeMap::new();
    for (name, value) in tags {
        let key = Key::named(name).ok_or_else(|| TagError::Key { name: name.to_owned() })?;
        target.carries(key, value)?;
        if facts.insert(key, value).is_some() {
            return Err(TagError::Twice { key });
        }
    }
    let pairs = facts.into_iter();
    Ok(if target.has_values() {
        Spelled::Map(pairs.map(|(key, value)| (target.name_of(key), value.to_owned())).collect())
    } else {
        let mut words: Vec<_> = pairs.map(|(key, value)| target.word(key, value)).collect();
        words.sort();
        Spelled::Words(words)
    })
}

/// The facts among tags of a target, whatever else stands there.
#[must_use]
pub fn read(target: Target, spelled: &Spelled) -> BTreeMap<Key, String> {
    match spelled {
        Spelled::Map(tags) => {
            tags.iter().filter_map(|(name, value)| Some((target.key_of(name)?, value.clone()))).collect()
        }
        Spelled::Words(words) => words
            .iter()
            .filter_map(|word| target.split(word).map(|(key, value)| (key, value.to_owned())))
            .collect(),
    }
}

// === impl Key ===

impl Key {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Env, Self::Owner, Self::Component, Self::RunId, Self::Purpose];

    /// Those that belong on everything that lasts. The run's id does not: it would be a change in every run.
    pub const LASTING: [Self; 4] = [Self::Env, Self::Owner, Self::Component, Self::Purpose];

    /// The fact of this name, with or without `cost:`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let name = name.strip_prefix("cost:").unwrap_or(name);
        Self::ALL.into_iter().find(|key| key.name() == name)
    }

    /// Its name without `cost:`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.form().name
    }

    /// Refuses what is no value of this tag on any target.
    ///
    /// # Errors
    /// [`TagError::Form`].
    pub fn admits(self, value: &str) -> Result<(), TagError> {
        let form = self.form();
        if (form.holds)(value) {
            return Ok(());
        }
        Err(TagError::Form { key: self, value: value.to_owned(), form: form.told })
    }

    fn form(self) -> &'static Form {
        let [env, owner, component, run_id, purpose] = &FORMS;
        match self {
            Self::Env => env,
            Self::Owner => owner,
            Self::Component => component,
            Self::RunId => run_id,
            Self::Purpose => purpose,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

// === impl Target ===

impl Target {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Aws, Self::Azure, Self::Gcp, Self::Kubernetes, Self::Proxmox, Self::Netbox];

    /// The target of this name.
    ///
    /// # Errors
    /// [`TagError::Target`].
    pub fn named(name: &str) -> Result<Self, TagError> {
        Self::ALL
            .into_iter()
            .find(|target| target.grammar().name == name)
            .ok_or_else(|| TagError::Target { name: name.to_owned() })
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.grammar().name
    }

    /// Whether a tag has a value of its own there; else name and value are one word.
    #[must_use]
    pub fn has_values(self) -> bool {
        self.grammar().joint.is_none()
    }

    /// What the fact is called there, as `cost_env`. Where tags have no values, what a tag begins with, up to the value.
    #[must_use]
    pub fn name_of(self, key: Key) -> String {
        let grammar = self.grammar();
        format!("{}{key}{}", grammar.prefix, grammar.joint.unwrap_or_default())
    }

    /// The fact that goes by this name there.
    #[must_use]
    pub fn key_of(self, name: &str) -> Option<Key> {
        Key::ALL.into_iter().find(|key| self.name_of(*key) == name)
    }

    /// Name and value in one word, for targets whose tags have no values.
    #[must_use]
    pub fn word(self, key: Key, value: &str) -> String {
        self.name_of(key) + value
    }

    /// The fact and the value of a word, for targets whose tags have no values.
    #[must_use]
    pub fn split(self, word: &str) -> Option<(Key, &str)> {
        Key::ALL.into_iter().find_map(|key| Some((key, word.strip_prefix(self.name_of(key).as_str())?)))
    }

    /// Refuses a value that is none of its tag, or that the target cannot carry.
    ///
    /// # Errors
    /// [`TagError::Form`] and [`TagError::Grammar`].
    pub fn carries(self, key: Key, value: &str) -> Result<(), TagError> {
        key.admits(value)?;
        let grammar = self.grammar();
        if value.len() <= grammar.longest && (grammar.allowed)(value) {
            return Ok(());
        }
        Err(TagError::Grammar { key, value: value.to_owned(), target: self, grammar: grammar.told })
    }

    fn grammar(self) -> &'static Grammar {
        let [aws, azure, gcp, kubernetes, proxmox, netbox] = &GRAMMARS;
        match self {
            Self::Aws => aws,
            Self::Azure => azure,
            Self::Gcp => gcp,
            Self::Kubernetes => kubernetes,
            Self::Proxmox => proxmox,
            Self::Netbox => netbox,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn names<T: fmt::Display>(all: &[T]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_table_of_spellings() {
        let env = |target| match spell(target, [("cost:env", "prod")]).expect("legal") {
            Spelled::Map(tags) => tags.into_iter().next().expect("one"),
            Spelled::Words(words) => (words.into_iter().next().expect("one"), String::new()),
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(env(Target::Aws), pair("cost:env", "prod"));
        assert_eq!(env(Target::Azure), pair("cost:env", "prod"));
        assert_eq!(env(Target::Gcp), pair("cost_env", "prod"));
        assert_eq!(env(Target::Kubernetes), pair("cost.hybridops.io/env", "prod"));
        assert_eq!(env(Target::Proxmox), pair("cost-env.prod", ""));
        assert_eq!(env(Target::Netbox), pair("cost-env-prod", ""));
    }

    #[test]
    fn what_a_target_cannot_carry_is_refused() {
        let refused = |target: Target, key, value| target.carries(Key::named(key).expect("a key"), value);
        let table = [
            (Target::Aws, "owner", "a#b"),
            (Target::Gcp, "owner", "Platform"),
            (Target::Gcp, "run_id", "v1.2"),
            (Target::Kubernetes, "owner", "platform team"),
            (Target::Kubernetes, "run_id", "ends-"),
            (Target::Proxmox, "run_id", "Upper"),
            (Target::Netbox, "run_id", "v1.2"),
        ];
        for (target, key, value) in table {
            let error = refused(target, key, value).expect_err(value);
            assert!(matches!(error, TagError::Grammar { .. }), "{error}");
            assert!(
                error.to_string().contains(value) && error.to_string().contains(target.name()),
                "{error}"
            );
        }
        for (key, value) in [("env", "Prod"), ("purpose", "fun"), ("owner", ""), ("component", "a_b")] {
            for target in Target::ALL {
                assert!(matches!(refused(target, key, value), Err(TagError::Form { .. })), "{target} {key}");
            }
        }
    }

    #[test]
    fn names_are_told_apart() {
        assert!(matches!(spell(Target::Aws, [("colour", "red")]), Err(TagError::Key { .. })));
        let twice = spell(Target::Aws, [("env", "prod"), ("cost:env", "prod")]);
        assert_eq!(twice, Err(TagError::Twice { key: Key::Env }));
        assert!(Target::named("oracle").expect_err("none").to_string().contains("aws, azure, gcp"));
        for target in Target::ALL {
            assert_eq!(Target::named(target.name()), Ok(target));
        }
    }

    #[test]
    fn a_word_of_the_longest_value_fits_a_slug() {
        let longest = Key::ALL.map(|key| Target::Netbox.name_of(key).len());
        assert!(longest.iter().all(|length| length + 85 <= 100), "{longest:?}");
    }

    proptest! {
        #[test]
        fn what_is_spelled_is_read_back(
            env in "[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?",
            owner in "\\PC{1,15}",
            run in "[A-Za-z0-9][A-Za-z0-9._-]{0,90}",
            which in 0..6usize,
        ) {
            let target = Target::ALL[which];
            let tags = [("env", env.as_str()), ("cost:owner", &owner), ("run_id", &run), ("purpose", "dr")];
            // Either the target refuses, or nothing is lost.
            if let Ok(spelled) = spell(target, tags) {
                let expected: BTreeMap<_, _> =
                    tags.iter().map(|(name, value)| (Key::named(name).expect("a key"), (*value).to_owned())).collect();
                prop_assert_eq!(read(target, &spelled), expected);
            }
        }
    }
}
