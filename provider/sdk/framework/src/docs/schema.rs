//! The schema of an object as sections and nested sections.

use std::collections::{BTreeMap, VecDeque};

use super::attribute;
use super::markdown::indented;
use crate::schema::{
    Attribute, AttributeKind, Attributes, Block, IdentitySchema, NestedBlock, Nesting, Presence,
};

/// Where limits of operations stand; they have a section of their own.
const TIMEOUTS: &str = "timeouts";

/// What is nested, waiting for its section.
struct Nested<'a> {
    anchor: String,
    /// `disks.nic`.
    path: String,
    content: Content<'a>,
    /// Inside something that only the provider sets.
    read_only: bool,
}

#[derive(Clone, Copy)]
struct Content<'a> {
    attributes: &'a Attributes,
    blocks: &'a BTreeMap<String, NestedBlock>,
}

static NO_BLOCKS: BTreeMap<String, NestedBlock> = BTreeMap::new();

/// The section `## Schema`.
pub(super) fn section(block: &Block) -> String {
    let mut out = String::from("\n## Schema\n");
    let mut waiting = VecDeque::new();
    let content = Content { attributes: &block.attributes, blocks: &block.blocks };
    let root = Nested { anchor: String::new(), path: String::new(), content, read_only: false };
    for (title, items) in groups(&root, &mut waiting) {
        out.push_str(&format!("\n### {title}\n\n{items}"));
    }
    if block.attributes.is_empty() && block.blocks.is_empty() {
        out.push_str("\nNothing can be set.\n");
    }
    while let Some(nested) = waiting.pop_front() {
        let mut deeper = VecDeque::new();
        out.push_str(&format!(
            "\n<a id=\"{}\"></a>\n### Nested Schema for `{}`\n",
            nested.anchor, nested.path
        ));
        for (title, items) in groups(&nested, &mut deeper) {
            out.push_str(&format!("\n{title}:\n\n{items}"));
        }
        // What is nested in a section follows it.
        while let Some(next) = deeper.pop_back() {
            waiting.push_front(next);
        }
    }
    out
}

/// The attributes and blocks by who sets them, in the order of their names; empty groups are left out.
fn groups<'a>(nested: &Nested<'a>, waiting: &mut VecDeque<Nested<'a>>) -> Vec<(&'static str, String)> {
    let mut groups = [("Required", String::new()), ("Optional", String::new()), ("Read-Only", String::new())];
    let attributes =
        nested.content.attributes.iter().map(|(name, attribute)| (name, Member::Attribute(attribute)));
    let blocks = nested.content.blocks.iter().map(|(name, block)| (name, Member::Block(block)));
    let mut members: Vec<_> = attributes.chain(blocks).collect();
    members.sort_by_key(|(name, _)| *name);
    for (name, member) in members {
        let read_only = nested.read_only || member.group() == READ_ONLY;
        let group = if read_only { READ_ONLY } else { member.group() };
        groups[group].1.push_str(&item(nested, name, member, read_only, waiting));
    }
    groups.into_iter().filter(|(_, items)| !items.is_empty()).collect()
}

#[derive(Clone, Copy)]
enum Member<'a> {
    Attribute(&'a Attribute),
    Block(&'a NestedBlock),
}

const READ_ONLY: usize = 2;

impl Member<'_> {
    fn group(self) -> usize {
        match self {
            Self::Attribute(attribute) => match attribute.presence {
                Presence::Required => 0,
                Presence::Optional | Presence::OptionalComputed => 1,
                Presence::Computed => READ_ONLY,
            },
            Self::Block(block) if block.min_items > 0 => 0,
            Self::Block(_) => 1,
        }
    }
}

/// The item of a member, which lets its own members wait for their section.
fn item<'a>(
    parent: &Nested<'a>,
    name: &str,
    member: Member<'a>,
    read_only: bool,
    waiting: &mut VecDeque<Nested<'a>>,
) -> String {
    let path = if parent.path.is_empty() { name.to_owned() } else { format!("{}.{name}", parent.path) };
    let below = |kind: &str| format!("{kind}--{}", path.replace('.', "--"));
    match member {
        Member::Attribute(attribute) if parent.path.is_empty() && timeouts(name, attribute).is_some() => {
            attribute::attribute(name, attribute, Some(TIMEOUTS), read_only)
        }
        Member::Attribute(attribute) => match &attribute.kind {
            AttributeKind::Leaf(_) => attribute::attribute(name, attribute, None, read_only),
            AttributeKind::Nested { attributes, .. } => {
                let anchor = below("nestedatt");
                let item = attribute::attribute(name, attribute, Some(&anchor), read_only);
                let content = Content { attributes, blocks: &NO_BLOCKS };
                waiting.push_back(Nested { anchor, path, content, read_only });
                item
            }
        },
        Member::Block(nested) => {
            let anchor = below("nestedblock");
            let item = attribute::block(name, nested, &anchor);
            let content = Content { attributes: &nested.block.attributes, blocks: &nested.block.blocks };
            waiting.push_back(Nested { anchor, path, content, read_only });
            item
        }
    }
}

// === timeouts ===

/// The limits in an attribute `timeouts`.
fn timeouts<'a>(name: &str, attribute: &'a Attribute) -> Option<&'a Attributes> {
    match &attribute.kind {
        AttributeKind::Nested { nesting: Nesting::Single, attributes } if name == TIMEOUTS => {
            Some(attributes)
        }
        _ => None,
    }
}

/// The section `## Timeouts`; empty where the object has none.
pub(super) fn timeouts_section(block: &Block) -> String {
    let found = block.attributes.get(TIMEOUTS).and_then(|attribute| timeouts(TIMEOUTS, attribute));
    let Some(attributes) = found else { return String::new() };
    let items: String = attributes
        .iter()
        .map(|(name, limit)| format!("- `{name}` (String) {}\n", indented(&limit.description)))
        .collect();
    format!("\n## Timeouts\n\nThe attribute `{TIMEOUTS}` takes:\n\n{items}")
}

// === identity ===

/// The section `## Identity`; empty where the object has none.
pub(super) fn identity_section(identity: Option<&IdentitySchema>) -> String {
    let Some(identity) = identity else { return String::new() };
    let group = |required: bool| -> String {
        let members =
            identity.attributes.iter().filter(|attribute| attribute.required_for_import == required);
        members
            .map(|member| {
                let label = attribute::type_label(&member.ty);
                format!("- `{}` ({label}) {}\n", member.name, indented(&member.description))
            })
            .collect()
    };
    let mut out = String::from("\n## Identity\n\nWhat names the object outside the state.\n");
    for (title, items) in [("Required for import", group(true)), ("Optional for import", group(false))] {
        if !items.is_empty() {
            out.push_str(&format!("\n{title}:\n\n{items}"));
        }
    }
    out
}
