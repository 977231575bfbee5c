//! What costs money says whose it is.

use cost_engine::tags::Key;

use super::tagged;
use crate::check::Check;
use crate::content::{address, head, place, schema};
use crate::host::HostError;
use crate::rule::{Rule, RuleInfo};
use crate::settings::list;

pub(super) struct CostTagsPresent;

#[tonic::async_trait]
impl Rule for CostTagsPresent {
    fn info(&self) -> RuleInfo {
        RuleInfo::error("hybridops_cost_tags_present")
    }

    async fn check(&self, check: &mut Check) -> Result<(), HostError> {
        let required = required(check).await?;
        for resource in tagged::resources(check).await? {
            // Whether tags that are computed elsewhere hold the missing ones is not to be seen here.
            if !resource.carrier.costly || resource.is_open() {
                continue;
            }
            // Names in a foreign grammar are another rule's finding.
            let foreign = |key| resource.own.foreign.iter().any(|one| one.key == key);
            let target = resource.carrier.target;
            let missing: Vec<String> =
                required
                    .iter()
                    .filter(|key| !resource.tells(**key) && !foreign(**key))
                    .map(|key| {
                        if target.has_values() { target.name_of(*key) } else { target.word(*key, "<value>") }
                    })
                    .collect();
            if !missing.is_empty() {
                let at = resource.expression.as_ref().map_or_else(|| head(&resource.block), place);
                let message = format!(
                    "{} costs money and does not say whose: it lacks {}.",
                    address(&resource.block),
                    missing.join(", ")
                );
                check.report(at, message).await?;
            }
        }
        Ok(())
    }
}

/// The tags that must be there: those of `tags` in the rule's block, else all that last.
async fn required(check: &mut Check) -> Result<Vec<Key>, HostError> {
    let config = check.config(schema(["tags"], [])).await?;
    match list(&config, "tags") {
        Ok(None) => Ok(Key::LASTING.to_vec()),
        Ok(Some(names)) => names
            .iter()
            .map(|name| {
                Key::named(name).ok_or_else(|| HostError::Setting { name: "tags", value: name.clone() })
            })
            .collect(),
        Err(error) => Err(HostError::Setting { name: "tags", value: error.to_string() }),
    }
}
