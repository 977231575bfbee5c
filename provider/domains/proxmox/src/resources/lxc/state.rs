//! From a container to the state of the resource, and what its stamp remembers of the configuration.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tf_framework::{Computed, Model as _, Result, Value};
use tf_value::{Type, json};

use super::disks::observe_disks;
use super::model::*;
use super::settings::{fixed_addresses, observe_settings, observe_tags};
use crate::api::{HaResource, Vmid};
use crate::guest::{Here, Stamp};

/// What was seen of a container.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) here: Here,
    /// How high availability keeps it: asked only where somebody wants to know.
    pub(crate) ha: Option<HaResource>,
    /// Whether the account may see pools: the index leaves them out where it may not.
    pub(crate) sees_pools: bool,
    /// The provider's cost tags, those of today and those it may have put earlier.
    pub(crate) cost_tags: BTreeSet<String>,
}

/// A rebuild under way, as the stamp of the old container tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Succession {
    /// The new container.
    pub(super) to: Vmid,
    /// Whether the old one ran when it began.
    pub(super) running: bool,
}

const SUCCESSION: &str = "succession";
const REPLACES: &str = "replaces";
const DESTROYED: &str = "on_remove_delete";

/// The rebuild that a container's stamp tells of.
pub(super) fn succession(stamp: &Stamp) -> Option<Succession> {
    serde_json::from_value(stamp.made.get(SUCCESSION)?.clone()).ok()
}

/// The container that is to be replaced by the one with this stamp.
pub(super) fn replaces(stamp: &Stamp) -> Option<Vmid> {
    stamp.made.get(REPLACES)?.as_u64().and_then(|vmid| Vmid::try_from(vmid).ok())
}

/// Notes a rebuild in a stamp, or that there is none.
pub(super) fn set_succession(stamp: &mut Stamp, succession: Option<Succession>) {
    match succession.and_then(|succession| serde_json::to_value(succession).ok()) {
        Some(value) => stamp.made.insert(SUCCESSION.to_owned(), value),
        None => stamp.made.remove(SUCCESSION),
    };
}

/// Notes which container the one with this stamp is to replace.
pub(super) fn set_replaces(stamp: &mut Stamp, vmid: Vmid) {
    stamp.made.insert(REPLACES.to_owned(), vmid.into());
}

/// Inputs that no server tells: the stamp keeps them for an import.
const INPUTS: [&str; 15] = [
    "node",
    "nodes",
    "placement",
    "template",
    "clone",
    "restore",
    "on_source_change",
    "preserve_volumes",
    "ssh_keys",
    "wait_for",
    "remove",
    "apply_mode",
    "shutdown_timeout",
    "on_destroy",
    "timeouts",
];

/// Keys that would leave too little room in the notes are not kept.
const LONGEST: usize = 2000;

/// A container nobody declared: everything open, inputs at their defaults.
pub(crate) fn blank(name: &str) -> Result<Lxc> {
    let Type::Object(attributes) = Lxc::block().value_type() else {
        return Ok(Lxc::from_object(Value::Null)?);
    };
    let mut object: BTreeMap<String, Value> =
        attributes.into_keys().map(|attribute| (attribute, Value::Null)).collect();
    let mut set = |attribute: &str, value: Value| drop(object.insert(attribute.to_owned(), value));
    set("name", Value::from(name));
    set("on_source_change", Value::from(OnSourceChange::Rebuild.as_str()));
    set("preserve_volumes", Value::Bool(true));
    set("remove", Value::set([]));
    set("apply_mode", Value::from(ApplyMode::Stage.as_str()));
    set("shutdown_timeout", Value::from(60_u32));
    set("on_destroy", Value::from(LxcOnDestroy::Delete.as_str()));
    Ok(Lxc::from_object(Value::Object(object))?)
}

/// What the stamp is to remember of a configuration.
pub(super) fn remember(lxc: &Lxc) -> serde_json::Map<String, serde_json::Value> {
    let mut made = serde_json::Map::new();
    let (Ok(blank), ty) = (blank(&lxc.name), Lxc::block().value_type()) else { return made };
    let (object, usual) = (lxc.to_object(), blank.to_object());
    for name in INPUTS {
        let Some(value) = object.get(name).filter(|value| usual.get(name) != Some(*value)) else { continue };
        let Some(ty) = member(&ty, name) else { continue };
        let text = json::encode(value, &ty).ok().filter(|text| text.len() <= LONGEST);
        if let Some(json) = text.and_then(|text| serde_json::from_slice(&text).ok()) {
            made.insert(name.to_owned(), json);
        }
    }
    let mounts = lxc.mounts.known().into_iter().flatten();
    let destroyed: Vec<&String> =
        mounts.filter(|(_, mount)| mount.on_remove == OnRemove::Delete).map(|(slot, _)| slot).collect();
    if !destroyed.is_empty() {
        made.insert(DESTROYED.to_owned(), destroyed.into_iter().cloned().collect());
    }
    made
}

fn member(ty: &Type, name: &str) -> Option<Type> {
    let Type::Object(attributes) = ty else { return None };
    attributes.get(name).cloned()
}

/// A container as an import finds it: with the inputs its stamp remembers.
fn imported(here: &Here) -> Result<Lxc> {
    let blank = blank(&here.guest.name)?;
    let Some(stamp) = Stamp::of(&here.config()) else {
        return Ok(Lxc { node: Some(here.guest.node.clone()), ..blank });
    };
    let text = serde_json::Value::Object(stamp.made.clone()).to_string();
    let decoded = json::decode(text.as_bytes(), &Lxc::block().value_type(), json::UnknownAttributes::Ignore);
    let mut object = blank.to_object();
    for name in INPUTS {
        let value =
            decoded.as_ref().ok().and_then(|decoded| decoded.get(name)).filter(|value| !value.is_null());
        if let (Some(value), Value::Object(members)) = (value, &mut object) {
            members.insert(name.to_owned(), value.clone());
        }
    }
    Ok(Lxc::from_object(object)?)
}

