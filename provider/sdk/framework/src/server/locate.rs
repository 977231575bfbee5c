//! The path that makes Terraform show the source line a diagnostic is about.
//!
//! Terraform from 1.15 on follows a path all the way through blocks and expressions. Before that, and in OpenTofu,
//! it goes through blocks only, then looks for one attribute and for one index into its expression; of a longer path
//! it looks for the last name in the wrong place, and shows the header of the block or, worse, an attribute of the
//! same name. A member of an object is found there by an index with its name, as if the object were a map.

use tf_value::{Path, Step};
use tfplugin_proto::tfplugin6 as pb;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::schema::Block;

/// How far core follows a path into the expression of an attribute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Reach {
    /// One step.
    #[default]
    One,
    /// All the way.
    Whole,
}

impl Reach {
    /// What the core with these capabilities does. The first that shows itself by one is Terraform 1.16.
    pub(super) fn of(client: Option<&pb::ClientCapabilities>) -> Self {
        if client.is_some_and(|client| client.computed_blocks_allowed) { Self::Whole } else { Self::One }
    }
}

/// Points the messages at what core can find in a configuration of this schema.
pub(super) fn diagnostics(block: &Block, reach: Reach, diagnostics: Diagnostics) -> Diagnostics {
    if reach == Reach::Whole {
        return diagnostics;
    }
    let point = |mut diagnostic: Diagnostic| {
        diagnostic.path = diagnostic.path.map(|path| reachable(block, &path));
        diagnostic
    };
    diagnostics.into_iter().map(point).collect()
}

/// Through the blocks, to the attribute, one step into it.
fn reachable(block: &Block, path: &Path) -> Path {
    let mut found = Path::root();
    let mut block = block;
    let mut steps = path.steps().iter().peekable();
    while let Some(step) = steps.next() {
        found.push(step.clone());
        let Step::Attribute(name) = step else { break };
        let Some(nested) = block.blocks.get(name) else {
            match steps.next() {
                Some(Step::Attribute(member)) => found.push(Step::Key(member.clone())),
                Some(index) => found.push(index.clone()),
                None => {}
            }
            break;
        };
        block = &nested.block;
        if let Some(index) = steps.next_if(|step| !matches!(step, Step::Attribute(_))) {
            found.push(index.clone());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tf_value::Value;

    use super::*;
    use crate::schema::{BlockNesting, NestedBlock};

    fn schema() -> Block {
        let nested = |nesting, blocks| NestedBlock {
            nesting,
            block: Block { blocks, ..Block::default() },
            min_items: 0,
            max_items: 0,
        };
        let inner = BTreeMap::from([("inner".to_owned(), nested(BlockNesting::Single, BTreeMap::new()))]);
        let blocks = BTreeMap::from([
            ("step".to_owned(), nested(BlockNesting::List, inner)),
            ("aside".to_owned(), nested(BlockNesting::Set, BTreeMap::new())),
        ]);
        Block { blocks, ..Block::default() }
    }

    fn root(name: &str) -> Path {
        Path::root().attribute(name)
    }

    #[test]
    fn one_step_into_an_attribute() {
        let doors = || root("doors");
        for (path, expected) in [
            (doors(), doors()),
            (doors().key("front"), doors().key("front")),
            (doors().key("front").attribute("width"), doors().key("front")),
            (doors().index(3).attribute("width").key("x"), doors().index(3)),
            (root("disk").attribute("size"), root("disk").key("size")),
            (root("disk").attribute("limits").attribute("read"), root("disk").key("limits")),
            (root("ports").element(Value::from(80)), root("ports").element(Value::from(80))),
        ] {
            assert_eq!(reachable(&schema(), &path), expected, "{path}");
        }
    }

    #[test]
    fn all_the_way_through_blocks() {
        let step = || root("step").index(1);
        for (path, expected) in [
            (step(), step()),
            (step().attribute("command"), step().attribute("command")),
            (
                step().attribute("environment").key("a").attribute("b"),
                step().attribute("environment").key("a"),
            ),
            (step().attribute("inner").attribute("x"), step().attribute("inner").attribute("x")),
            (
                step().attribute("inner").attribute("x").attribute("y"),
                step().attribute("inner").attribute("x").key("y"),
            ),
            (root("aside").element(Value::Null), root("aside").element(Value::Null)),
        ] {
            assert_eq!(reachable(&schema(), &path), expected, "{path}");
        }
    }

    #[test]
    fn a_core_that_goes_all_the_way_gets_the_whole_path() {
        let path = root("doors").key("front").attribute("width");
        let told = |reach| {
            let given = Diagnostics::error_at(path.clone(), "Invalid value", "");
            diagnostics(&schema(), reach, given).into_iter().next().and_then(|told| told.path)
        };
        assert_eq!(told(Reach::Whole), Some(path.clone()));
        assert_eq!(told(Reach::One), Some(root("doors").key("front")));
    }
}
