//! Whether there is such a machine already, and whose it is.

use std::time::Duration;

use catalogue::store::{Defaults, Scope, Store as _};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use tf_framework::{Diagnostics, Result, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::facts::text;
use super::wishing::{REFERENCES, tenant};
use super::{MACHINES, OMITTED};
use crate::api::{Object, agrees};
use crate::client::{Client, STAMP, budget};
use crate::resources::failure::failed;
use crate::resources::references::wire;

/// How far back an interrupted run is looked for.
const LEFTOVERS: Duration = Duration::from_secs(24 * 60 * 60);
/// What the API calls a virtual machine.
const MODEL: &str = "virtualization.virtualmachine";
/// Fields by which a machine is recognised where the changelog has no stamps.
const LIKENESS: [&str; 6] = ["status", "vcpus", "memory", "serial", "description", "comments"];

/// What singles a machine out: its name and where it is, on the wire.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Identity {
    name: String,
    places: Vec<(&'static str, Json)>,
}

/// A machine of the same name in the same place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Existing {
    /// There is none.
    None,
    /// One that a run of ours made which was interrupted.
    Ours(u64),
    /// One that is managed by this run already.
    Managed(u64),
    /// One that others made.
    Others(u64),
}

impl Identity {
    /// The identity of a guest; `None` while it is not known.
    pub(super) fn of(guest: &Value, defaults: &Defaults) -> Option<Self> {
        let name = guest.get("name")?.as_str()?.to_owned();
        let mut places = Vec::new();
        for (field, target) in REFERENCES.into_iter().filter(|(field, _)| is_part(field)) {
            let value = guest.get(field).filter(|value| !value.is_null());
            if value.is_some_and(|value| !value.is_wholly_known()) {
                return None;
            }
            let sent = if field == "tenant" { tenant(value, defaults) } else { wire(value, target) };
            // The site may be the cluster's.
            if field != "site" || value.is_some() {
                places.push((field, sent));
            }
        }
        Some(Self { name, places })
    }

    fn is(&self, vm: &Object) -> bool {
        let fits = |(field, sent): &(&str, Json)| agrees(sent, vm.fields.get(*field).unwrap_or(&Json::Null));
        // A device may be given to a machine later; it does not tell machines apart.
        text(vm, "name") == self.name && self.places.iter().filter(|(f, _)| *f != "device").all(fits)
    }

    /// The mark of the machine's creation: the same in every run that would make it.
    pub(super) fn stamp(&self) -> String {
        let mut hash = Sha256::new();
        hash.update("netbox_guest\0");
        hash.update(&self.name);
        for (field, sent) in &self.places {
            hash.update(format!("\0{field}\0{sent}"));
        }
        let digest: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        format!("{STAMP}{digest}")
    }
}

fn is_part(field: &str) -> bool {
    ["cluster", "site", "device", "tenant"].contains(&field)
}

/// Looks for the machine: one look-up by name for all guests of the run that are made at about the same time.
pub(super) async fn existing(
    client: &Client,
    scope: &Scope,
    identity: &Identity,
    guest: &Value,
    what: &str,
) -> Result<Existing> {
    let budget = budget(scope);
    let names = std::slice::from_ref(&identity.name);
    let named = client.api.look_up(MACHINES, "name", names, &budget).await;
    let mut found = Vec::new();
    for brief in named.map_err(|error| failed(what, error))? {
        let vm = client.api.read(MACHINES, brief.id, OMITTED, &budget).await;
        if let Some(vm) = vm.map_err(|error| failed(what, error))?
            && identity.is(&vm)
        {
            found.push(vm);
        }
    }
    let vm = match found.as_slice() {
        [] => return Ok(Existing::None),
        [one] => one,
        several => {
            let detail = format!(
                "NetBox has {} virtual machines named {:?} in the same place: none can be chosen.",
                several.len(),
                identity.name
            );
            return Err(Diagnostics::error(what, detail));
        }
    };
    if client.run().is_claimed(MACHINES, vm.id) {
        return Ok(Existing::Managed(vm.id));
    }
    let leftovers = client.api.leftovers(LEFTOVERS, &budget).await.map_err(|error| failed(what, error))?;
    let ours = match leftovers.known {
        true => leftovers.find(MODEL, &identity.stamp()).contains(&vm.id),
        false => resembles(guest, vm),
    };
    Ok(if ours { Existing::Ours(vm.id) } else { Existing::Others(vm.id) })
}

/// Whether a machine is one that we could have made within the last day: without stamps its looks must do.
fn resembles(guest: &Value, vm: &Object) -> bool {
    let created = OffsetDateTime::parse(text(vm, "created"), &Rfc3339).ok();
    let recent = created.is_some_and(|created| (OffsetDateTime::now_utc() - created).abs() < LEFTOVERS);
    let alike = |field: &str| match guest.get(field) {
        Some(value) if value.is_unknown() => true,
        Some(value) if !value.is_null() => {
            agrees(&catalogue::json::from_value(value), vm.fields.get(field).unwrap_or(&Json::Null))
        }
        _ => vm.fields.get(field).is_none_or(|there| there.is_null() || there.as_str() == Some("")),
    };
    recent && LIKENESS.iter().all(|field| alike(field))
}
