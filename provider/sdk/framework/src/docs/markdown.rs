//! Pieces of Markdown.

use tf_value::Value;

use crate::schema::Validator;

/// Front matter as the registry wants it. `subcategory` is left out where there is none to say.
pub(super) fn front_matter(title: &str, subcategory: Option<&str>, description: &str) -> String {
    let subcategory =
        subcategory.map(|group| format!("subcategory: {}\n", quoted(group))).unwrap_or_default();
    let description = plain(&first_paragraph(description));
    format!("---\npage_title: {}\n{subcategory}description: |-\n  {description}\n---\n", quoted(title))
}

/// A YAML string; JSON strings are.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " "))
}

/// The text up to the first empty line, on one line.
fn first_paragraph(text: &str) -> String {
    let paragraph = text.trim().split("\n\n").next().unwrap_or_default();
    paragraph.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

/// Text without the marks of Markdown that would show in a search result: code, strong text and links.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(['`', '*', '[']) {
        out.push_str(&rest[..start]);
        let (mark, after) = rest[start..].split_at(1);
        rest = after;
        match (mark, link(after)) {
            ("[", Some((label, tail))) => {
                out.push_str(&plain(label));
                rest = tail;
            }
            ("[", None) => out.push('['),
            // A lone asterisk is a product, not emphasis.
            ("*", _) if after.starts_with(' ') && out.ends_with(' ') => out.push('*'),
            _ => {}
        }
    }
    out.push_str(rest);
    out
}

/// `label](target)tail`, after the opening bracket.
fn link(text: &str) -> Option<(&str, &str)> {
    let (label, rest) = text.split_once("](")?;
    let (_, tail) = rest.split_once(')')?;
    (!label.contains(['[', ']'])).then_some((label, tail))
}

/// A fenced block of code; the fence is longer than any in the code.
pub(super) fn code(language: &str, text: &str) -> String {
    let longest = text.lines().map(|line| line.len() - line.trim_start_matches('`').len()).max().unwrap_or(0);
    let fence = "`".repeat(3.max(longest + 1));
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_end())
}

/// Text in code style.
pub(super) fn literal(text: &str) -> String {
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

/// All lines but the first moved in, as the content of a list item is.
pub(super) fn indented(text: &str) -> String {
    let mut lines = text.trim().lines();
    let mut out = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        out.push('\n');
        if !line.is_empty() {
            out.push_str("  ");
            out.push_str(line);
        }
    }
    out
}

/// A value as it is written in a configuration.
pub(super) fn hcl(value: &Value) -> String {
    match value {
        Value::Null | Value::Unknown(_) => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => hcl_string(text),
        Value::List(values) | Value::Set(values) | Value::Tuple(values) => {
            format!("[{}]", values.iter().map(hcl).collect::<Vec<_>>().join(", "))
        }
        Value::Map(members) | Value::Object(members) if members.is_empty() => "{}".to_owned(),
        Value::Map(members) => {
            let member = |(key, value): (&String, &Value)| format!("{} = {}", hcl_string(key), hcl(value));
            format!("{{ {} }}", members.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        Value::Object(members) => {
            let member = |(key, value): (&String, &Value)| format!("{key} = {}", hcl(value));
            format!("{{ {} }}", members.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        Value::Dynamic(dynamic) => hcl(&dynamic.value),
    }
}

fn hcl_string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('"');
    out.replace("${", "$${").replace("%{", "%%{")
}

/// "`a`, `b` or `c`", of values.
pub(super) fn alternatives(values: &[Value]) -> String {
    let literals: Vec<String> = values.iter().map(|value| literal(&hcl(value))).collect();
    match literals.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, front)) => format!("{} or {last}", front.join(", ")),
        None => "nothing".to_owned(),
    }
}

/// What a validator wants, after "Must be".
pub(super) fn expectation(validator: &Validator) -> String {
    match validator {
        Validator::OneOf(values) if values.len() < 3 => alternatives(values),
        Validator::OneOf(values) => format!("one of {}", alternatives(values)),
        other => other.expectation(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_do_not_show_in_the_description() {
        let front = front_matter(
            "A \"B\"",
            Some("C"),
            "Makes **a** `thing`, as [told](https://x).\nStill.\n\nNot this.",
        );
        let expected = "---\npage_title: \"A \\\"B\\\"\"\nsubcategory: \"C\"\ndescription: |-\n  Makes a thing, as told. Still.\n---\n";
        assert_eq!(front, expected);
        assert_eq!(plain("a [b] 2 * 3 [c](d) [e"), "a [b] 2 * 3 c [e");
    }

    #[test]
    fn values_are_written_as_in_a_configuration() {
        let value = Value::object([
            ("a", Value::List(vec![Value::from(1), Value::Null])),
            ("b", Value::from("x\"y\n${z}")),
            ("c", Value::Map([("k".to_owned(), Value::from(true))].into())),
        ]);
        assert_eq!(hcl(&value), r#"{ a = [1, null], b = "x\"y\n$${z}", c = { "k" = true } }"#);
    }

    #[test]
    fn a_fence_is_longer_than_those_inside() {
        assert_eq!(code("md", "```\na\n```\n"), "````md\n```\na\n```\n````\n");
        assert_eq!(literal("a`b"), "`` a`b ``");
    }

    #[test]
    fn items_keep_their_paragraphs() {
        assert_eq!(indented("a\n\nb\n  c\n"), "a\n\n  b\n    c");
    }
}
