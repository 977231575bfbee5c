//! The tags of a module's resources, read in the grammar of each target.

use std::collections::BTreeMap;

use cost_engine::tags::{Key, Target};
use tf_value::Value;
use tfplugin_proto::tflint::body_content::Block;
use tfplugin_proto::tflint::{BodyContent, Expression};

use crate::check::Check;
use crate::content::{self, Look as _, block, label, schema};
use crate::host::HostError;
use crate::tables::carriers::Carrier;

/// A resource that can carry tags.
pub(super) struct Tagged {
    pub(super) block: Block,
    pub(super) carrier: Carrier,
    /// The argument that holds its own tags, where it is set.
    pub(super) expression: Option<Expression>,
    /// Its own tags.
    pub(super) own: Tags,
    /// Those of its provider, which go onto every resource.
    pub(super) inherited: Tags,
}

/// What tags tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tags {
    /// The cost tags, with their values where these are known.
    pub(super) facts: BTreeMap<Key, Option<String>>,
    /// Names that say a cost tag in the grammar of another target.
    pub(super) foreign: Vec<Foreign>,
    /// Whether there may be more than can be seen here.
    pub(super) open: bool,
}

/// A cost tag in the grammar of another target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Foreign {
    /// As it is written.
    pub(super) name: String,
    pub(super) key: Key,
    /// Where it would be right.
    pub(super) of: Target,
}

impl Tagged {
    /// Whether a fact is told, by the resource or its provider.
    pub(super) fn tells(&self, key: Key) -> bool {
        self.own.facts.contains_key(&key) || self.inherited.facts.contains_key(&key)
    }

    /// The value of a fact, where it is known.
    pub(super) fn fact(&self, key: Key) -> Option<&str> {
        let told = self.own.facts.get(&key).or_else(|| self.inherited.facts.get(&key))?;
        told.as_deref()
    }

    /// Whether tags may be there that cannot be seen here.
    pub(super) fn is_open(&self) -> bool {
        self.own.open || self.inherited.open
    }
}

/// The resources of the module that can carry tags.
pub(super) async fn resources(check: &mut Check) -> Result<Vec<Tagged>, HostError> {
    let content = check.content(wanted()).await?;
    let defaults = provider_defaults(check, &content).await?;
    let mut tagged = Vec::new();
    for block in content.blocks("resource") {
        let Some(carrier) = Carrier::of_type(label(block, 0)) else { continue };
        if carrier.arguments.is_empty() {
            continue;
        }
        let holder = match carrier.block {
            None => Some(block),
            Some(kind) => block.blocks(kind).next(),
        };
        let set = |holder: &Block| carrier.arguments.iter().find_map(|name| holder.expression(name).cloned());
        let expression = holder.and_then(set);
        let own = match &expression {
            None => Tags::default(),
            Some(expression) => read(carrier, check.evaluate(expression).await?.as_ref()),
        };
        let inherited = defaults.get(&provider_of(block)).cloned().unwrap_or_default();
        tagged.push(Tagged { block: block.clone(), carrier, expression, own, inherited });
    }
    Ok(tagged)
}

fn wanted() -> tfplugin_proto::tflint::BodySchema {
    let inner = Carrier::BLOCKS.map(|kind| block(kind, &[], schema(Carrier::ARGUMENTS, [])));
    let resource = schema(Carrier::ARGUMENTS.into_iter().chain(["provider"]), inner);
    let default_tags = block("default_tags", &[], schema(["tags"], []));
    let provider = schema(["alias", "default_labels", "cost_tags"], [default_tags]);
    schema([], [block("resource", &["type", "name"], resource), block("provider", &["name"], provider)])
}

/// The tags that providers put on everything, by provider and alias.
async fn provider_defaults(
    check: &mut Check,
    content: &BodyContent,
) -> Result<BTreeMap<(String, String), Tags>, HostError> {
    let mut defaults = BTreeMap::new();
    for block in content.blocks("provider") {
        let name = label(block, 0);
        let alias = match block.expression("alias") {
            None => String::new(),
            Some(alias) => check.text(alias).await?.unwrap_or_default(),
        };
        let (target, expression) = match name {
            "aws" => {
                (Target::Aws, block.blocks("default_tags").next().and_then(|tags| tags.expression("tags")))
            }
            "google" | "google-beta" => (Target::Gcp, block.expression("default_labels")),
            // Named as in the documents, whatever the grammar of what they are put on.
            "hybridops" => (Target::Aws, block.expression("cost_tags")),
            _ => continue,
        };
        let Some(expression) = expression else { continue };
        let value = check.evaluate(expression).await?;
        let mut tags = of_pairs(target, value.as_ref());
        if name == "hybridops" {
            tags.facts.extend(short_names(value.as_ref()));
        }
        defaults.insert((name.to_owned(), alias), tags);
    }
    Ok(defaults)
}

fn short_names(value: Option<&Value>) -> BTreeMap<Key, Option<String>> {
    let Some(Value::Map(pairs) | Value::Object(pairs)) = value.map(Value::concrete) else {
        return BTreeMap::new();
    };
    pairs
        .iter()
        .filter_map(|(name, value)| Some((Key::named(name)?, value.as_str().map(str::to_owned))))
        .collect()
}

