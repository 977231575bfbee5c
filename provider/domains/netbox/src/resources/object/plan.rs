//! The plan of an object of any type.

use tf_framework::{Diagnostic, Diagnostics, Field, Path, PlanContext, PlannedAction, Result, Value};

use super::body::{is_covered, members};
use super::model::{AnyObject, AnyObjectPartial};

fn at(name: &str) -> Path {
    Path::root().attribute(name)
}

/// Checks what validators cannot express, offline.
pub(super) fn validate(config: &AnyObjectPartial, diagnostics: &mut Diagnostics) {
    let Field::Known(body) = &config.body else { return };
    if body.is_unknown() {
        return;
    }
    let Some(keys) = body.as_map() else {
        let detail =
            format!("The body is an object of fields and their values, not {}.", body.concrete().kind());
        diagnostics.push(Diagnostic::error("The body is no object", detail).at(at("body")));
        return;
    };
    for key in ["id", "url", "display"].into_iter().filter(|key| keys.contains_key(*key)) {
        let detail = format!("{key} is the server's to set. Leave it out of the body.");
        diagnostics.push(Diagnostic::error("Key cannot be set", detail).at(at("body")));
    }
    for (name, list) in [("adopt_by", &config.adopt_by), ("not_compared", &config.not_compared)] {
        let Field::Known(list) = list else { continue };
        for key in list.iter().filter_map(Field::known).filter(|key| !keys.contains_key(*key)) {
            let detail = format!("{name} names {key:?}, which is no key of the body.");
            diagnostics.push(Diagnostic::error("Key is not in the body", detail).at(at(name)));
        }
    }
}

/// An imported object keeps its body while the configuration says nothing else.
pub(super) fn modify(cx: &mut PlanContext<AnyObject>) -> Result<()> {
    if cx.action() != PlannedAction::Update || !cx.has_changes() {
        return Ok(());
    }
    let Some(prior) = cx.prior().cloned() else { return Ok(()) };
    let planned = cx.planned_value().get("body").cloned().unwrap_or(Value::Null);
    let known = planned.is_wholly_known();
    if cx.private.imported && known && is_covered(&planned, &prior.body) {
        cx.plan(&at("body"), &prior.body)?;
        cx.plan(&at("display"), &prior.display)?;
        return Ok(());
    }
    // What the server shows changes with what is sent only.
    if known && super::body::changes(&prior.body, &planned).is_empty() && !members(&planned).is_empty() {
        cx.plan(&at("display"), &prior.display)?;
    }
    Ok(())
}
