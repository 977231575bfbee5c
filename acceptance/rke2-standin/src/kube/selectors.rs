//! Label and field selectors, in query strings and in objects.

use serde_json::{Map, Value};

use super::objects::text;
use super::status::{ApiResult, Status};

/// One requirement on labels.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Missing(String),
}

/// All requirements together; none selects everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Labels(Vec<Requirement>);

impl Labels {
    /// The grammar of apimachinery/pkg/labels: `a=b,c!=d,e in (f,g),h notin (i),j,!k`.
    pub(crate) fn parse(query: &str) -> ApiResult<Labels> {
        let mut requirements = Vec::new();
        let mut rest = query.trim();
        while !rest.is_empty() {
            let end = end_of_requirement(rest);
            let (part, behind) = rest.split_at(end);
            requirements.push(requirement(part.trim())?);
            rest = behind.trim_start_matches(',').trim();
        }
        Ok(Labels(requirements))
    }

    /// A selector inside an object: `matchLabels` and `matchExpressions`.
    pub(crate) fn of_object(selector: &Value) -> Labels {
        let matches = selector["matchLabels"].as_object().into_iter().flatten();
        let mut requirements: Vec<Requirement> = matches
            .map(|(key, value)| {
                Requirement::In(key.clone(), vec![value.as_str().unwrap_or_default().to_owned()])
            })
            .collect();
        for expression in selector["matchExpressions"].as_array().into_iter().flatten() {
            let key = text(expression, &["key"]).to_owned();
            let values = || {
                let values = expression["values"].as_array().into_iter().flatten();
                values.filter_map(Value::as_str).map(str::to_owned).collect()
            };
            requirements.push(match text(expression, &["operator"]) {
                "In" => Requirement::In(key, values()),
                "NotIn" => Requirement::NotIn(key, values()),
                "DoesNotExist" => Requirement::Missing(key),
                _ => Requirement::Exists(key),
            });
        }
        Labels(requirements)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn matches(&self, labels: Option<&Map<String, Value>>) -> bool {
        let value = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(Value::as_str);
        self.0.iter().all(|requirement| match requirement {
            Requirement::In(key, values) => {
                value(key).is_some_and(|value| values.iter().any(|wanted| wanted == value))
            }
            Requirement::NotIn(key, values) => {
                value(key).is_none_or(|value| values.iter().all(|refused| refused != value))
            }
            Requirement::Exists(key) => value(key).is_some(),
            Requirement::Missing(key) => value(key).is_none(),
        })
    }
}

/// Commas inside parentheses do not end a requirement.
fn end_of_requirement(text: &str) -> usize {
    let mut depth = 0_usize;
    for (index, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => return index,
            _ => {}
        }
    }
    text.len()
}

fn requirement(part: &str) -> ApiResult<Requirement> {
    let owned = |text: &str| text.trim().to_owned();
    let set = |text: &str| -> ApiResult<Vec<String>> {
        let inner = text.trim().strip_prefix('(').and_then(|text| text.strip_suffix(')'));
        let inner = inner.ok_or_else(|| {
            Status::bad_request(format!("unable to parse requirement: found '{text}', expected: '('"))
        })?;
        Ok(inner.split(',').map(owned).collect())
    };
    if let Some((key, values)) = part.split_once(" notin ") {
        return Ok(Requirement::NotIn(owned(key), set(values)?));
    }
    if let Some((key, values)) = part.split_once(" in ") {
        return Ok(Requirement::In(owned(key), set(values)?));
    }
    if let Some((key, value)) = part.split_once("!=") {
        return Ok(Requirement::NotIn(owned(key), vec![owned(value)]));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return Ok(Requirement::In(owned(key), vec![owned(value)]));
    }
    match part.strip_prefix('!') {
        Some(key) => Ok(Requirement::Missing(owned(key))),
        None if part.is_empty() => Err(Status::bad_request("unable to parse requirement: it is empty")),
        None => Ok(Requirement::Exists(owned(part))),
    }
}

/// Conditions on fields, `a.b=c` or `a.b!=c`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields(Vec<(Vec<String>, bool, String)>);

/// What can be selected beside name and namespace: pkg/apis/core/v1/conversion.go; everything else is refused.
const FIELDS: &[(&str, &str)] = &[
    ("pods", "spec.nodeName"),
    ("pods", "spec.restartPolicy"),
    ("pods", "spec.schedulerName"),
    ("pods", "spec.serviceAccountName"),
    ("pods", "status.phase"),
    ("pods", "status.podIP"),
    ("nodes", "spec.unschedulable"),
    ("namespaces", "status.phase"),
    ("secrets", "type"),
    ("jobs", "status.successful"),
    ("certificatesigningrequests", "spec.signerName"),
    ("events", "involvedObject.kind"),
    ("events", "involvedObject.namespace"),
    ("events", "involvedObject.name"),
    ("events", "involvedObject.uid"),
    ("events", "involvedObject.apiVersion"),
    ("events", "involvedObject.resourceVersion"),
    ("events", "involvedObject.fieldPath"),
    ("events", "reason"),
    ("events", "source"),
    ("events", "type"),
    ("events", "reportingComponent"),
];

impl Fields {
    pub(crate) fn parse(resource: &str, query: &str) -> ApiResult<Fields> {
        let mut conditions = Vec::new();
        for part in query.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (field, equal, value) = if let Some((field, value)) = part.split_once("!=") {
                (field, false, value)
            } else if let Some((field, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
                (field, true, value)
            } else {
                return Err(Status::bad_request(format!("invalid field selector: '{part}'")));
            };
            let known = matches!(field, "metadata.name" | "metadata.namespace")
                || FIELDS.contains(&(resource, field));
            if !known {
                return Err(Status::bad_request(format!("field label not supported: {field}")));
            }
            conditions.push((field.split('.').map(str::to_owned).collect(), equal, value.to_owned()));
        }
        Ok(Fields(conditions))
    }

    pub(crate) fn matches(&self, object: &Value) -> bool {
        self.0.iter().all(|(path, equal, wanted)| {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            let found = super::objects::at(object, &path);
            let found = match found {
                Value::String(text) => text.clone(),
                Value::Null if path == ["spec", "unschedulable"] => "false".to_owned(),
                Value::Null => String::new(),
                other => other.to_string(),
            };
            (found == *wanted) == *equal
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn selects(query: &str, labels: &Value) -> bool {
        Labels::parse(query).unwrap().matches(labels.as_object())
    }

    #[test]
    fn label_selectors_read_the_whole_grammar() {
        let labels = json!({ "app": "db", "tier": "back" });
        assert!(selects("app=db,tier!=front", &labels));
        assert!(selects("app in (web, db),tier", &labels));
        assert!(!selects("app notin (web,db)", &labels));
        assert!(selects("!zone", &labels));
        assert!(!selects("zone", &labels));
        assert!(selects("", &labels));
        assert!(Labels::parse("app in web").is_err());
    }

    #[test]
    fn a_missing_label_is_different_from_any_value() {
        assert!(selects("zone!=a", &json!({})));
        assert!(!selects("zone=a", &json!({})));
    }

    #[test]
    fn fields_are_those_the_server_knows() {
        let pod = json!({ "spec": { "nodeName": "a" }, "status": { "phase": "Running" } });
        assert!(Fields::parse("pods", "spec.nodeName=a,status.phase!=Failed").unwrap().matches(&pod));
        assert!(Fields::parse("nodes", "spec.unschedulable=false").unwrap().matches(&json!({})));
        let refused = Fields::parse("pods", "spec.hostname=a").unwrap_err();
        assert_eq!(refused.message, "field label not supported: spec.hostname");
    }
}
