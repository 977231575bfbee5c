//! Values to bytes.

use std::convert::Infallible;

use rmp::encode::{self, ByteBuf, ValueWriteError};

use super::refined;
use crate::error::Under;
use crate::value::align::{Aligned, align};
use crate::{CodecCause, CodecError, Number, Type, Value};

#[derive(Default)]
pub(super) struct Encoder {
    out: ByteBuf,
}

impl Encoder {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.out.into_vec()
    }

    pub(super) fn value(&mut self, value: &Value, ty: &Type) -> Result<(), CodecError> {
        match align(value, ty)? {
            Aligned::Null => self.nil(),
            Aligned::Bool(truth) => self.bool(truth),
            Aligned::Number(number) => self.number(number)?,
            Aligned::String(text) => self.string(text)?,
            Aligned::Unknown(refinements) => {
                let payload = refined::encode(refinements, ty)?;
                let (code, payload) =
                    payload.as_deref().map_or((0, [0].as_slice()), |payload| (refined::EXT, payload));
                let length = length(payload.len())?;
                self.write(|out| encode::write_ext_meta(out, length, code));
                self.out.as_mut_vec().extend_from_slice(payload);
            }
            Aligned::Sequence(mut parts) => {
                self.array(parts.len)?;
                parts.try_for_each(|part| self.value(part.value, part.ty).under(|| part.step.to_step()))?;
            }
            Aligned::Names(mut parts) => {
                self.map(parts.len)?;
                parts.try_for_each(|part| {
                    self.string(part.step.name())?;
                    self.value(part.value, part.ty).under(|| part.step.to_step())
                })?;
            }
            Aligned::Dynamic(dynamic) => {
                self.array(2)?;
                let json = dynamic.ty.to_json();
                length(json.len())?;
                self.write(|out| encode::write_bin(out, &json));
                self.value(&dynamic.value, &dynamic.ty)?;
            }
        }
        Ok(())
    }

    /// As Terraform core writes numbers. Whole numbers beyond 64 bits are text even where a `f64` is exact.
    pub(super) fn number(&mut self, number: &Number) -> Result<(), CodecError> {
        let float = if number.is_integer() { None } else { number.to_f64_exact() };
        match (number.as_i64(), float) {
            (Some(int), _) => self.write(|out| encode::write_sint(out, int).map(drop)),
            (None, Some(float)) => self.write(|out| encode::write_f64(out, float)),
            (None, None) => self.string(&number.wire_text())?,
        }
        Ok(())
    }

    fn nil(&mut self) {
        self.write(|out| encode::write_nil(out).map_err(ValueWriteError::InvalidMarkerWrite));
    }

    pub(super) fn bool(&mut self, truth: bool) {
        self.write(|out| encode::write_bool(out, truth).map_err(ValueWriteError::InvalidMarkerWrite));
    }

    pub(super) fn string(&mut self, text: &str) -> Result<(), CodecError> {
        length(text.len())?;
        self.write(|out| encode::write_str(out, text));
        Ok(())
    }

    pub(super) fn array(&mut self, elements: usize) -> Result<(), CodecError> {
        let elements = length(elements)?;
        self.write(|out| encode::write_array_len(out, elements).map(drop));
        Ok(())
    }

    pub(super) fn map(&mut self, elements: usize) -> Result<(), CodecError> {
        let elements = length(elements)?;
        self.write(|out| encode::write_map_len(out, elements).map(drop));
        Ok(())
    }

    /// Memory takes everything, which the types know.
    fn write<T>(&mut self, write: impl FnOnce(&mut ByteBuf) -> Result<T, ValueWriteError<Infallible>>) {
        match write(&mut self.out) {
            Ok(_) => {}
            Err(ValueWriteError::InvalidMarkerWrite(never) | ValueWriteError::InvalidDataWrite(never)) => {
                match never {}
            }
        }
    }
}

/// A length as the format has it.
fn length(length: usize) -> Result<u32, CodecError> {
    Ok(u32::try_from(length).map_err(|_| CodecCause::TooLong)?)
}
