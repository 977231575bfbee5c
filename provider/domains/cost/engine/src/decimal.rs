//! Exact decimal numbers: what money, rates, quantities and hours are.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, Mul, Neg, Sub};
use std::str::FromStr;

use num_bigint::BigInt;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Digits before the point, and after it, that a document may write.
const WHOLE: usize = 18;
const FRACTION: usize = 18;

/// A decimal number without rounding: a mantissa and the number of digits after the point.
///
/// Sums and products are exact and keep the digits of their parts, so `15.0000` stays `15.0000`. Equality and order are of
/// the value: `1.0` equals `1`. Small numbers need no memory of their own.
#[derive(Clone)]
pub struct Decimal {
    mantissa: Mantissa,
    scale: u32,
}

#[derive(Clone)]
enum Mantissa {
    Small(i128),
    Large(Box<BigInt>),
}

/// Why a text is no number of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// It is not written as one.
    #[error("not a decimal number such as \"12.50\": no exponent, no plus sign, no leading zeros")]
    Form,
    /// It has more digits than a document may write.
    #[error("more than {WHOLE} digits before or {FRACTION} after the point")]
    Digits,
}

impl Decimal {
    /// Nothing.
    #[must_use]
    pub const fn zero() -> Self {
        Self { mantissa: Mantissa::Small(0), scale: 0 }
    }

