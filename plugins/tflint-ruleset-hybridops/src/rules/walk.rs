//! Finding parts of an expression as it is written.

use std::ops::Range;

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, Object, ObjectKey};
use hcl_edit::visit::{self, Visit};

/// The objects and values an expression may come to be: through brackets, conditions, calls and loops.
fn faces<'e>(expression: &'e Expression, found: &mut Vec<&'e Expression>) {
    match expression {
        Expression::Parenthesis(inner) => faces(inner.inner(), found),
        Expression::Conditional(conditional) => {
            faces(&conditional.true_expr, found);
            faces(&conditional.false_expr, found);
        }
        Expression::FuncCall(call) => call.args.iter().for_each(|argument| faces(argument, found)),
        Expression::ForExpr(looped) => faces(&looped.value_expr, found),
        other => found.push(other),
    }
}

fn key_text(key: &ObjectKey) -> Option<&str> {
    match key {
        ObjectKey::Ident(name) => Some(name.as_str()),
        ObjectKey::Expression(Expression::Variable(name)) => Some(name.as_str()),
        ObjectKey::Expression(expression) => expression.as_str(),
    }
}

fn key_span(key: &ObjectKey) -> Option<Range<usize>> {
    match key {
        ObjectKey::Ident(name) => name.span(),
        ObjectKey::Expression(expression) => expression.span(),
    }
}

/// The values at the end of a way; `*` is any key or element.
pub(super) fn at<'e>(expression: &'e Expression, way: &[&str]) -> Vec<&'e Expression> {
    let mut here = Vec::new();
    faces(expression, &mut here);
    let Some((step, rest)) = way.split_first() else { return here };
    here.into_iter()
        .flat_map(|face| match face {
            // A loop was looked through already: its value stands for every element.
            Expression::Array(array) if *step == "*" => {
                array.iter().flat_map(|element| at(element, rest)).collect()
            }
            Expression::Object(object) => object
                .iter()
                .filter(|(key, _)| *step == "*" && !matches_way(object, rest) || key_text(key) == Some(*step))
                .flat_map(|(_, value)| at(value.expr(), rest))
                .chain(if *step == "*" && matches_way(object, rest) { at(face, rest) } else { Vec::new() })
                .collect(),
            _ => Vec::new(),
        })
        .collect()
}

/// Whether an object is the element itself, as the value of a loop is.
fn matches_way(object: &Object, rest: &[&str]) -> bool {
    rest.first().is_some_and(|first| *first != "*" && get(object, first).is_some())
}

/// The value of a key.
pub(super) fn get<'o>(object: &'o Object, name: &str) -> Option<&'o Expression> {
    object.iter().find(|(key, _)| key_text(key) == Some(name)).map(|(_, value)| value.expr())
}

/// Where a name is written: as a key, or as a text of its own.
pub(super) fn written(expression: &Expression, name: &str) -> Option<Range<usize>> {
    struct Names<'n> {
        name: &'n str,
        found: Option<Range<usize>>,
    }
    impl Visit for Names<'_> {
        fn visit_object_key(&mut self, key: &ObjectKey) {
            if self.found.is_none() && key_text(key) == Some(self.name) {
                self.found = key_span(key);
            }
            visit::visit_object_key(self, key);
        }

        fn visit_expr(&mut self, expression: &Expression) {
            if self.found.is_none() && expression.as_str() == Some(self.name) {
                self.found = expression.span();
            }
            visit::visit_expr(self, expression);
        }
    }
    let mut names = Names { name, found: None };
    names.visit_expr(expression);
    names.found
}

/// A text that is written out, and where.
pub(super) fn literal(expression: &Expression) -> Option<(&str, Range<usize>)> {
    match expression {
        Expression::String(text) => Some((text.as_str(), text.span()?)),
        Expression::HeredocTemplate(heredoc) => {
            let mut elements = heredoc.template.iter();
            match (elements.next(), elements.next()) {
                (Some(hcl_edit::template::Element::Literal(text)), None) => {
                    Some((text.as_str(), expression.span()?))
                }
                _ => None,
            }
        }
        Expression::Parenthesis(inner) => literal(inner.inner()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str, way: &[&str]) -> Vec<String> {
        let expression = hcl_edit::parser::parse_expr(source).expect("readable");
        at(&expression, way).into_iter().map(|one| one.as_str().unwrap_or("?").to_owned()).collect()
    }

    #[test]
    fn ways_are_followed() {
        assert_eq!(found(r#"{ a = { b = "x" } }"#, &["a", "b"]), ["x"]);
        assert_eq!(
            found(
                r#"{ roles = { app = { password = "x" }, ro = { password = var.p } } }"#,
                &["roles", "*", "password"]
            ),
            ["x", "?"]
        );
        assert_eq!(found(r#"[{ password = "x" }]"#, &["*", "password"]), ["x"]);
        assert_eq!(found(r#"{ for k, v in var.r : k => { password = "x" } }"#, &["*", "password"]), ["x"]);
        assert_eq!(found(r#"var.on ? { b = "x" } : merge({ b = "y" }, var.z)"#, &["b"]), ["x", "y"]);
        assert_eq!(found(r#"{ a = 1 }"#, &["b"]), Vec::<String>::new());
        assert_eq!(found(r#"{ "a": "x" }"#, &["a"]), ["x"]);
    }

    #[test]
    fn names_are_found_where_they_are_written() {
        let source = r#"merge(var.a, { "cost:env" = "prod", cost_owner = "me" })"#;
        let expression = hcl_edit::parser::parse_expr(source).expect("readable");
        let text = |name| written(&expression, name).map(|span| &source[span]);
        assert_eq!(text("cost:env"), Some("\"cost:env\""));
        assert_eq!(text("cost_owner").map(str::trim), Some("cost_owner"));
        assert_eq!(text("nothing"), None);
    }
}
