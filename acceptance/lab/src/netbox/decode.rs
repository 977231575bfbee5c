//! Values in requests: checked, trimmed and put into the form NetBox keeps.

use std::sync::OnceLock;

use regex::Regex;
use serde_json::{Value, json};

use super::net::{Net, hardware_address};
use super::reference::{python, python_type};
use super::table::{Field, Kind, Type};

const NULL: &str = "This field may not be null.";
/// Stands for a file of a multipart body; its value is the file's name.
pub(crate) const FILE: &str = "$file";
const BLANK: &str = "This field may not be blank.";

fn regex(cell: &'static OnceLock<Option<Regex>>, pattern: &str) -> Option<&'static Regex> {
    cell.get_or_init(|| Regex::new(pattern).ok()).as_ref()
}

/// `2026-01-02`
pub(crate) fn is_date(text: &str) -> bool {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    let shape = regex(&PATTERN, r"^\d{4}-\d{2}-\d{2}$").is_some_and(|r| r.is_match(text));
    let number = |range: std::ops::Range<usize>| text.get(range).and_then(|t| t.parse::<u8>().ok());
    let (Some(month), Some(day)) = (number(5..7), number(8..10)) else { return false };
    let month = time::Month::try_from(month);
    let year = text.get(..4).and_then(|y| y.parse().ok()).unwrap_or_default();
    shape && month.is_ok_and(|m| time::Date::from_calendar_date(year, m, day).is_ok())
}

/// `2026-01-02T03:04:05Z`, with what may be left out left out.
pub(crate) fn is_time(text: &str) -> bool {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    let rest = r"^[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?$";
    let date = text.get(..10).is_some_and(is_date);
    date && text.get(10..).is_some_and(|t| regex(&PATTERN, rest).is_some_and(|r| r.is_match(t)))
}

/// What a field makes of a value, references and tags apart.
pub(crate) fn scalar(t: &Type, field: &Field, value: &Value) -> Result<Value, String> {
    if field.kind == Kind::Choice || (!field.choices.is_empty() && field.kind == Kind::Text) {
        return choice(field, value);
    }
    if value.is_null() {
        return if field.nullable { Ok(Value::Null) } else { Err(NULL.to_owned()) };
    }
    match field.kind {
        Kind::Text | Kind::Url | Kind::Email => text(t, field, value),
        Kind::File => match value.get(FILE).and_then(Value::as_str) {
            Some(name) => Ok(json!(name)),
            None => Err("The submitted data was not a file. Check the encoding type on the form.".to_owned()),
        },
        Kind::Int => integer(field, value),
        Kind::Num => number(field, value),
        Kind::Bool => boolean(value),
        Kind::Date => match value.as_str() {
            Some("") if field.nullable => Ok(Value::Null),
            Some(date) if is_date(date) => Ok(json!(date)),
            _ => Err("Date has wrong format. Use one of these formats instead: YYYY-MM-DD.".to_owned()),
        },
        Kind::Time => match value.as_str() {
            Some(time) if is_time(time) => Ok(json!(normal_time(time))),
            _ => Err("Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].".to_owned()),
        },
        Kind::Texts | Kind::Ints => list(t, field, value),
        _ => json_value(t, field, value),
    }
}

fn normal_time(text: &str) -> String {
    let text = text.replacen(' ', "T", 1);
    match text.strip_suffix("+00:00") {
        Some(bare) => format!("{bare}Z"),
        None if text.ends_with('Z') || text.get(11..).is_some_and(|t| t.contains(['+', '-'])) => text,
        None => format!("{text}Z"),
    }
}

fn choice(field: &Field, value: &Value) -> Result<Value, String> {
    let blank = |v: &Value| v == "";
    match value {
        Value::Null if field.nullable => return Ok(Value::Null),
        Value::Null => return if field.allows_blank() { Ok(json!("")) } else { Err(BLANK.to_owned()) },
        v if blank(v) => return if field.allows_blank() { Ok(json!("")) } else { Err(BLANK.to_owned()) },
        Value::Object(_) | Value::Array(_) => {
            return Err(
                "Value must be passed directly (e.g. \"foo\": 123); do not use a dictionary or list."
                    .to_owned(),
            );
        }
        _ => {}
    }
    let known = |v: &Value| field.choices.iter().any(|(c, _)| c == v && !blank(c));
    if known(value) {
        return Ok(value.clone());
    }
    let as_number = value.as_str().and_then(|s| s.parse::<i64>().ok()).map(|n| json!(n));
    let as_bool = value.as_str().and_then(|s| s.to_lowercase().parse::<bool>().ok()).map(|b| json!(b));
    let other = as_number.or(as_bool);
    if let Some(other) = other.filter(known) {
        return Ok(other);
    }
    let shown = python(value);
    Err(format!(
        "{} is not a valid choice.",
        if value.is_string() { shown.trim_matches('\'') } else { &shown }
    ))
}

fn text(t: &Type, field: &Field, value: &Value) -> Result<Value, String> {
    let given = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return Err("Not a valid string.".to_owned()),
    };
    if given.contains('\0') {
        return Err("Null characters are not allowed.".to_owned());
    }
    if given.is_empty() {
        let blank = field.allows_blank() && field.name != "time_zone";
        return if blank { Ok(json!("")) } else { Err(BLANK.to_owned()) };
    }
    let long = u64::try_from(given.chars().count()).unwrap_or(u64::MAX);
    if let Some(max) = field.max_length.filter(|m| long > *m) {
        return Err(format!("Ensure this field has no more than {max} characters."));
    }
    match field.kind {
        Kind::Url if field.name != "payload_url" && !is_url(&given) => {
            return Err("Enter a valid URL.".to_owned());
        }
        Kind::Email if !is_email(&given) => return Err("Enter a valid email address.".to_owned()),
        _ => {}
    }
    special(t, field, &given).map(Value::String)
}