    /// Whether it is less than nothing.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        *self < Self::zero()
    }

    /// Whether it is nothing.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::zero()
    }

    /// The number, or nothing where it is less.
    #[must_use]
    pub fn at_least_zero(&self) -> Self {
        if self.is_negative() { Self::zero() } else { self.clone() }
    }

    /// A hundredth of it, without zeros at the end.
    #[must_use]
    pub fn percent(&self) -> Self {
        Self { mantissa: self.mantissa.clone(), scale: self.scale + 2 }.normalized()
    }

    /// The same value without zeros at the end.
    #[must_use]
    pub fn normalized(&self) -> Self {
        let mut mantissa = self.mantissa.big();
        let mut scale = self.scale;
        let ten = BigInt::from(10);
        while scale > 0 && (&mantissa % &ten) == BigInt::ZERO {
            mantissa /= &ten;
            scale -= 1;
        }
        Self { mantissa: Mantissa::from(mantissa), scale }
    }

    /// Rounded to a number of digits after the point, halves to the even neighbour: for showing only.
    #[must_use]
    pub fn rounded(&self, digits: u32) -> Self {
        if self.scale <= digits {
            return self.clone();
        }
        let unit = power(self.scale - digits);
        let mantissa = self.mantissa.big();
        let negative = mantissa < BigInt::ZERO;
        let size = if negative { -mantissa } else { mantissa };
        let (quotient, rest) = (&size / &unit, &size % &unit);
        let up = match (rest * 2u8).cmp(&unit) {
            Ordering::Greater => true,
            Ordering::Equal => (&quotient % 2u8) != BigInt::ZERO,
            Ordering::Less => false,
        };
        let quotient = if up { quotient + 1u8 } else { quotient };
        let mantissa = if negative { -quotient } else { quotient };
        Self { mantissa: Mantissa::from(mantissa), scale: digits }
    }

    /// Rounded up, away from less cost, to a number of digits after the point.
    #[must_use]
    pub fn rounded_up(&self, digits: u32) -> Self {
        if self.scale <= digits {
            return self.clone();
        }
        let unit = power(self.scale - digits);
        Self { mantissa: Mantissa::from(ceiling(&self.mantissa.big(), &unit)), scale: digits }
    }

    /// A part of it, rounded up to a number of digits after the point. Nothing for a part by nothing.
    #[must_use]
    pub fn divided_up(&self, by: u64, digits: u32) -> Option<Self> {
        let extra = digits.saturating_sub(self.scale);
        let mantissa = self.mantissa.big() * power(extra);
        let quotient = (by != 0).then(|| ceiling(&mantissa, &BigInt::from(by)))?;
        Some(Self { mantissa: Mantissa::from(quotient), scale: self.scale + extra }.rounded_up(digits))
    }

    /// Digits after the point.
    #[must_use]
    pub const fn scale(&self) -> u32 {
        self.scale
    }

    /// Reads a number as others write it: any number of digits, with an exponent if need be.
    #[must_use]
    pub fn foreign(text: &str) -> Option<Self> {
        let (text, exponent) = match text.split_once(['e', 'E']) {
            Some((text, exponent)) => (text, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (negative, unsigned) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let digits = format!("{whole}{fraction}");
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !plain || digits.len() > LONGEST || exponent.unsigned_abs() > 60 {
            return None;
        }
        let size: BigInt = digits.parse().ok()?;
        let scale = i32::try_from(fraction.len()).ok()? - exponent;
        let (size, scale) = match u32::try_from(scale) {
            Ok(scale) => (size, scale),
            Err(_) => (size * power(scale.unsigned_abs()), 0),
        };
        let mantissa = Mantissa::from(if negative { -size } else { size });
        Some(Self { mantissa, scale }.normalized())
    }

    fn aligned(&self, scale: u32) -> Mantissa {
        if scale == self.scale {
            return self.mantissa.clone();
        }
        let steps = scale - self.scale;
        if let (Mantissa::Small(mantissa), Some(unit)) = (&self.mantissa, 10i128.checked_pow(steps))
            && let Some(product) = mantissa.checked_mul(unit)
        {
            return Mantissa::Small(product);
        }
        Mantissa::from(self.mantissa.big() * power(steps))
    }
}

/// Digits that others may write.
const LONGEST: usize = 100;

/// The quotient, away from less.
fn ceiling(mantissa: &BigInt, unit: &BigInt) -> BigInt {
    let (quotient, rest) = (mantissa / unit, mantissa % unit);
    if rest > BigInt::ZERO { quotient + 1u8 } else { quotient }
}

fn power(steps: u32) -> BigInt {
    BigInt::from(10).pow(steps)
}

// === impl Mantissa ===

impl Mantissa {
    fn big(&self) -> BigInt {
        match self {
            Self::Small(small) => BigInt::from(*small),
            Self::Large(large) => (**large).clone(),
        }
    }
}

impl From<BigInt> for Mantissa {
    fn from(large: BigInt) -> Self {
        i128::try_from(&large).map_or_else(|_| Self::Large(Box::new(large)), Self::Small)
    }
}

fn combine(
    left: &Mantissa,
    right: &Mantissa,
    small: fn(i128, i128) -> Option<i128>,
    large: fn(BigInt, BigInt) -> BigInt,
) -> Mantissa {
    if let (Mantissa::Small(left), Mantissa::Small(right)) = (left, right)
        && let Some(result) = small(*left, *right)
    {
        return Mantissa::Small(result);
    }
    Mantissa::from(large(left.big(), right.big()))
}

// === arithmetic ===

impl Add for &Decimal {
    type Output = Decimal;

    fn add(self, other: &Decimal) -> Decimal {
        let scale = self.scale.max(other.scale);
        let (left, right) = (self.aligned(scale), other.aligned(scale));
        Decimal { mantissa: combine(&left, &right, i128::checked_add, |a, b| a + b), scale }
    }
}

impl Sub for &Decimal {
    type Output = Decimal;

    fn sub(self, other: &Decimal) -> Decimal {
        let scale = self.scale.max(other.scale);
        let (left, right) = (self.aligned(scale), other.aligned(scale));
        Decimal { mantissa: combine(&left, &right, i128::checked_sub, |a, b| a - b), scale }
    }
}

impl Mul for &Decimal {
    type Output = Decimal;

    #[expect(clippy::suspicious_arithmetic_impl, reason = "digits after the point of factors add up")]
    fn mul(self, other: &Decimal) -> Decimal {
        let mantissa = combine(&self.mantissa, &other.mantissa, i128::checked_mul, |a, b| a * b);
        Decimal { mantissa, scale: self.scale + other.scale }
    }
}

impl Neg for &Decimal {
    type Output = Decimal;

    fn neg(self) -> Decimal {
        &Decimal::zero() - self
    }
}

impl<'a> std::iter::Sum<&'a Decimal> for Decimal {
    fn sum<I: Iterator<Item = &'a Decimal>>(numbers: I) -> Self {
        numbers.fold(Self::zero(), |sum, number| &sum + number)
    }
}

impl std::iter::Sum for Decimal {
    fn sum<I: Iterator<Item = Decimal>>(numbers: I) -> Self {
        numbers.fold(Self::zero(), |sum, number| &sum + &number)
    }
}

impl From<u64> for Decimal {
    fn from(number: u64) -> Self {
        Self { mantissa: Mantissa::Small(i128::from(number)), scale: 0 }
    }
}

