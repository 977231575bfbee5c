//! Functions: cost tags in the grammar of a target, and a decision told to people.

use std::collections::BTreeMap;

use cost_engine::json::parse;
use cost_engine::tags::{Spelled, Target, spell};
use tf_framework::{FunctionError, Type, Value, function};
use tf_value::Dynamic;

use crate::told;

/// Spells cost tags as a target can carry them.
///
/// `aws` and `azure` get a map with names such as `cost:env`, `gcp` one with `cost_env`, `kubernetes` one with
/// `cost.hybridops.io/env`. `proxmox` gets a list of tags such as `cost-env.prod`, `netbox` one of slugs such as
/// `cost-env-prod`, for neither has values. What a target cannot carry is an error, never a changed value. Leave `run_id`
/// out of what lasts: it would be a change at every run.
#[function(name = "cost_tags")]
pub(crate) fn cost_tags(
    /// Where the tags go: `aws`, `azure`, `gcp`, `kubernetes`, `proxmox` or `netbox`.
    target: String,
    /// The tags: `env`, `owner`, `component`, `purpose` and `run_id`, each with or without `cost:` before it.
    tags: BTreeMap<String, String>,
) -> Result<Value, FunctionError> {
    let known = Target::named(&target).map_err(|error| FunctionError::argument(0, format!("{error}.")))?;
    let pairs = tags.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let spelled = spell(known, pairs).map_err(|error| FunctionError::argument(1, format!("{error}.")))?;
    let (ty, value) = match spelled {
        Spelled::Map(map) => {
            let map = map.into_iter().map(|(name, value)| (name, Value::from(value.as_str()))).collect();
            (Type::Map(Box::new(Type::String)), Value::Map(map))
        }
        Spelled::Words(words) => {
            let words = words.iter().map(|word| Value::from(word.as_str())).collect();
            (Type::List(Box::new(Type::String)), Value::List(words))
        }
    };
    Ok(Value::Dynamic(Box::new(Dynamic { ty, value })))
}

/// Tells a decision in plain lines, every rule among them.
#[function(name = "explain")]
pub(crate) fn explain(
    /// The decision as JSON: `decision` of `hybridops_cost_gate` or `hybridops_cost_decision`, a record of a ledger, or
    /// what `hybridops cost decide` wrote.
    decision: String,
) -> Result<String, FunctionError> {
    let wrong = |problem: String| FunctionError::argument(0, format!("It is no decision: {problem}."));
    let document = parse(decision.as_bytes()).map_err(|error| wrong(error.to_string()))?;
    told::explain(&document).map_err(|error| wrong(error.to_string()))
}
