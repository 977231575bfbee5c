//! Examples of the documentation: what each kind needs to be there, complete enough to be applied as it stands.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ::catalogue::Table;
use ::catalogue::description::{Kind, Shape, Version};
use serde_json::Value as Json;

use super::automatic::Naming;
use super::catalogue::{Catalogue, Instance, Stage};
use super::hcl;
use super::samples::Samples;
use super::value::Sample;

/// The label of what an example is about.
pub const LABEL: &str = "example";

/// The files of all examples, by path below `examples/`.
///
/// # Errors
/// The samples say what cannot be.
pub fn files(
    table: &'static Table,
    samples: Samples,
    version: Version,
) -> Result<BTreeMap<PathBuf, String>, String> {
    let catalogue = of_examples(table, samples, version);
    let mut files = BTreeMap::new();
    for kind in catalogue.kinds() {
        let blocks = blocks(&catalogue, kind)?;
        let directory = Path::new("resources").join(format!("hybridops_{}", kind.name));
        let text: Vec<&str> = blocks.iter().map(|(_, text)| text.as_str()).collect();
        files.insert(directory.join("resource.tf"), text.join("\n"));
        let address = format!("hybridops_{}.{LABEL}", kind.name);
        files.insert(
            directory.join("import.tf"),
            hcl::block(
                "import",
                &[("to".to_owned(), address.clone()), ("id".to_owned(), "\"5\"".to_owned())],
            ),
        );
        files.insert(directory.join("import.sh"), shell(&catalogue, kind, &address)?);
        sources(&catalogue, kind, &mut files)?;
    }
    Ok(files)
}

/// One configuration with every example in it.
///
/// # Errors
/// The samples say what cannot be.
pub fn together(table: &'static Table, samples: Samples, version: Version) -> Result<String, String> {
    let catalogue = of_examples(table, samples, version);
    let mut all = BTreeMap::new();
    for kind in catalogue.kinds() {
        all.extend(blocks(&catalogue, kind)?);
    }
    Ok(all.into_values().collect())
}

fn of_examples(table: &'static Table, samples: Samples, version: Version) -> Catalogue {
    let naming = Naming { prefix: "Amsterdam".to_owned() };
    let mut catalogue = Catalogue::new(table, samples, naming, version);
    // What an example says comes before what the first instance has.
    for kind in catalogue.samples.kinds.values_mut() {
        let example = std::mem::take(&mut kind.example);
        kind.every.retain(|name, _| !example.contains_key(name));
        kind.base.extend(example);
    }
    catalogue
}

/// The blocks of an example by address: the object itself and all that it needs, in the order of their making.
fn blocks(catalogue: &Catalogue, kind: &'static Kind) -> Result<Vec<(String, String)>, String> {
    let mut order = Vec::new();
    let mut seen = BTreeSet::new();
    gather(catalogue, kind, "base", &mut seen, &mut order)?;
    let block = |instance: &Instance| {
        Ok((label(&instance.address()), polished(&catalogue.resource(instance, Stage::Required)?)))
    };
    order.iter().map(block).collect()
}

fn gather(
    catalogue: &Catalogue,
    kind: &'static Kind,
    label: &str,
    seen: &mut BTreeSet<String>,
    order: &mut Vec<Instance>,
) -> Result<(), String> {
    let instances = catalogue.instances_of(kind);
    let found = instances.into_iter().find(|instance| instance.label == label);
    let instance = found.ok_or_else(|| format!("{} has no instance {label}", kind.path))?;
    if !seen.insert(instance.address()) {
        return Ok(());
    }
    for (_, sample) in catalogue.fields(&instance, Stage::Required)?.unwrap_or_default() {
        for link in sample.links() {
            let of =
                catalogue.table.kind(&link.kind).ok_or_else(|| format!("there is no kind {}", link.kind))?;
            gather(catalogue, of, &link.instance, seen, order)?;
        }
    }
    order.push(instance);
    Ok(())
}

/// An address as examples have it.
fn label(address: &str) -> String {
    match address.strip_suffix(".base") {
        Some(of_type) => format!("{of_type}.{LABEL}"),
        None => address.replace('-', "_"),
    }
}

/// A block in the words of an example: labels that read well, names without what tells instances apart.
fn polished(block: &str) -> String {
    let mut lines = Vec::new();
    for line in block.lines() {
        let mut line = line.replace("\" \"base\" {", &format!("\" \"{LABEL}\" {{"));
        line = line.replace(" base\"", "\"").replace("-base\"", "\"");
        line = in_references(&line);
        lines.push(line);
    }
    lines.join("\n") + "\n"
}

