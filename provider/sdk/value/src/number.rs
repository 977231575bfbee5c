//! Exact decimal numbers.

mod decimal;
mod parse;

use std::cmp::Ordering;
use std::fmt;

use decimal::Decimal;
use num_bigint::BigInt;
use thiserror::Error;

/// How many digits a number may have before or after its decimal point.
///
/// Twice what the smallest `f64` needs and far above the 154 digits that Terraform core keeps; without a
/// limit `1e999999999` would be a gigabyte of zeros.
pub(crate) const MAX_DIGITS: usize = 4096;

/// Zeros that only hold the decimal point's place; beyond these the wire form is scientific.
const MAX_PADDING: u64 = 64;

/// An exact decimal number, equal, ordered and hashed by what it is worth: `1` is `1.0`.
///
/// Terraform core keeps 512 binary digits, about 154 decimal ones, and rounds what is longer; this keeps them all.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Number(Repr);

/// Canonical: a whole number that fits is always an `Int`.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Repr {
    Int(i64),
    Big(Box<Decimal>),
}

/// Why a text is not a [`Number`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NumberError {
    /// The text is no decimal number; `inf` and `nan` are none either.
    #[error("not a decimal number")]
    Syntax,
    /// More digits before or after the decimal point than any real number needs.
    #[error("a number of more than {MAX_DIGITS} digits")]
    TooLong,
    /// An infinity or not-a-number from a floating point field.
    #[error("not a finite number")]
    NotFinite,
}

// === impl Number ===

impl Number {
    /// Zero.
    pub const ZERO: Self = Self(Repr::Int(0));

    /// The number whose shortest decimal form reads back as `float`: `0.1` is one tenth. `None` for an infinity
    /// or not-a-number.
    pub fn from_f64(float: f64) -> Option<Self> {
        if float.is_finite() { Self::parse(&format!("{float:e}")).ok() } else { None }
    }

    /// The number that `float` is to the last bit, which for `0.1` is a little more than one tenth. `None` for an
    /// infinity or not-a-number.
    pub fn from_f64_exact(float: f64) -> Option<Self> {
        Decimal::from_f64(float).map(Self::canonical)
    }

    /// Reads a decimal number: an optional sign, digits with at most one point, an optional exponent.
    ///
    /// # Errors
    /// [`NumberError::Syntax`] for anything else, [`NumberError::TooLong`] where the plain form would have
    /// more than 4,096 digits on either side of the point.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        parse::parse(text).map(Self::canonical)
    }

    fn canonical(decimal: Decimal) -> Self {
        match decimal.to_i64() {
            Some(int) => Self(Repr::Int(int)),
            None => Self(Repr::Big(Box::new(decimal))),
        }
    }

    /// The number as `i64`, if it is a whole number that fits.
    pub fn as_i64(&self) -> Option<i64> {
        match &self.0 {
            Repr::Int(int) => Some(*int),
            Repr::Big(_) => None,
        }
    }

    /// The number as `u64`, if it is a whole number that fits.
    pub fn as_u64(&self) -> Option<u64> {
        match &self.0 {
            Repr::Int(int) => u64::try_from(*int).ok(),
            Repr::Big(decimal) => decimal.to_u64(),
        }
    }

    /// The nearest `f64`; infinite beyond its range.
    pub fn to_f64(&self) -> f64 {
        match &self.0 {
            #[allow(clippy::cast_precision_loss, reason = "documented as lossy")]
            Repr::Int(int) => *int as f64,
            Repr::Big(decimal) => decimal.to_f64(),
        }
    }

    /// The `f64` that is this very number, if there is one.
    pub fn to_f64_exact(&self) -> Option<f64> {
        let float = self.to_f64();
        (Self::from_f64_exact(float).as_ref() == Some(self)).then_some(float)
    }

    /// Whether there is nothing after the decimal point.
    pub fn is_integer(&self) -> bool {
        match &self.0 {
            Repr::Int(_) => true,
            Repr::Big(decimal) => decimal.scale() <= 0,
        }
    }

    /// Whether the number is below zero.
    pub fn is_negative(&self) -> bool {
        *self < Self::ZERO
    }

    /// The text for msgpack and JSON: plain unless that would be mostly zeros, so that a short input cannot
    /// become a long output.
    pub(crate) fn wire_text(&self) -> String {
        match &self.0 {
            Repr::Big(decimal) if decimal.padding() > MAX_PADDING => decimal.scientific(),
            Repr::Int(_) | Repr::Big(_) => self.to_string(),
        }
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Repr::Int(a), Repr::Int(b)) => a.cmp(b),
            (Repr::Int(a), Repr::Big(b)) => Decimal::from(*a).cmp(b),
            (Repr::Big(a), Repr::Int(b)) => (**a).cmp(&Decimal::from(*b)),
            (Repr::Big(a), Repr::Big(b)) => a.cmp(b),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Default for Number {
    fn default() -> Self {
        Self::ZERO
    }
}

