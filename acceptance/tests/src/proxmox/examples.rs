//! Examples of the documentation: what each kind needs to be there, complete enough to be applied as it stands.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ::catalogue::description::{Identity, Kind, Offers};
use serde_json::Value as Json;

use super::samples::{Link, Samples};
use crate::netbox::hcl;

/// The label of what an example is about, and of all that it needs.
pub const LABEL: &str = "example";

/// The files of all examples, by path below `examples/`.
///
/// # Errors
/// The samples say what cannot be.
pub fn files(kinds: &[&Kind], samples: &Samples) -> Result<BTreeMap<PathBuf, String>, String> {
    let mut files = BTreeMap::new();
    for kind in kinds {
        let name = format!("hybridops_{}", kind.name);
        let directory = Path::new("resources").join(&name);
        files.insert(directory.join("resource.tf"), resource(kinds, samples, kind)?);
        let id = id(samples, kind)?;
        let address = format!("{name}.{LABEL}");
        let block = hcl::block("import", &[("to".into(), address.clone()), ("id".into(), hcl::quoted(&id))]);
        files.insert(directory.join("import.tf"), block);
        files.insert(
            directory.join("import.sh"),
            format!("# By its id{}.\nterraform import {address} {}\n", parts(kind), hcl::quoted(&id)),
        );
        sources(samples, kind, &id, &mut files)?;
    }
    Ok(files)
}

/// All examples of some kinds as one configuration, each object once and in full.
///
/// # Errors
/// The samples say what cannot be.
pub fn together(kinds: &[&Kind], samples: &Samples) -> Result<String, String> {
    let mut blocks = Vec::new();
    let mut seen = BTreeSet::new();
    for kind in kinds {
        gather(kinds, samples, kind, Depth::Everything, &mut seen, &mut blocks)?;
    }
    Ok(blocks.join("\n"))
}

/// What is shown in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// The object alone, of what it needs only that it is there.
    Object,
    /// What it needs too.
    Everything,
    /// Nothing.
    Required,
}

/// The blocks of an example: all that the object needs, and the object itself.
fn resource(kinds: &[&Kind], samples: &Samples, kind: &Kind) -> Result<String, String> {
    let mut blocks = Vec::new();
    gather(kinds, samples, kind, Depth::Object, &mut BTreeSet::new(), &mut blocks)?;
    Ok(blocks.join("\n"))
}

fn gather(
    kinds: &[&Kind],
    samples: &Samples,
    kind: &Kind,
    depth: Depth,
    seen: &mut BTreeSet<String>,
    blocks: &mut Vec<String>,
) -> Result<(), String> {
    if !seen.insert(kind.path.to_owned()) {
        return Ok(());
    }
    let of_kind = samples.kinds.get(kind.path).ok_or_else(|| format!("{} has no samples", kind.path))?;
    let mut shown: Vec<(&String, &Json)> = Vec::new();
    // What it is known by comes first, then the rest of what it must have, as in the documentation.
    for field in kind.fields {
        shown.extend(of_kind.every.get_key_value(field.name));
    }
    if depth != Depth::Required {
        for field in kind.fields {
            shown.extend(of_kind.shown.get_key_value(field.name));
        }
    }
    if let Some(name) =
        of_kind.every.keys().chain(of_kind.shown.keys()).find(|name| kind.field(name).is_none())
    {
        return Err(format!("{} has no field {name}", kind.path));
    }
    for (_, value) in &shown {
        for link in Link::all(value) {
            let other = kinds.iter().find(|other| other.path == link.kind);
            let other =
                other.ok_or_else(|| format!("{} refers to {}, which is no kind", kind.path, link.kind))?;
            let below = if depth == Depth::Everything { depth } else { Depth::Required };
            gather(kinds, samples, other, below, seen, blocks)?;
        }
    }
    let mut arguments = Vec::new();
    for (name, value) in shown {
        let field = kind.field(name).ok_or_else(|| format!("{} has no field {name}", kind.path))?;
        arguments.push((name.clone(), expression(kinds, value)));
        if field.secret {
            arguments.push((format!("{name}_version"), "1".to_owned()));
        }
    }
    blocks.push(block(&format!("resource \"hybridops_{}\" \"{LABEL}\"", kind.name), &arguments));
    Ok(())
}

