//! One log line: an object whose `@` keys the host reads and whose other keys it passes on.

use std::fmt;
use std::time::SystemTime;

use serde_json::{Map, Value};
use time::OffsetDateTime;
use tracing::field::{Field, Visit};
use tracing::{Level, Metadata};

/// Hosts read 64 KiB a line and take what is longer for raw text.
const MAX_LINE: usize = 60 << 10;
/// Longest text of one field, in bytes; what is beyond says little in a log.
const MAX_TEXT: usize = 16 << 10;

/// Fields of a span or an event.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    pub(super) values: Map<String, Value>,
    /// The message, which is a field like others to `tracing` and must be text to the host.
    pub(super) message: String,
}

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        match field.name() {
            "message" => self.message = value.as_str().map_or_else(|| value.to_string(), str::to_owned),
            // These are the host's: a number in one of them would crash it.
            name if name.starts_with('@') => {}
            name => _ = self.values.insert(name.to_owned(), value),
        }
    }

    fn text(&mut self, field: &Field, text: String) {
        self.put(field, Value::String(cut(text)));
    }
}

impl Visit for Fields {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value.to_owned());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut text = value.to_string();
        let mut cause = value.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        self.text(field, text);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, format!("{value:?}"));
    }
}

/// The line of an event, with its line feed.
pub(super) fn render(module: &str, metadata: &Metadata<'_>, now: SystemTime, fields: Fields) -> Vec<u8> {
    let Fields { mut values, message } = fields;
    let mut head = Map::new();
    head.insert("@level".to_owned(), level(*metadata.level()).into());
    head.insert("@message".to_owned(), message.into());
    head.insert("@module".to_owned(), format!("{module}.{}", metadata.target().replace("::", ".")).into());
    head.insert("@timestamp".to_owned(), timestamp(now).into());
    if let (Some(file), Some(line)) = (metadata.file(), metadata.line()) {
        head.insert("@caller".to_owned(), format!("{file}:{line}").into());
    }
    values.append(&mut head.clone());
    let mut line = serialise(&values);
    if line.len() > MAX_LINE {
        head.insert("fields_dropped".to_owned(), (values.len() - head.len()).into());
        line = serialise(&head);
    }
    line.push(b'\n');
    line
}

fn serialise(values: &Map<String, Value>) -> Vec<u8> {
    // Text, numbers and booleans always serialise.
    serde_json::to_vec(values).unwrap_or_default()
}

fn level(level: Level) -> &'static str {
    match level {
        Level::TRACE => "trace",
        Level::DEBUG => "debug",
        Level::INFO => "info",
        Level::WARN => "warn",
        Level::ERROR => "error",
    }
}

/// RFC 3339 in UTC with exactly six digits of fraction: hosts take a line with any other number for raw text.
fn timestamp(now: SystemTime) -> String {
    let now = OffsetDateTime::from(now);
    let (year, month, day) = now.to_calendar_date();
    let (hour, minute, second, micro) = now.to_hms_micro();
    format!("{year:04}-{:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micro:06}Z", u8::from(month))
}

fn cut(mut text: String) -> String {
    if text.len() > MAX_TEXT {
        let total = text.len();
        let mut end = MAX_TEXT;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push_str(&format!("… ({} more bytes)", total - end));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use time::format_description::well_known::Rfc3339;

    use super::*;

    #[test]
    fn timestamp_of_the_epoch() {
        assert_eq!(timestamp(SystemTime::UNIX_EPOCH), "1970-01-01T00:00:00.000000Z");
    }

    proptest! {
        #[test]
        fn timestamp_has_six_digits_and_tells_the_time(seconds in 0_u64..200_000_000_000, nanos in 0_u32..1_000_000_000) {
            let now = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos);
            let text = timestamp(now);
            prop_assert_eq!(text.len(), 27);
            prop_assert_eq!(text.as_bytes().get(19), Some(&b'.'));
            prop_assert!(text.ends_with('Z'));
            let read = OffsetDateTime::parse(&text, &Rfc3339).expect("RFC 3339");
            prop_assert_eq!(read.unix_timestamp(), i64::try_from(seconds).expect("small"));
            prop_assert_eq!(read.microsecond(), nanos / 1000);
        }

        #[test]
        fn cutting_keeps_text_whole(text in "\\PC{0,40}", times in 1_usize..3000) {
            let long = text.repeat(times);
            let short = cut(long.clone());
            prop_assert!(short.len() <= MAX_TEXT + 40);
            prop_assert_eq!(short == long, long.len() <= MAX_TEXT);
        }
    }
}
