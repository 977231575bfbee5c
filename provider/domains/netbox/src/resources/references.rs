//! References to other objects, as resources outside the table write them.

use std::collections::BTreeMap;

use catalogue::reference::{Reference, Referent, text_field};
use catalogue::store::{Scope, Store as _, StoreError};
use serde_json::Value as Json;
use tf_framework::{Diagnostic, Diagnostics, Path, Value};

use crate::client::{Client, TABLE};

/// What references pointed to when they were last seen, by name of the argument.
pub(crate) type Referents = BTreeMap<String, Referent>;

/// A reference, where it is written, and the path of the kind it points to.
#[derive(Debug, Clone)]
pub(crate) struct Referring {
    pub(crate) at: Path,
    pub(crate) target: &'static str,
    pub(crate) reference: Reference,
}

/// Ids of references by target and text.
pub(crate) type Ids = BTreeMap<(&'static str, String), u64>;

/// A reference on the wire; null for none, and for what is no reference.
pub(crate) fn wire(value: Option<&Value>, target: &str) -> Json {
    let known = value.filter(|value| value.is_known());
    let reference = known.and_then(|value| Reference::of(value).ok());
    reference.map_or(Json::Null, |reference| reference.to_wire(TABLE.lookup(target)))
}

/// A reference by text on the wire.
pub(crate) fn wire_text(text: Option<&String>, target: &str) -> Json {
    wire(text.map(|text| Value::from(text.as_str())).as_ref(), target)
}

/// The same for a text that is there.
pub(crate) fn reference_on_wire(text: &str, target: &str) -> Json {
    wire(Some(&Value::from(text)), target)
}

/// What a nested object is, as far as it tells.
pub(crate) fn referent(json: Option<&Json>, target: &str) -> Option<Referent> {
    Referent::of(json?, TABLE.lookup(target))
}

/// A nested object as a reference, in the form of `hint` where that means the same.
pub(crate) fn shown(
    json: Option<&Json>,
    target: &str,
    hint: Option<&Value>,
    before: Option<&Referent>,
) -> Option<Value> {
    Some(referent(json, target)?.in_form_of(hint, before))
}

/// The same for a reference by text.
pub(crate) fn shown_text(json: Option<&Json>, target: &str, hint: Option<&String>) -> Option<String> {
    let hint = hint.map(|text| Value::from(text.as_str()));
    let hint = hint.unwrap_or_else(|| Value::from("0"));
    shown(json, target, Some(&hint), None)?.as_str().map(str::to_owned)
}

/// Finds the ids of references by text, each kind with one request. What is found is in the answer; what is not, or
/// not alone, is told.
///
/// # Errors
/// The server did not answer.
pub(crate) async fn find(
    client: &Client,
    scope: &Scope,
    wanted: &[Referring],
) -> Result<(Ids, Diagnostics), StoreError> {
    let mut groups: BTreeMap<(&'static str, &'static str), Vec<(&Referring, &String)>> = BTreeMap::new();
    for one in wanted {
        if let Reference::Text(text) = &one.reference {
            let field = text_field(text, TABLE.lookup(one.target));
            groups.entry((one.target, field)).or_default().push((one, text));
        }
    }
    let (mut ids, mut problems) = (Ids::new(), Diagnostics::new());
    for ((target, field), group) in groups {
        let Some(kind) = TABLE.kind(target) else { continue };
        if !kind.filters.iter().any(|filter| filter.name == field) {
            continue;
        }
        let mut values: Vec<String> = group.iter().map(|(_, text)| (*text).clone()).collect();
        values.sort();
        values.dedup();
        let records = client.look_up(scope, kind, field, &values).await?;
        for (one, text) in group {
            let is = |body: &catalogue::store::Body| body.get(field).and_then(Json::as_str) == Some(text);
            let found: Vec<u64> =
                records.iter().filter(|r| is(&r.body)).filter_map(|record| record.id.number()).collect();
            match found.as_slice() {
                [id] => drop(ids.insert((target, text.clone()), *id)),
                [] if client.run().makes(kind.path, field, text) => {}
                [] => problems.push(
                    Diagnostic::error(
                        "Reference matches nothing",
                        format!(
                            "NetBox has no {} with {field} = {text:?}. Check the spelling; if the object is made in the \
                             same run, refer to its resource's id, so that Terraform makes it first.",
                            kind.label
                        ),
                    )
                    .at(one.at.clone()),
                ),
                several => problems.push(
                    Diagnostic::error(
                        "Reference is ambiguous",
                        format!(
                            "NetBox has {} objects of the type {} with {field} = {text:?}. Refer to the right one by \
                             its id.",
                            several.len(),
                            kind.label
                        ),
                    )
                    .at(one.at.clone()),
                ),
            }
        }
    }
    Ok((ids, problems))
}
