//! Values of settings: what they mean, so that two spellings of one value are no difference.

use super::super::facts::Setting;

/// What a value means.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Meaning {
    /// A switch.
    Switch(bool),
    /// A number in the setting's own unit.
    Number(f64),
    /// A word of an enumeration, or text.
    Text(String),
}

/// Reads a value as the server would for this setting.
///
/// # Errors
/// What is wrong with it, in words.
pub(crate) fn meaning(setting: &Setting, text: &str) -> Result<Meaning, String> {
    match setting.vartype.as_str() {
        "bool" => switch(text).map(Meaning::Switch).ok_or_else(|| "it must be `on` or `off`".to_owned()),
        "integer" | "real" => number(setting, text),
        "enum" => word(setting, text),
        _ => Ok(Meaning::Text(text.to_owned())),
    }
}

/// Whether a setting has a value already. A value that cannot be read is not that of the server.
pub(crate) fn is(setting: &Setting, text: &str) -> bool {
    match (meaning(setting, text), meaning(setting, &setting.setting)) {
        (Ok(Meaning::Number(wanted)), Ok(Meaning::Number(actual))) => near(wanted, actual),
        (Ok(wanted), Ok(actual)) => wanted == actual,
        _ => false,
    }
}

/// A value of the server with its unit, as a configuration file would say it.
pub(crate) fn shown(setting: &Setting) -> String {
    let Some(unit) = setting.unit.as_deref() else { return setting.setting.clone() };
    let Ok(number) = setting.setting.parse::<i64>() else { return setting.setting.clone() };
    // -1 and 0 are switches more often than amounts.
    if number <= 0 {
        return setting.setting.clone();
    }
    let (count, unit) = split(unit);
    let total = i128::from(number) * i128::from(count);
    let ladder: &[(&str, i128)] = match unit {
        "B" => &[("TB", 1 << 40), ("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10), ("B", 1)],
        "kB" => &[("TB", 1 << 30), ("GB", 1 << 20), ("MB", 1 << 10), ("kB", 1)],
        "MB" => &[("TB", 1 << 20), ("GB", 1 << 10), ("MB", 1)],
        "ms" => &[("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000), ("ms", 1)],
        "s" => &[("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)],
        "min" => &[("d", 1440), ("h", 60), ("min", 1)],
        _ => return setting.setting.clone(),
    };
    let step = ladder.iter().find(|(_, size)| total % size == 0);
    step.map_or_else(|| setting.setting.clone(), |(unit, size)| format!("{}{unit}", total / size))
}

/// The words the server takes for a switch, and any beginning of them that is not ambiguous.
fn switch(text: &str) -> Option<bool> {
    let text = text.trim().to_ascii_lowercase();
    let begins = |word: &str| !text.is_empty() && word.starts_with(&text);
    match text.as_str() {
        "1" | "on" => Some(true),
        "0" | "of" | "off" => Some(false),
        "o" => None,
        _ if begins("true") || begins("yes") => Some(true),
        _ if begins("false") || begins("no") => Some(false),
        _ => None,
    }
}

fn word(setting: &Setting, text: &str) -> Result<Meaning, String> {
    let known = setting.enumvals.as_deref().unwrap_or_default();
    let has = |word: &str| known.iter().any(|known| known == word);
    // Compression that is merely on is by the first method there was.
    if has("pglz") && has("on") && switch(text) == Some(true) {
        return Ok(Meaning::Text("pglz".to_owned()));
    }
    if let Some(word) = known.iter().find(|word| word.eq_ignore_ascii_case(text)) {
        return Ok(Meaning::Text(word.clone()));
    }
    // Many enumerations take the words of a switch too, which the server does not list.
    let alias = switch(text).map(|on| if on { "on" } else { "off" });
    match alias.filter(|alias| has(alias)) {
        Some(alias) => Ok(Meaning::Text(alias.to_owned())),
        None => Err(format!("it must be one of {}", known.join(", "))),
    }
}

fn number(setting: &Setting, text: &str) -> Result<Meaning, String> {
    let (digits, suffix) = cut(text.trim());
    let number = digits_of(digits).ok_or_else(|| "it must be a number".to_owned())?;
    let number = match (suffix, setting.unit.as_deref()) {
        ("", _) => number,
        (suffix, Some(unit)) => {
            let factor = factor(suffix, unit)
                .ok_or_else(|| format!("{suffix:?} is no unit of it; it is counted in {unit}"))?;
            number * factor
        }
        (suffix, None) => return Err(format!("it has no unit, and {suffix:?} is one")),
    };
    let number = if setting.vartype == "integer" { number.round_ties_even() } else { number };
    let bound = |bound: &Option<String>| bound.as_deref().and_then(|text| text.parse::<f64>().ok());
    let (least, greatest) = (bound(&setting.min_val), bound(&setting.max_val));
    if least.is_some_and(|least| number < least) || greatest.is_some_and(|greatest| number > greatest) {
        let said = |bound: &Option<String>| bound.clone().unwrap_or_default();
        let unit = setting.unit.as_deref().map(|unit| format!(" (in {unit})")).unwrap_or_default();
        return Err(format!(
            "it must be between {} and {}{unit}",
            said(&setting.min_val),
            said(&setting.max_val)
        ));
    }
    Ok(Meaning::Number(number))
}

/// The number at the beginning, and what comes behind it.
fn cut(text: &str) -> (&str, &str) {
    let hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    let end = if hexadecimal {
        text.char_indices().skip(2).find(|(_, c)| !c.is_ascii_hexdigit())
    } else {
        let mut before = ' ';
        text.char_indices().find(|(_, c)| {
            let sign = matches!(c, '+' | '-') && matches!(before, ' ' | 'e' | 'E');
            let exponent = matches!(c, 'e' | 'E') && before.is_ascii_digit();
            before = *c;
            !(c.is_ascii_digit() || *c == '.' || sign || exponent)
        })
    };
    let (digits, suffix) = text.split_at(end.map_or(text.len(), |(at, _)| at));
    (digits, suffix.trim())
}

fn digits_of(digits: &str) -> Option<f64> {
    if let Some(hexadecimal) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        return u32::from_str_radix(hexadecimal, 16).ok().map(f64::from);
    }
    // A leading zero means octal to the server.
    if digits.len() > 1 && digits.starts_with('0') && digits.chars().all(|c| ('0'..='7').contains(&c)) {
        return u32::from_str_radix(digits, 8).ok().map(f64::from);
    }
    digits.parse().ok().filter(|number: &f64| number.is_finite())
}

/// `8kB` as 8 and `kB`.
fn split(unit: &str) -> (i64, &str) {
    let at = unit.find(|c: char| !c.is_ascii_digit()).unwrap_or(unit.len());
    let (count, name) = unit.split_at(at);
    (count.parse().unwrap_or(1), name)
}

/// How many of a setting's unit one of another unit is.
fn factor(suffix: &str, unit: &str) -> Option<f64> {
    let (count, base) = split(unit);
    let (from, to) = (size(suffix)?, size(base)?);
    // Bytes and seconds do not mix.
    #[allow(clippy::cast_precision_loss, reason = "a block is 8 kB, a segment at most 1 GB")]
    let count = count as f64;
    (from.0 == to.0).then(|| from.1 / (to.1 * count))
}

/// Kind and size of a unit. They are case-sensitive.
fn size(unit: &str) -> Option<(char, f64)> {
    Some(match unit {
        "B" => ('B', 1.0),
        "kB" => ('B', 1024.0),
        "MB" => ('B', 1_048_576.0),
        "GB" => ('B', 1_073_741_824.0),
        "TB" => ('B', 1_099_511_627_776.0),
        "us" => ('t', 0.001),
        "ms" => ('t', 1.0),
        "s" => ('t', 1000.0),
        "min" => ('t', 60_000.0),
        "h" => ('t', 3_600_000.0),
        "d" => ('t', 86_400_000.0),
        _ => return None,
    })
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn setting(vartype: &str, unit: Option<&str>, value: &str) -> Setting {
        Setting {
            vartype: vartype.into(),
            unit: unit.map(str::to_owned),
            setting: value.into(),
            ..Setting::default()
        }
    }

    #[test]
    fn spellings_of_one_value() {
        let blocks = setting("integer", Some("8kB"), "262144");
        assert!(is(&blocks, "2GB") && is(&blocks, "2048MB") && is(&blocks, "262144") && !is(&blocks, "2gb"));
        assert_eq!(shown(&blocks), "2GB");
        let seconds = setting("integer", Some("s"), "900");
        assert!(
            is(&seconds, "15min") && is(&seconds, "900s") && is(&seconds, "0.25h") && !is(&seconds, "15m")
        );
        assert_eq!(shown(&seconds), "15min");
        assert!(is(&setting("bool", None, "on"), "true") && is(&setting("bool", None, "on"), "Y"));
        assert!(is(&setting("real", None, "1.1"), "1.10"));
        assert_eq!(shown(&setting("integer", Some("MB"), "-1")), "-1");
    }

    #[test]
    fn values_that_the_server_would_refuse() {
        let bounded = Setting {
            min_val: Some("1".into()),
            max_val: Some("10".into()),
            ..setting("integer", None, "5")
        };
        assert!(
            meaning(&bounded, "11").is_err()
                && meaning(&bounded, "ten").is_err()
                && meaning(&bounded, "5kB").is_err()
        );
        let words = Setting {
            enumvals: Some(vec!["minimal".into(), "replica".into()]),
            ..setting("enum", None, "replica")
        };
        assert!(meaning(&words, "REPLICA").is_ok() && meaning(&words, "all").is_err());
        assert!(meaning(&setting("bool", None, "on"), "o").is_err());
        let compression = ["pglz", "lz4", "zstd", "on", "off"].map(str::to_owned).to_vec();
        let compression = Setting { enumvals: Some(compression), ..setting("enum", None, "pglz") };
        assert!(is(&compression, "on") && is(&compression, "pglz") && !is(&compression, "off"));
    }

    proptest! {
        #[test]
        fn what_is_shown_means_the_same(
            value in -1_i64..=i64::from(i32::MAX),
            unit in prop::sample::select(vec!["B", "kB", "8kB", "MB", "16MB", "ms", "s", "min"]),
        ) {
            let setting = setting("integer", Some(unit), &value.to_string());
            prop_assert!(is(&setting, &shown(&setting)), "{} {unit}: {}", value, shown(&setting));
        }

        #[test]
        fn no_text_makes_it_fall(text in "\\PC*", vartype in "(bool|integer|real|enum|string)") {
            drop(meaning(&setting(&vartype, Some("8kB"), "1"), &text));
        }
    }
}
