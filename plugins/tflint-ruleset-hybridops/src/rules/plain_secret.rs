//! A secret goes into the write-only argument where there is one.

use tf_value::Value;

use crate::check::Check;
use crate::content::{Look as _, address, block, label, schema};
use crate::host::HostError;
use crate::rule::{Rule, RuleInfo};
use crate::tables::secrets::TWINS;

pub(super) struct PlainSecret;

#[tonic::async_trait]
impl Rule for PlainSecret {
    fn info(&self) -> RuleInfo {
        RuleInfo::error("hybridops_plain_secret")
    }

    async fn check(&self, check: &mut Check) -> Result<(), HostError> {
        let conditions = TWINS.iter().filter_map(|twin| twin.when.map(|(name, _)| name));
        let names: std::collections::BTreeSet<_> =
            TWINS.iter().map(|twin| twin.plain).chain(conditions).collect();
        let content =
            check.content(schema([], [block("resource", &["type", "name"], schema(names, []))])).await?;
        for resource in content.blocks("resource") {
            let Some(twin) = TWINS.iter().find(|twin| twin.kind == label(resource, 0)) else { continue };
            let Some(attribute) = resource.attribute(twin.plain) else { continue };
            if let Some((name, expected)) = twin.when {
                let Some(condition) = resource.expression(name) else { continue };
                if check.text(condition).await?.is_some_and(|value| value != expected) {
                    continue;
                }
            }
            let value = match &attribute.expression {
                None => None,
                Some(expression) => check.evaluate(expression).await?,
            };
            if value.is_some_and(|value| value == Value::Null || value.is_null()) {
                continue;
            }
            let message = format!(
                "{}: {} puts a secret into the state and into saved plans; {} with {} does not.",
                address(resource),
                twin.plain,
                twin.write_only,
                twin.version
            );
            check.report(attribute.range.clone().unwrap_or_default(), message).await?;
        }
        Ok(())
    }
}
