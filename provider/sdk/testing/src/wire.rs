//! Values, paths and diagnostics on the wire, from core's side.

use tf_framework::{Diagnostic, Diagnostics, Severity};
use tf_value::{Path, Step, Type, Value, json, msgpack};
use tfplugin_proto::tfplugin6 as pb;

use crate::CoreError;

pub(crate) fn encode(what: &str, value: &Value, ty: &Type) -> Result<Option<pb::DynamicValue>, CoreError> {
    let msgpack =
        msgpack::encode(value, ty).map_err(|source| CoreError::Codec { what: what.to_owned(), source })?;
    Ok(Some(pb::DynamicValue { msgpack, json: Vec::new() }))
}

/// Reads an answer. Core takes msgpack everywhere and JSON nearly nowhere.
pub(crate) fn decode(what: &str, value: Option<&pb::DynamicValue>, ty: &Type) -> Result<Value, CoreError> {
    let Some(value) = value else { return Ok(Value::Null) };
    if value.msgpack.is_empty() {
        return Err(CoreError::answer(what, "a value is not in msgpack"));
    }
    msgpack::decode(&value.msgpack, ty).map_err(|source| CoreError::Codec { what: what.to_owned(), source })
}

pub(crate) fn encode_identity(
    what: &str,
    identity: Option<&Value>,
    ty: &Type,
) -> Result<Option<pb::ResourceIdentityData>, CoreError> {
    let Some(identity) = identity else { return Ok(None) };
    Ok(Some(pb::ResourceIdentityData { identity_data: encode(what, identity, ty)? }))
}

pub(crate) fn decode_identity(
    what: &str,
    identity: Option<&pb::ResourceIdentityData>,
    ty: &Type,
) -> Result<Option<Value>, CoreError> {
    let data = identity.and_then(|identity| identity.identity_data.as_ref());
    data.map(|data| decode(what, Some(data), ty)).transpose()
}

/// An object as core stores it.
pub(crate) fn to_json(what: &str, value: &Value, ty: &Type) -> Result<Vec<u8>, CoreError> {
    json::encode(value, ty).map_err(|source| CoreError::Codec { what: what.to_owned(), source })
}

pub(crate) fn path(path: &pb::AttributePath) -> Path {
    use pb::attribute_path::step::Selector;
    let step = |step: &pb::attribute_path::Step| {
        Some(match step.selector.as_ref()? {
            Selector::AttributeName(name) => Step::Attribute(name.clone()),
            Selector::ElementKeyString(key) => Step::Key(key.clone()),
            Selector::ElementKeyInt(index) => Step::Index(usize::try_from(*index).ok()?),
        })
    };
    path.steps.iter().filter_map(step).collect()
}

pub(crate) fn diagnostics(diagnostics: &[pb::Diagnostic]) -> Diagnostics {
    let diagnostic = |diagnostic: &pb::Diagnostic| Diagnostic {
        severity: match diagnostic.severity() {
            pb::diagnostic::Severity::Warning => Severity::Warning,
            pb::diagnostic::Severity::Error | pb::diagnostic::Severity::Invalid => Severity::Error,
        },
        summary: diagnostic.summary.clone(),
        detail: diagnostic.detail.clone(),
        path: diagnostic.attribute.as_ref().map(path),
    };
    diagnostics.iter().map(diagnostic).collect()
}

/// The warnings of an answer, or its errors as an error.
pub(crate) fn accepted(what: &str, found: &[pb::Diagnostic]) -> Result<Diagnostics, CoreError> {
    let diagnostics = diagnostics(found);
    if diagnostics.has_errors() {
        Err(CoreError::Diagnostics { what: what.to_owned(), diagnostics })
    } else {
        Ok(diagnostics)
    }
}
