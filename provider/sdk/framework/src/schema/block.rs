//! Blocks: what is written with braces and without an equals sign, and the schema as a whole.

use std::collections::BTreeMap;

use tf_value::Type;

use super::{Attribute, Attributes};

/// A versioned schema of a resource, data source, action or provider.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    /// Version of the stored state; raised when old state must be upgraded.
    pub version: i64,
    /// The content.
    pub block: Block,
}

/// Attributes and nested blocks.
#[derive(Debug, Clone, Default)]
pub struct Block {
    /// The attributes by name.
    pub attributes: Attributes,
    /// The nested blocks by name.
    pub blocks: BTreeMap<String, NestedBlock>,
    /// Markdown for the registry and for editors.
    pub description: String,
    /// Why not to use it any more and what to use instead.
    pub deprecated: Option<String>,
}

/// A block inside a block. Prefer nested attributes: blocks are fixed by the syntax and cannot be unknown.
#[derive(Debug, Clone)]
pub struct NestedBlock {
    /// How many, and how they are told apart.
    pub nesting: BlockNesting,
    /// The content.
    pub block: Block,
    /// Least number of blocks.
    pub min_items: u32,
    /// Greatest number of blocks; 0 is no limit.
    pub max_items: u32,
}

/// How nested blocks are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockNesting {
    /// At most one; null when absent.
    Single,
    /// In order; empty when absent.
    List,
    /// Without order; empty when absent.
    Set,
}

impl Schema {
    /// A schema of version 0 with this content.
    #[must_use]
    pub fn new(block: Block) -> Self {
        Self { version: 0, block }
    }

    /// The object type of a whole object.
    #[must_use]
    pub fn value_type(&self) -> Type {
        self.block.value_type()
    }
}

impl Block {
    /// An empty block.
    #[must_use]
    pub fn new(description: impl Into<String>) -> Self {
        Self { description: description.into(), ..Self::default() }
    }

    /// Adds an attribute.
    #[must_use]
    pub fn attribute(mut self, name: impl Into<String>, attribute: Attribute) -> Self {
        self.attributes.insert(name.into(), attribute);
        self
    }

    /// Adds a nested block.
    #[must_use]
    pub fn block(mut self, name: impl Into<String>, block: NestedBlock) -> Self {
        self.blocks.insert(name.into(), block);
        self
    }

    /// The object type of the block's content.
    #[must_use]
    pub fn value_type(&self) -> Type {
        let attributes =
            self.attributes.iter().map(|(name, attribute)| (name.clone(), attribute.value_type()));
        let blocks = self.blocks.iter().map(|(name, nested)| (name.clone(), nested.value_type()));
        Type::object(attributes.chain(blocks))
    }
}

impl NestedBlock {
    /// Any number of blocks with this nesting.
    #[must_use]
    pub fn new(nesting: BlockNesting, block: Block) -> Self {
        Self { nesting, block, min_items: 0, max_items: 0 }
    }

    /// The type of all blocks of this name together.
    #[must_use]
    pub fn value_type(&self) -> Type {
        let object = self.block.value_type();
        match self.nesting {
            BlockNesting::Single => object,
            BlockNesting::List => Type::list(object),
            BlockNesting::Set => Type::set(object),
        }
    }
}
