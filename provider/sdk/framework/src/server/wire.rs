//! Values, paths and diagnostics between the wire and ours.

use tf_value::{CodecError, Path, Step, Type, Value, json, msgpack};
use tfplugin_proto::tfplugin6 as pb;

use crate::diagnostic::{Diagnostic, Diagnostics, Result, Severity};

/// Reads a value; an absent one is null.
pub(super) fn decode(value: Option<&pb::DynamicValue>, ty: &Type) -> Result<Value> {
    let Some(value) = value else { return Ok(Value::Null) };
    let decoded = if !value.msgpack.is_empty() {
        msgpack::decode(&value.msgpack, ty)
    } else if !value.json.is_empty() {
        json::decode(&value.json, ty, json::UnknownAttributes::Reject)
    } else {
        return Ok(Value::Null);
    };
    decoded.map_err(|error| codec("Terraform sent a value that does not fit the schema", &error))
}

/// Writes a value.
pub(super) fn encode(value: &Value, ty: &Type) -> Result<pb::DynamicValue> {
    let msgpack = msgpack::encode(value, ty)
        .map_err(|error| codec("The provider made a value that does not fit its schema", &error))?;
    Ok(pb::DynamicValue { msgpack, json: Vec::new() })
}

fn codec(summary: &str, error: &CodecError) -> Diagnostics {
    Diagnostics::error(summary, format!("{error}. This is a bug in the provider; please report it."))
}

pub(super) fn diagnostics(diagnostics: Diagnostics) -> Vec<pb::Diagnostic> {
    diagnostics.into_iter().map(diagnostic).collect()
}

fn diagnostic(diagnostic: Diagnostic) -> pb::Diagnostic {
    let severity = match diagnostic.severity {
        Severity::Error => pb::diagnostic::Severity::Error,
        Severity::Warning => pb::diagnostic::Severity::Warning,
    };
    pb::Diagnostic {
        severity: severity.into(),
        summary: diagnostic.summary,
        detail: diagnostic.detail,
        attribute: diagnostic.path.as_ref().filter(|path| !path.is_root()).map(path),
    }
}

/// A path as far as the wire can address it: up to a set, whose elements have no address.
pub(super) fn path(path: &Path) -> pb::AttributePath {
    use pb::attribute_path::{Step as WireStep, step::Selector};
    let selector = |step: &Step| match step {
        Step::Attribute(name) => Selector::AttributeName(name.clone()),
        Step::Key(key) => Selector::ElementKeyString(key.clone()),
        Step::Index(index) => Selector::ElementKeyInt(i64::try_from(*index).unwrap_or(i64::MAX)),
        // wire_prefix ends before the first of these
        Step::Element(_) => Selector::ElementKeyInt(0),
    };
    let prefix = path.wire_prefix();
    let steps = prefix.steps().iter().map(|step| WireStep { selector: Some(selector(step)) }).collect();
    pb::AttributePath { steps }
}
