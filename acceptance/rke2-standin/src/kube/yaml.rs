//! YAML as manifests and patches hold it, read into JSON.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value};

use super::status::{ApiResult, Status};

/// All documents of a text; empty ones are left out.
pub(crate) fn documents(text: &str) -> ApiResult<Vec<Value>> {
    let documents = Yaml::load_from_str(text)
        .map_err(|error| Status::bad_request(format!("error converting YAML to JSON: yaml: {error}")))?;
    let values: Vec<Value> = documents.iter().map(value).collect::<ApiResult<_>>()?;
    Ok(values.into_iter().filter(|value| !value.is_null()).collect())
}

/// JSON, or one document of YAML.
pub(crate) fn document(text: &[u8]) -> ApiResult<Value> {
    if let Ok(value) = serde_json::from_slice(text) {
        return Ok(value);
    }
    let text = std::str::from_utf8(text).map_err(|_| Status::bad_request("the body is not UTF-8"))?;
    documents(text)?.into_iter().next().ok_or_else(|| Status::bad_request("the body is empty"))
}

fn value(node: &Yaml<'_>) -> ApiResult<Value> {
    Ok(match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(flag)) => Value::from(*flag),
        Yaml::Value(Scalar::Integer(number)) => Value::from(*number),
        Yaml::Value(Scalar::FloatingPoint(number)) => Value::from(number.into_inner()),
        Yaml::Value(Scalar::String(text)) => Value::from(text.as_ref()),
        Yaml::Sequence(elements) => Value::Array(elements.iter().map(value).collect::<ApiResult<_>>()?),
        Yaml::Mapping(members) => {
            let mut map = Map::new();
            for (key, member) in members {
                let key = match value(key)? {
                    Value::String(key) => key,
                    other => other.to_string(),
                };
                map.insert(key, value(member)?);
            }
            Value::Object(map)
        }
        Yaml::Tagged(_, node) => value(node)?,
        _ => return Err(Status::bad_request("error converting YAML to JSON: yaml: not readable")),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn manifests_are_read_with_all_their_documents() {
        let text = "# nothing\n---\na: 1\nb: [x, 'true', true]\n---\n---\nc: |\n  two\n  lines\n";
        assert_eq!(
            documents(text).unwrap(),
            [json!({ "a": 1, "b": ["x", "true", true] }), json!({ "c": "two\nlines\n" })]
        );
        assert!(documents("# only words\n").unwrap().is_empty());
        assert!(documents("a: [1").is_err());
    }
}
