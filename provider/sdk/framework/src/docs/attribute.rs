//! One attribute or block as an item of a list.

use tf_value::Type;

use super::facts::facts;
use super::markdown::{indented, literal};
use crate::schema::{Attribute, AttributeKind, BlockNesting, NestedBlock, Nesting};

/// The item of an attribute; `below` leads to its nested attributes.
pub(super) fn attribute(name: &str, attribute: &Attribute, below: Option<&str>, read_only: bool) -> String {
    let mut labels = vec![label(&attribute.kind)];
    if attribute.sensitive {
        labels.push("Sensitive".to_owned());
    }
    if attribute.write_only {
        labels.push("Write-only".to_owned());
    }
    if attribute.deprecated.is_some() {
        labels.push("Deprecated".to_owned());
    }
    let mut facts = facts(attribute, read_only);
    if let AttributeKind::Leaf(ty) = &attribute.kind
        && has_object(ty)
    {
        facts.insert(0, format!("Type: {}.", literal(&ty.to_string())));
    }
    item(name, &labels, &attribute.description, below, &facts)
}

/// The item of a nested block.
pub(super) fn block(name: &str, nested: &NestedBlock, below: &str) -> String {
    let mut labels = vec![
        match nested.nesting {
            BlockNesting::Single => "Block",
            BlockNesting::List => "Block List",
            BlockNesting::Set => "Block Set",
        }
        .to_owned(),
    ];
    if nested.nesting != BlockNesting::Single {
        let limits = [("Min", nested.min_items), ("Max", nested.max_items)];
        labels.extend(limits.iter().filter(|(_, n)| *n > 0).map(|(word, n)| format!("{word}: {n}")));
    }
    let mut facts = Vec::new();
    if let Some(advice) = &nested.block.deprecated {
        labels.push("Deprecated".to_owned());
        facts.push(format!("**Deprecated.** {}", advice.trim()));
    }
    item(name, &labels, &nested.block.description, Some(below), &facts)
}

fn item(name: &str, labels: &[String], description: &str, below: Option<&str>, facts: &[String]) -> String {
    let mut item = format!("- `{name}` ({})", labels.join(", "));
    let description = indented(description);
    if !description.is_empty() {
        item.push(' ');
        item.push_str(&description);
    }
    if let Some(anchor) = below {
        let link = format!("(see [below](#{anchor}))");
        // Text after a list or code would become part of it.
        item.push_str(if description.contains('\n') { "\n\n  " } else { " " });
        item.push_str(&link);
    }
    item.push('\n');
    if description.contains('\n') && !facts.is_empty() {
        // A list would become part of one in the description.
        item.push_str(&format!("\n  {}\n", facts.join(" ")));
    } else {
        for fact in facts {
            item.push_str(&format!("  - {fact}\n"));
        }
    }
    item
}

/// The type as readers of the registry know it.
fn label(kind: &AttributeKind) -> String {
    match kind {
        AttributeKind::Leaf(ty) => type_label(ty),
        AttributeKind::Nested { nesting: Nesting::Single, .. } => "Attributes".to_owned(),
        AttributeKind::Nested { nesting: Nesting::List, .. } => "Attributes List".to_owned(),
        AttributeKind::Nested { nesting: Nesting::Set, .. } => "Attributes Set".to_owned(),
        AttributeKind::Nested { nesting: Nesting::Map, .. } => "Attributes Map".to_owned(),
    }
}

/// "List of String".
pub(super) fn type_label(ty: &Type) -> String {
    match ty {
        Type::Bool => "Boolean".to_owned(),
        Type::Number => "Number".to_owned(),
        Type::String => "String".to_owned(),
        Type::Dynamic => "Dynamic".to_owned(),
        Type::List(element) => format!("List of {}", type_label(element)),
        Type::Set(element) => format!("Set of {}", type_label(element)),
        Type::Map(element) => format!("Map of {}", type_label(element)),
        Type::Tuple(_) => "Tuple".to_owned(),
        Type::Object(_) => "Object".to_owned(),
    }
}

/// Whether the label hides part of the type.
pub(super) fn has_object(ty: &Type) -> bool {
    match ty {
        Type::Object(_) | Type::Tuple(_) => true,
        Type::List(element) | Type::Set(element) | Type::Map(element) => has_object(element),
        Type::Bool | Type::Number | Type::String | Type::Dynamic => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_with_paragraphs_stays_one_item() {
        let described = Attribute::leaf(Type::list(Type::String)).describe("First.\n\n- a\n- b").replace();
        let expected = "- `x` (List of String) First.\n\n  - a\n  - b\n\n  A change replaces the object.\n";
        assert_eq!(attribute("x", &described, None, false), expected);
    }

    #[test]
    fn a_type_without_a_short_name_is_written_out() {
        let ty = Type::list(Type::object([("a", Type::Bool)]));
        let expected = "- `x` (List of Object, Sensitive) X.\n  - Type: `list(object({ a = bool }))`.\n";
        assert_eq!(attribute("x", &Attribute::leaf(ty).describe("X.").sensitive(), None, false), expected);
    }
}
