//! One view of attributes, nested attributes and nested blocks, for everything that walks values by schema.

use std::collections::BTreeMap;

use tf_value::{Path, Step, Value};

use super::{Attribute, AttributeKind, Attributes, Block, BlockNesting, Equality, NestedBlock, Nesting};

/// What an absent member is.
pub(crate) static NULL: Value = Value::Null;

/// What an object is made of: attributes and, where it is a block, nested blocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Members<'a> {
    attributes: &'a Attributes,
    blocks: Option<&'a BTreeMap<String, NestedBlock>>,
}

/// One attribute or one kind of nested block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member<'a> {
    pub(crate) name: &'a str,
    /// `None` for a nested block, which is neither computed nor write-only and has no rules of its own.
    pub(crate) attribute: Option<&'a Attribute>,
    /// `None` for a leaf.
    pub(crate) nested: Option<Nested<'a>>,
}

/// One object or a collection of objects with members of their own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Nested<'a> {
    pub(crate) nesting: Nesting,
    pub(crate) members: Members<'a>,
}

/// Where an object stands in its collection.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'v> {
    /// It is not in a collection.
    Whole,
    /// In a list.
    Index(usize),
    /// In a map.
    Key(&'v str),
    /// In a set, where only its value tells it from others.
    Element(&'v Value),
}

// === impl Members ===

impl<'a> Members<'a> {
    pub(crate) fn of_attributes(attributes: &'a Attributes) -> Self {
        Self { attributes, blocks: None }
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Member<'a>> {
        let attributes =
            self.attributes.iter().map(|(name, attribute)| Member::of_attribute(name, attribute));
        let blocks = self.blocks.into_iter().flatten().map(|(name, block)| Member::of_block(name, block));
        attributes.chain(blocks)
    }
}

impl<'a> From<&'a Block> for Members<'a> {
    fn from(block: &'a Block) -> Self {
        Self { attributes: &block.attributes, blocks: Some(&block.blocks) }
    }
}

// === impl Member ===

impl<'a> Member<'a> {
    pub(crate) fn of_attribute(name: &'a str, attribute: &'a Attribute) -> Self {
        let nested = match &attribute.kind {
            AttributeKind::Leaf(_) => None,
            AttributeKind::Nested { nesting, attributes } => {
                Some(Nested { nesting: *nesting, members: Members::of_attributes(attributes) })
            }
        };
        Self { name, attribute: Some(attribute), nested }
    }

    fn of_block(name: &'a str, block: &'a NestedBlock) -> Self {
        let nesting = match block.nesting {
            BlockNesting::Single => Nesting::Single,
            BlockNesting::List => Nesting::List,
            BlockNesting::Set => Nesting::Set,
        };
        Self { name, attribute: None, nested: Some(Nested { nesting, members: Members::from(&block.block) }) }
    }

    pub(crate) fn is_computed(self) -> bool {
        self.attribute.is_some_and(|attribute| attribute.presence.is_computed())
    }

    pub(crate) fn is_write_only(self) -> bool {
        self.attribute.is_some_and(|attribute| attribute.write_only)
    }

    /// Whether two known values of a leaf mean the same.
    pub(crate) fn same(self, left: &Value, right: &Value) -> bool {
        left == right || self.equality().same(left, right)
    }

    pub(crate) fn equality(self) -> &'a Equality {
        self.attribute.map_or(&Equality::Exact, |attribute| &attribute.equality)
    }
}

// === impl Nested ===

impl Nested<'_> {
    /// The objects with their places. None where the value as a whole is null or unknown; an element of a
    /// collection may still be null or unknown itself.
    pub(crate) fn objects<'v>(self, value: &'v Value) -> Vec<(Place<'v>, &'v Value)> {
        let listed = value.as_list().into_iter().flatten();
        match self.nesting {
            Nesting::Single if value.is_known() => vec![(Place::Whole, value)],
            Nesting::Single => Vec::new(),
            Nesting::List => listed.enumerate().map(|(index, value)| (Place::Index(index), value)).collect(),
            Nesting::Set => listed.map(|value| (Place::Element(value), value)).collect(),
            Nesting::Map => {
                value.as_map().into_iter().flatten().map(|(key, value)| (Place::Key(key), value)).collect()
            }
        }
    }

    /// The value with other objects in the places of [`Self::objects`].
    pub(crate) fn rebuild(self, value: &Value, objects: Vec<Value>) -> Value {
        match (self.nesting, value) {
            (Nesting::List, Value::List(_)) => Value::List(objects),
            (Nesting::List, Value::Tuple(_)) => Value::Tuple(objects),
            (Nesting::Set, Value::Set(_)) => Value::set(objects),
            (Nesting::Map, Value::Map(old)) => Value::Map(old.keys().cloned().zip(objects).collect()),
            (Nesting::Map, Value::Object(old)) => Value::Object(old.keys().cloned().zip(objects).collect()),
            (Nesting::Single, value) if value.is_known() => {
                objects.into_iter().next().unwrap_or_else(|| value.clone())
            }
            (_, value) => value.clone(),
        }
    }

    /// Changes every object that is known.
    pub(crate) fn map(self, value: &Value, mut change: impl FnMut(Place<'_>, &Value) -> Value) -> Value {
        let objects = self.objects(value).into_iter();
        let changed = objects
            .map(|(place, object)| if object.is_known() { change(place, object) } else { object.clone() });
        self.rebuild(value, changed.collect())
    }
}

// === impl Place ===

impl Place<'_> {
    /// What stands in the same place of another value. Set elements have no place to look in.
    pub(crate) fn look_up<'o>(&self, other: &'o Value) -> Option<&'o Value> {
        match self {
            Self::Whole => Some(other),
            Self::Index(index) => other.as_list().and_then(|list| list.get(*index)),
            Self::Key(key) => other.as_map().and_then(|map| map.get(*key)),
            Self::Element(_) => None,
        }
    }

    /// The known object in the same place of another value.
    pub(crate) fn of<'o>(&self, other: &'o Value) -> Option<&'o Value> {
        self.look_up(other).filter(|value| value.is_known())
    }

    /// The path of the object, from the path of its collection.
    pub(crate) fn path(&self, collection: &Path) -> Path {
        match self {
            Self::Whole => collection.clone(),
            Self::Index(index) => collection.clone().index(*index),
            Self::Key(key) => collection.clone().key(*key),
            Self::Element(value) => collection.clone().element((*value).clone()),
        }
    }
}

/// A member of an object; null where it is absent.
pub(crate) fn member_of<'v>(object: &'v Value, name: &str) -> &'v Value {
    object.get(name).unwrap_or(&NULL)
}

/// An object with each of its members made anew.
pub(crate) fn object_with(members: Members<'_>, mut make: impl FnMut(Member<'_>) -> Value) -> Value {
    Value::Object(members.iter().map(|member| (member.name.to_owned(), make(member))).collect())
}

/// The attribute that a path into an object leads to; `None` for a block, an element or a part of a leaf.
pub(crate) fn attribute_at<'a>(members: Members<'a>, path: &Path) -> Option<&'a Attribute> {
    let mut members = Some(members);
    let mut found = None;
    for step in path.steps() {
        found = match step {
            Step::Attribute(name) => {
                let member = members?.iter().find(|member| member.name == name)?;
                members = member.nested.map(|nested| nested.members);
                member.attribute
            }
            Step::Key(_) | Step::Index(_) | Step::Element(_) => None,
        };
    }
    found
}
