//! No secret is written out in the configuration.

use std::collections::BTreeSet;

use tfplugin_proto::tflint::body_content::Block;

use super::walk;
use crate::check::Check;
use crate::content::{Look as _, address, block, label, part, schema, syntax};
use crate::host::HostError;
use crate::rule::{Rule, RuleInfo};
use crate::tables::secrets::{TWINS, own};

pub(super) struct LiteralSecret;

#[tonic::async_trait]
impl Rule for LiteralSecret {
    fn info(&self) -> RuleInfo {
        RuleInfo::error("hybridops_literal_secret")
    }

    async fn check(&self, check: &mut Check) -> Result<(), HostError> {
        let ways: Vec<(&str, Vec<&str>)> = own()
            .map(|secret| (secret.kind, secret.path))
            .chain(
                TWINS
                    .iter()
                    .flat_map(|twin| [(twin.kind, vec![twin.write_only]), (twin.kind, vec![twin.plain])]),
            )
            .collect();
        let names: BTreeSet<&str> = ways.iter().filter_map(|(_, way)| way.first().copied()).collect();
        let wanted = schema(names, []);
        let content = check
            .content(schema(
                [],
                [block("resource", &["type", "name"], wanted.clone()), block("provider", &["name"], wanted)],
            ))
            .await?;
        for block in &content.blocks {
            let kind = match block.r#type.as_str() {
                "provider" => format!("provider.{}", label(block, 0)),
                _ => label(block, 0).to_owned(),
            };
            for (_, way) in ways.iter().filter(|(of, _)| *of == kind) {
                look(check, block, way).await?;
            }
        }
        Ok(())
    }
}

async fn look(check: &mut Check, block: &Block, way: &[&str]) -> Result<(), HostError> {
    let Some((first, rest)) = way.split_first() else { return Ok(()) };
    let Some(expression) = block.expression(first) else { return Ok(()) };
    let Some(syntax) = syntax(expression) else { return Ok(()) };
    for found in walk::at(&syntax, rest) {
        if let Some((text, span)) = walk::literal(found)
            && !text.is_empty()
        {
            let message = format!(
                "{}: the secret {} is written out here, and so lies in the repository and its history. Give it by an ephemeral variable or resource, and change it.",
                address(block),
                way.join(".")
            );
            check.report(part(expression, span), message).await?;
        }
    }
    Ok(())
}
