//! What the protocol says about unknown values: an extension of type 12, its payload a map by small numbers.

use super::encode::Encoder;
use super::reader::{Reader, Token, utf8};
use crate::nfc::nfc;
use crate::{Bound, CodecCause, CodecError, Constraints, Refinements, Type, Value};

/// The extension type of unknown values with refinements; every other extension is unknown without.
pub(super) const EXT: i8 = 12;

const NULLNESS: u64 = 1;
const PREFIX: u64 = 2;
const LOWER: u64 = 3;
const UPPER: u64 = 4;
const LENGTH_MIN: u64 = 5;
const LENGTH_MAX: u64 = 6;

/// Bytes of a prefix that are worth sending; core cuts there too, and refuses payloads of more than a kilobyte.
const PREFIX_LIMIT: usize = 255;

/// What of the constraints says something about a value of type `ty`, in the form that the wire has.
fn meaningful(constraints: &Constraints, ty: &Type) -> Constraints {
    let sayable = |length: Option<u64>| length.filter(|length| i64::try_from(*length).is_ok());
    let not_null = constraints.not_null && *ty != Type::Dynamic;
    match ty {
        Type::String => {
            let prefix = constraints.prefix.as_deref().map(cut).filter(|prefix| !prefix.is_empty());
            Constraints { not_null, prefix: prefix.map(str::to_owned), ..Constraints::default() }
        }
        Type::Number => Constraints {
            not_null,
            lower: constraints.lower.clone(),
            upper: constraints.upper.clone(),
            ..Constraints::default()
        },
        Type::List(_) | Type::Set(_) | Type::Map(_) => Constraints {
            not_null,
            length_min: sayable(constraints.length_min).filter(|length| *length > 0),
            length_max: sayable(constraints.length_max),
            ..Constraints::default()
        },
        Type::Bool | Type::Dynamic | Type::Tuple(_) | Type::Object(_) => {
            Constraints { not_null, ..Constraints::default() }
        }
    }
}

/// A beginning of a prefix is a prefix too.
fn cut(prefix: &str) -> &str {
    let end = prefix.char_indices().map(|(start, character)| start + character.len_utf8());
    let end = end.take_while(|end| *end <= PREFIX_LIMIT).last().unwrap_or_default();
    &prefix[..end]
}

/// The payload for the refinements of an unknown value of type `ty`; none where there is nothing to say.
pub(super) fn encode(refinements: &Refinements, ty: &Type) -> Result<Option<Vec<u8>>, CodecError> {
    if refinements.is_none() {
        return Ok(None);
    }
    let said = meaningful(refinements, ty);
    let mut out = Encoder::default();
    let mut entries = 0;
    let mut key = |out: &mut Encoder, key: u64| {
        entries += 1;
        out.number(&key.into())
    };
    if said.not_null {
        key(&mut out, NULLNESS)?;
        out.bool(false);
    }
    if let Some(prefix) = &said.prefix {
        key(&mut out, PREFIX)?;
        out.string(prefix)?;
    }
    for (name, bound) in [(LOWER, &said.lower), (UPPER, &said.upper)] {
        if let Some((number, inclusive)) = bound {
            key(&mut out, name)?;
            out.array(2)?;
            out.number(number)?;
            out.bool(*inclusive);
        }
    }
    for (name, length) in [(LENGTH_MIN, said.length_min), (LENGTH_MAX, said.length_max)] {
        if let Some(length) = length {
            key(&mut out, name)?;
            out.number(&length.into())?;
        }
    }
    if entries == 0 {
        return Ok(None);
    }
    let mut payload = Encoder::default();
    payload.map(entries)?;
    let mut payload = payload.into_bytes();
    payload.append(&mut out.into_bytes());
    Ok(Some(payload))
}

/// The unknown value of type `ty` that an extension stands for. One refined to be null is null.
pub(super) fn decode(code: i8, payload: &[u8], ty: &Type) -> Result<Value, CodecCause> {
    // Too short for a map that says anything: core writes a byte of padding there.
    if code != EXT || payload.len() <= 1 {
        return Ok(Value::UNKNOWN);
    }
    let mut reader = Reader::new(payload);
    let Token::Map(entries) = reader.token()? else { return Err(CodecCause::Refinements) };
    let mut constraints = Constraints::default();
    for _ in 0..entries {
        match length(&mut reader)? {
            NULLNESS => match boolean(&mut reader)? {
                true => return Ok(Value::Null),
                false => constraints.not_null = true,
            },
            PREFIX => match reader.token()? {
                Token::Str(prefix) => constraints.prefix = Some(nfc(utf8(prefix)?).into_owned()),
                _ => return Err(CodecCause::Refinements),
            },
            LOWER => constraints.lower = Some(bound(&mut reader)?),
            UPPER => constraints.upper = Some(bound(&mut reader)?),
            LENGTH_MIN => constraints.length_min = Some(length(&mut reader)?),
            LENGTH_MAX => constraints.length_max = Some(length(&mut reader)?),
            // A promise of a later version.
            _ => reader.skip()?,
        }
    }
    Ok(Value::Unknown(meaningful(&constraints, ty).into()))
}

fn boolean(reader: &mut Reader<'_>) -> Result<bool, CodecCause> {
    match reader.token()? {
        Token::Bool(truth) => Ok(truth),
        _ => Err(CodecCause::Refinements),
    }
}

/// A key or length: a whole number not below zero.
fn length(reader: &mut Reader<'_>) -> Result<u64, CodecCause> {
    let number = reader.token()?.number().ok_or(CodecCause::Refinements)??;
    number.as_u64().ok_or(CodecCause::Refinements)
}

fn bound(reader: &mut Reader<'_>) -> Result<Bound, CodecCause> {
    let Token::Array(2) = reader.token()? else { return Err(CodecCause::Refinements) };
    let number = reader.token()?.number().ok_or(CodecCause::Refinements)??;
    Ok((number, boolean(reader)?))
}
