//! JUnit XML: each rule a case.

use std::fmt::Write as _;

use super::Report;
use super::text::told;

/// JUnit XML, as CI systems show it. A rule that blocks or warns fails, unless an approval lifted it.
#[must_use]
pub fn junit(report: &Report) -> String {
    let stands = |rule: &&super::ReportRule| {
        matches!(rule.outcome.as_str(), "block" | "warn") && rule.lifted_by.is_none()
    };
    let (all, failed) = (report.rules.len(), report.rules.iter().filter(stands).count());
    let skipped = report.rules.iter().filter(|rule| rule.outcome == "skip").count();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(out, "<testsuites tests=\"{all}\" failures=\"{failed}\" skipped=\"{skipped}\">");
    let _ = writeln!(
        out,
        "  <testsuite name=\"{}\" tests=\"{all}\" failures=\"{failed}\" skipped=\"{skipped}\" timestamp=\"{}\">",
        escaped(&format!("{}: {}", report.title, report.subject)),
        escaped(report.at.trim_end_matches('Z'))
    );
    out.push_str("    <properties>\n");
    let verdict = ("verdict".to_owned(), report.verdict.clone());
    for (name, value) in std::iter::once(&verdict).chain(&report.facts) {
        let _ = writeln!(out, "      <property name=\"{}\" value=\"{}\"/>", escaped(name), escaped(value));
    }
    out.push_str("    </properties>\n");
    for rule in &report.rules {
        let _ = write!(out, "    <testcase classname=\"hybridops.cost\" name=\"{}\"", escaped(&rule.id));
        let said = told(rule).join("; ");
        let message = if said.is_empty() { rule.numbers.clone() } else { said };
        if stands(&rule) {
            let kind = rule.reason.as_deref().unwrap_or(&rule.outcome);
            let _ = writeln!(
                out,
                "><failure type=\"{}\" message=\"{}\">{}</failure></testcase>",
                escaped(kind),
                escaped(&message),
                escaped(&rule.numbers)
            );
        } else if rule.outcome == "skip" {
            let _ = writeln!(out, "><skipped message=\"{}\"/></testcase>", escaped(&message));
        } else if message.is_empty() {
            out.push_str("/>\n");
        } else {
            let _ = writeln!(out, "><system-out>{}</system-out></testcase>", escaped(&message));
        }
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

/// Text as XML may have it: what XML 1.0 has no way to write becomes a replacement character.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' | '\r' => {
                let _ = write!(out, "&#{};", u32::from(character));
            }
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            control if control < ' ' => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out() {
        assert_eq!(escaped("<a b=\"c\">&'\u{0}\n"), "&lt;a b=&quot;c&quot;&gt;&amp;&apos;\u{fffd}&#10;");
    }
}
