//! JSON to values.

use std::collections::BTreeMap;
use std::iter::repeat;

use serde_json::value::RawValue;

use super::UnknownAttributes;
use crate::error::Under;
use crate::nfc::into_nfc;
use crate::raw::{Raw, well_formed};
use crate::{CodecCause, CodecError, MAX_DEPTH, Number, Step, Type, Value, ValueCause};

pub(super) struct Decoder {
    pub(super) unknown: UnknownAttributes,
}

impl Decoder {
    pub(super) fn root(&self, text: &[u8], ty: &Type) -> Result<Value, CodecError> {
        self.value(well_formed(text)?, ty, 0)
    }

    fn value(&self, text: &str, ty: &Type, depth: usize) -> Result<Value, CodecError> {
        if depth == MAX_DEPTH {
            return Err(CodecCause::TooDeep.into());
        }
        let depth = depth + 1;
        Ok(match (Raw::parse(text)?, ty) {
            (Raw::Null, _) => Value::Null,
            (Raw::Object(members), Type::Dynamic) => self.dynamic(&members, depth)?,
            (Raw::Array(elements), Type::List(of)) => {
                Value::List(self.elements(&elements, repeat(&**of), depth)?)
            }
            (Raw::Array(elements), Type::Set(of)) => {
                Value::set(self.elements(&elements, repeat(&**of), depth)?)
            }
            (Raw::Array(elements), Type::Tuple(types)) if elements.len() != types.len() => {
                return Err(ValueCause::Length { expected: types.len(), found: elements.len() }.into());
            }
            (Raw::Array(elements), Type::Tuple(types)) => {
                Value::Tuple(self.elements(&elements, types.iter(), depth)?)
            }
            (Raw::Object(members), Type::Map(of)) => Value::Map(self.map(members, of, depth)?),
            (Raw::Object(members), Type::Object(types)) => Value::Object(self.object(members, types, depth)?),
            (raw, ty) => primitive(raw, ty)?,
        })
    }

    fn dynamic(&self, members: &BTreeMap<String, &RawValue>, depth: usize) -> Result<Value, CodecError> {
        if let Some(name) = members.keys().find(|name| !["type", "value"].contains(&name.as_str())) {
            return Err(ValueCause::UnexpectedAttribute(name.clone()).into());
        }
        let member = |name: &str| {
            members
                .get(name)
                .ok_or_else(|| ValueCause::MissingAttribute(name.to_owned()))
                .map(|raw| raw.get())
        };
        let ty = Type::from_json(member("type")?.as_bytes()).map_err(CodecCause::Type)?;
        let value = self.value(member("value")?, &ty, depth)?;
        Ok(Value::dynamic(ty, value))
    }

    fn elements<'t>(
        &self,
        elements: &[&RawValue],
        types: impl Iterator<Item = &'t Type>,
        depth: usize,
    ) -> Result<Vec<Value>, CodecError> {
        let typed = elements.iter().zip(types).enumerate();
        typed
            .map(|(index, (raw, ty))| self.value(raw.get(), ty, depth).under(|| Step::Index(index)))
            .collect()
    }

    fn map(
        &self,
        members: BTreeMap<String, &RawValue>,
        of: &Type,
        depth: usize,
    ) -> Result<BTreeMap<String, Value>, CodecError> {
        let elements = members.into_iter().map(|(key, raw)| (into_nfc(key), raw));
        elements
            .map(|(key, raw)| {
                let element = self.value(raw.get(), of, depth).under(|| Step::Key(key.clone()))?;
                Ok((key, element))
            })
            .collect()
    }

    fn object(
        &self,
        members: BTreeMap<String, &RawValue>,
        types: &BTreeMap<String, Type>,
        depth: usize,
    ) -> Result<BTreeMap<String, Value>, CodecError> {
        let mut attributes = BTreeMap::new();
        for (name, raw) in members.into_iter().map(|(name, raw)| (into_nfc(name), raw)) {
            match (types.get(&name), self.unknown) {
                (Some(ty), _) => {
                    let attribute =
                        self.value(raw.get(), ty, depth).under(|| Step::Attribute(name.clone()))?;
                    attributes.insert(name, attribute);
                }
                (None, UnknownAttributes::Ignore) => {}
                (None, UnknownAttributes::Reject) => {
                    return Err(ValueCause::UnexpectedAttribute(name).into());
                }
            }
        }
        for name in types.keys() {
            if !attributes.contains_key(name) {
                attributes.insert(name.clone(), Value::Null);
            }
        }
        Ok(attributes)
    }
}

fn primitive(raw: Raw<'_>, ty: &Type) -> Result<Value, CodecError> {
    Ok(match (ty, raw) {
        (Type::Bool, Raw::Bool(truth)) => Value::Bool(truth),
        (Type::Bool, Raw::String(text)) if text == "true" || text == "1" => Value::Bool(true),
        (Type::Bool, Raw::String(text)) if text == "false" || text == "0" => Value::Bool(false),
        (Type::Number, Raw::Number(digits)) => Value::Number(Number::parse(digits)?),
        (Type::Number, Raw::String(text)) => Value::Number(Number::parse(&text)?),
        (Type::String, Raw::String(text)) => Value::String(into_nfc(text)),
        (Type::String, Raw::Number(digits)) => Value::String(digits.to_owned()),
        (Type::String, Raw::Bool(truth)) => Value::String(truth.to_string()),
        (ty, raw) => return Err(ValueCause::Kind { expected: ty.kind(), found: raw.kind() }.into()),
    })
}

pub(super) fn infer(text: &[u8]) -> Result<Value, CodecError> {
    inferred(well_formed(text)?, 0)
}

fn inferred(text: &str, depth: usize) -> Result<Value, CodecError> {
    if depth == MAX_DEPTH {
        return Err(CodecCause::TooDeep.into());
    }
    let below = |raw: &RawValue, step: &dyn Fn() -> Step| inferred(raw.get(), depth + 1).under(step);
    Ok(match Raw::parse(text)? {
        Raw::Null => Value::Null,
        Raw::Bool(truth) => Value::Bool(truth),
        Raw::Number(digits) => Value::Number(Number::parse(digits)?),
        Raw::String(text) => Value::String(into_nfc(text)),
        Raw::Array(elements) => {
            let elements = elements.into_iter().enumerate();
            Value::Tuple(
                elements.map(|(index, raw)| below(raw, &|| Step::Index(index))).collect::<Result<_, _>>()?,
            )
        }
        Raw::Object(members) => {
            let members = members.into_iter().map(|(name, raw)| {
                let name = into_nfc(name);
                let attribute = below(raw, &|| Step::Attribute(name.clone()))?;
                Ok((name, attribute))
            });
            Value::Object(members.collect::<Result<_, CodecError>>()?)
        }
    })
}
