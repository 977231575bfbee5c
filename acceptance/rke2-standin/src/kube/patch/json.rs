//! RFC 6902: a list of operations, all or none.

use serde_json::{Value, json};

use super::super::objects::text;
use super::super::status::{ApiResult, Status};

/// Applies every operation in turn.
pub(crate) fn apply(target: &Value, patch: &Value) -> ApiResult<Value> {
    let operations = patch.as_array().ok_or_else(|| {
        Status::bad_request("error decoding patch: json: cannot unmarshal into jsonpatch.Patch")
    })?;
    let mut result = target.clone();
    for operation in operations {
        apply_one(&mut result, operation)?;
    }
    Ok(result)
}

fn refuse(operation: &Value, why: &str) -> Status {
    Status::new(
        422,
        "Invalid",
        format!(
            "the server rejected our request due to an error in our request: {} operation does not apply: doc is missing path: \"{}\": {why}",
            text(operation, &["op"]),
            text(operation, &["path"])
        ),
    )
}

fn apply_one(document: &mut Value, operation: &Value) -> ApiResult<()> {
    let path = text(operation, &["path"]);
    match text(operation, &["op"]) {
        "add" => {
            add(document, path, operation["value"].clone()).ok_or_else(|| refuse(operation, "missing value"))
        }
        "remove" => remove(document, path).map(|_| ()).ok_or_else(|| refuse(operation, "missing value")),
        "replace" => {
            let place = document.pointer_mut(path).ok_or_else(|| refuse(operation, "missing value"))?;
            *place = operation["value"].clone();
            Ok(())
        }
        "test" => {
            let found = document.pointer(path).cloned().unwrap_or(Value::Null);
            if found == operation["value"] {
                Ok(())
            } else {
                Err(Status::new(
                    422,
                    "Invalid",
                    format!(
                        "the server rejected our request due to an error in our request: testing value {path} failed: test failed"
                    ),
                ))
            }
        }
        "copy" | "move" => {
            let from = text(operation, &["from"]);
            let value = document.pointer(from).cloned().ok_or_else(|| refuse(operation, "missing value"))?;
            if operation["op"] == "move" {
                remove(document, from);
            }
            add(document, path, value).ok_or_else(|| refuse(operation, "missing value"))
        }
        other => Err(Status::bad_request(format!("Unexpected kind: {other}"))),
    }
}

fn unescape(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

fn add(document: &mut Value, path: &str, value: Value) -> Option<()> {
    if path.is_empty() {
        *document = value;
        return Some(());
    }
    let (parent, last) = path.rsplit_once('/')?;
    let last = unescape(last);
    match document.pointer_mut(parent)? {
        Value::Object(map) => {
            map.insert(last, value);
        }
        Value::Array(list) if last == "-" => list.push(value),
        Value::Array(list) => {
            let index: usize = last.parse().ok().filter(|index| *index <= list.len())?;
            list.insert(index, value);
        }
        _ => return None,
    }
    Some(())
}

fn remove(document: &mut Value, path: &str) -> Option<Value> {
    if path.is_empty() {
        return Some(std::mem::replace(document, json!(null)));
    }
    let (parent, last) = path.rsplit_once('/')?;
    let last = unescape(last);
    match document.pointer_mut(parent)? {
        Value::Object(map) => map.remove(&last),
        Value::Array(list) => {
            let index: usize = last.parse().ok().filter(|index| *index < list.len())?;
            Some(list.remove(index))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_apply_in_order_and_escaped() {
        let target = json!({ "metadata": { "annotations": { "a/b": "1" } }, "list": [1, 3] });
        let patch = json!([
            { "op": "test", "path": "/metadata/annotations/a~1b", "value": "1" },
            { "op": "remove", "path": "/metadata/annotations/a~1b" },
            { "op": "add", "path": "/list/1", "value": 2 },
            { "op": "add", "path": "/list/-", "value": 4 },
            { "op": "move", "from": "/list", "path": "/other" },
        ]);
        let expected = json!({ "metadata": { "annotations": {} }, "other": [1, 2, 3, 4] });
        assert_eq!(apply(&target, &patch).unwrap(), expected);
    }

    #[test]
    fn a_failed_test_refuses_the_whole_patch() {
        let refused =
            apply(&json!({ "a": 1 }), &json!([{ "op": "test", "path": "/a", "value": 2 }])).unwrap_err();
        assert_eq!(refused.code, 422);
        assert!(apply(&json!({}), &json!([{ "op": "remove", "path": "/a" }])).is_err());
    }
}
