//! What the tflint ruleset knows about this provider is what the provider says of itself.

use std::collections::BTreeSet;
use std::path::Path;

use acceptance_tests::{Provider, Workspace, terraform_or_skip};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value as Json;

const TABLE: &str = "plugins/tflint-ruleset-hybridops/src/tables/own.tsv";

/// Set to write the table instead of comparing it.
const UPDATE: &str = "HYBRIDOPS_UPDATE_TABLES";

/// The secrets of one block: a line of type, way and what its version is.
fn secrets(kind: &str, block: &Json, way: &[String], lines: &mut BTreeSet<String>) {
    let empty = serde_json::Map::new();
    let of = |name: &str| block.get(name).and_then(Json::as_object).unwrap_or(&empty);
    let is = |attribute: &Json, flag: &str| attribute.get(flag) == Some(&Json::Bool(true));
    let attributes = of("attributes");
    for (name, attribute) in attributes {
        let here = [way, std::slice::from_ref(name)].concat();
        let nested = attribute.get("nested_type");
        // The provider's own settings are never stored: there, sensitive is what must not be written out.
        let plain = kind.starts_with("provider.") && nested.is_none() && is(attribute, "sensitive");
        if is(attribute, "write_only") || plain {
            let version = match attributes.get(&format!("{name}_version")) {
                None => "-",
                Some(version) if is(version, "required") => "required",
                Some(_) => "optional",
            };
            lines.insert(format!("{kind}\t{}\t{version}", here.join(".")));
        }
        if let Some(nested) = nested {
            let many = nested.get("nesting_mode").and_then(Json::as_str) != Some("single");
            let here = if many { [here.as_slice(), &["*".to_owned()]].concat() } else { here };
            secrets(kind, nested, &here, lines);
        }
    }
    for (name, inner) in of("block_types") {
        if let Some(inner) = inner.get("block") {
            secrets(kind, inner, &[way, std::slice::from_ref(name)].concat(), lines);
        }
    }
}

#[test]
fn the_table_of_secrets_is_that_of_the_schema() -> Result<()> {
    if !terraform_or_skip("the table of secrets is that of the schema")? {
        return Ok(());
    }
    let ws = Workspace::ready(&[Provider::hybridops()?])?;
    let schema = ws.providers_schema()?;
    let provider =
        schema["provider_schemas"].as_object().and_then(|all| all.values().next()).context("a schema")?;
    let mut lines = BTreeSet::new();
    secrets("provider.hybridops", &provider["provider"]["block"], &[], &mut lines);
    for (kind, resource) in provider["resource_schemas"].as_object().context("resources")? {
        secrets(kind, &resource["block"], &[], &mut lines);
    }
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(TABLE);
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, &text)?;
    }
    let written = std::fs::read_to_string(&path)?;
    ensure!(written == text, "{TABLE} is not what the schema says: run this test with {UPDATE}=1");
    ensure!(lines.len() > 100, "{} secrets only", lines.len());
    Ok(())
}
