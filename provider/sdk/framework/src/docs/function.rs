//! The page of a function.

use super::attribute::{has_object, type_label};
use super::catalogue::ProviderDocs;
use super::error::DocsError;
use super::examples::{Examples, Kind};
use super::markdown::{code, front_matter, indented, literal};
use crate::function::{FunctionDefinition, Parameter};

pub(super) fn page(
    provider: &ProviderDocs,
    function: &FunctionDefinition,
    examples: &Examples,
) -> Result<String, DocsError> {
    let name = &function.name;
    let front = front_matter(&format!("{name} Function - {}", provider.name), Some(""), &function.summary);
    let deprecated =
        function.deprecated.as_ref().map(|advice| format!("\n~> **Deprecated.** {}\n", advice.trim()));
    let sections = [
        front,
        format!("\n# {name} (Function)\n"),
        deprecated.unwrap_or_default(),
        format!("\n{}\n", function.description.trim()),
        "\n-> Needs Terraform 1.8 or OpenTofu 1.7, or later.\n".to_owned(),
        examples.usage(Kind::Function, name)?,
        format!("\n## Signature\n\n{}", code("text", &signature(provider, function))),
        arguments(function),
        result(function),
    ];
    Ok(sections.concat())
}

/// `provider::acme::join(first string, others string...) string`.
fn signature(provider: &ProviderDocs, function: &FunctionDefinition) -> String {
    let plain = function.parameters.iter().map(|parameter| format!("{} {}", parameter.name, parameter.ty));
    let variadic =
        function.variadic.iter().map(|parameter| format!("{} {}...", parameter.name, parameter.ty));
    let parameters: Vec<String> = plain.chain(variadic).collect();
    let (provider, name) = (&provider.name, &function.name);
    format!("provider::{provider}::{name}({}) {}", parameters.join(", "), function.returns)
}

fn arguments(function: &FunctionDefinition) -> String {
    let plain = function.parameters.iter().map(|parameter| (parameter, false));
    let items: String = plain
        .chain(function.variadic.iter().map(|parameter| (parameter, true)))
        .map(|(parameter, variadic)| argument(parameter, variadic))
        .collect();
    if items.is_empty() {
        "\n## Arguments\n\nNone.\n".to_owned()
    } else {
        format!("\n## Arguments\n\n{items}")
    }
}

fn argument(parameter: &Parameter, variadic: bool) -> String {
    let mut labels = vec![type_label(&parameter.ty)];
    if parameter.allow_null {
        labels.push("Nullable".to_owned());
    }
    if variadic {
        labels.push("Variadic".to_owned());
    }
    format!("- `{}` ({}) {}\n", parameter.name, labels.join(", "), indented(&parameter.description))
}

fn result(function: &FunctionDefinition) -> String {
    let label = type_label(&function.returns);
    let ty = has_object(&function.returns).then(|| format!(": {}", literal(&function.returns.to_string())));
    format!("\n## Result\n\n{label}{}.\n", ty.unwrap_or_default())
}
