//! The equalities a schema can name: what two spellings are compared as.

use std::net::IpAddr;

use tf_value::json;

use super::Equality;

impl Equality {
    /// Two JSON documents: white space, key order and the spelling of numbers mean nothing.
    #[must_use]
    pub fn json() -> Self {
        Self::Meaning { name: "as JSON", same: same_json }
    }

    /// Two IP addresses with or without prefix length; an address alone is a host. Host bits count:
    /// `10.0.0.1/24` is not `10.0.0.0/24`.
    #[must_use]
    pub fn cidr() -> Self {
        Self::Meaning { name: "as IP prefixes", same: |left, right| agree(left, right, prefix) }
    }

    /// Two texts, without regard to case.
    #[must_use]
    pub fn case_insensitive() -> Self {
        Self::Meaning {
            name: "without regard to case",
            same: |left, right| left.to_lowercase() == right.to_lowercase(),
        }
    }

    /// Two hardware addresses of 48 or 64 bits, whatever separates the digits.
    #[must_use]
    pub fn mac() -> Self {
        Self::Meaning {
            name: "as hardware addresses",
            same: |left, right| agree(left, right, hardware_address),
        }
    }

    /// Two sizes in bytes or with a binary suffix: `32G`, `32GiB` and `32768M` are the same, a bare number is
    /// bytes.
    #[must_use]
    pub fn size() -> Self {
        Self::Meaning { name: "as sizes", same: |left, right| agree(left, right, size) }
    }

    /// Two durations as Go writes them: `90m` is `1h30m`.
    #[must_use]
    pub fn duration() -> Self {
        Self::Meaning { name: "as durations", same: |left, right| agree(left, right, nanoseconds) }
    }

    /// What values are compared as, after "compared"; `None` where only the same value is equal.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        match self {
            Self::Exact => None,
            Self::Meaning { name, .. } => Some(name),
            Self::Elements(inner) => inner.name(),
        }
    }
}

/// Whether both texts parse, to the same.
fn agree<T: PartialEq>(left: &str, right: &str, parse: impl Fn(&str) -> Option<T>) -> bool {
    matches!((parse(left), parse(right)), (Some(left), Some(right)) if left == right)
}

fn same_json(left: &str, right: &str) -> bool {
    agree(left, right, |text| json::infer(text.as_bytes()).ok())
}

fn prefix(text: &str) -> Option<(IpAddr, u8)> {
    let (address, mask) =
        text.trim().split_once('/').map_or((text.trim(), None), |(address, mask)| (address, Some(mask)));
    let address: IpAddr = address.parse().ok()?;
    let full = if address.is_ipv4() { 32 } else { 128 };
    let length = match mask {
        None => full,
        Some(mask) => {
            mask.parse().ok().filter(|length| *length <= full).or_else(|| netmask(mask, &address))?
        }
    };
    Some((address, length))
}

/// The length of a prefix given as a mask, `255.255.255.0`.
fn netmask(mask: &str, address: &IpAddr) -> Option<u8> {
    let IpAddr::V4(mask) = mask.parse().ok()? else { return None };
    let bits = u32::from(mask);
    let contiguous = bits.leading_ones() + bits.trailing_zeros() == 32 || bits == u32::MAX;
    if address.is_ipv4() && contiguous { u8::try_from(bits.leading_ones()).ok() } else { None }
}

fn hardware_address(text: &str) -> Option<String> {
    let digits: String = text.trim().chars().filter(|c| !matches!(c, ':' | '-' | '.' | ' ')).collect();
    let hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    (hexadecimal && matches!(digits.len(), 12 | 16)).then(|| digits.to_ascii_lowercase())
}

/// A decimal as numerator and power of ten, without trailing zeros.
fn decimal(text: &str) -> Option<(u128, u32)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction.trim_end_matches('0');
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((digits.parse().ok()?, u32::try_from(fraction.len()).ok()?))
}

/// `amount` times `unit` as a fraction in lowest powers of ten.
fn scaled(amount: &str, unit: u128) -> Option<(u128, u128)> {
    let (mut numerator, exponent) = decimal(amount)?;
    let mut denominator = 10_u128.checked_pow(exponent)?;
    numerator = numerator.checked_mul(unit)?;
    while denominator > 1 && numerator % 10 == 0 {
        numerator /= 10;
        denominator /= 10;
    }
    Some((numerator, denominator))
}

