//! What texts must look like, and when two of them mean the same.

use std::net::IpAddr;
use std::sync::OnceLock;

use regex::Regex;
use tf_framework::schema::{Check, Equality};
use tf_value::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::description::Format;

/// How two texts of a format are compared.
#[must_use]
pub fn equality(format: Format) -> Equality {
    match format {
        Format::IpInterface | Format::IpNetwork | Format::IpAddress => Equality::cidr(),
        Format::Mac | Format::Wwn => Equality::mac(),
        Format::DnsName => Equality::case_insensitive(),
        Format::DateTime => Equality::Meaning { name: "as moments", same: same_moment },
        Format::Plain | Format::Url | Format::Email => {
            Equality::Meaning { name: "without white space at either end", same: same_text }
        }
        Format::Slug
        | Format::UnicodeSlug
        | Format::Identifier
        | Format::Username
        | Format::Color
        | Format::Date
        | Format::Uuid => Equality::Exact,
    }
}

/// The check of a format, with what the text must be. An empty text passes: it means none.
#[must_use]
pub fn check(format: Format) -> Option<(&'static str, Check)> {
    Some(match format {
        Format::Plain => return None,
        Format::Slug => ("a slug of ASCII letters, digits, hyphens and underscores", |value| {
            text(value, "a slug of ASCII letters, digits, hyphens and underscores", |text| {
                !text.is_empty() && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_')
            })
        }),
        Format::UnicodeSlug => ("a slug of letters, digits, hyphens and underscores", |value| {
            text(value, "a slug of letters, digits, hyphens and underscores", |text| {
                !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
            })
        }),
        Format::Identifier => ("lower-case letters, digits and underscores", |value| {
            text(value, "lower-case letters, digits and underscores", |text| matches(text, r"^[a-z0-9_]*$"))
        }),
        Format::Username => ("letters, digits and the signs `@ . + - _`", |value| {
            text(value, "letters, digits and the signs @ . + - _", |text| matches(text, r"^[\w.@+-]*$"))
        }),
        Format::IpInterface => ("an IP address such as `10.0.0.1/24`", |value| {
            text(value, "an IP address such as 10.0.0.1/24", |text| address(text).is_some())
        }),
        Format::IpNetwork => ("an IP prefix without host bits such as `10.0.0.0/24`", |value| {
            text(value, "an IP prefix without host bits such as 10.0.0.0/24", is_network)
        }),
        Format::IpAddress => ("an IP address without a mask", |value| {
            text(value, "an IP address without a mask", |text| text.parse::<IpAddr>().is_ok())
        }),
        Format::Mac => ("a MAC address such as `02:00:00:AA:BB:CC`", |value| {
            text(value, "a MAC address such as 02:00:00:AA:BB:CC", |text| is_hardware_address(text, &[12]))
        }),
        Format::Wwn => ("a World Wide Name such as `50:01:43:80:00:00:00:01`", |value| {
            text(value, "a World Wide Name such as 50:01:43:80:00:00:00:01", |text| {
                is_hardware_address(text, &[16])
            })
        }),
        Format::DnsName => ("a DNS name", |value| text(value, "a DNS name", is_dns_name)),
        Format::Url => {
            ("a URL", |value| text(value, "a URL", |text| text.is_empty() || text.contains("://")))
        }
        Format::Color => ("a color of six hexadecimal digits in lower case such as `9e9e9e`", |value| {
            text(value, "a color of six hexadecimal digits in lower case such as 9e9e9e", |text| {
                text.len() == 6 && text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
            })
        }),
        Format::Date => ("a day such as `2026-11-21`", |value| {
            text(value, "a day such as 2026-11-21", |text| matches(text, r"^\d{4}-\d{2}-\d{2}$"))
        }),
        Format::DateTime => ("a moment such as `2026-11-21T08:00:00Z`", |value| {
            text(value, "a moment such as 2026-11-21T08:00:00Z", |text| moment(text).is_some())
        }),
        Format::Uuid => ("a UUID", |value| {
            text(value, "a UUID", |text| matches(text, r"(?i)^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$"))
        }),
        Format::Email => ("an e-mail address", |value| {
            text(value, "an e-mail address", |text| text.is_empty() || matches(text, r"^[^@\s]+@[^@\s]+$"))
        }),
    })
}

/// The text that a server makes of a text: white space at the ends goes, lines end in one character.
#[must_use]
fn trimmed(text: &str) -> String {
    text.trim().replace("\r\n", "\n")
}

fn same_text(left: &str, right: &str) -> bool {
    trimmed(left) == trimmed(right)
}

fn moment(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text.trim(), &Rfc3339).ok()
}

