//! Decoding what Perl sends: numbers as strings, strings as numbers, booleans as 0 and 1, absent or null.
//!
//! For `#[serde(deserialize_with)]`; together with `#[serde(default)]` a field may also be missing.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The text of a scalar; `None` for null, lists and objects.
pub fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(u8::from(*flag).to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A whole number in any of its spellings; fractions are cut.
pub fn whole(value: &Value) -> Option<u64> {
    let text = scalar(value)?;
    let text = text.trim();
    text.parse().ok().or_else(|| {
        let float: f64 = text.parse().ok()?;
        // The bound keeps the conversion exact enough to be meaningful; beyond it there is no such size.
        (0.0..1.8e19).contains(&float).then_some(float as u64)
    })
}

/// A truth value in any of its spellings.
pub fn truth(value: &Value) -> Option<bool> {
    match scalar(value)?.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Some(true),
        "0" | "" | "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// A text, or the text of a number; null is empty.
pub fn text<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(opt_text(from)?.unwrap_or_default())
}

/// A text, or the text of a number; null is absent.
pub fn opt_text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(scalar(&Value::deserialize(from)?))
}

/// A whole number; anything else is zero.
pub fn u64<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    Ok(opt_u64(from)?.unwrap_or_default())
}

/// A whole number; anything else is absent.
pub fn opt_u64<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    Ok(whole(&Value::deserialize(from)?))
}

/// A guest number; anything else is absent.
pub fn opt_vmid<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    Ok(opt_u64(from)?.and_then(|number| u32::try_from(number).ok()))
}

/// A fraction; anything else is zero.
pub fn f64<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    let value = Value::deserialize(from)?;
    Ok(scalar(&value).and_then(|text| text.trim().parse().ok()).unwrap_or_default())
}

/// A truth value; absent is false.
pub fn flag<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Ok(truth(&Value::deserialize(from)?).unwrap_or_default())
}

/// A comma list, order lost: these come back in a different order each time.
pub fn set<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeSet<String>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Array(items) => items.iter().filter_map(scalar).collect(),
        other => scalar(&other).map(|text| split_list(&text)).unwrap_or_default(),
    })
}

/// Splits the way Proxmox splits lists: at commas, semicolons and white space.
pub fn split_list(text: &str) -> BTreeSet<String> {
    list(text).map(str::to_owned).collect()
}

/// The same, in order.
pub(crate) fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| matches!(c, ',' | ';' | '\0') || c.is_whitespace()).filter(|item| !item.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn spellings() {
        assert_eq!(whole(&json!("256")), Some(256));
        assert_eq!(whole(&json!(256)), Some(256));
        assert_eq!(whole(&json!(1.5)), Some(1));
        assert_eq!(whole(&json!("abc")), None);
        assert_eq!(whole(&json!(-1)), None);
        assert_eq!(whole(&json!(u64::MAX)), Some(u64::MAX));
        assert_eq!(truth(&json!(1)), Some(true));
        assert_eq!(truth(&json!("0")), Some(false));
        assert_eq!(truth(&json!("maybe")), None);
        assert_eq!(scalar(&json!({"a": 1})), None);
    }

    proptest! {
        #[test]
        fn numbers_and_their_texts_agree(number: u64) {
            prop_assert_eq!(whole(&json!(number)), Some(number));
            prop_assert_eq!(whole(&json!(number.to_string())), Some(number));
        }
    }
}
