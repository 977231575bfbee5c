//! Documentation comments as descriptions.

use proc_macro2::Span;
use syn::{Attribute, Expr, ExprLit, Lit, Meta};

use crate::errors::Errors;

/// The documentation comments among the attributes.
pub(crate) fn comments(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("doc"))
}

/// The description in the documentation comment: Markdown, each paragraph on one line.
/// Empty, with a complaint at `span`, where there is none.
pub(crate) fn description(
    attributes: &[Attribute],
    span: Span,
    missing: &str,
    errors: &mut Errors,
) -> String {
    let mut lines = Vec::new();
    for comment in comments(attributes) {
        match &comment.meta {
            Meta::NameValue(meta) => match &meta.value {
                Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
                    lines.extend(text.value().split('\n').map(str::to_owned));
                }
                other => errors.at(other, "a description must be written out: no macro is evaluated here"),
            },
            // #[doc(hidden)] and its like say nothing.
            Meta::Path(_) | Meta::List(_) => {}
        }
    }
    let text = flow(&lines);
    if text.is_empty() {
        errors.span(span, missing);
    }
    text
}

/// Joins the lines of each paragraph; lists, headings, tables and code keep their lines.
fn flow(lines: &[String]) -> String {
    let indent =
        lines.iter().filter(|line| !line.trim().is_empty()).map(|line| leading(line)).min().unwrap_or(0);
    let mut flowed: Vec<String> = Vec::new();
    let mut fenced = false;
    // Whether the last line may be continued.
    let mut open = false;
    for line in lines {
        let line = line.get(indent..).unwrap_or("").trim_end();
        let fence = line.trim_start().starts_with("```");
        if fenced || fence {
            flowed.push(line.to_owned());
            fenced ^= fence;
            open = false;
        } else if line.is_empty() {
            if flowed.last().is_some_and(|last| !last.is_empty()) {
                flowed.push(String::new());
            }
            open = false;
        } else if open && !starts_something(line) {
            if let Some(last) = flowed.last_mut() {
                last.push(' ');
                last.push_str(line.trim_start());
            }
        } else {
            flowed.push(line.to_owned());
            open = !line.starts_with(['#', '|']);
        }
    }
    flowed.join("\n").trim().to_owned()
}

fn leading(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// A line that begins a list item, heading, quotation or table row.
fn starts_something(line: &str) -> bool {
    let line = line.trim_start();
    let numbered = || {
        let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
        rest.len() < line.len() && (rest.starts_with(". ") || rest.starts_with(") "))
    };
    ["- ", "* ", "+ ", "#", "|", "> "].iter().any(|start| line.starts_with(start)) || numbered()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flowed(text: &str) -> String {
        flow(&text.split('\n').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn a_paragraph_becomes_one_line() {
        assert_eq!(
            flowed(" Node that runs\n the guest.\n\n\n Chosen once.\n"),
            "Node that runs the guest.\n\nChosen once."
        );
    }

    #[test]
    fn lists_tables_and_code_keep_their_lines() {
        let list = "One of:\n- a, which\n  goes on\n- b\n1. c";
        assert_eq!(flowed(list), "One of:\n- a, which goes on\n- b\n1. c");
        let code = "Such as:\n```hcl\na = 1\n\n  b = 2\n```\nand so\non.";
        assert_eq!(flowed(code), "Such as:\n```hcl\na = 1\n\n  b = 2\n```\nand so on.");
        assert_eq!(flowed("| a |\n| - |\n| b |"), "| a |\n| - |\n| b |");
    }

    #[test]
    fn silence_is_a_mistake() {
        let mut errors = Errors::default();
        let attributes: Vec<Attribute> =
            vec![syn::parse_quote!(#[doc(hidden)]), syn::parse_quote!(#[doc = " "])];
        assert_eq!(description(&attributes, Span::call_site(), "say something", &mut errors), "");
        assert_eq!(errors.messages(), ["say something"]);
    }
}
