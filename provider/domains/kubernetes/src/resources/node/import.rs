//! Import: the machine is named; the journal on it tells the rest.

use serde_json::{Map, Value as Json};
use tf_framework::{Context, Diagnostics, ImportId, Model as _, Result};
use tf_value::json::encode;

use super::model::{Node, NodeResource, Rke2Node};
use super::observed;
use crate::client::budget;
use crate::distribution::Distribution;
use crate::import::{FORMS, machine, members, read, remembered as journal_of};

/// What the journal remembers: inputs, no secret.
pub(super) fn remembered(node: &Node) -> Map<String, Json> {
    const COMPUTED: [&str; 6] = ["id", "version", "address", "certificate_expiry", "differences", "files"];
    let object = Rke2Node::of(node.clone()).to_object();
    let known =
        object.transform(&mut |_, value| if value.is_unknown() { tf_framework::Value::Null } else { value });
    let text = encode(&known, &Rke2Node::block().value_type()).ok();
    let json = text.and_then(|text| serde_json::from_slice::<Json>(&text).ok());
    let Some(Json::Object(mut members)) = json else { return Map::new() };
    for name in COMPUTED {
        members.remove(name);
    }
    members
}

/// Imports a node.
pub(super) async fn import<R: NodeResource>(cx: &mut Context<R>, id: ImportId) -> Result<R> {
    let ImportId::Id(id) = id else {
        return Err(Diagnostics::error("The node to import is not named", format!("Import {FORMS}.")));
    };
    let connection = machine(&id)?;
    let what = format!("Importing the node on {} failed", connection.host);
    let distribution = if R::NAME.starts_with("k3s") { Distribution::K3s } else { Distribution::Rke2 };
    let (facts, journal) = journal_of(cx.client()?, &connection, distribution, budget(cx), &what).await?;
    let mut declared = journal.declared;
    // It is reached as it was reached now.
    if let Some(Json::Object(machine)) = declared.get_mut("machine") {
        machine.extend(members(&connection));
    }
    let node = read::<R>(&what, &Json::Object(declared))?.node();
    Ok(R::of(observed(&node, &facts)))
}
