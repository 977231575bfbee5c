//! Every provider says where it comes from and up to which version it is taken.

use hcl_edit::expr::Expression as Syntax;
use tfplugin_proto::tflint::Expression;

use super::version::{Room, room};
use super::walk::get;
use crate::check::Check;
use crate::content::{Look as _, any_attributes, block, place, schema, syntax};
use crate::host::HostError;
use crate::rule::{Rule, RuleInfo};

pub(super) struct ProviderVersions;

#[tonic::async_trait]
impl Rule for ProviderVersions {
    fn info(&self) -> RuleInfo {
        RuleInfo::warning("hybridops_provider_versions")
    }

    async fn check(&self, check: &mut Check) -> Result<(), HostError> {
        let required = block("required_providers", &[], any_attributes());
        let content = check.content(schema([], [block("terraform", &[], schema([], [required]))])).await?;
        for terraform in content.blocks("terraform") {
            for required in terraform.blocks("required_providers") {
                let Some(body) = &required.body else { continue };
                let mut providers: Vec<_> = body.attributes.iter().collect();
                providers.sort_by_key(|(name, _)| *name);
                for (name, attribute) in providers {
                    let Some(expression) = &attribute.expression else { continue };
                    if let Some(fault) = fault(expression) {
                        check.report(place(expression), format!("Provider {name} {fault}")).await?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// What is wrong with an entry. It is read as written: what it may hold cannot be computed.
fn fault(expression: &Expression) -> Option<String> {
    let (source, version) = match syntax(expression)? {
        Syntax::Object(entry) => {
            // A local name of another module's provider says nothing here.
            let text = |name| get(&entry, name).and_then(Syntax::as_str).map(str::to_owned);
            (text("source"), text("version"))
        }
        Syntax::String(version) => (Some(String::new()), Some(version.as_str().to_owned())),
        _ => return None,
    };
    match (source, version) {
        (None, _) => Some("does not say where it comes from: set source, as \"hashicorp/aws\".".to_owned()),
        (_, None) => Some("is taken in any version: set version, as \"~> 1.2\".".to_owned()),
        (_, Some(version)) if room(&version) == Room::Open => Some(format!(
            "is taken in any later version by \"{version}\", also one that breaks: give it an upper end, as \"~> 1.2\"."
        )),
        _ => None,
    }
}
