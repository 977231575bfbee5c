//! How values are written in Terraform's language.

use ::catalogue::Table;
use ::catalogue::description::Field;
use serde_json::Value as Json;

use super::value::{Form, Link, Sample};

/// A literal.
#[must_use]
pub fn literal(json: &Json) -> String {
    match json {
        Json::String(text) => quoted(text),
        Json::Array(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Json::Object(members) if members.is_empty() => "{}".to_owned(),
        Json::Object(members) => {
            let members: Vec<String> =
                members.iter().map(|(name, value)| format!("{} = {}", key(name), literal(value))).collect();
            format!("{{ {} }}", members.join(", "))
        }
        other => other.to_string(),
    }
}

/// A text in quotes; nothing in it is interpolated.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            '$' | '%' if letters.peek() == Some(&'{') => {
                quoted.push(letter);
                quoted.push(letter);
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

fn key(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if plain { name.to_owned() } else { quoted(name) }
}

/// The address of an instance.
#[must_use]
pub fn address(table: &Table, link: &Link) -> String {
    let name = table.kind(&link.kind).map_or(link.kind.as_str(), |kind| kind.name);
    format!("hybridops_{name}.{}", link.instance)
}

/// A reference to an instance.
#[must_use]
pub fn link(table: &Table, link: &Link) -> String {
    let address = address(table, link);
    let last_part = || table.kind(&link.kind)?.nature.identity.parts().last().copied();
    let known = table.lookup(&link.kind).first().copied().or_else(last_part).unwrap_or("id");
    match link.form {
        Form::Id => format!("{address}.id"),
        Form::Text => format!("{address}.{known}"),
        Form::Attributes => format!("{{ {known} = {address}.{known} }}"),
    }
}

/// The arguments that give a field its value: name and expression.
#[must_use]
pub fn arguments(table: &Table, field: &Field, sample: &Sample) -> Vec<(String, String)> {
    let mut arguments = vec![(field.name.to_owned(), expression(table, sample))];
    if let Sample::Secret(_, version) = sample {
        arguments.push((format!("{}_version", field.name), version.to_string()));
    }
    arguments
}

/// A value as an expression.
#[must_use]
pub fn expression(table: &Table, sample: &Sample) -> String {
    let list = |links: &[Link]| {
        let items: Vec<String> = links
            .iter()
            .map(|one| {
                // The elements of a set are texts.
                let form = if one.form == Form::Attributes { Form::Text } else { one.form };
                link(table, &Link { form, ..one.clone() })
            })
            .collect();
        format!("[{}]", items.join(", "))
    };
    match sample {
        Sample::Plain(json) => literal(json),
        Sample::Encoded(json) => format!("jsonencode({})", literal(json)),
        Sample::Reference(one) => link(table, one),
        Sample::References(links) => list(links),
        Sample::Target(choice, one) => format!("{{ {} = {} }}", key(choice), link(table, one)),
        Sample::Objects(objects) => {
            let object = |members: &std::collections::BTreeMap<String, Sample>| {
                let members: Vec<String> = members
                    .iter()
                    .map(|(name, value)| format!("{} = {}", key(name), expression(table, value)))
                    .collect();
                format!("{{ {} }}", members.join(", "))
            };
            format!("[{}]", objects.iter().map(object).collect::<Vec<_>>().join(", "))
        }
        Sample::Tags(links) => {
            let slugs: Vec<String> =
                links.iter().map(|one| format!("{}.slug", address(table, one))).collect();
            format!("[{}]", slugs.join(", "))
        }
        Sample::Keys(keys) => {
            literal(&keys.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
        }
        Sample::File(path) | Sample::Secret(path, _) => quoted(path),
    }
}

/// A block with its arguments, laid out as `terraform fmt` does.
#[must_use]
pub fn block(header: &str, arguments: &[(String, String)]) -> String {
    let width = arguments.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let lines: String =
        arguments.iter().map(|(name, value)| format!("  {name:<width$} = {value}\n")).collect();
    format!("{header} {{\n{lines}}}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn literals_are_written() {
        let json = json!({"a-b": [1, true, null, "x\"${y}"], "c": {}});
        assert_eq!(literal(&json), "{ \"a-b\" = [1, true, null, \"x\\\"$${y}\"], c = {} }");
    }

    #[test]
    fn blocks_are_aligned() {
        let arguments = [("a".to_owned(), "1".to_owned()), ("long".to_owned(), "\"x\"".to_owned())];
        assert_eq!(
            block("data \"x\" \"y\"", &arguments),
            "data \"x\" \"y\" {\n  a    = 1\n  long = \"x\"\n}\n"
        );
    }
}