fn is_url(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|u| u.has_host()) && !text.contains(' ')
}

fn is_email(text: &str) -> bool {
    let (user, host) = text.rsplit_once('@').unwrap_or_default();
    !user.is_empty()
        && !user.contains([' ', '@'])
        && host.contains('.')
        && !host.starts_with('.')
        && !host.ends_with('.')
}

/// Texts with a form of their own.
fn special(t: &Type, field: &Field, given: &str) -> Result<String, String> {
    let address = |kind: &str| Net::parse(given).ok_or_else(|| format!("Invalid IP {kind} format: {given}"));
    match (t.path.as_str(), field.name.as_str()) {
        ("ipam/prefixes" | "ipam/aggregates", "prefix") => address("prefix").map(|n| n.to_string()),
        ("ipam/ip-addresses", "address") | ("ipam/ip-ranges", "start_address" | "end_address") => {
            address("address").map(|n| n.to_string())
        }
        (_, "mac_address") => {
            hardware_address(given, 6).ok_or_else(|| format!("Invalid MAC address format: {given}"))
        }
        (_, "wwn") => hardware_address(given, 8).ok_or_else(|| format!("Invalid WWN format: {given}")),
        ("ipam/ip-addresses", "dns_name") => dns_name(given),
        (_, "slug") => slug(t, given),
        (_, "color") => color(given),
        _ => pattern(field, given),
    }
}

fn dns_name(given: &str) -> Result<String, String> {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    let fits =
        regex(&PATTERN, r"^([0-9A-Za-z_-]+|\*)(\.[0-9A-Za-z_-]+)*\.?$").is_some_and(|r| r.is_match(given));
    if fits {
        return Ok(given.to_lowercase());
    }
    Err("Only alphanumeric characters, asterisks, hyphens, periods, and underscores are allowed in DNS names"
        .to_owned())
}

fn slug(t: &Type, given: &str) -> Result<String, String> {
    let unicode = t.facts.slug.as_deref() == Some("unicode");
    let legal = |c: char| {
        c == '-' || c == '_' || if unicode { c.is_alphanumeric() } else { c.is_ascii_alphanumeric() }
    };
    if given.chars().all(legal) {
        return Ok(given.to_owned());
    }
    let letters = if unicode { "Unicode letters" } else { "letters" };
    Err(format!("Enter a valid \"slug\" consisting of {letters}, numbers, underscores or hyphens."))
}

fn color(given: &str) -> Result<String, String> {
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    if given.len() == 6 && given.chars().all(hex) {
        return Ok(given.to_owned());
    }
    Err("Enter a valid hexadecimal RGB color code.".to_owned())
}

fn pattern(field: &Field, given: &str) -> Result<String, String> {
    let fits = field.pattern.as_ref().and_then(|p| Regex::new(p).ok()).is_none_or(|r| r.is_match(given));
    if fits {
        Ok(given.to_owned())
    } else {
        Err("This value does not match the required pattern.".to_owned())
    }
}

