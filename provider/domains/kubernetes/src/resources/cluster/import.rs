//! Import: a node of the cluster is named; the journal on it tells what the cluster was declared to be.

use serde_json::{Map, Value as Json, json};
use tf_framework::{Context, Diagnostics, ImportId, Result};

use super::ClusterKind;
use crate::client::budget;
use crate::distribution::Distribution;
use crate::import::{FORMS, machine, read, remembered};

/// Imports a cluster.
pub(super) async fn import<R: ClusterKind>(cx: &mut Context<R>, id: ImportId) -> Result<R> {
    let ImportId::Id(id) = id else {
        let detail = format!("Name one of its servers: import {FORMS}.");
        return Err(Diagnostics::error("The cluster to import is not named", detail));
    };
    let connection = machine(&id)?;
    let what = format!("Importing the cluster of {} failed", connection.host);
    let (_, journal) = remembered(cx.client()?, &connection, R::DISTRIBUTION, budget(cx), &what).await?;
    let Some(Json::Object(spec)) = journal.declared.get("cluster") else {
        return Err(Diagnostics::error(what, "Its journal does not say what the cluster is."));
    };
    read::<R>(&what, &Json::Object(declared(spec, R::DISTRIBUTION)))
}

/// The resource as its specification tells of it. What is not of the nodes it does not tell: `channel` and `keepers`, the
/// sums that were given rather than found, `restore` and `rotation`.
fn declared(spec: &Map<String, Json>, distribution: Distribution) -> Map<String, Json> {
    let mut resource = spec.clone();
    resource.remove("restore");
    resource.insert("spec".to_owned(), Json::Object(spec.clone()));
    resource.insert("channel_server".to_owned(), json!(distribution.channel_server()));
    if let Some(Json::Object(artefacts)) = resource.get_mut("artefacts") {
        artefacts.remove("sha256");
        if artefacts.values().all(Json::is_null) {
            resource.insert("artefacts".to_owned(), Json::Null);
        }
    }
    resource
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_not_given() {
        let of = |artefacts: Json| {
            let Json::Object(spec) =
                json!({ "name": "platform", "artefacts": artefacts, "restore": { "epoch": 1 } })
            else {
                unreachable!()
            };
            declared(&spec, Distribution::Rke2)
        };
        let found = of(json!({ "source": null, "sha256": { "rke2.linux-amd64.tar.gz": "1" } }));
        assert_eq!(found["artefacts"], Json::Null);
        assert_eq!(found["spec"]["artefacts"]["sha256"]["rke2.linux-amd64.tar.gz"], "1");
        assert!(!found.contains_key("restore"));
        let given = of(json!({ "source": "/srv", "sha256": { "rke2.linux-amd64.tar.gz": "1" } }));
        assert_eq!(given["artefacts"], json!({ "source": "/srv" }));
    }
}
