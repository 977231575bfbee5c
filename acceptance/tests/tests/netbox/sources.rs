//! Data sources answer the objects that are there.

use std::collections::BTreeMap;

use acceptance_tests::netbox::{Catalogue, hcl};
use anyhow::{Result, ensure};
use catalogue::description::Shape;
use serde_json::{Value as Json, json};

use crate::scene::{Scene, Shown};

/// Reads one object of each kind by id and by name, and all of this run together.
pub(crate) fn one_and_many(it: &Scene, catalogue: &Catalogue, shown: &Shown) -> Result<()> {
    let ws = it.another_workspace()?;
    let mut text = String::new();
    let mut wanted: BTreeMap<String, Json> = BTreeMap::new();
    for kind in catalogue.kinds() {
        let of_kind = |(path, _): &(String, String)| path == kind.path;
        let mut ids: Vec<u64> =
            shown.iter().filter(|(key, _)| of_kind(key)).filter_map(|(_, o)| o["id"].as_u64()).collect();
        ids.sort_unstable();
        let Some(object) = shown.get(&(kind.path.to_owned(), "base".to_owned())) else { continue };
        let (name, plural) = (kind.name, kind.plural);
        let id = object["id"].as_u64().unwrap_or_default();
        let texts: Vec<String> = ids.iter().map(u64::to_string).collect();
        text.push_str(&format!("data \"hybridops_{name}\" \"id\" {{\n  id = {id}\n}}\n"));
        text.push_str(&format!(
            "data \"hybridops_{plural}\" \"all\" {{\n  filters = {{ id = {} }}\n}}\n",
            hcl::literal(&json!(texts))
        ));
        let mut answers =
            vec![format!("data.hybridops_{name}.id.id"), format!("data.hybridops_{plural}.all.ids")];
        wanted.insert(kind.name.to_owned(), json!([id, ids]));
        let known = kind.lookup.first().and_then(|name| kind.field(name)).filter(|field| {
            matches!(field.shape, Shape::Text { .. })
                && kind.filters.iter().any(|filter| filter.name == field.name)
        });
        if let Some((field, value)) = known.and_then(|field| Some((field.name, object[field.wire].as_str()?)))
            && !value.is_empty()
        {
            text.push_str(&format!(
                "data \"hybridops_{name}\" \"known\" {{\n  {field} = {}\n}}\n",
                hcl::quoted(value)
            ));
            answers.push(format!("data.hybridops_{name}.known.id"));
            wanted.insert(kind.name.to_owned(), json!([id, ids, id]));
        }
        text.push_str(&format!("output \"{name}\" {{\n  value = [{}]\n}}\n", answers.join(", ")));
    }
    ws.write("main.tf", &text)?;
    it.told("data sources", || ws.apply())?;
    let outputs = ws.outputs()?;
    let mut differences = Vec::new();
    for (name, wanted) in &wanted {
        if outputs[name] != *wanted {
            differences.push(format!("{name}: {} in place of {wanted}", outputs[name]));
        }
    }
    ensure!(differences.is_empty(), "data sources answer something else:\n{}", differences.join("\n"));
    Ok(())
}
