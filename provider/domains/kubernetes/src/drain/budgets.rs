//! Which disruption budgets cover a pod, and how they stand.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::api::Object;

/// The budgets of its namespace that cover a pod of these labels, told with how they stand.
pub(super) fn covering(budgets: &[Object], labels: &BTreeMap<String, String>) -> Vec<String> {
    let covers = |budget: &&Object| budget.0.pointer("/spec/selector").is_some_and(|it| selects(it, labels));
    budgets.iter().filter(covers).map(told).collect()
}

fn told(budget: &Object) -> String {
    let number = |key: &str| budget.number(&format!("/status/{key}")).unwrap_or_default();
    format!(
        "{}/{} ({} healthy, {} needed, {} may be disrupted)",
        budget.namespace().unwrap_or_default(),
        budget.name(),
        number("currentHealthy"),
        number("desiredHealthy"),
        number("disruptionsAllowed"),
    )
}

/// Whether a label selector fits. An empty one fits all, as the API has it for budgets.
fn selects(selector: &Value, labels: &BTreeMap<String, String>) -> bool {
    let equal = selector.get("matchLabels").and_then(Value::as_object).into_iter().flatten();
    let mut equal = equal.map(|(key, value)| labels.get(key).map(String::as_str) == value.as_str());
    let expressions = selector.get("matchExpressions").and_then(Value::as_array).into_iter().flatten();
    let mut expressions = expressions.map(|expression| fits(expression, labels));
    equal.all(|fits| fits) && expressions.all(|fits| fits)
}

fn fits(expression: &Value, labels: &BTreeMap<String, String>) -> bool {
    let text = |key: &str| expression.get(key).and_then(Value::as_str).unwrap_or_default();
    let value = labels.get(text("key")).map(String::as_str);
    let values = expression.get("values").and_then(Value::as_array).into_iter().flatten();
    let within = || values.into_iter().any(|other| other.as_str() == value);
    match text("operator") {
        "In" => value.is_some() && within(),
        "NotIn" => value.is_none() || !within(),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn selectors_are_read_as_the_api_reads_them() {
        let labels = BTreeMap::from([("app".to_owned(), "web".to_owned())]);
        let fits = |selector: Value| selects(&selector, &labels);
        assert!(fits(json!({})));
        assert!(fits(json!({"matchLabels": {"app": "web"}})));
        assert!(!fits(json!({"matchLabels": {"app": "web", "tier": "x"}})));
        let expression = |operator: &str, key: &str| json!({"matchExpressions": [{"key": key, "operator": operator, "values": ["web"]}]});
        assert!(fits(expression("In", "app")) && !fits(expression("In", "tier")));
        assert!(!fits(expression("NotIn", "app")) && fits(expression("NotIn", "tier")));
        assert!(fits(expression("Exists", "app")) && fits(expression("DoesNotExist", "tier")));
    }
}
