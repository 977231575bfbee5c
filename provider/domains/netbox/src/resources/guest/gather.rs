//! Reading what there is.

use catalogue::store::Scope;
use tf_framework::{Diagnostic, Diagnostics, Path, Result};
use transport_rest::Budget;

use super::facts::{Facts, is_assigned};
use super::steps::{Ledger, Rules, matches};
use super::wish::{Which, Wish};
use super::{ADDRESSES, INTERFACES, MACHINES, OMITTED};
use crate::api::{Children, Error, Object};
use crate::client::{Client, budget};
use crate::resources::failure::failed;

const fn children(path: &'static str) -> Children {
    Children { path, filter: "virtual_machine_id", parents: MACHINES, key: "virtual_machine" }
}

/// The machine and what is on it; without a machine where there is none. Guests that are read at about the same time
/// share the requests.
///
/// # Errors
/// The server did not answer.
pub(super) async fn gather(client: &Client, id: u64, budget: &Budget) -> Result<Facts, Error> {
    let api = &client.api;
    let Some(vm) = api.read(MACHINES, id, OMITTED, budget).await? else { return Ok(Facts::default()) };
    let (interfaces, addresses, disks) = futures::try_join!(
        api.children(children(INTERFACES), id, budget),
        api.children(children(ADDRESSES), id, budget),
        api.children(children(super::DISKS), id, budget),
    )?;
    let (Some(interfaces), Some(addresses), Some(disks)) = (interfaces, addresses, disks) else {
        // It went away in between.
        return Ok(Facts::default());
    };
    Ok(Facts {
        vm: Some((*vm).clone()),
        interfaces: interfaces.to_vec(),
        addresses: addresses.to_vec(),
        loose: Vec::new(),
        disks: disks.to_vec(),
    })
}

/// The addresses that are wished for by id and are not on the machine.
pub(super) async fn by_id(
    client: &Client,
    scope: &Scope,
    facts: &mut Facts,
    ids: &[(Path, u64)],
    what: &str,
) -> Result<()> {
    let mut problems = Diagnostics::new();
    for (path, id) in ids {
        if facts.address(*id).is_some() {
            continue;
        }
        let found = client.api.read(ADDRESSES, *id, &[], &budget(scope)).await;
        match found.map_err(|error| failed(what, error))? {
            None => problems.push(
                Diagnostic::error(
                    "Address does not exist",
                    format!("NetBox has no IP address with the id {id}."),
                )
                .at(path.clone()),
            ),
            Some(address) if is_assigned(&address) => {
                problems.push(taken(&address).at(path.clone()));
            }
            Some(address) => facts.loose.push((*address).clone()),
        }
    }
    problems.into_result(())
}

fn taken(address: &Object) -> Diagnostic {
    let text = |key: &str| address.fields.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
    let holder = address.fields.get("assigned_object");
    let name = holder.and_then(|holder| holder.get("display")?.as_str()).unwrap_or("another object");
    Diagnostic::error(
        "Address is assigned to something else",
        format!(
            "The address {} (id {}) is assigned to {name:?} ({}). Release it there first.",
            text("address"),
            address.id,
            text("assigned_object_type"),
        ),
    )
}

/// Addresses of the same host as those wished for by text that are not on the machine: one may lie there unassigned.
pub(super) async fn lying_about(
    client: &Client,
    scope: &Scope,
    facts: &mut Facts,
    wish: &Wish,
    ledger: &Ledger,
    rules: Rules,
    what: &str,
) -> Result<()> {
    let matched = matches(facts, wish, ledger, rules);
    let host = |(place, address): (_, &super::wish::AddressWish)| match address.which {
        Which::Ip(ip) if !matched.contains_key(&place) => Some(("address".to_owned(), ip.host.to_string())),
        _ => None,
    };
    let query: Vec<(String, String)> = wish.addresses().filter_map(host).collect();
    if query.is_empty() {
        return Ok(());
    }
    let found = client.api.list(ADDRESSES, &query, None, &budget(scope)).await;
    let known: Vec<u64> = facts.addresses.iter().chain(&facts.loose).map(|address| address.id).collect();
    let new = found.map_err(|error| failed(what, error))?.into_iter().filter(|a| !known.contains(&a.id));
    facts.loose.extend(new);
    Ok(())
}