/// The provider and alias that make a resource.
fn provider_of(block: &Block) -> (String, String) {
    let written = block
        .expression("provider")
        .map(|expression| String::from_utf8_lossy(&expression.bytes).into_owned());
    let text = written.unwrap_or_else(|| label(block, 0).split('_').next().unwrap_or_default().to_owned());
    let text = text.trim_matches(|c: char| c == '"' || c.is_whitespace());
    let (name, alias) = text.split_once('.').unwrap_or((text, ""));
    (name.to_owned(), alias.to_owned())
}

fn read(carrier: Carrier, value: Option<&Value>) -> Tags {
    let value = match (carrier.inside, value.map(Value::concrete)) {
        (None, value) => value,
        (Some(name), Some(Value::Map(pairs) | Value::Object(pairs))) => match pairs.get(name) {
            None => return Tags::default(),
            Some(inner) => Some(inner),
        },
        (Some(_), _) => None,
    };
    if carrier.target.has_values() {
        of_pairs(carrier.target, value)
    } else {
        of_words(carrier.target, value)
    }
}

/// Tags with values.
fn of_pairs(target: Target, value: Option<&Value>) -> Tags {
    let pairs = match value.map(Value::concrete) {
        Some(Value::Map(pairs) | Value::Object(pairs)) => pairs,
        Some(Value::Null) => return Tags::default(),
        _ => return Tags { open: true, ..Tags::default() },
    };
    let mut tags = Tags::default();
    for (name, value) in pairs {
        if let Some(key) = target.key_of(name) {
            tags.facts.insert(key, value.as_str().map(str::to_owned));
        } else if let Some((key, of)) = elsewhere(target, name) {
            tags.foreign.push(Foreign { name: name.clone(), key, of });
        }
    }
    tags
}

/// Tags that are words. One text may hold several, as older providers have it.
fn of_words(target: Target, value: Option<&Value>) -> Tags {
    let mut tags = Tags::default();
    let words: Vec<Option<&str>> = match value.map(Value::concrete) {
        Some(Value::List(words) | Value::Set(words) | Value::Tuple(words)) => {
            words.iter().map(Value::as_str).collect()
        }
        Some(Value::String(text)) => text.split([',', ';', ' ']).map(Some).collect(),
        Some(Value::Null) => return tags,
        _ => return Tags { open: true, ..tags },
    };
    for word in words {
        match word {
            None => tags.open = true,
            Some(word) => match target.split(word) {
                Some((key, value)) => {
                    tags.facts.insert(key, Some(value.to_owned()));
                }
                None => tags.foreign.extend(foreign_word(target, word)),
            },
        }
    }
    tags
}

/// The target whose grammar a name is of, and what it says there.
fn elsewhere(target: Target, name: &str) -> Option<(Key, Target)> {
    let others = Target::ALL.into_iter().filter(|other| *other != target && other.has_values());
    others.filter_map(|other| Some((other.key_of(name)?, other))).next()
}

fn foreign_word(target: Target, word: &str) -> Option<Foreign> {
    let others = Target::ALL.into_iter().filter(|other| *other != target && !other.has_values());
    others
        .filter_map(|other| {
            // A value is what tells that it is a cost tag at all: `cost-environment` is nobody's.
            let (key, value) = other.split(word)?;
            key.admits(value).ok()?;
            Some(Foreign { name: word.to_owned(), key, of: other })
        })
        .next()
}

/// Where a name is written among tags, and its bytes in the expression; else the whole of the tags.
pub(super) fn place_of(
    expression: &Expression,
    name: &str,
) -> (tfplugin_proto::tflint::Range, Option<std::ops::Range<usize>>) {
    let whole = content::place(expression);
    let Some(syntax) = content::syntax(expression) else { return (whole, None) };
    match super::walk::written(&syntax, name) {
        None => (whole, None),
        Some(span) => (content::part(expression, span.clone()), Some(span)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(texts: &[&str]) -> Value {
        Value::List(texts.iter().map(|text| Value::from(*text)).collect())
    }

    #[test]
    fn pairs_are_read_in_the_targets_grammar() {
        let value = Value::object([
            ("cost_env", Value::from("prod")),
            ("cost:owner", Value::from("me")),
            ("x", Value::Null),
        ]);
        let tags = of_pairs(Target::Gcp, Some(&value));
        assert_eq!(tags.facts, BTreeMap::from([(Key::Env, Some("prod".to_owned()))]));
        let foreign = Foreign { name: "cost:owner".to_owned(), key: Key::Owner, of: Target::Aws };
        assert_eq!(tags.foreign, [foreign]);
        assert!(
            !tags.open
                && of_pairs(Target::Gcp, None).open
                && of_pairs(Target::Gcp, Some(&Value::UNKNOWN)).open
        );
        assert_eq!(of_pairs(Target::Gcp, Some(&Value::Null)), Tags::default());
    }

    #[test]
    fn words_are_read_in_the_targets_grammar() {
        let tags = of_words(Target::Proxmox, Some(&words(&["cost-env.prod", "db", "cost-owner-me"])));
        assert_eq!(tags.facts, BTreeMap::from([(Key::Env, Some("prod".to_owned()))]));
        assert_eq!(tags.foreign.len(), 1);
        let text = of_words(Target::Proxmox, Some(&Value::from("cost-env.prod;cost-owner.me")));
        assert_eq!(text.facts.len(), 2);
        assert!(of_words(Target::Proxmox, Some(&Value::List(vec![Value::UNKNOWN]))).open);
    }
}