fn size(text: &str) -> Option<(u128, u128)> {
    let text = text.trim().to_ascii_uppercase();
    let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (amount, suffix) = text.split_at(split);
    let power = match suffix {
        "" | "B" => 0,
        "K" | "KI" | "KIB" => 1,
        "M" | "MI" | "MIB" => 2,
        "G" | "GI" | "GIB" => 3,
        "T" | "TI" | "TIB" => 4,
        "P" | "PI" | "PIB" => 5,
        _ => return None,
    };
    scaled(amount.trim_end(), 1024_u128.pow(power))
}

fn nanoseconds(text: &str) -> Option<i128> {
    let text = text.trim();
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut sum: i128 = 0;
    while !rest.is_empty() {
        let unit_at = rest.find(|c: char| !c.is_ascii_digit() && c != '.').filter(|at| *at > 0)?;
        let (amount, tail) = rest.split_at(unit_at);
        let end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        let (numerator, denominator) = scaled(amount, unit_nanoseconds(unit)?)?;
        sum = sum.checked_add(i128::try_from(numerator / denominator).ok()?)?;
        rest = tail;
    }
    (!text.trim_start_matches(['-', '+']).is_empty()).then_some(sign * sum)
}

fn unit_nanoseconds(unit: &str) -> Option<u128> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use tf_value::Value;

    use super::*;

    fn same(equality: &Equality, left: &str, right: &str) -> bool {
        let forth = equality.same(&Value::from(left), &Value::from(right));
        assert_eq!(forth, equality.same(&Value::from(right), &Value::from(left)), "{left} {right}");
        forth
    }

    #[track_caller]
    fn table(equality: &Equality, alike: &[(&str, &str)], different: &[(&str, &str)]) {
        for (left, right) in alike {
            assert!(same(equality, left, right), "{left} should mean {right}");
        }
        for (left, right) in different {
            assert!(!same(equality, left, right), "{left} should not mean {right}");
        }
    }

    #[test]
    fn json_documents() {
        table(
            &Equality::json(),
            &[(r#"{"a":1,"b":[true]}"#, "{ \"b\" : [ true ],\n \"a\" : 1.0 }"), ("not json", "not json")],
            &[
                ("[1,2]", "[2,1]"),
                ("{}", "not json"),
                ("1", "\"1\""),
                ("12345678901234567890", "12345678901234567891"),
            ],
        );
    }

    #[test]
    fn prefixes() {
        table(
            &Equality::cidr(),
            &[
                ("10.0.0.1", "10.0.0.1/32"),
                ("2001:DB8::1/64", "2001:db8:0::1/64"),
                ("10.0.0.0/24", "10.0.0.0/255.255.255.0"),
            ],
            &[
                ("10.0.0.1/24", "10.0.0.0/24"),
                ("10.0.0.0/24", "10.0.0.0/25"),
                ("10.0.0.0/33", "10.0.0.0"),
                ("x", "y"),
            ],
        );
    }

    #[test]
    fn texts_without_case() {
        table(&Equality::case_insensitive(), &[("Äb", "äB")], &[("a", "b")]);
    }

    #[test]
    fn hardware_addresses() {
        table(
            &Equality::mac(),
            &[("BC:24:11:00:AA:01", "bc24.1100.aa01"), ("bc-24-11-00-aa-01", "bc241100aa01")],
            &[
                ("bc:24:11:00:aa:01", "bc:24:11:00:aa:02"),
                ("bc:24", "bc-24"),
                ("zz:zz:zz:zz:zz:zz", "zzzzzzzzzzzz"),
            ],
        );
    }

    #[test]
    fn sizes() {
        table(
            &Equality::size(),
            &[
                ("32G", "32768M"),
                ("1.5G", "1536M"),
                ("4096", "4K"),
                ("8 GiB", "8g"),
                ("0.5K", "512"),
                ("1.50T", "1.5T"),
            ],
            &[("32G", "32"), ("32GB", "32G"), ("1G", "1000M"), ("", "0"), ("G", "G ")],
        );
    }

    #[test]
    fn durations() {
        table(
            &Equality::duration(),
            &[("1h30m", "90m"), ("1.5h", "90m0s"), ("0", "0s"), ("-1m", "-60s"), ("1ms", "1000us")],
            &[("1h", "1m"), ("1", "1s"), ("h", "0s"), ("", "0s"), ("1m", "-1m")],
        );
    }

    #[test]
    fn names_are_what_documentation_prints() {
        assert_eq!(Equality::Exact.name(), None);
        assert_eq!(Equality::Elements(Box::new(Equality::mac())).name(), Some("as hardware addresses"));
    }
}
