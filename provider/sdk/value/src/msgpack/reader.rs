//! The tokens of msgpack.

use rmp::Marker;

use crate::{CodecCause, Number, NumberError};

/// One token: a scalar whole, or the head of an array or map.
pub(super) enum Token<'a> {
    Nil,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Str(&'a [u8]),
    Bin(&'a [u8]),
    Array(usize),
    Map(usize),
    /// An extension: its type and payload.
    Ext(i8, &'a [u8]),
}

pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

// === impl Reader ===

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// How many bytes are left.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    /// The next token. The head of an array or map claims no more parts than the bytes left could hold.
    pub(super) fn token(&mut self) -> Result<Token<'a>, CodecCause> {
        let [marker] = self.array()?;
        Ok(match Marker::from_u8(marker) {
            Marker::Null => Token::Nil,
            Marker::True => Token::Bool(true),
            Marker::False => Token::Bool(false),
            Marker::FixPos(int) => Token::Int(int.into()),
            Marker::FixNeg(int) => Token::Int(int.into()),
            Marker::I8 => Token::Int(i8::from_be_bytes(self.array()?).into()),
            Marker::I16 => Token::Int(i16::from_be_bytes(self.array()?).into()),
            Marker::I32 => Token::Int(i32::from_be_bytes(self.array()?).into()),
            Marker::I64 => Token::Int(i64::from_be_bytes(self.array()?)),
            Marker::U8 => Token::Uint(self.u8()?.into()),
            Marker::U16 => Token::Uint(self.u16()?.into()),
            Marker::U32 => Token::Uint(self.u32()?.into()),
            Marker::U64 => Token::Uint(u64::from_be_bytes(self.array()?)),
            Marker::F32 => Token::Float(f32::from_be_bytes(self.array()?).into()),
            Marker::F64 => Token::Float(f64::from_be_bytes(self.array()?)),
            Marker::FixStr(length) => Token::Str(self.take(length.into())?),
            Marker::Str8 => Token::Str(self.sized(Self::u8)?),
            Marker::Str16 => Token::Str(self.sized(Self::u16)?),
            Marker::Str32 => Token::Str(self.sized(Self::u32)?),
            Marker::Bin8 => Token::Bin(self.sized(Self::u8)?),
            Marker::Bin16 => Token::Bin(self.sized(Self::u16)?),
            Marker::Bin32 => Token::Bin(self.sized(Self::u32)?),
            Marker::FixArray(length) => Token::Array(self.claim(length.into(), 1)?),
            Marker::Array16 => Token::Array(self.u16().and_then(|length| self.claim(length.into(), 1))?),
            Marker::Array32 => Token::Array(self.u32().and_then(|length| self.claim(length, 1))?),
            Marker::FixMap(length) => Token::Map(self.claim(length.into(), 2)?),
            Marker::Map16 => Token::Map(self.u16().and_then(|length| self.claim(length.into(), 2))?),
            Marker::Map32 => Token::Map(self.u32().and_then(|length| self.claim(length, 2))?),
            Marker::FixExt1 => self.ext(1)?,
            Marker::FixExt2 => self.ext(2)?,
            Marker::FixExt4 => self.ext(4)?,
            Marker::FixExt8 => self.ext(8)?,
            Marker::FixExt16 => self.ext(16)?,
            Marker::Ext8 => self.u8().and_then(|length| self.ext(length.into()))?,
            Marker::Ext16 => self.u16().and_then(|length| self.ext(length.into()))?,
            Marker::Ext32 => self.u32().and_then(|length| self.ext(length))?,
            Marker::Reserved => return Err(CodecCause::Reserved),
        })
    }

    /// Passes over one value and all its parts.
    pub(super) fn skip(&mut self) -> Result<(), CodecCause> {
        let mut values: usize = 1;
        while values > 0 {
            values -= 1;
            // Each part takes a byte of what is left, so that the sum stays far from overflow.
            values += match self.token()? {
                Token::Array(length) => length,
                Token::Map(length) => 2 * length,
                _ => 0,
            };
        }
        Ok(())
    }

    fn take(&mut self, length: u32) -> Result<&'a [u8], CodecCause> {
        let (bytes, rest) = self.rest.split_at_checked(length as usize).ok_or(CodecCause::UnexpectedEnd)?;
        self.rest = rest;
        Ok(bytes)
    }

    fn sized<L: Into<u32>>(
        &mut self,
        length: fn(&mut Self) -> Result<L, CodecCause>,
    ) -> Result<&'a [u8], CodecCause> {
        let length = length(self)?;
        self.take(length.into())
    }

    fn ext(&mut self, length: u32) -> Result<Token<'a>, CodecCause> {
        let code = i8::from_be_bytes(self.array()?);
        Ok(Token::Ext(code, self.take(length)?))
    }

    /// A count of parts, each of at least `size` bytes, if the input can hold them.
    fn claim(&self, parts: u32, size: usize) -> Result<usize, CodecCause> {
        let parts = parts as usize;
        if parts > self.rest.len() / size { Err(CodecCause::UnexpectedEnd) } else { Ok(parts) }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecCause> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(CodecCause::UnexpectedEnd)?;
        self.rest = rest;
        Ok(*bytes)
    }

    fn u8(&mut self) -> Result<u8, CodecCause> {
        self.array().map(u8::from_be_bytes)
    }

    fn u16(&mut self) -> Result<u16, CodecCause> {
        self.array().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32, CodecCause> {
        self.array().map(u32::from_be_bytes)
    }
}

// === impl Token ===

impl Token<'_> {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Nil => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) | Self::Uint(_) | Self::Float(_) => "number",
            Self::Str(_) => "string",
            Self::Bin(_) => "bytes",
            Self::Array(_) => "array",
            Self::Map(_) => "map",
            Self::Ext(..) => "unknown",
        }
    }

    /// The number in any of its forms; `None` where the token is none of them.
    pub(super) fn number(&self) -> Option<Result<Number, CodecCause>> {
        Some(match self {
            Self::Int(int) => Ok((*int).into()),
            Self::Uint(int) => Ok((*int).into()),
            Self::Float(float) => Number::from_f64_exact(*float).ok_or(NumberError::NotFinite.into()),
            Self::Str(text) => utf8(text).and_then(|text| Ok(Number::parse(text)?)),
            _ => return None,
        })
    }
}

pub(super) fn utf8(bytes: &[u8]) -> Result<&str, CodecCause> {
    std::str::from_utf8(bytes).map_err(|_| CodecCause::Utf8)
}
