//! Digits and scale: what a number is when it is no `i64`.

use std::cmp::Ordering;

use num_bigint::{BigInt, Sign};

/// `digits × 10^-scale`, in lowest terms: the digits do not end in zero, so that equal numbers have equal parts.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Decimal {
    digits: BigInt,
    scale: i64,
}

const MANTISSA_BITS: i64 = 52;
const EXPONENT_BIAS: i64 = 1023 + MANTISSA_BITS;

impl Decimal {
    pub(super) fn new(digits: BigInt, scale: i64) -> Self {
        if digits.sign() == Sign::NoSign {
            return Self { digits, scale: 0 };
        }
        let text = digits.magnitude().to_str_radix(10);
        let zeros = text.len() - text.trim_end_matches('0').len();
        let digits = if zeros == 0 { digits } else { digits / power(10, zeros as u64) };
        Self { digits, scale: scale - zeros as i64 }
    }

    /// What the bits of `float` say, to the last digit.
    pub(super) fn from_f64(float: f64) -> Option<Self> {
        if !float.is_finite() {
            return None;
        }
        let bits = float.to_bits();
        let biased = ((bits >> MANTISSA_BITS) & 0x7ff) as i64;
        let fraction = bits & ((1 << MANTISSA_BITS) - 1);
        let mantissa = if biased == 0 { fraction } else { fraction | 1 << MANTISSA_BITS };
        let exponent = biased.max(1) - EXPONENT_BIAS;
        let signed = if float.is_sign_negative() { -BigInt::from(mantissa) } else { BigInt::from(mantissa) };
        Some(if exponent >= 0 {
            Self::new(signed << exponent, 0)
        } else {
            // 2^-n is 5^n / 10^n.
            Self::new(signed * power(5, exponent.unsigned_abs()), -exponent)
        })
    }

    pub(super) fn scale(&self) -> i64 {
        self.scale
    }

    pub(super) fn to_i64(&self) -> Option<i64> {
        self.whole()?.try_into().ok()
    }

    pub(super) fn to_u64(&self) -> Option<u64> {
        self.whole()?.try_into().ok()
    }

    /// The whole number, unless there is a fraction or it has more zeros than 64 bits can hold.
    fn whole(&self) -> Option<BigInt> {
        match self.scale {
            -19..=0 => Some(&self.digits * power(10, self.scale.unsigned_abs())),
            _ => None,
        }
    }

    pub(super) fn to_f64(&self) -> f64 {
        // The standard library's parser rounds correctly; the text is always well-formed.
        self.scientific().parse().unwrap_or(f64::NAN)
    }

    /// Digits without an exponent.
    pub(super) fn plain(&self) -> String {
        let sign = if self.digits.sign() == Sign::Minus { "-" } else { "" };
        let digits = self.digits.magnitude().to_str_radix(10);
        match usize::try_from(self.scale) {
            Ok(0) => format!("{sign}{digits}"),
            Ok(scale) if scale < digits.len() => {
                let (whole, fraction) = digits.split_at(digits.len() - scale);
                format!("{sign}{whole}.{fraction}")
            }
            Ok(scale) => format!("{sign}0.{}{digits}", "0".repeat(scale - digits.len())),
            Err(_) => format!("{sign}{digits}{}", "0".repeat(self.scale.unsigned_abs() as usize)),
        }
    }

    /// Digits and an exponent: `-15e-4`.
    pub(super) fn scientific(&self) -> String {
        format!("{}e{}", self.digits, -self.scale)
    }

    /// The zeros in [`plain`](Self::plain) that only hold the decimal point's place.
    pub(super) fn padding(&self) -> u64 {
        if self.scale <= 0 {
            return self.scale.unsigned_abs();
        }
        // A bit is less than a third of a digit, so that this never counts too few.
        self.scale.unsigned_abs().saturating_sub(self.digits.bits() * 3 / 10)
    }
}

impl From<i64> for Decimal {
    fn from(int: i64) -> Self {
        Self::new(BigInt::from(int), 0)
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let scale = self.scale.max(other.scale);
        let aligned = |number: &Self| &number.digits * power(10, scale.abs_diff(number.scale));
        self.digits.sign().cmp(&other.digits.sign()).then_with(|| aligned(self).cmp(&aligned(other)))
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn power(base: u32, exponent: u64) -> BigInt {
    BigInt::from(base).pow(u32::try_from(exponent).unwrap_or(u32::MAX))
}
