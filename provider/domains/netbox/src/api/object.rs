//! Objects as the server tells them.

use std::fmt;

use serde_json::{Map, Value};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

/// An object, whole or brief, with whatever fields the server's version has.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Its id.
    pub id: u64,
    /// Its fields, `id` among them.
    pub fields: Map<String, Value>,
    /// When it was last changed, in the server's words; brief objects and a few kinds do not tell.
    pub last_updated: Option<String>,
}

/// The state of an object in one text: it differs after every change made through the API.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Etag(String);

impl Object {
    /// Reads an object; `None` when it is none or has no id.
    pub fn from_json(json: Value) -> Option<Self> {
        let Value::Object(fields) = json else { return None };
        Self::from_fields(fields)
    }

    pub(super) fn from_fields(fields: Map<String, Value>) -> Option<Self> {
        let id = number(fields.get("id")?)?;
        let last_updated = fields.get("last_updated").and_then(Value::as_str).map(str::to_owned);
        Some(Self { id, fields, last_updated })
    }

    /// The path its own address tells, `dcim/sites`.
    pub fn path(&self) -> Option<String> {
        let url = self.fields.get("url")?.as_str()?;
        let (_, below) = url.rsplit_once("/api/")?;
        let path = below.trim_matches('/').strip_suffix(&self.id.to_string())?;
        Some(path.trim_end_matches('/').to_owned())
    }

    /// The state it is in, in the form `If-Match` takes (NetBox 4.6 and later look at it, older ones do not).
    /// Lists tell it as well as single answers do.
    pub fn etag(&self) -> Option<Etag> {
        Etag::of_time(self.last_updated.as_deref()?)
    }
}

impl Etag {
    /// An `ETag` header's text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, as it stands in `ETag` and `If-Match`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The server makes it from the time of the last change in UTC, whatever zone it shows times in.
    fn of_time(text: &str) -> Option<Self> {
        let time = OffsetDateTime::parse(text, &Rfc3339).ok()?.to_offset(UtcOffset::UTC);
        let (date, clock, micros) = (time.date(), time.time(), time.microsecond());
        let (hour, minute, second) = (clock.hour(), clock.minute(), clock.second());
        // Whole seconds are written without a fraction.
        let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
        let (year, month, day) = (date.year(), u8::from(date.month()), date.day());
        let stamp =
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}+00:00");
        Some(Self(format!("W/\"{stamp}\"")))
    }
}

impl fmt::Display for Etag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A whole number, also one written as text.
pub(super) fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn etags_are_times_in_utc() {
        let etag = |text: &str| Etag::of_time(text).map(|etag| etag.0);
        let utc = Some("W/\"2026-11-21T05:59:35.784671+00:00\"".to_owned());
        assert_eq!(etag("2026-11-21T05:59:35.784671Z"), utc);
        assert_eq!(etag("2026-11-21T07:59:35.784671+02:00"), utc);
        assert_eq!(etag("2026-11-21T05:59:35Z").as_deref(), Some("W/\"2026-11-21T05:59:35+00:00\""));
        assert_eq!(
            etag("2026-11-21T05:59:35.000500Z").as_deref(),
            Some("W/\"2026-11-21T05:59:35.000500+00:00\"")
        );
        assert_eq!(etag("yesterday"), None);
    }

    #[test]
    fn objects_need_an_id_and_nothing_else() {
        assert_eq!(Object::from_json(json!({"id": "7", "later": [1]})).map(|object| object.id), Some(7));
        assert_eq!(Object::from_json(json!({"name": "x"})), None);
        assert_eq!(Object::from_json(json!([1])), None);
        let addressed =
            Object::from_json(json!({"id": 4, "url": "http://h/netbox/api/ipam/ip-addresses/4/"}));
        assert_eq!(addressed.unwrap().path().as_deref(), Some("ipam/ip-addresses"));
    }
}
