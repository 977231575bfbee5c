//! What others change is seen and mended.

use std::collections::BTreeSet;

use acceptance_tests::netbox::{Catalogue, Stage};
use anyhow::{Context as _, Result, ensure};
use catalogue::description::Presence;
use serde_json::json;

use crate::lifecycle::stage;
use crate::scene::Scene;

/// Changes a text of an object of each kind, and deletes some objects, behind the provider's back.
pub(crate) fn is_seen_and_mended(it: &Scene, catalogue: &Catalogue) -> Result<()> {
    let known = it.known(catalogue)?;
    let mut expected = BTreeSet::new();
    for instance in catalogue.instances().iter().filter(|instance| instance.label == "full") {
        let texts = ["description", "comments", "label"].into_iter();
        let field = texts
            .filter_map(|name| instance.kind.field(name))
            .find(|field| field.available.covers(it.version) && field.presence == Presence::Optional);
        let Some(field) = field else { continue };
        let key = (instance.kind.path.to_owned(), instance.label.clone());
        let (id, _) = known.get(&key).with_context(|| instance.address())?;
        it.wait(it.server.patch(instance.kind.path, *id, &json!({field.wire: "changed by another"})))?;
        expected.insert((instance.address(), "update".to_owned()));
    }
    for (kind, name) in [
        ("extras/journal-entries", "netbox_journal_entry"),
        ("vpn/tunnel-terminations", "netbox_tunnel_termination"),
    ] {
        let (id, _) = known.get(&(kind.to_owned(), "whole".to_owned())).context(kind)?;
        it.wait(it.server.delete(kind, *id))?;
        expected.insert((format!("hybridops_{name}.whole"), "create".to_owned()));
    }
    it.told("plan after drift", || it.ws.plan())?;
    let planned: BTreeSet<(String, String)> = it.ws.saved_plan()?.actions().into_iter().collect();
    let unseen: Vec<_> = expected.difference(&planned).collect();
    let more: Vec<_> = planned.difference(&expected).collect();
    ensure!(unseen.is_empty() && more.is_empty(), "not seen: {unseen:?}; planned without cause: {more:?}");
    println!("{}: {} changes by others are seen", it.version, expected.len());
    stage(it, catalogue, Stage::Changed).map(drop)
}
