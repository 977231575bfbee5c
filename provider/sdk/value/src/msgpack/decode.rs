//! Bytes to values.

use std::collections::BTreeMap;
use std::iter::repeat_n;

use super::reader::{Reader, Token, utf8};
use super::refined;
use crate::error::Under;
use crate::nfc::nfc;
use crate::{CodecCause, CodecError, MAX_DEPTH, Step, Type, Value, ValueCause};

/// The most elements to make room for before they are seen: nested claims must not add up.
const ROOM: usize = 1024;

pub(super) struct Decoder<'a> {
    reader: Reader<'a>,
    depth: usize,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { reader: Reader::new(bytes), depth: 0 }
    }

    /// How many bytes are left.
    pub(super) fn left(&self) -> usize {
        self.reader.left()
    }

    pub(super) fn value(&mut self, ty: &Type) -> Result<Value, CodecError> {
        if self.depth == MAX_DEPTH {
            return Err(CodecCause::TooDeep.into());
        }
        self.depth += 1;
        let token = self.reader.token()?;
        let value = match (token, ty) {
            (Token::Nil, _) => Value::Null,
            (Token::Ext(code, payload), ty) => refined::decode(code, payload, ty)?,
            (Token::Bool(truth), Type::Bool) => Value::Bool(truth),
            (Token::Str(text), Type::String) => Value::String(nfc(utf8(text)?).into_owned()),
            (Token::Array(length), Type::Dynamic) => self.dynamic(length)?,
            (Token::Array(length), Type::List(of)) => Value::List(self.sequence(repeat_n(&**of, length))?),
            (Token::Array(length), Type::Set(of)) => Value::set(self.sequence(repeat_n(&**of, length))?),
            (Token::Array(length), Type::Tuple(types)) if length != types.len() => {
                return Err(ValueCause::Length { expected: types.len(), found: length }.into());
            }
            (Token::Array(_), Type::Tuple(types)) => Value::Tuple(self.sequence(types.iter())?),
            (Token::Map(length), Type::Map(of)) => Value::Map(self.map(length, of)?),
            (Token::Map(length), Type::Object(types)) => Value::Object(self.object(length, types)?),
            (token, Type::Number) => match token.number() {
                Some(number) => Value::Number(number?),
                None => return Err(kind(ty, &token)),
            },
            (token, _) => return Err(kind(ty, &token)),
        };
        self.depth -= 1;
        Ok(value)
    }

    fn dynamic(&mut self, length: usize) -> Result<Value, CodecError> {
        if length != 2 {
            return Err(ValueCause::Length { expected: 2, found: length }.into());
        }
        let ty = match self.reader.token()? {
            Token::Bin(json) | Token::Str(json) => Type::from_json(json).map_err(CodecCause::Type)?,
            token => return Err(ValueCause::Kind { expected: "type", found: token.kind() }.into()),
        };
        let value = self.value(&ty)?;
        Ok(Value::dynamic(ty, value))
    }

    /// An element for each of the types.
    fn sequence<'t>(
        &mut self,
        types: impl ExactSizeIterator<Item = &'t Type>,
    ) -> Result<Vec<Value>, CodecError> {
        let mut elements = Vec::with_capacity(types.len().min(ROOM));
        for (index, ty) in types.enumerate() {
            elements.push(self.value(ty).under(|| Step::Index(index))?);
        }
        Ok(elements)
    }

    fn map(&mut self, length: usize, of: &Type) -> Result<BTreeMap<String, Value>, CodecError> {
        let mut elements = BTreeMap::new();
        for _ in 0..length {
            let key = self.key()?;
            let element = self.value(of).under(|| Step::Key(key.clone()))?;
            insert(&mut elements, key, element)?;
        }
        Ok(elements)
    }

    fn object(
        &mut self,
        length: usize,
        types: &BTreeMap<String, Type>,
    ) -> Result<BTreeMap<String, Value>, CodecError> {
        let mut attributes = BTreeMap::new();
        for _ in 0..length {
            let name = self.key()?;
            let Some(ty) = types.get(&name) else {
                return Err(ValueCause::UnexpectedAttribute(name).into());
            };
            let attribute = self.value(ty).under(|| Step::Attribute(name.clone()))?;
            insert(&mut attributes, name, attribute)?;
        }
        match types.keys().find(|name| !attributes.contains_key(*name)) {
            Some(name) => Err(ValueCause::MissingAttribute(name.clone()).into()),
            None => Ok(attributes),
        }
    }

    fn key(&mut self) -> Result<String, CodecError> {
        match self.reader.token()? {
            Token::Str(key) => Ok(nfc(utf8(key)?).into_owned()),
            token => Err(ValueCause::Kind { expected: "key", found: token.kind() }.into()),
        }
    }
}

fn insert(parts: &mut BTreeMap<String, Value>, name: String, part: Value) -> Result<(), CodecError> {
    if parts.contains_key(&name) {
        return Err(CodecCause::DuplicateKey(name).into());
    }
    parts.insert(name, part);
    Ok(())
}

fn kind(ty: &Type, token: &Token<'_>) -> CodecError {
    ValueCause::Kind { expected: ty.kind(), found: token.kind() }.into()
}