/// The container in full. What no server tells comes from `before`, the state or the plan; an import has none.
pub(crate) fn observe(seen: &Seen, before: Option<&Lxc>) -> Result<Lxc> {
    let here = &seen.here;
    let config = here.config();
    let stamp = Stamp::of(&config);
    let mut lxc = match before {
        Some(before) => before.clone(),
        None => imported(here)?,
    };
    // A guest in the making has no name yet, and the index then makes one up.
    if let Some(name) = config.get("hostname") {
        name.clone_into(&mut lxc.name);
    }
    lxc.id = Computed::Known(here.guest.vmid.to_string());
    lxc.vmid = Computed::Known(here.guest.vmid);
    lxc.current_node = Computed::Known(here.guest.node.clone());
    // One that is not where the configuration puts it goes back, unless high availability moved it.
    if lxc.node.as_ref().is_some_and(|node| *node != here.guest.node) && !is_ha_managed(here) {
        lxc.node = Some(here.guest.node.clone());
    }
    observe_settings(&config, &mut lxc);
    observe_tags(&config, &seen.cost_tags, before, &mut lxc);
    let handing_over = stamp.as_ref().and_then(succession).is_some();
    match before {
        // Its volumes are on their way to its successor: that they are not here is no difference.
        Some(_) if handing_over => {}
        before => observe_disks(&config, before, &mut lxc),
    }
    if before.is_none() {
        forget_nothing(stamp.as_ref(), &mut lxc);
    }
    lxc.description = Computed::Known(Stamp::text_of(&config));
    let pool = here.guest.pool.clone();
    if pool.is_some() || seen.sees_pools || lxc.pool.known().is_none() {
        lxc.pool = Computed::Known(pool);
    }
    lxc.ha = Computed::Known(seen.ha.as_ref().map(ha));
    lxc.power = match here.guest.status.as_str() {
        "running" => Computed::Known(Power::Running),
        "stopped" => Computed::Known(Power::Stopped),
        _ => Computed::Known(lxc.power.known().copied().unwrap_or(Power::Stopped)),
    };
    let running = lxc.power.known() == Some(&Power::Running);
    lxc.reboot_required = Computed::Known(running && here.pending.is_waiting());
    lxc.addresses = Computed::Known(addresses(&lxc, before));
    Ok(lxc)
}

/// Whether high availability decides where a guest is.
pub(super) fn is_ha_managed(here: &Here) -> bool {
    here.guest.hastate.as_deref().is_some_and(|state| !matches!(state, "" | "unmanaged" | "ignored"))
}

fn forget_nothing(stamp: Option<&Stamp>, lxc: &mut Lxc) {
    let listed = stamp.and_then(|stamp| stamp.made.get(DESTROYED)).and_then(|list| list.as_array().cloned());
    let slots: BTreeSet<String> =
        listed.into_iter().flatten().filter_map(|slot| slot.as_str().map(str::to_owned)).collect();
    if let Computed::Known(mounts) = &mut lxc.mounts {
        for (_, mount) in mounts.iter_mut().filter(|(slot, _)| slots.contains(*slot)) {
            mount.on_remove = OnRemove::Delete;
        }
    }
}

/// The fixed addresses, and those that were waited for.
fn addresses(lxc: &Lxc, before: Option<&Lxc>) -> Vec<String> {
    let fixed = |lxc: &Lxc| lxc.network.known().map(fixed_addresses).unwrap_or_default();
    let mut addresses = fixed(lxc);
    let had = before.map(fixed).unwrap_or_default();
    let told = before.and_then(|before| before.addresses.known().cloned()).unwrap_or_default();
    addresses.extend(told.into_iter().filter(|address| !had.contains(address)));
    let mut once = BTreeSet::new();
    addresses.retain(|address| once.insert(address.clone()));
    addresses
}

fn ha(resource: &HaResource) -> Ha {
    let tries = |number: Option<u64>| number.and_then(|number| u32::try_from(number).ok()).unwrap_or(1);
    let state = resource.state.as_deref().and_then(|state| state.parse().ok());
    Ha {
        state: state.unwrap_or(HaState::Started),
        group: resource.group.clone(),
        max_restart: tries(resource.max_restart),
        max_relocate: tries(resource.max_relocate),
    }
}

/// The plan with what was left open filled in from what was seen. What the plan says stays word for word.
///
/// # Errors
/// The result does not fit the model, which cannot happen to two of its own.
pub(crate) fn settle(plan: &Lxc, seen: &Lxc) -> Result<Lxc> {
    let mut settled = Lxc::from_object(fill(plan.to_object(), &seen.to_object()))?;
    settled.password = plan.password.clone();
    Ok(settled)
}

fn fill(planned: Value, seen: &Value) -> Value {
    let members = |members: BTreeMap<String, Value>| {
        let of = |name: &str| seen.get(name).cloned().unwrap_or(Value::Null);
        members.into_iter().map(|(name, value)| (name.clone(), fill(value, &of(&name)))).collect()
    };
    match planned {
        Value::Unknown(_) => seen.clone(),
        Value::Object(object) => Value::Object(members(object)),
        Value::Map(map) => Value::Map(members(map)),
        other => other,
    }
}
