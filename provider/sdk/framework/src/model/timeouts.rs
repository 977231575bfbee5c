//! Operation timeouts and Go-style durations.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use tf_value::{Type, Value};

use super::{AttributeType, Field, Mismatch, members, peek, take};
use crate::schema::{Attribute, Attributes, Equality, Nesting, Presence, Validator};

/// A duration as Terraform users write it: `90s`, `1h30m`, `250ms`.
///
/// Keeps the spelling it was written in; two spellings of the same length are equal at plan time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GoDuration {
    spelling: String,
    length: Duration,
}

/// A text that is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a duration such as \"90s\", \"15m\" or \"1h30m\"")]
pub struct NotADuration(String);

impl GoDuration {
    /// Its length.
    #[must_use]
    pub fn length(&self) -> Duration {
        self.length
    }
}

impl FromStr for GoDuration {
    type Err = NotADuration;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let length = parse(text).ok_or_else(|| NotADuration(text.to_owned()))?;
        Ok(Self { spelling: text.to_owned(), length })
    }
}

impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.spelling)
    }
}

/// Nanoseconds of each unit Go knows, longest suffix first where one ends in another.
const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

fn parse(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest.is_empty() {
        return None;
    }
    let mut nanos: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let unit_end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, next) = tail.split_at(unit_end);
        let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit)?;
        nanos = nanos.checked_add(scaled(number, *scale)?)?;
        rest = next;
    }
    Some(Duration::from_nanos(nanos))
}

/// A decimal number of units in nanoseconds; what is finer than a nanosecond is cut.
fn scaled(number: &str, scale: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut nanos = whole.checked_mul(scale)?;
    let mut unit = scale;
    for digit in fraction.chars() {
        unit /= 10;
        nanos = nanos.checked_add(u64::from(digit.to_digit(10)?) * unit)?;
    }
    Some(nanos)
}

fn check(value: &Value) -> Result<(), String> {
    match value.as_str().map(parse) {
        Some(None) => Err("must be a duration such as \"90s\", \"15m\" or \"1h30m\"".to_owned()),
        Some(Some(_)) | None => Ok(()),
    }
}

impl AttributeType for GoDuration {
    type Partial = Self;

    fn attribute() -> Attribute {
        Attribute::leaf(Type::String)
            .validate(Validator::Custom { expected: "a duration such as `90s`, `15m` or `1h30m`", check })
            .equality(Equality::duration())
    }

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        Self::partial(&value)
    }

    fn to_value(&self) -> Value {
        Value::String(self.spelling.clone())
    }

    fn partial(value: &Value) -> Result<Self, Mismatch> {
        let text = value.as_str().ok_or_else(|| Mismatch::expected("a duration", value))?;
        text.parse().map_err(|error: NotADuration| Mismatch::new(error.to_string()))
    }
}

/// How long operations may take before they are given up. Hold it as `Option<Timeouts>` in a field named
/// `timeouts`; the server finds it there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// Limit for create.
    pub create: Option<GoDuration>,
    /// Limit for read.
    pub read: Option<GoDuration>,
    /// Limit for update.
    pub update: Option<GoDuration>,
    /// Limit for delete.
    pub delete: Option<GoDuration>,
}

const OPERATIONS: [(&str, &str); 4] = [
    ("create", "How long creating may take, as a duration such as `30m`."),
    ("delete", "How long deleting may take, as a duration such as `10m`."),
    ("read", "How long reading may take, as a duration such as `2m`."),
    ("update", "How long changing may take, as a duration such as `30m`."),
];

impl AttributeType for Timeouts {
    type Partial = [Field<GoDuration>; 4];

    fn attribute() -> Attribute {
        let member = |(name, text): (&str, &str)| {
            (name.to_owned(), GoDuration::attribute().presence(Presence::Optional).describe(text))
        };
        Attribute::nested(Nesting::Single, OPERATIONS.map(member).into_iter().collect::<Attributes>())
            .describe("How long operations may take before they are given up.")
    }

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        let mut object = members(value)?;
        Ok(Self {
            create: take(&mut object, "create")?,
            read: take(&mut object, "read")?,
            update: take(&mut object, "update")?,
            delete: take(&mut object, "delete")?,
        })
    }

    fn to_value(&self) -> Value {
        Value::object([
            ("create", self.create.to_value()),
            ("delete", self.delete.to_value()),
            ("read", self.read.to_value()),
            ("update", self.update.to_value()),
        ])
    }

    fn partial(value: &Value) -> Result<Self::Partial, Mismatch> {
        let field = |(name, _)| peek::<GoDuration>(value, name);
        let [create, delete, read, update] = OPERATIONS.map(field);
        Ok([create?, delete?, read?, update?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_reads() {
        for (text, millis) in [
            ("0", 0),
            ("90s", 90_000),
            ("1h30m", 5_400_000),
            ("1.5s", 1_500),
            ("250ms", 250),
            (".5s", 500),
            ("+1m", 60_000),
        ] {
            assert_eq!(parse(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "5", "m", "1d", "1..5s", "-1s", ".s", "9999999999h", "1 s"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
