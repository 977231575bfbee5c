//! A write-only value has its version beside it, without which no change of it is seen.

use std::collections::BTreeSet;

use hcl_edit::Span as _;
use hcl_edit::expr::Expression as Syntax;
use tfplugin_proto::tflint::body_content::Block;

use super::walk;
use crate::check::Check;
use crate::content::{Look as _, address, block, label, part, schema, syntax};
use crate::host::HostError;
use crate::rule::{Rule, RuleInfo};
use crate::tables::secrets::{TWINS, own};

pub(super) struct WriteOnlyVersion;

/// A write-only argument, the way to the object it is in, and the version that belongs beside it.
struct Versioned {
    kind: &'static str,
    way: Vec<&'static str>,
    name: &'static str,
    version: String,
}

fn versioned() -> impl Iterator<Item = Versioned> {
    let own = own().filter(|secret| secret.optional_version).filter_map(|secret| {
        let (name, way) = secret.path.split_last()?;
        Some(Versioned { kind: secret.kind, way: way.to_vec(), name, version: format!("{name}_version") })
    });
    let twins = TWINS.iter().map(|twin| Versioned {
        kind: twin.kind,
        way: Vec::new(),
        name: twin.write_only,
        version: twin.version.to_owned(),
    });
    own.chain(twins)
}

#[tonic::async_trait]
impl Rule for WriteOnlyVersion {
    fn info(&self) -> RuleInfo {
        RuleInfo::warning("hybridops_write_only_version")
    }

    async fn check(&self, check: &mut Check) -> Result<(), HostError> {
        let all: Vec<Versioned> = versioned().collect();
        let top = |one: &Versioned| match one.way.first() {
            Some(first) => vec![(*first).to_owned()],
            None => vec![one.name.to_owned(), one.version.clone()],
        };
        let names: BTreeSet<String> = all.iter().flat_map(top).collect();
        let wanted = schema(names.iter().map(String::as_str), []);
        let content = check.content(schema([], [block("resource", &["type", "name"], wanted)])).await?;
        for resource in content.blocks("resource") {
            for one in all.iter().filter(|one| one.kind == label(resource, 0)) {
                look(check, resource, one).await?;
            }
        }
        Ok(())
    }
}

async fn look(check: &mut Check, resource: &Block, one: &Versioned) -> Result<(), HostError> {
    let told = |way: String| {
        format!(
            "{}: {way} is write-only, so nobody sees when it changes: set {} beside it and raise it with every change.",
            address(resource),
            one.version
        )
    };
    let Some((first, rest)) = one.way.split_first() else {
        let Some(attribute) = resource.attribute(one.name) else { return Ok(()) };
        let null = attribute.expression.as_ref().and_then(syntax).is_some_and(|syntax| syntax.is_null());
        if !null && resource.attribute(&one.version).is_none() {
            check.report(attribute.range.clone().unwrap_or_default(), told(one.name.to_owned())).await?;
        }
        return Ok(());
    };
    let Some(expression) = resource.expression(first) else { return Ok(()) };
    let Some(syntax) = syntax(expression) else { return Ok(()) };
    for found in walk::at(&syntax, rest) {
        let Syntax::Object(object) = found else { continue };
        let Some(value) = walk::get(object, one.name) else { continue };
        if !value.is_null() && walk::get(object, &one.version).is_none() {
            let way = format!("{}.{}", one.way.join("."), one.name);
            check.report(part(expression, value.span().unwrap_or_default()), told(way)).await?;
        }
    }
    Ok(())
}