/// Labels in references and headers.
fn in_references(line: &str) -> String {
    let mut words = Vec::new();
    for word in line.split(' ') {
        let is_reference = word.trim_start_matches(['[', '(']).starts_with("hybridops_netbox_");
        let is_label = line.starts_with("resource ") && word.starts_with('"') && !word.contains("hybridops");
        words.push(match (is_reference, is_label) {
            (true, _) => word.replace(".base.", &format!(".{LABEL}.")).replace('-', "_"),
            (_, true) => word.replace('-', "_"),
            _ => word.to_owned(),
        });
    }
    words.join(" ")
}

fn shell(catalogue: &Catalogue, kind: &'static Kind, address: &str) -> Result<String, String> {
    let mut text = format!("# By its id.\nterraform import {address} 5\n");
    let instances = catalogue.instances_of(kind);
    let base = instances.iter().find(|instance| instance.label == "base");
    let fields =
        base.map(|base| catalogue.fields(base, Stage::Required)).transpose()?.flatten().unwrap_or_default();
    let plain = |name: &str| {
        fields.iter().find(|(field, _)| field.name == name).and_then(|(_, sample)| match sample {
            Sample::Plain(Json::String(text)) => Some(text.trim_end_matches(" base").to_owned()),
            Sample::Plain(Json::Number(number)) => Some(number.to_string()),
            _ => None,
        })
    };
    let Some(key) = kind.keys.first() else { return Ok(text) };
    let part = |part: &::catalogue::description::KeyPart| {
        let is_reference = kind
            .field(part.field)
            .is_some_and(|field| matches!(field.shape, Shape::Reference { .. } | Shape::Target { .. }));
        let is_set = fields.iter().any(|(field, _)| field.name == part.field);
        let value = plain(part.field).unwrap_or_else(|| {
            match (is_reference, is_set) {
                (true, true) => "7",
                (true, false) => "null",
                _ => "amsterdam",
            }
            .to_owned()
        });
        format!("{}={value}", part.filter)
    };
    let parts: Vec<String> = key.parts.iter().map(part).collect();
    let name = match parts.as_slice() {
        [one] => one.split_once('=').map_or("", |(_, value)| value).to_owned(),
        _ => parts.join(","),
    };
    let name = if name.parse::<u64>().is_ok() { parts.join(",") } else { name };
    text.push_str(&format!(
        "\n# By what it is known by.\nterraform import {address} {}\n",
        hcl::quoted(&name)
    ));
    Ok(text)
}

fn sources(
    catalogue: &Catalogue,
    kind: &'static Kind,
    files: &mut BTreeMap<PathBuf, String>,
) -> Result<(), String> {
    let directory = Path::new("data-sources");
    let known = kind.lookup.iter().find(|name| {
        kind.field(name).is_some_and(|field| matches!(field.shape, Shape::Text { .. }))
            && kind.filters.iter().any(|filter| filter.name == **name)
    });
    let instances = catalogue.instances_of(kind);
    let base = instances.iter().find(|instance| instance.label == "base");
    let fields =
        base.map(|base| catalogue.fields(base, Stage::Required)).transpose()?.flatten().unwrap_or_default();
    let value = |name: &str| {
        fields
            .iter()
            .find(|(field, _)| field.name == name)
            .map(|(_, sample)| hcl::expression(catalogue.table, sample))
    };
    let question = match known {
        Some(name) => {
            let value = value(name).unwrap_or_else(|| "\"amsterdam\"".to_owned());
            ((*name).to_owned(), polished(&value).trim_end().to_owned())
        }
        None => ("id".to_owned(), "5".to_owned()),
    };
    let one = hcl::block(&format!("data \"hybridops_{}\" \"{LABEL}\"", kind.name), &[question]);
    files.insert(directory.join(format!("hybridops_{}/data-source.tf", kind.name)), one);
    let has = |name: &str| kind.filters.iter().any(|filter| filter.name == name);
    let filters = match (has("site"), has("status"), has("tag")) {
        (true, true, _) => "{ site = [\"amsterdam\"], status = [\"active\"] }",
        (true, ..) => "{ site = [\"amsterdam\"] }",
        (_, true, _) => "{ status = [\"active\"] }",
        (_, _, true) => "{ tag = [\"production\"] }",
        _ => "{ q = [\"amsterdam\"] }",
    };
    let many = hcl::block(
        &format!("data \"hybridops_{}\" \"matching\"", kind.plural),
        &[("filters".to_owned(), filters.to_owned())],
    );
    files.insert(directory.join(format!("hybridops_{}/data-source.tf", kind.plural)), many);
    let list = format!(
        "list \"hybridops_{}\" \"matching\" {{\n  provider = hybridops\n  config {{\n    filters = {filters}\n  }}\n}}\n",
        kind.name
    );
    files.insert(
        Path::new("list-resources").join(format!("hybridops_{}/list-resource.tfquery.hcl", kind.name)),
        list,
    );
    Ok(())
}
