//! Reading a document field by field: each problem names its place, and nothing is overlooked.

use std::fmt;

use jiff::Timestamp;

use crate::decimal::{Decimal, DecimalError};
use crate::json::{Digest, Json};

/// What is wrong with a document, and where in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct FieldError {
    /// Where: `lines[3].PricingQuantity`.
    pub place: String,
    /// What is wrong there.
    pub problem: FieldProblem,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldProblem {
    /// It is not there.
    #[error("missing")]
    Missing,
    /// Nobody knows it. Fields of one's own begin with `x_`.
    #[error("unknown; fields of your own must begin with `x_`")]
    Unknown,
    /// It is something else.
    #[error("{found} where {expected} is expected")]
    Kind {
        /// What it is.
        found: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// It is a number that documents write otherwise.
    #[error("{0:?} is {1}")]
    Decimal(String, DecimalError),
    /// It does not have the form it must have.
    #[error("{found:?} is not {expected}")]
    Form {
        /// What stands there.
        found: String,
        /// What should.
        expected: String,
    },
    /// It contradicts another field.
    #[error("{0}")]
    Contradiction(String),
}

/// Where in a document.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'p> {
    /// The document itself.
    Root,
    /// A member of an object.
    Member(&'p Place<'p>, &'p str),
    /// An element of a list.
    Element(&'p Place<'p>, usize),
}

/// The members of an object while it is read.
pub(crate) struct Fields<'j, 'p> {
    place: &'p Place<'p>,
    members: &'j [(std::borrow::Cow<'j, str>, Json<'j>)],
    used: Vec<bool>,
}

/// The result of reading.
pub(crate) type Read<T> = Result<T, FieldError>;

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("document"),
            Self::Member(Place::Root, name) => f.write_str(name),
            Self::Member(parent, name) => write!(f, "{parent}.{name}"),
            Self::Element(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

impl Place<'_> {
    /// An error here.
    #[must_use]
    pub(crate) fn wrong(&self, problem: FieldProblem) -> FieldError {
        FieldError { place: self.to_string(), problem }
    }

    /// An error here: `found` is not `expected`.
    #[must_use]
    pub(crate) fn form(&self, found: &str, expected: impl Into<String>) -> FieldError {
        let found = found.chars().take(80).collect();
        self.wrong(FieldProblem::Form { found, expected: expected.into() })
    }

    /// An error here: the field contradicts another.
    #[must_use]
    pub(crate) fn contradicts(&self, detail: impl Into<String>) -> FieldError {
        self.wrong(FieldProblem::Contradiction(detail.into()))
    }
}

// === impl Fields ===

impl<'j, 'p> Fields<'j, 'p> {
    /// The members of an object.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn of(value: &'j Json<'j>, place: &'p Place<'p>) -> Read<Self> {
        match value {
            Json::Object(members) => Ok(Self { place, members, used: vec![false; members.len()] }),
            other => Err(place.wrong(FieldProblem::Kind { found: other.kind(), expected: "an object" })),
        }
    }

    /// The place of a member.
    #[must_use]
    pub(crate) fn at(&self, name: &'p str) -> Place<'p> {
        Place::Member(self.place, name)
    }

    /// A member that may be missing, or null.
    pub(crate) fn nullable(&mut self, name: &str) -> Option<&'j Json<'j>> {
        let at = self.members.iter().position(|(key, _)| key == name)?;
        if let Some(used) = self.used.get_mut(at) {
            *used = true;
        }
        self.members.get(at).map(|(_, value)| value)
    }

    /// A member that may be missing.
    ///
    /// # Errors
    /// It is null.
    pub(crate) fn optional(&mut self, name: &'p str) -> Read<Option<&'j Json<'j>>> {
        match self.nullable(name) {
            Some(Json::Null) => Err(self.kind(name, &Json::Null, "a value, or nothing at all,")),
            other => Ok(other),
        }
    }

    /// A member that must be there.
    ///
    /// # Errors
    /// It is not, or null.
    pub(crate) fn required(&mut self, name: &'p str) -> Read<&'j Json<'j>> {
        self.optional(name)?.ok_or_else(|| self.at(name).wrong(FieldProblem::Missing))
    }

    fn kind(&self, name: &'p str, found: &Json<'_>, expected: &'static str) -> FieldError {
        self.at(name).wrong(FieldProblem::Kind { found: found.kind(), expected })
    }

    /// A text.
    ///
    /// # Errors
    /// It is missing or something else.
    pub(crate) fn text(&mut self, name: &'p str) -> Read<&'j str> {
        let value = self.required(name)?;
        value.as_text().ok_or_else(|| self.kind(name, value, "a text"))
    }

    /// A text that may be missing.
    ///
    /// # Errors
    /// It is something else.
    pub(crate) fn maybe_text(&mut self, name: &'p str) -> Read<Option<&'j str>> {
        let Some(value) = self.optional(name)? else { return Ok(None) };
        value.as_text().map(Some).ok_or_else(|| self.kind(name, value, "a text"))
    }

    /// A text of a form that `test` knows.
    ///
    /// # Errors
    /// It is missing or of another form.
    pub(crate) fn formed(&mut self, name: &'p str, test: fn(&str) -> bool, expected: &str) -> Read<&'j str> {
        let text = self.text(name)?;
        if test(text) { Ok(text) } else { Err(self.at(name).form(text, expected)) }
    }

    /// A decimal number, written as text.
    ///
    /// # Errors
    /// It is missing or no such number.
    pub(crate) fn decimal(&mut self, name: &'p str) -> Read<Decimal> {
        let value = self.required(name)?;
        self.number(name, value)
    }

    /// A decimal number that may be null or missing.
    ///
    /// # Errors
    /// It is no such number.
    pub(crate) fn maybe_decimal(&mut self, name: &'p str) -> Read<Option<Decimal>> {
        match self.nullable(name) {
            None | Some(Json::Null) => Ok(None),
            Some(value) => self.number(name, value).map(Some),
        }
    }

    fn number(&self, name: &'p str, value: &Json<'_>) -> Read<Decimal> {
        let text = value
            .as_text()
            .ok_or_else(|| self.kind(name, value, "a decimal number as text, such as \"12.50\","))?;
        text.parse().map_err(|error| {
            let found = text.chars().take(60).collect();
            self.at(name).wrong(FieldProblem::Decimal(found, error))
        })
    }

    /// A decimal number that is not less than nothing.
    ///
    /// # Errors
    /// It is missing, no such number, or negative.
    pub(crate) fn amount(&mut self, name: &'p str) -> Read<Decimal> {
        let number = self.decimal(name)?;
        if number.is_negative() {
            return Err(self.at(name).form(&number.to_string(), "0 or more"));
        }
        Ok(number)
    }

    /// A small whole number.
    ///
    /// # Errors
    /// It is missing or something else.
    pub(crate) fn count(&mut self, name: &'p str) -> Read<u64> {
        let value = self.required(name)?;
        match value {
            Json::Number(number) if number.len() <= 15 => {
                number.parse().map_err(|_| self.at(name).form(number, "a whole number, 0 or more"))
            }
            Json::Whole(number) => Ok(*number),
            other => Err(self.kind(name, other, "a whole number")),
        }
    }

    /// A moment, RFC 3339 in UTC with `Z`.
    ///
    /// # Errors
    /// It is missing or something else.
    pub(crate) fn moment(&mut self, name: &'p str) -> Read<Timestamp> {
        let text = self.text(name)?;
        moment(text).ok_or_else(|| self.at(name).form(text, "a moment in UTC such as 2026-03-30T20:05:11Z"))
    }

    /// A digest.
    ///
    /// # Errors
    /// It is missing or something else.
    pub(crate) fn digest(&mut self, name: &'p str) -> Read<Digest> {
        let text = self.text(name)?;
        Digest::parse(text).ok_or_else(|| self.at(name).form(text, "a SHA-256 as 64 lower-case hex digits"))
    }

    /// A list.
    ///
    /// # Errors
    /// It is missing or something else.
    pub(crate) fn list(&mut self, name: &'p str) -> Read<&'j [Json<'j>]> {
        match self.required(name)? {
            Json::List(elements) => Ok(elements),
            other => Err(self.kind(name, other, "a list")),
        }
    }

    /// A list of texts that may be missing.
    ///
    /// # Errors
    /// It is something else.
    pub(crate) fn texts(&mut self, name: &'p str) -> Read<Vec<String>> {
        let Some(value) = self.optional(name)? else { return Ok(Vec::new()) };
        let Json::List(elements) = value else { return Err(self.kind(name, value, "a list of texts")) };
        let element = |(index, element): (usize, &Json<'_>)| {
            element.as_text().map(str::to_owned).ok_or_else(|| {
                let found = element.kind();
                Place::Element(&self.at(name), index).wrong(FieldProblem::Kind { found, expected: "a text" })
            })
        };
        elements.iter().enumerate().map(element).collect()
    }

    /// Every member, of an object in which each is a text. Nothing is left to be refused.
    ///
    /// # Errors
    /// One of them is something else.
    pub(crate) fn all_texts(self) -> Read<Vec<(&'j str, &'j str)>> {
        let text = |(name, value): &'j (std::borrow::Cow<'j, str>, Json<'j>)| {
            let wrong = || FieldProblem::Kind { found: value.kind(), expected: "a text" };
            let text = value.as_text().ok_or_else(|| Place::Member(self.place, name).wrong(wrong()))?;
            Ok((name.as_ref(), text))
        };
        self.members.iter().map(text).collect()
    }

    /// Refuses what was not read, but for fields that begin with `x_`.
    ///
    /// # Errors
    /// There is a field that nobody knows.
    pub(crate) fn finish(self) -> Read<()> {
        let mut left =
            self.members.iter().zip(&self.used).filter(|(_, used)| !**used).map(|((key, _), _)| key);
        match left.find(|key| !key.starts_with("x_")) {
            Some(key) => Err(Place::Member(self.place, key).wrong(FieldProblem::Unknown)),
            None => Ok(()),
        }
    }
}

/// Reads a moment in UTC, written with `Z`.
#[must_use]
pub fn moment(text: &str) -> Option<Timestamp> {
    // What others allow besides, documents do not: other offsets, lower case, no seconds, a comma for a point.
    let (whole, fraction) = (text.get(..19)?, text.get(19..)?.strip_suffix('Z')?);
    let shape = b"0000-00-00T00:00:00";
    let fits = |(byte, like): (u8, &u8)| if *like == b'0' { byte.is_ascii_digit() } else { byte == *like };
    let fraction_fits = match fraction.strip_prefix('.') {
        None => fraction.is_empty(),
        Some(digits) => (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()),
    };
    // A leap second is a moment nobody else has.
    let plain = whole.bytes().zip(shape).all(fits) && fraction_fits && whole.get(17..)? < "60";
    text.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    #[test]
    fn problems_have_places() {
        let value = parse(br#"{"a":{"b":[{"c":"1e3"}]},"x_own":1,"d":null}"#).unwrap();
        let mut root = Fields::of(&value, &Place::Root).unwrap();
        assert_eq!(
            root.text("d").unwrap_err().to_string(),
            "d: null where a value, or nothing at all, is expected"
        );
        let at = root.at("a");
        let inner = root.required("a").unwrap();
        let mut a = Fields::of(inner, &at).unwrap();
        let list = a.list("b").unwrap();
        let in_list = a.at("b");
        let place = Place::Element(&in_list, 0);
        let mut element = Fields::of(&list[0], &place).unwrap();
        let error = element.decimal("c").unwrap_err().to_string();
        assert!(error.starts_with("a.b[0].c: \"1e3\" is not a decimal number"), "{error}");
        assert_eq!(element.text("z").unwrap_err().to_string(), "a.b[0].z: missing");
        root.finish().unwrap();
        let unknown = Fields::of(&value, &Place::Root).unwrap().finish().unwrap_err();
        assert_eq!(unknown.problem, FieldProblem::Unknown);
    }

    #[test]
    fn moments_are_utc() {
        assert!(moment("2026-03-30T20:05:11Z").is_some());
        for wrong in [
            "2026-03-30T20:05:11+00:00",
            "2026-03-30 20:05:11Z",
            "2026-02-30T00:00:00Z",
            "2026-03-30",
            "",
            "20:05Z",
            "2026-03-30T20:05Z",
            "2026-03-30T20:05:60Z",
            "2026-03-30T20:05:11,5Z",
            "2026-03-30t20:05:11z",
        ] {
            assert!(moment(wrong).is_none(), "{wrong}");
        }
        assert_eq!(moment("2026-03-30T20:05:11Z").unwrap().to_string(), "2026-03-30T20:05:11Z");
    }
}