fn integer(field: &Field, value: &Value) -> Result<Value, String> {
    let whole = |n: f64| (n.fract() == 0.0 && n.abs() < 9e18).then_some(n as i64);
    let number = match value {
        Value::Number(n) => n.as_i64().or_else(|| n.as_f64().and_then(whole)),
        Value::String(s) => s.trim().trim_end_matches(".0").parse().ok(),
        _ => None,
    };
    let Some(number) = number else { return Err("A valid integer is required.".to_owned()) };
    within(field, number as f64, &number.to_string())?;
    Ok(json!(number))
}

fn within(field: &Field, number: f64, _shown: &str) -> Result<(), String> {
    let bound = |limit: f64| if limit.fract() == 0.0 { format!("{limit:.0}") } else { limit.to_string() };
    if let Some(high) = field.high.filter(|h| number > *h || (field.open && number >= *h)) {
        // A limit that is the number of digits speaks of digits.
        if field.open && field.digits.is_some() {
            return Err(digits_text(field));
        }
        return Err(format!("Ensure this value is less than or equal to {}.", bound(high)));
    }
    match field.low.filter(|l| number < *l) {
        Some(low) => Err(format!("Ensure this value is greater than or equal to {}.", bound(low))),
        None => Ok(()),
    }
}

fn digits_text(field: &Field) -> String {
    let (digits, _) = field.digits.unwrap_or_default();
    format!("Ensure that there are no more than {digits} digits in total.")
}

fn number(field: &Field, value: &Value) -> Result<Value, String> {
    let invalid = || "A valid number is required.".to_owned();
    let shown = match value {
        Value::Number(n) => n.to_string(),
        Value::String(s) => s.trim().to_owned(),
        _ => return Err(invalid()),
    };
    let parsed: f64 = shown.parse().map_err(|_| invalid())?;
    if !parsed.is_finite() {
        return Err(invalid());
    }
    if let Some((digits, decimals)) = field.digits {
        let plain = shown.trim_start_matches(['-', '+']);
        let (whole, part) = plain.split_once('.').unwrap_or((plain, ""));
        let whole = whole.trim_start_matches('0');
        let count = |text: &str| u32::try_from(text.len()).unwrap_or(u32::MAX);
        if count(whole) + count(part) > digits {
            return Err(digits_text(field));
        }
        if count(part) > decimals {
            return Err(format!("Ensure that there are no more than {decimals} decimal places."));
        }
        if count(whole) > digits - decimals {
            return Err(format!(
                "Ensure that there are no more than {} digits before the decimal point.",
                digits - decimals
            ));
        }
    }
    within(field, parsed, &shown)?;
    Ok(json!(parsed))
}

fn boolean(value: &Value) -> Result<Value, String> {
    let text = match value {
        Value::Bool(flag) => return Ok(json!(flag)),
        Value::String(text) => text.trim().to_lowercase(),
        Value::Number(n) => n.to_string(),
        _ => String::new(),
    };
    match text.as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" => Ok(json!(true)),
        "false" | "f" | "no" | "n" | "off" | "0" => Ok(json!(false)),
        _ => Err("Must be a valid boolean.".to_owned()),
    }
}

fn not_a_list(value: &Value) -> String {
    format!("Expected a list of items but got type \"{}\".", python_type(value))
}

/// The items of a list.
pub(crate) fn items(value: &Value) -> Result<&[Value], String> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| not_a_list(value))
}

fn list(t: &Type, field: &Field, value: &Value) -> Result<Value, String> {
    let items = items(value)?;
    if field.kind == Kind::Ints {
        let numbers = items.iter().map(|v| v.as_i64().or_else(|| v.as_str()?.parse().ok()));
        let numbers: Option<Vec<i64>> = numbers.collect();
        return numbers.map(|n| json!(n)).ok_or_else(|| "A valid integer is required.".to_owned());
    }
    let texts: Option<Vec<String>> = items
        .iter()
        .map(|v| match v {
            Value::String(s) => Some(s.trim().to_owned()),
            Value::Number(n) => Some(n.to_string()),
            _ => None,
        })
        .collect();
    let texts = texts.ok_or_else(|| "Not a valid string.".to_owned())?;
    if t.path == "users/tokens" && field.name == "allowed_ips" {
        let nets: Option<Vec<String>> = texts.iter().map(|s| Net::parse(s).map(|n| n.to_string())).collect();
        return nets.map(|n| json!(n)).ok_or_else(|| "Invalid IP address format".to_owned());
    }
    Ok(json!(texts))
}