/// Plain decimal digits, never an exponent.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Int(int) => int.fmt(f),
            Repr::Big(decimal) => f.pad(&decimal.plain()),
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.wire_text())
    }
}

impl std::str::FromStr for Number {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        Self::parse(text)
    }
}

macro_rules! from_integer {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Number {
            fn from(integer: $integer) -> Self {
                match i64::try_from(integer) {
                    Ok(int) => Self(Repr::Int(int)),
                    Err(_) => Self::canonical(Decimal::new(BigInt::from(integer), 0)),
                }
            }
        }
    )*};
}

from_integer!(i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, i8);

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    #[test]
    fn numbers_are_equal_by_worth() {
        for same in ["1", "1.0", "+1", "01.000", "10e-1", "0.1E1", "1."] {
            assert_eq!(number(same), Number::from(1), "{same}");
        }
        assert_eq!(number("-0"), Number::ZERO);
        assert_eq!(number("0e99999999999999999999"), Number::ZERO);
        assert_ne!(number("1"), number("1.0000000000000000000000000000001"));
    }

    #[test]
    fn prints_plainly() {
        for (text, plain) in [
            (".5", "0.5"),
            ("-0.050", "-0.05"),
            ("1e3", "1000"),
            ("12e20", "1200000000000000000000"),
            ("-1.5e-3", "-0.0015"),
            ("9223372036854775808", "9223372036854775808"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("3141592653589793238462643383279.5", "3141592653589793238462643383279.5"),
        ] {
            assert_eq!(number(text).to_string(), plain);
        }
    }

    #[test]
    fn refuses_what_is_no_number() {
        for text in [
            "", "-", ".", "+.", "e5", "1e", "1e+", "0x10", "1_000", "inf", "-Inf", "NaN", "1 ", " 1",
            "1.2.3", "\u{661}",
        ] {
            assert_eq!(Number::parse(text), Err(NumberError::Syntax), "{text:?}");
        }
    }

    #[test]
    fn refuses_absurd_exponents() {
        for text in
            ["1e999999999", "1e-999999999", "1e99999999999999999999", "-1e-99999999999999999999", "1e4096"]
        {
            assert_eq!(Number::parse(text), Err(NumberError::TooLong), "{text}");
        }
        assert_eq!(Number::parse(&"9".repeat(4097)), Err(NumberError::TooLong));
        assert_eq!(number("1e4095").to_string().len(), 4096);
        assert_eq!(number("1e-4096").wire_text(), "1e-4096");
    }

    #[test]
    fn floats_are_shortest_or_exact() {
        assert_eq!(Number::from_f64(0.1), Some(number("0.1")));
        assert_eq!(
            Number::from_f64_exact(0.1),
            Some(number("0.1000000000000000055511151231257827021181583404541015625"))
        );
        assert_eq!(Number::from_f64(-0.0), Some(Number::ZERO));
        for float in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Number::from_f64(float), None);
            assert_eq!(Number::from_f64_exact(float), None);
        }
        for float in [f64::MAX, f64::MIN_POSITIVE, 5e-324, 0.75, 1e300] {
            assert_eq!(Number::from_f64_exact(float).unwrap().to_f64_exact(), Some(float));
        }
        assert_eq!(number("0.1").to_f64_exact(), None);
        assert_eq!(number("9007199254740993").to_f64_exact(), None);
    }

    #[test]
    fn integers_come_back() {
        assert_eq!(Number::from(u64::MAX).as_u64(), Some(u64::MAX));
        assert_eq!(Number::from(u64::MAX).as_i64(), None);
        assert_eq!(Number::from(i64::MIN).as_i64(), Some(i64::MIN));
        assert_eq!(Number::from(-1).as_u64(), None);
        assert_eq!(number("1.5").as_i64(), None);
        assert!(number("1e20").is_integer() && !number("1.5").is_integer());
        assert!(number("-0.5").is_negative() && !Number::ZERO.is_negative());
    }
}
