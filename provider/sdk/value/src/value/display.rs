//! Values as a configuration would write them, for messages.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use super::Value;

/// Characters after which a message has seen enough of a value.
const LIMIT: usize = 256;

/// As written in a configuration, in one line; ends in `…` where it would be longer than 256 characters. For
/// messages only, and never for a value that may be secret.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Limited { text: String::new(), left: LIMIT };
        let complete = write_value(&mut text, self).is_ok();
        f.write_str(&text.text)?;
        if complete { Ok(()) } else { f.write_str("…") }
    }
}

/// Takes so many characters and then fails, so that a long value is not written out to be thrown away.
struct Limited {
    text: String,
    left: usize,
}

impl Write for Limited {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
            self.text.push(character);
        }
        Ok(())
    }
}

fn write_value(out: &mut Limited, value: &Value) -> fmt::Result {
    match value {
        Value::Null => out.write_str("null"),
        Value::Unknown(_) => out.write_str("(known after apply)"),
        Value::Bool(truth) => write!(out, "{truth}"),
        Value::Number(number) => write!(out, "{number}"),
        Value::String(text) => write!(out, "{text:?}"),
        Value::List(elements) | Value::Set(elements) | Value::Tuple(elements) => {
            write_sequence(out, elements)
        }
        Value::Map(elements) => write_names(out, elements, |out, key| write!(out, "{key:?}")),
        Value::Object(attributes) => write_names(out, attributes, Limited::write_str),
        Value::Dynamic(dynamic) => write_value(out, &dynamic.value),
    }
}

fn write_sequence(out: &mut Limited, elements: &[Value]) -> fmt::Result {
    out.write_str("[")?;
    for (index, element) in elements.iter().enumerate() {
        out.write_str(if index == 0 { "" } else { ", " })?;
        write_value(out, element)?;
    }
    out.write_str("]")
}

fn write_names(
    out: &mut Limited,
    parts: &BTreeMap<String, Value>,
    write_name: impl Fn(&mut Limited, &str) -> fmt::Result,
) -> fmt::Result {
    if parts.is_empty() {
        return out.write_str("{}");
    }
    out.write_str("{ ")?;
    for (index, (name, part)) in parts.iter().enumerate() {
        out.write_str(if index == 0 { "" } else { ", " })?;
        write_name(out, name)?;
        out.write_str(" = ")?;
        write_value(out, part)?;
    }
    out.write_str(" }")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Type;

    #[test]
    fn writes_configuration() {
        let value = Value::object([
            ("empty", Value::map::<&str>([])),
            ("list", Value::from(vec![Value::from(1), Value::Null, Value::UNKNOWN])),
            ("map", Value::map([("a b", Value::dynamic(Type::String, Value::from("say \"hi\"")))])),
        ]);
        assert_eq!(
            value.to_string(),
            r#"{ empty = {}, list = [1, null, (known after apply)], map = { "a b" = "say \"hi\"" } }"#
        );
    }

    #[test]
    fn long_values_are_cut() {
        let text = Value::from("é".repeat(1000)).to_string();
        assert_eq!(text.chars().count(), LIMIT + 1);
        assert!(text.ends_with("é…"));
        assert_eq!(Value::from("a".repeat(LIMIT - 2)).to_string().len(), LIMIT);
    }
}
