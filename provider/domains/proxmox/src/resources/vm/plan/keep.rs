//! What is no difference although it reads differently: the origin of a guest, documents it was seeded with, slots that
//! were never declared, inputs that an import cannot know.

use tf_framework::{Diagnostic, PlanContext, Result, Value};
use tf_value::Path;

use super::{at, before, planned};
use crate::resources::vm::model::*;

/// Inputs that no server tells. Where an import could not know them they are no difference on their own.
const INPUTS: [&str; 7] =
    ["node", "nodes", "wait_for", "timeouts", "apply_mode", "shutdown_timeout", "on_destroy"];

/// Maps of slots.
const MAPS: [&str; 6] = ["network", "disks", "cdrom", "serial", "usb", "pci"];

/// Documents of cloud-init.
const DOCUMENTS: [&str; 3] = ["user_data", "network_config", "vendor_data"];

/// What a guest was made from stays as it is: a change of it is told, and makes nothing.
pub(super) fn keep_making(cx: &mut PlanContext<Vm>) -> Result<()> {
    let mut told = Vec::new();
    for name in ["clone", "restore"] {
        let path = at(name);
        if cx.changes(&path) && !before(cx, &path).is_null() {
            let known = !is_nothing(&before(cx, &path));
            let value = before(cx, &path);
            cx.plan(&path, &value)?;
            if known {
                told.push(path);
            }
        }
    }
    let slots: Vec<String> = cx
        .prior()
        .and_then(|prior| prior.disks.known())
        .into_iter()
        .flatten()
        .map(|(slot, _)| slot.clone())
        .collect();
    for slot in slots {
        let disk = at("disks").key(&slot);
        let path = disk.clone().attribute("import_from");
        if !planned(cx, &disk).is_null() && cx.changes(&path) && !before(cx, &path).is_null() {
            let value = before(cx, &path);
            cx.plan(&path, &value)?;
            if value != Value::from("") {
                told.push(path);
            }
        }
    }
    for path in told {
        cx.warn(
            Diagnostic::warning(
                "What a guest was made from is not changed",
                "It is used when the guest is made. To make the guest anew, use `terraform apply -replace`, with its data in mind.",
            )
            .at(path),
        );
    }
    Ok(())
}

/// An object without content.
fn is_nothing(value: &Value) -> bool {
    value.as_map().is_none_or(|members| members.values().all(Value::is_null))
}

/// Edited documents under `ignore` make a note, and nothing else.
pub(super) fn keep_documents(cx: &mut PlanContext<Vm>) -> Result<()> {
    let how = cx.config().cloud_init.known().and_then(|it| it.on_user_data_change.known().copied());
    let had = cx.prior().and_then(|prior| prior.cloud_init.known()).and_then(Option::as_ref).is_some();
    if !had {
        return Ok(());
    }
    if how == Some(OnUserDataChange::Replace) {
        for name in DOCUMENTS {
            let path = at("cloud_init").attribute(name);
            if cx.changes(&path) && !before(cx, &path).is_null() {
                cx.require_replace(path);
            }
        }
    }
    if !matches!(how, None | Some(OnUserDataChange::Ignore)) {
        return Ok(());
    }
    let mut differ = Vec::new();
    for name in DOCUMENTS {
        let path = at("cloud_init").attribute(name);
        if cx.changes(&path) && !before(cx, &path).is_null() {
            let value = before(cx, &path);
            // An import does not know the documents.
            if value != Value::from("") {
                differ.push(name);
            }
            cx.plan(&path, &value)?;
        }
    }
    if !differ.is_empty() {
        cx.warn(
            Diagnostic::warning(
                "Edited cloud-init documents are ignored",
                format!(
                    "{} differ from what the guest was seeded with. Nothing is changed. `on_user_data_change = \"reseed\"` \
                     gives the guest a new seed image, `\"replace\"` makes it anew.",
                    differ.join(" and ")
                ),
            )
            .at(at("cloud_init").attribute(differ.first().copied().unwrap_or("user_data"))),
        );
    }
    Ok(())
}

/// A map that declares some of the slots in state as they are is no difference, where the others were never declared.
pub(super) fn keep_maps(cx: &mut PlanContext<Vm>) -> Result<()> {
    let managed = cx.prior().and_then(|prior| prior.managed.known().cloned()).unwrap_or_default();
    let inner = at("cloud_init").attribute("ip_config");
    for path in MAPS.iter().map(|name| at(name)).chain([inner]) {
        let (had, has) = (before(cx, &path), planned(cx, &path));
        let (Some(had_slots), Some(slots)) = (had.as_map(), has.as_map()) else { continue };
        let key = |slot: &str| {
            if path.to_string().ends_with("ip_config") {
                crate::resources::vm::settings::ip_config_key(slot)
            } else {
                slot.to_owned()
            }
        };
        let inherited: Vec<&String> = had_slots
            .keys()
            .filter(|slot| !slots.contains_key(*slot) && !managed.contains(&key(slot)))
            .collect();
        if inherited.is_empty() {
            continue;
        }
        let same = slots.iter().all(|(slot, value)| had_slots.get(slot) == Some(value))
            && had_slots.keys().all(|slot| slots.contains_key(slot) || inherited.contains(&slot));
        if same {
            cx.plan(&path, &had)?;
            continue;
        }
        let names: Vec<&str> = inherited.iter().map(|slot| slot.as_str()).collect();
        cx.warn(
            Diagnostic::warning(
                "Slots that were never declared stay with the guest",
                format!(
                    "{} of {path} leave the state, which from now on holds declared slots only, and stay with the guest. To take \
                     them away, name them in `remove`.",
                    names.join(", ")
                ),
            )
            .at(path.clone()),
        );
    }
    Ok(())
}

/// Inputs that an import could not know are no difference on their own.
pub(super) fn keep_inputs(cx: &mut PlanContext<Vm>) -> Result<()> {
    let imported = cx
        .prior()
        .is_some_and(|prior| prior.managed.known().is_none_or(std::collections::BTreeSet::is_empty));
    if !imported {
        return Ok(());
    }
    let changed: Vec<(Path, Value)> = INPUTS
        .iter()
        .map(|name| at(name))
        .filter(|path| cx.changes(path) && !before(cx, path).is_null() && fits(cx, path))
        .map(|path| (path.clone(), planned(cx, &path)))
        .collect();
    for (path, _) in &changed {
        let value = before(cx, path);
        cx.plan(path, &value)?;
    }
    if cx.has_changes() {
        for (path, value) in &changed {
            cx.plan(path, value)?;
        }
    }
    Ok(())
}

/// Whether an input is one that the guest satisfies as it is.
fn fits(cx: &PlanContext<Vm>, path: &Path) -> bool {
    let now = cx.prior().and_then(|prior| prior.current_node.known().cloned()).unwrap_or_default();
    match path.to_string().as_str() {
        "node" => planned(cx, path).as_str() == Some(now.as_str()),
        "nodes" => {
            let nodes = planned(cx, path);
            nodes.as_list().is_some_and(|nodes| nodes.iter().any(|node| node.as_str() == Some(now.as_str())))
        }
        _ => true,
    }
}