/// A block with its arguments, laid out as `terraform fmt` does: those on one line each are aligned with each other.
fn block(header: &str, arguments: &[(String, String)]) -> String {
    let is_long = |(_, value): &(String, String)| value.contains('\n');
    let mut lines = String::new();
    for run in arguments.chunk_by(|one, next| !is_long(one) && !is_long(next)) {
        let width = run.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        lines.extend(run.iter().map(|(name, value)| format!("  {name:<width$} = {value}\n")));
    }
    format!("{header} {{\n{lines}}}\n")
}

/// A value as an expression; links are references to attributes.
fn expression(kinds: &[&Kind], value: &Json) -> String {
    if let Some(link) = Link::of(value)
        && let Some(kind) = kinds.iter().find(|kind| kind.path == link.kind)
    {
        return format!("hybridops_{}.{LABEL}.{}", kind.name, link.field);
    }
    match value {
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| expression(kinds, item)).collect();
            let line = format!("[{}]", items.join(", "));
            if line.len() <= 80 || !value[0].is_object() {
                return line;
            }
            format!("[\n{}  ]", items.iter().map(|item| format!("    {item},\n")).collect::<String>())
        }
        Json::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(name, value)| format!("{name} = {}", expression(kinds, value)))
                .collect();
            format!("{{ {} }}", members.join(", "))
        }
        other => hcl::literal(other),
    }
}

/// The id that the sample of a kind has.
fn id(samples: &Samples, kind: &Kind) -> Result<String, String> {
    if let Identity::Only(id) = kind.nature.identity {
        return Ok(id.to_owned());
    }
    let part = |name: &&str| match samples.plain(kind.path, name) {
        Some(Json::String(text)) => Ok(text),
        Some(other) => Ok(other.to_string()),
        None => Err(format!("{} has no sample of {name}, a part of its id", kind.path)),
    };
    let parts = kind.nature.identity.parts().iter().map(part).collect::<Result<Vec<String>, String>>()?;
    Ok(parts.join("/"))
}

/// What an id is made of, where that is more than one thing.
fn parts(kind: &Kind) -> String {
    match kind.nature.identity.parts() {
        [] | [_] => String::new(),
        parts => format!(": {}", parts.join(", ")),
    }
}

fn sources(
    samples: &Samples,
    kind: &Kind,
    id: &str,
    files: &mut BTreeMap<PathBuf, String>,
) -> Result<(), String> {
    let Offers { one, many, list } = kind.nature.offers;
    let within = |name: &&str| {
        let value = samples.plain(kind.path, name);
        let value = value.ok_or_else(|| format!("{} has no sample of {name}", kind.path))?;
        Ok(((*name).to_owned(), hcl::literal(&value)))
    };
    let within = kind.nature.identity.within().iter().map(within).collect::<Result<Vec<_>, String>>()?;
    let directory = Path::new("data-sources");
    if one {
        let arguments = match kind.nature.identity {
            Identity::Only(_) => Vec::new(),
            _ => vec![("id".to_owned(), hcl::quoted(id))],
        };
        let block = hcl::block(&format!("data \"hybridops_{}\" \"{LABEL}\"", kind.name), &arguments);
        files.insert(directory.join(format!("hybridops_{}/data-source.tf", kind.name)), block);
    }
    if many {
        let block = hcl::block(&format!("data \"hybridops_{}\" \"all\"", kind.plural), &within);
        files.insert(directory.join(format!("hybridops_{}/data-source.tf", kind.plural)), block);
    }
    if list {
        let width = within.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        let lines: String =
            within.iter().map(|(name, value)| format!("    {name:<width$} = {value}\n")).collect();
        let config = if lines.is_empty() { String::new() } else { format!("  config {{\n{lines}  }}\n") };
        files.insert(
            Path::new("list-resources").join(format!("hybridops_{}/list-resource.tfquery.hcl", kind.name)),
            format!("list \"hybridops_{}\" \"all\" {{\n  provider = hybridops\n{config}}}\n", kind.name),
        );
    }
    Ok(())
}
