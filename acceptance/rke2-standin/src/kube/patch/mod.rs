//! The four ways to change a part of an object: merge patch, strategic merge patch, JSON patch and server-side apply.

pub(crate) mod apply;
pub(crate) mod fields;
pub(crate) mod json;
pub(crate) mod lists;
pub(crate) mod managers;
pub(crate) mod strategic;

use serde_json::{Value, json};

/// RFC 7386: members replace, `null` takes away, lists are replaced whole.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Some(members) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (key, value) in members {
        match target.as_object_mut() {
            Some(map) if value.is_null() => {
                map.remove(key);
            }
            Some(map) => merge(map.entry(key.clone()).or_insert(Value::Null), value),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merge_patches_follow_the_examples_of_rfc_7386() {
        for (target, patch, expected) in [
            (json!({"a":"b"}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"b"}), json!({"a":null}), json!({})),
            (json!({"a":["b"]}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":{"b":"c"}}), json!({"a":{"b":"d","c":null}}), json!({"a":{"b":"d"}})),
            (json!({"a":"foo"}), json!(["b"]), json!(["b"])),
            (json!({}), json!({"a":{"bb":{"ccc":null}}}), json!({"a":{"bb":{}}})),
        ] {
            let mut found = target.clone();
            merge(&mut found, &patch);
            assert_eq!(found, expected, "{target} + {patch}");
        }
    }
}
