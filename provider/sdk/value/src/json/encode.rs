//! Values to JSON.

use serde_json::Value as Json;

use crate::error::Under;
use crate::value::align::{Aligned, Part, Parts, align};
use crate::{CodecCause, CodecError, Type, Value};

pub(super) fn value(out: &mut String, value: &Value, ty: &Type) -> Result<(), CodecError> {
    match align(value, ty)? {
        Aligned::Null => out.push_str("null"),
        Aligned::Unknown(_) => return Err(CodecCause::Unknown.into()),
        Aligned::Bool(truth) => out.push_str(if truth { "true" } else { "false" }),
        Aligned::Number(number) => out.push_str(&number.wire_text()),
        Aligned::String(text) => string(out, text),
        Aligned::Sequence(parts) => self::parts(out, ['[', ']'], parts, |_, _| {})?,
        Aligned::Names(parts) => self::parts(out, ['{', '}'], parts, |out, part| {
            string(out, part.step.name());
            out.push(':');
        })?,
        Aligned::Dynamic(dynamic) => {
            out.push_str("{\"value\":");
            self::value(out, &dynamic.value, &dynamic.ty)?;
            out.push_str(",\"type\":");
            out.push_str(&String::from_utf8_lossy(&dynamic.ty.to_json()));
            out.push('}');
        }
    }
    Ok(())
}

fn parts(
    out: &mut String,
    [open, close]: [char; 2],
    parts: Parts<'_>,
    lead: impl Fn(&mut String, &Part<'_>),
) -> Result<(), CodecError> {
    out.push(open);
    for (index, part) in parts.enumerate() {
        if index > 0 {
            out.push(',');
        }
        lead(out, &part);
        value(out, part.value, part.ty).under(|| part.step.to_step())?;
    }
    out.push(close);
    Ok(())
}

fn string(out: &mut String, text: &str) {
    out.push_str(&Json::from(text).to_string());
}
