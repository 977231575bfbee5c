//! Decimal text to digits and scale.

use num_bigint::{BigInt, BigUint, Sign};

use super::decimal::Decimal;
use super::{MAX_DIGITS, NumberError};

/// Reads `[+-]digits[.digits][e[+-]digits]`, where one of the two groups of digits may be empty.
pub(super) fn parse(text: &str) -> Result<Decimal, NumberError> {
    let (negative, unsigned) = sign(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, self::exponent(exponent)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.len() + fraction.len() == 0 || !all_digits(whole) || !all_digits(fraction) {
        return Err(NumberError::Syntax);
    }
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return Ok(Decimal::from(0));
    }
    let dropped = digits.len() - digits.trim_end_matches('0').len();
    let scale = length(fraction.len()).saturating_sub(length(dropped)).saturating_sub(exponent);
    if scale > length(MAX_DIGITS) || length(significant.len()).saturating_sub(scale) > length(MAX_DIGITS) {
        return Err(NumberError::TooLong);
    }
    let magnitude = BigUint::parse_bytes(significant.as_bytes(), 10).ok_or(NumberError::Syntax)?;
    let sign = if negative { Sign::Minus } else { Sign::Plus };
    Ok(Decimal::new(BigInt::from_biguint(sign, magnitude), scale))
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// The exponent, held at the end of the range where it would overflow: such a number is refused (or zero) anyway.
fn exponent(text: &str) -> Result<i64, NumberError> {
    let (negative, digits) = sign(text);
    if digits.is_empty() || !all_digits(digits) {
        return Err(NumberError::Syntax);
    }
    let magnitude = digits.parse::<i64>().unwrap_or(i64::MAX);
    Ok(if negative { -magnitude } else { magnitude })
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn length(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}
