//! The files of a module: their syntax where it is Terraform's own, and changes to them.

use std::ops::Range;

use hcl_edit::Span as _;
use hcl_edit::parser::parse_body;
use hcl_edit::structure::{Block, Body};

/// A change to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) file: String,
    /// The bytes that go.
    pub(crate) bytes: Range<usize>,
    /// What comes instead.
    pub(crate) text: String,
}

/// The syntax of a file; `None` for JSON and for what cannot be read, which tflint itself complains about.
pub(crate) fn parse(name: &str, source: &[u8]) -> Option<Body> {
    if !name.ends_with(".tf") && !name.ends_with(".tofu") {
        return None;
    }
    parse_body(std::str::from_utf8(source).ok()?).ok()
}

/// The block that begins at a byte.
pub(crate) fn block_at(body: &Body, byte: usize) -> Option<&Block> {
    body.blocks().find(|block| block.span().is_some_and(|span| span.start == byte))
}

/// The files with all changes made; of two that touch the same bytes, the first.
pub(crate) fn apply(source: &[u8], mut edits: Vec<&Edit>) -> Vec<u8> {
    edits.sort_by_key(|edit| (edit.bytes.start, edit.bytes.end));
    let mut changed = Vec::with_capacity(source.len());
    let mut done = 0;
    for edit in edits {
        if edit.bytes.start < done || edit.bytes.end > source.len() {
            continue;
        }
        changed.extend_from_slice(source.get(done..edit.bytes.start).unwrap_or_default());
        changed.extend_from_slice(edit.text.as_bytes());
        done = edit.bytes.end;
    }
    changed.extend_from_slice(source.get(done..).unwrap_or_default());
    changed
}

/// Puts `setting` into the `lifecycle` block of a block, which is added where there is none.
pub(crate) fn in_lifecycle(file: &str, source: &[u8], block: &Block, setting: &str) -> Option<Edit> {
    let text = std::str::from_utf8(source).ok()?;
    let indent = indent_at(text, block.span()?.start);
    if let Some(lifecycle) = block.body.blocks().find(|inner| inner.ident.as_str() == "lifecycle") {
        let span = lifecycle.span()?;
        let brace = span.start + text.get(span)?.find('{')? + 1;
        // `lifecycle {}` has nothing behind the brace that could end the line.
        let rest = text.get(brace..)?.split('\n').next()?;
        let tail = if rest.trim_end().ends_with('}') { format!("\n{indent}  ") } else { String::new() };
        let text = format!("\n{indent}    {setting}{tail}");
        return Some(Edit { file: file.to_owned(), bytes: brace..brace, text });
    }
    let close = block.span()?.end.checked_sub(1)?;
    let line = text.get(..close)?.rfind('\n').map_or(0, |newline| newline + 1);
    let alone = text.get(line..close)?.trim().is_empty();
    let body = format!("{indent}  lifecycle {{\n{indent}    {setting}\n{indent}  }}\n");
    Some(if alone {
        let gap = if block.body.is_empty() { "" } else { "\n" };
        Edit { file: file.to_owned(), bytes: line..line, text: format!("{gap}{body}") }
    } else {
        Edit { file: file.to_owned(), bytes: close..close, text: format!("\n{body}{indent}") }
    })
}

/// The blanks before the first word of the line of a byte.
fn indent_at(text: &str, byte: usize) -> String {
    let line = text.get(..byte).unwrap_or_default().rsplit('\n').next().unwrap_or_default();
    line.chars().take_while(|c| c.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guarded(source: &str) -> String {
        let body = parse("main.tf", source.as_bytes()).expect("readable");
        let block = body.blocks().next().expect("a block");
        let edit =
            in_lifecycle("main.tf", source.as_bytes(), block, "prevent_destroy = true").expect("an edit");
        let changed = apply(source.as_bytes(), vec![&edit]);
        let changed = String::from_utf8(changed).expect("text");
        assert!(parse("main.tf", changed.as_bytes()).is_some(), "{changed}");
        changed
    }

    #[test]
    fn a_lifecycle_block_is_added_or_filled() {
        let block = "resource \"a\" \"b\" {\n  size = 1\n}\n";
        let expected =
            "resource \"a\" \"b\" {\n  size = 1\n\n  lifecycle {\n    prevent_destroy = true\n  }\n}\n";
        assert_eq!(guarded(block), expected);
        let empty = "resource \"a\" \"b\" {}\n";
        assert_eq!(
            guarded(empty),
            "resource \"a\" \"b\" {\n  lifecycle {\n    prevent_destroy = true\n  }\n}\n"
        );
        let filled = "resource \"a\" \"b\" {\n  lifecycle {\n    ignore_changes = [x]\n  }\n}\n";
        let expected = "resource \"a\" \"b\" {\n  lifecycle {\n    prevent_destroy = true\n    ignore_changes = [x]\n  }\n}\n";
        assert_eq!(guarded(filled), expected);
        let hollow = "resource \"a\" \"b\" {\n  lifecycle {}\n}\n";
        assert_eq!(
            guarded(hollow),
            "resource \"a\" \"b\" {\n  lifecycle {\n    prevent_destroy = true\n  }\n}\n"
        );
    }

    #[test]
    fn of_overlapping_changes_the_first_is_made() {
        let edit = |bytes, text: &str| Edit { file: String::new(), bytes, text: text.to_owned() };
        let (one, two, three) = (edit(1..3, "X"), edit(2..4, "Y"), edit(4..4, "Z"));
        assert_eq!(apply(b"abcdef", vec![&three, &two, &one]), b"aXdZef");
        assert_eq!(apply(b"ab", vec![&edit(1..9, "X")]), b"ab");
    }
}
