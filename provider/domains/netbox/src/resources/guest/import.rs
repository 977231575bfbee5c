//! Taking over a guest that exists.

use catalogue::store::{Scope, Store as _};
use tf_framework::{Context, Diagnostics, ImportId, Result, Value};

use super::MACHINES;
use super::facts::{Facts, text};
use super::gather::gather;
use super::model::{Guest, Keeping};
use super::show::{self, Hint};
use super::steps::Ledger;
use crate::client::{Client, budget};
use crate::resources::failure::failed;

const FORMS: &str = "Import a guest by the id of its virtual machine (`5`), by its name where that is unique (`web-01`), or \
                     by cluster and name (`pve1/web-01`).";

/// The state of a guest, with everything that is on it.
pub(super) fn whole(facts: &Facts, client: &Client) -> Option<(Guest, Keeping)> {
    let (ledger, references) = (Ledger::of_all(facts), show::referents(facts.vm.as_ref()?));
    let hint = Hint { guest: None, ledger: &ledger, references: &references, defaults: client.defaults() };
    Some((show::guest(facts, hint)?, Keeping { references }))
}

pub(super) async fn import(cx: &mut Context<Guest>, client: &Client, id: &ImportId) -> Result<Guest> {
    let what = "Importing the guest failed";
    let scope = Scope::of(cx);
    let budget = budget(&scope);
    let id = match id {
        ImportId::Identity(identity) => {
            let id = identity.get("id").and_then(Value::as_number).and_then(tf_framework::Number::as_u64);
            id.ok_or_else(|| Diagnostics::error(what, FORMS))?
        }
        ImportId::Id(given) => match given.trim().parse() {
            Ok(id) => id,
            Err(_) => by_name(client, &scope, given.trim(), what).await?,
        },
    };
    let facts = gather(client, id, &budget).await.map_err(|error| failed(what, error))?;
    let missing = || {
        let detail =
            format!("NetBox has no virtual machine with the id {id}, or the token may not see it. {FORMS}");
        Diagnostics::error(what, detail)
    };
    let (guest, keeping) = whole(&facts, client).ok_or_else(missing)?;
    client.run().claim(MACHINES, id);
    cx.private = keeping;
    Ok(guest)
}

async fn by_name(client: &Client, scope: &Scope, given: &str, what: &str) -> Result<u64> {
    let budget = budget(scope);
    let mut found = named(client, given, None, what, &budget).await?;
    if let (true, Some((cluster, name))) = (found.is_empty(), given.split_once('/')) {
        found = named(client, name, Some(cluster), what, &budget).await?;
    }
    match found.as_slice() {
        [id] => Ok(*id),
        [] => Err(Diagnostics::error(what, format!("NetBox has no virtual machine {given:?}. {FORMS}"))),
        several => {
            let detail =
                format!("NetBox has {} virtual machines {given:?}: {several:?}. {FORMS}", several.len());
            Err(Diagnostics::error(what, detail))
        }
    }
}

async fn named(
    client: &Client,
    name: &str,
    cluster: Option<&str>,
    what: &str,
    budget: &transport_rest::Budget,
) -> Result<Vec<u64>> {
    let found = client.api.look_up(MACHINES, "name", &[name.to_owned()], budget).await;
    let mut ids = Vec::new();
    for brief in found.map_err(|error| failed(what, error))? {
        let vm = client.api.read(MACHINES, brief.id, super::OMITTED, budget).await;
        let Some(vm) = vm.map_err(|error| failed(what, error))? else { continue };
        let of = vm.fields.get("cluster").and_then(|cluster| cluster.get("name")?.as_str());
        if text(&vm, "name") == name && cluster.is_none_or(|cluster| of == Some(cluster)) {
            ids.push(vm.id);
        }
    }
    Ok(ids)
}