// === order ===

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let scale = self.scale.max(other.scale);
        match (self.aligned(scale), other.aligned(scale)) {
            (Mantissa::Small(left), Mantissa::Small(right)) => left.cmp(&right),
            (left, right) => left.big().cmp(&right.big()),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

// === text ===

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let (negative, unsigned) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = match unsigned.split_once('.') {
            Some((_, "")) => return Err(DecimalError::Form),
            Some(parts) => parts,
            None => (unsigned, ""),
        };
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty()
            || !digits(whole)
            || !digits(fraction)
            || (whole.len() > 1 && whole.starts_with('0'))
        {
            return Err(DecimalError::Form);
        }
        if whole.len() > WHOLE || fraction.len() > FRACTION {
            return Err(DecimalError::Digits);
        }
        let all = whole.bytes().chain(fraction.bytes());
        let size = all.fold(0i128, |sum, byte| sum * 10 + i128::from(byte - b'0'));
        let mantissa = Mantissa::Small(if negative { -size } else { size });
        Ok(Self { mantissa, scale: u32::try_from(fraction.len()).map_err(|_| DecimalError::Digits)? })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.mantissa.big().to_string();
        let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
        let scale = usize::try_from(self.scale).map_err(|_| fmt::Error)?;
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        if fraction.is_empty() { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{fraction}") }
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Decimal;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a decimal number as text, such as \"12.50\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Decimal, E> {
                text.parse().map_err(|error| E::custom(format!("{text:?} is {error}")))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn only_plain_numbers_are_read() {
        for text in [
            "", "-", ".5", "5.", "+1", "01", "1e3", "NaN", "Inf", "1_000", " 1", "1 ", "0x1", "--1", "1.2.3",
            "٣",
        ] {
            assert_eq!(text.parse::<Decimal>(), Err(DecimalError::Form), "{text}");
        }
        assert_eq!("1234567890123456789".parse::<Decimal>(), Err(DecimalError::Digits));
        assert_eq!("0.1234567890123456789".parse::<Decimal>(), Err(DecimalError::Digits));
        assert_eq!(d("-0"), Decimal::zero());
    }

    #[test]
    fn digits_of_the_parts_stay() {
        assert_eq!((&d("200") * &d("0.0750")).to_string(), "15.0000");
        assert_eq!((&d("312.40") + &d("104.26728")).to_string(), "416.66728");
        assert_eq!((&d("36.8894") * &(&d("1") + &d("20").percent())).to_string(), "44.26728");
        assert_eq!((&d("1") - &d("1.50")).to_string(), "-0.50");
    }

    #[test]
    fn rounding_is_half_even_and_up() {
        for (number, digits, expected) in [
            ("0.125", 2, "0.12"),
            ("0.135", 2, "0.14"),
            ("-0.125", 2, "-0.12"),
            ("2.5", 0, "2"),
            ("1.2", 4, "1.2"),
        ] {
            assert_eq!(d(number).rounded(digits).to_string(), expected);
        }
        let long = &d("0.000000001") * &d("0.0000000001");
        assert_eq!(long.rounded_up(18).to_string(), "0.000000000000000001");
        assert_eq!((&Decimal::zero() - &long).rounded_up(18), Decimal::zero());
    }

    #[test]
    fn products_beyond_machine_words_are_exact() {
        let most = d("999999999999999999.999999999999999999");
        let product = &(&most * &most) * &most;
        assert!(product > most);
        assert_eq!(&(&product - &product) + &most, most);
    }

    proptest! {
        #[test]
        fn text_comes_back(whole in 0u64..1_000_000_000_000_000_000, fraction in "[0-9]{0,18}", negative: bool) {
            let text = format!("{}{whole}{}{fraction}", if negative { "-" } else { "" }, if fraction.is_empty() { "" } else { "." });
            let shown = d(&text).to_string();
            prop_assert!(shown == text || d(&text).is_zero());
        }

        #[test]
        fn order_is_that_of_the_value(a in -1_000_000i64..1_000_000, b in -1_000_000i64..1_000_000, zeros in 0usize..6) {
            let longer = format!("{a}.{}", "0".repeat(zeros + 1));
            prop_assert_eq!(d(&longer).cmp(&d(&b.to_string())), a.cmp(&b));
            prop_assert_eq!(d(&longer).normalized().to_string(), d(&a.to_string()).to_string());
        }
    }
}
