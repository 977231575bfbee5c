//! Configurations put together attribute by attribute.

use std::collections::BTreeMap;
use std::fmt::Write as _;

#[derive(Clone, Debug)]
enum Node {
    Expression(String),
    Object(BTreeMap<String, Self>),
}

/// A resource or data source in the making.
#[derive(Clone, Debug)]
pub struct Declared {
    kind: String,
    label: String,
    attributes: BTreeMap<String, Node>,
}

impl Declared {
    /// A resource of this type with nothing in it.
    #[must_use]
    pub fn new(kind: &str, label: &str) -> Self {
        Self { kind: format!("resource \"{kind}\""), label: label.to_owned(), attributes: BTreeMap::new() }
    }

    /// A data source of this type.
    #[must_use]
    pub fn data(kind: &str, label: &str) -> Self {
        Self { kind: format!("data \"{kind}\""), ..Self::new(kind, label) }
    }

    /// Another label.
    #[must_use]
    pub fn label(mut self, label: &str) -> Self {
        label.clone_into(&mut self.label);
        self
    }

    /// Sets an attribute, a path with dots, to an expression.
    #[must_use]
    pub fn set(mut self, path: &str, expression: impl Into<String>) -> Self {
        set(&mut self.attributes, path, expression.into());
        self
    }

    /// Sets an attribute to a string.
    #[must_use]
    pub fn text(self, path: &str, value: &str) -> Self {
        self.set(path, serde_json::Value::from(value).to_string())
    }

    /// Leaves an attribute out.
    #[must_use]
    pub fn without(mut self, path: &str) -> Self {
        remove(&mut self.attributes, path);
        self
    }

    /// Its address in state.
    #[must_use]
    pub fn address(&self) -> String {
        let kind = self.kind.trim_start_matches("resource ").trim_matches('"');
        format!("{}.{}", kind.replace("data \"", "data."), self.label)
    }

    /// As HCL.
    #[must_use]
    pub fn hcl(&self) -> String {
        format!("{} \"{}\" {{\n{}}}\n", self.kind, self.label, body(&self.attributes, 1))
    }
}

/// A map of settings as an expression.
#[must_use]
pub fn settings(settings: &[(&str, &str)]) -> String {
    let one = |(name, value): &(&str, &str)| format!("{name} = \"{value}\"");
    format!("{{ {} }}", settings.iter().map(one).collect::<Vec<_>>().join(", "))
}

fn set(attributes: &mut BTreeMap<String, Node>, path: &str, expression: String) {
    let Some((first, rest)) = path.split_once('.') else {
        attributes.insert(path.to_owned(), Node::Expression(expression));
        return;
    };
    let node = attributes.entry(first.to_owned()).or_insert_with(|| Node::Object(BTreeMap::new()));
    if let Node::Expression(_) = node {
        *node = Node::Object(BTreeMap::new());
    }
    if let Node::Object(inner) = node {
        set(inner, rest, expression);
    }
}

fn remove(attributes: &mut BTreeMap<String, Node>, path: &str) {
    match path.split_once('.') {
        None => drop(attributes.remove(path)),
        Some((first, rest)) => {
            if let Some(Node::Object(inner)) = attributes.get_mut(first) {
                remove(inner, rest);
            }
        }
    }
}

fn body(attributes: &BTreeMap<String, Node>, depth: usize) -> String {
    let indent = "  ".repeat(depth);
    attributes.iter().fold(String::new(), |mut text, (name, node)| {
        match node {
            Node::Expression(expression) => {
                let _ = writeln!(text, "{indent}{name} = {expression}");
            }
            Node::Object(inner) => {
                let _ = write!(text, "{indent}{name} = {{\n{}{indent}}}\n", body(inner, depth + 1));
            }
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_blocks() {
        let declared =
            Declared::new("t", "l").text("a", "x\"y").set("b.c", "1").set("b.d.e", "[2]").without("b.c");
        assert_eq!(
            declared.hcl(),
            "resource \"t\" \"l\" {\n  a = \"x\\\"y\"\n  b = {\n    d = {\n      e = [2]\n    }\n  }\n}\n"
        );
        assert_eq!(declared.address(), "t.l");
        assert_eq!(Declared::data("t", "l").address(), "data.t.l");
    }
}
