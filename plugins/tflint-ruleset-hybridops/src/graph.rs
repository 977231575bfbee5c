//! What refers to what in a module, as it is written.

use std::collections::{BTreeMap, BTreeSet};

use hcl_edit::expr::{Expression, Traversal, TraversalOperator};
use hcl_edit::structure::{Block, Body};
use hcl_edit::visit::{self, Visit};

/// Roots that are no objects of a module.
const NO_OBJECTS: [&str; 7] = ["each", "count", "self", "path", "terraform", "ephemeral", "provider"];

/// References between the objects of a module, by address: `aws_instance.web`, `data.a.b`, `module.m`, `local.l`.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    nodes: BTreeMap<String, Node>,
}

#[derive(Debug, Default)]
struct Node {
    /// What it refers to anywhere.
    all: BTreeSet<String>,
    /// What decides whether there is any of it.
    switch: BTreeSet<String>,
}

impl Graph {
    /// Takes in a file.
    pub(crate) fn add(&mut self, file: &Body) {
        for block in file.blocks() {
            if block.ident.as_str() == "locals" {
                for local in block.body.attributes() {
                    let references = of_expression(&local.value);
                    let node = Node { switch: references.clone(), all: references };
                    self.nodes.insert(format!("local.{}", local.key.as_str()), node);
                }
            } else if let Some(address) = address(block) {
                let mut references = References::default();
                references.visit_body(&block.body);
                let switch = ["count", "for_each"]
                    .iter()
                    .filter_map(|name| block.body.get_attribute(name))
                    .flat_map(|attribute| of_expression(&attribute.value))
                    .collect();
                self.nodes.insert(address, Node { all: references.found, switch });
            }
        }
    }

    /// The addresses that begin like this.
    pub(crate) fn beginning<'g>(&'g self, prefix: &'g str) -> impl Iterator<Item = &'g str> {
        self.nodes.keys().map(String::as_str).filter(move |address| address.starts_with(prefix))
    }

    /// Whether the object is written in a file that was taken in.
    pub(crate) fn knows(&self, address: &str) -> bool {
        self.nodes.contains_key(address)
    }

    /// Everything an object refers to, directly or through others.
    pub(crate) fn behind(&self, address: &str) -> BTreeSet<String> {
        self.closure(self.nodes.get(address).map(|node| &node.all), |node| &node.all)
    }

    /// The variables, and what else has no references of its own, that decide whether there is any of an object.
    pub(crate) fn switches(&self, address: &str) -> BTreeSet<String> {
        let all = self.closure(self.nodes.get(address).map(|node| &node.switch), |node| &node.switch);
        all.into_iter().filter(|address| address.starts_with("var.")).collect()
    }

    fn closure<'g>(
        &'g self,
        from: Option<&'g BTreeSet<String>>,
        next: impl Fn(&'g Node) -> &'g BTreeSet<String>,
    ) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut waiting: Vec<&String> = from.into_iter().flatten().collect();
        while let Some(address) = waiting.pop() {
            if found.insert(address.clone()) {
                waiting.extend(self.nodes.get(address).into_iter().flat_map(&next));
            }
        }
        found
    }
}

/// What an expression refers to.
pub(crate) fn of_expression(expression: &Expression) -> BTreeSet<String> {
    let mut references = References::default();
    references.visit_expr(expression);
    references.found
}

fn address(block: &Block) -> Option<String> {
    let labels: Vec<&str> = block.labels.iter().map(hcl_edit::structure::BlockLabel::as_str).collect();
    match (block.ident.as_str(), labels.as_slice()) {
        ("resource", [kind, name]) => Some(format!("{kind}.{name}")),
        ("data", [kind, name]) => Some(format!("data.{kind}.{name}")),
        ("module", [name]) => Some(format!("module.{name}")),
        ("output", [name]) => Some(format!("output.{name}")),
        _ => None,
    }
}

#[derive(Default)]
struct References {
    found: BTreeSet<String>,
}

impl Visit for References {
    fn visit_traversal(&mut self, node: &Traversal) {
        if let Expression::Variable(root) = &node.expr {
            let steps = node.operators.iter().map_while(|operator| match operator.value() {
                TraversalOperator::GetAttr(name) => Some(name.as_str()),
                _ => None,
            });
            self.found.extend(object(root.as_str(), steps));
        }
        visit::visit_traversal(self, node);
    }
}

fn object<'s>(root: &str, mut steps: impl Iterator<Item = &'s str>) -> Option<String> {
    if NO_OBJECTS.contains(&root) {
        return None;
    }
    let first = steps.next()?;
    match root {
        "data" => Some(format!("data.{first}.{}", steps.next()?)),
        _ => Some(format!("{root}.{first}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(source: &str) -> Graph {
        let mut graph = Graph::default();
        graph.add(&hcl_edit::parser::parse_body(source).expect("readable"));
        graph
    }

    #[test]
    fn references_are_followed() {
        let graph = graph(
            r#"
            locals { dr = var.site != "onprem" }
            resource "a" "one" {
              count      = local.dr ? 1 : 0
              name       = "x-${data.d.e[0].name}"
              depends_on = [module.m]
            }
            resource "a" "two" { list = [for x in a.one : x.id if each.key == "k"] }
            "#,
        );
        let behind = graph.behind("a.two");
        for address in ["a.one", "local.dr", "var.site", "data.d.e", "module.m"] {
            assert!(behind.contains(address), "{address} is missing in {behind:?}");
        }
        assert_eq!(graph.switches("a.one"), BTreeSet::from(["var.site".to_owned()]));
        assert_eq!(graph.switches("a.two"), BTreeSet::new());
        assert!(graph.knows("a.one") && !graph.knows("a.three"));
    }

    #[test]
    fn circles_end() {
        let graph = graph("locals {\n  a = local.b\n  b = local.a\n}\n");
        assert!(graph.behind("local.a").contains("local.a"));
    }
}