fn same_moment(left: &str, right: &str) -> bool {
    moment(left).zip(moment(right)).is_some_and(|(left, right)| left == right)
}

fn text(value: &Value, expected: &str, holds: impl Fn(&str) -> bool) -> Result<(), String> {
    match value.as_str() {
        Some(text) if !text.is_empty() && !holds(text.trim()) => Err(format!("must be {expected}")),
        _ => Ok(()),
    }
}

fn matches(text: &str, pattern: &'static str) -> bool {
    static COMPILED: OnceLock<std::sync::Mutex<std::collections::HashMap<&'static str, Regex>>> =
        OnceLock::new();
    let cache = COMPILED.get_or_init(Default::default);
    let mut cache = cache.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(regex) = cache.get(pattern) {
        return regex.is_match(text);
    }
    match Regex::new(pattern) {
        Ok(regex) => cache.entry(pattern).or_insert(regex).is_match(text),
        Err(_) => false,
    }
}

/// An address and the length of its mask, where one is given.
fn address(text: &str) -> Option<(IpAddr, Option<u8>)> {
    let (host, mask) = match text.split_once('/') {
        Some((host, mask)) => (host, Some(mask.parse::<u8>().ok()?)),
        None => (text, None),
    };
    let host: IpAddr = host.parse().ok()?;
    let longest = if host.is_ipv4() { 32 } else { 128 };
    mask.is_none_or(|mask| mask <= longest).then_some((host, mask))
}

fn is_network(text: &str) -> bool {
    let Some((host, mask)) = address(text) else { return false };
    let (bits, width) = match host {
        IpAddr::V4(host) => (u128::from(u32::from(host)) << 96, 32_u8),
        IpAddr::V6(host) => (u128::from(host), 128),
    };
    let mask = mask.unwrap_or(width);
    bits.checked_shl(u32::from(mask)).unwrap_or(0) == 0
}

fn is_hardware_address(text: &str, lengths: &[usize]) -> bool {
    let separators = |c: char| matches!(c, ':' | '-' | '.');
    let digits: String = text.chars().filter(|c| !separators(*c)).collect();
    lengths.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_dns_name(text: &str) -> bool {
    let name = text.strip_suffix('.').unwrap_or(text);
    let label = |label: &str| {
        let allowed = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'*');
        !label.is_empty() && label.len() <= 63 && label.bytes().all(allowed)
    };
    text.is_empty() || name.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn table(format: Format, good: &[&str], bad: &[&str]) {
        let (_, check) = check(format).unwrap();
        for text in good {
            assert_eq!(check(&Value::from(*text)), Ok(()), "{text}");
        }
        for text in bad {
            assert!(check(&Value::from(*text)).is_err(), "{text}");
        }
    }

    #[test]
    fn networks_have_no_host_bits() {
        table(
            Format::IpNetwork,
            &["10.0.0.0/8", "0.0.0.0/0", "::/0", "2001:db8::/32", "10.1.2.3/32", "10.1.2.3"],
            &["10.0.0.1/8", "10.0.0.0/33", "2001:db8::1/64", "10.0.0/8", "ten", "10.0.0.0/"],
        );
    }

    #[test]
    fn addresses_and_names() {
        table(Format::IpInterface, &["10.0.0.1/24", "fe80::1", "10.0.0.1"], &["10.0.0.1/40", "10.0.0"]);
        table(Format::Mac, &["02:00:00:aa:bb:cc", "0200.00aa.bbcc", "02-00-00-AA-BB-CC"], &["02:00:00", "x"]);
        table(Format::Wwn, &["50:01:43:80:00:00:00:01"], &["02:00:00:aa:bb:cc"]);
        table(Format::Slug, &["a-b_c9"], &["a b", "é"]);
        table(Format::UnicodeSlug, &["a-b", "örn"], &["a b"]);
        table(Format::Color, &["9e9e9e"], &["9E9E9E", "#9e9e9e", "9e9e9"]);
        table(Format::DnsName, &["a.example.com", "*.example.com", "a.", ""], &["a..b", "a b"]);
        table(
            Format::DateTime,
            &["2026-01-02T03:04:05Z", "2026-01-02T03:04:05+01:00"],
            &["2026-01-02", "now"],
        );
        table(Format::Uuid, &["c0901943-a812-4e26-9825-b52f9c645ed7"], &["c0901943"]);
    }

    #[test]
    fn moments_are_compared_as_such() {
        let same = equality(Format::DateTime);
        assert!(same.same(&"2026-01-02T03:04:05Z".into(), &"2026-01-02T04:04:05+01:00".into()));
        assert!(!same.same(&"2026-01-02T03:04:05Z".into(), &"2026-01-02T03:04:06Z".into()));
    }
}
