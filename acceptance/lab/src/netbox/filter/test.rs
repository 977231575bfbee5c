//! Lookups: how values compare.

use regex::Regex;
use serde_json::Value;

/// A lookup with the values it compares against.
#[derive(Debug)]
pub(super) struct Test {
    lookup: String,
    kind: String,
    wanted: Vec<String>,
}

/// A value as text.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn truth(text: &str) -> bool {
    matches!(text.to_lowercase().as_str(), "true" | "1" | "yes" | "on" | "t")
}

/// Moments in one spelling.
fn moment(text: &str) -> String {
    let text = text.trim().replace(' ', "T");
    let text = text.trim_end_matches('Z').trim_end_matches("+00:00").to_owned();
    match text.split_once('.') {
        Some((whole, part)) => format!("{whole}.{part:0<6}"),
        None if text.len() > 10 => format!("{text}.000000"),
        None => text,
    }
}

impl Test {
    pub(super) fn new(lookup: &str, kind: &str, values: &[&str]) -> Self {
        let wanted = values.iter().map(|v| (*v).to_owned()).collect();
        Self { lookup: lookup.to_owned(), kind: kind.to_owned(), wanted }
    }

    /// Whether the values found along a path fit.
    pub(super) fn fits(&self, found: &[Value]) -> bool {
        let is_empty = |v: &Value| v.is_null() || v == "" || *v == Value::Array(Vec::new());
        match self.lookup.as_str() {
            "empty" => {
                let empty = found.iter().all(is_empty);
                self.wanted.iter().any(|w| truth(w) == empty)
            }
            // Negations leave out what one of the values fits.
            lookup if lookup.starts_with('n') => {
                let plain = if lookup == "n" { "" } else { &lookup[1..] };
                !self.any(found, plain, is_empty)
            }
            lookup => self.any(found, lookup, is_empty),
        }
    }

    fn any(&self, found: &[Value], lookup: &str, is_empty: impl Fn(&Value) -> bool) -> bool {
        self.wanted.iter().any(|wanted| {
            if wanted == "null" && lookup.is_empty() {
                return found.iter().all(&is_empty);
            }
            found.iter().any(|value| self.one(value, lookup, wanted))
        })
    }

    fn one(&self, value: &Value, lookup: &str, wanted: &str) -> bool {
        if value.is_null() {
            return false;
        }
        if let "lt" | "lte" | "gt" | "gte" | "before" | "after" = lookup {
            let order = match (value.as_f64(), wanted.parse::<f64>()) {
                (Some(have), Ok(want)) => have.partial_cmp(&want),
                _ => Some(moment(&text(value)).cmp(&moment(wanted))),
            };
            return order.is_some_and(|o| match lookup {
                "lt" => o.is_lt(),
                "lte" | "before" => o.is_le(),
                "gt" => o.is_gt(),
                _ => o.is_ge(),
            });
        }
        let have = text(value);
        let lower = |s: &str| s.to_lowercase();
        match lookup {
            "" if self.kind == "bool" => value.as_bool() == Some(truth(wanted)),
            "" if self.kind == "time" => moment(&have) == moment(wanted),
            "" => match (value.as_f64(), wanted.parse::<f64>()) {
                (Some(a), Ok(b)) if value.is_number() => a == b,
                _ => have == wanted,
            },
            "ic" => lower(&have).contains(&lower(wanted)),
            "ie" => lower(&have) == lower(wanted),
            "isw" => lower(&have).starts_with(&lower(wanted)),
            "iew" => lower(&have).ends_with(&lower(wanted)),
            "regex" => Regex::new(wanted).is_ok_and(|r| r.is_match(&have)),
            "iregex" => Regex::new(&format!("(?i){wanted}")).is_ok_and(|r| r.is_match(&have)),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lookups_compare_as_netbox_does() {
        let fits = |lookup: &str, kind: &str, wanted: &[&str], found: Value| {
            Test::new(lookup, kind, wanted).fits(&[found])
        };
        assert!(fits("", "text", &["a", "b"], json!("b")));
        assert!(!fits("n", "text", &["a", "b"], json!("b")) && fits("n", "text", &["a"], json!("b")));
        assert!(fits("ic", "text", &["OCK"], json!("Stockholm")) && fits("nic", "text", &["x"], json!("y")));
        assert!(
            fits("isw", "text", &["st"], json!("Stockholm"))
                && !fits("iew", "text", &["st"], json!("Stockholm"))
        );
        assert!(fits("gte", "int", &["5"], json!(5)) && !fits("gt", "int", &["5"], json!(5)));
        assert!(fits("lt", "time", &["2026-01-02T00:00:00Z"], json!("2026-01-01T23:59:59.123456Z")));
        assert!(fits("empty", "text", &["true"], json!("")) && fits("empty", "text", &["false"], json!("x")));
        assert!(fits("", "int", &["null"], Value::Null) && fits("", "bool", &["True"], json!(true)));
        assert!(!fits("gt", "int", &["5"], Value::Null));
    }
}