fn json_value(t: &Type, field: &Field, value: &Value) -> Result<Value, String> {
    match (t.path.as_str(), field.name.as_str()) {
        ("ipam/vlan-groups", "vid_ranges") => ranges(value),
        ("extras/config-contexts", "data") if !value.is_object() => {
            Err("JSON data must be in object form. Example:".to_owned() + " {\"foo\": 123}")
        }
        _ => Ok(value.clone()),
    }
}

fn ranges(value: &Value) -> Result<Value, String> {
    for range in items(value)? {
        let bounds = range.as_array().filter(|b| b.len() == 2);
        let Some(bounds) = bounds else {
            return Err("Ranges must be specified in the form (lower, upper).".to_owned());
        };
        if !bounds.iter().all(Value::is_i64) {
            return Err("Range boundaries must be defined as integers.".to_owned());
        }
    }
    Ok(value.clone())
}

/// What a field holds that was not given at creation.
pub(crate) fn absent(field: &Field) -> Value {
    if let Some(default) = &field.default {
        return default.clone();
    }
    match field.kind {
        Kind::Many | Kind::Tags | Kind::ContentTypes | Kind::Objects => json!([]),
        Kind::Texts | Kind::Ints if !field.nullable => json!([]),
        Kind::Bool if !field.nullable => json!(false),
        kind if kind.is_text() && !field.nullable => json!(""),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netbox::table::Table;
    use crate::netbox::version::NetBoxVersion;

    fn decode(path: &str, field: &str, value: impl Into<Value>) -> Result<Value, String> {
        let table = Table::of(NetBoxVersion::V4_6);
        let t = &table.types[table.by_path(path).expect("a type")];
        scalar(t, t.field(field).expect("a field"), &value.into())
    }

    #[test]
    fn texts_are_trimmed_and_never_null() {
        assert_eq!(decode("dcim/sites", "description", json!("  x  ")), Ok(json!("x")));
        assert_eq!(decode("dcim/sites", "description", json!(null)), Err(NULL.to_owned()));
        assert_eq!(decode("dcim/sites", "name", json!(" ")), Err(BLANK.to_owned()));
        assert!(decode("dcim/sites", "slug", json!("åäö")).is_err());
        assert_eq!(decode("extras/tags", "slug", json!("åäö")), Ok(json!("åäö")));
    }

    #[test]
    fn decimals_count_their_digits() {
        assert_eq!(decode("dcim/sites", "latitude", json!("59.123456")), Ok(json!(59.123456)));
        let long = decode("dcim/sites", "latitude", json!(59.12345678));
        assert_eq!(long, Err("Ensure that there are no more than 8 digits in total.".to_owned()));
        assert!(decode("dcim/sites", "latitude", json!("abc")).is_err());
        assert_eq!(decode("dcim/sites", "latitude", json!(null)), Ok(Value::Null));
    }

    #[test]
    fn choices_are_raw_values() {
        assert_eq!(decode("dcim/sites", "status", json!("active")), Ok(json!("active")));
        assert!(decode("dcim/sites", "status", json!("Active")).is_err());
        assert!(decode("dcim/sites", "status", json!({ "value": "active" })).is_err());
        assert_eq!(decode("dcim/racks", "width", json!("19")), Ok(json!(19)));
        assert_eq!(decode("dcim/interfaces", "mode", json!("")), Ok(json!("")));
    }

    #[test]
    fn addresses_take_their_normal_form() {
        assert_eq!(
            decode("ipam/ip-addresses", "address", json!("2001:0DB8::0001/064")),
            Ok(json!("2001:db8::1/64"))
        );
        assert_eq!(
            decode("ipam/ip-addresses", "dns_name", json!("SRV1.Example.COM")),
            Ok(json!("srv1.example.com"))
        );
        assert_eq!(
            decode("dcim/mac-addresses", "mac_address", json!("0200.00aa.bb01")),
            Ok(json!("02:00:00:AA:BB:01"))
        );
        assert!(is_date("2026-02-28") && !is_date("2026-02-30") && is_time("2026-01-02T03:04:05Z"));
    }
}
