//! For people.

use std::fmt::Write as _;

use super::{Report, ReportRule};

/// Plain text.
#[must_use]
pub fn human(report: &Report) -> String {
    let mut out = format!("{}  {}: {}\n", report.verdict.to_uppercase(), report.title, report.subject);
    let width = report.facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in &report.facts {
        let _ = writeln!(out, "  {name:<width$}  {value}");
    }
    out.push_str("Rules:\n");
    let width = report.rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    for rule in &report.rules {
        let _ = writeln!(out, "  {:<5} {:<width$}  {}", rule.outcome, rule.id, rule.numbers);
        for told in told(rule) {
            let _ = writeln!(out, "        {told}");
        }
    }
    if !report.reasons.is_empty() {
        let _ = writeln!(out, "Reasons: {}", report.reasons.join(", "));
    }
    let _ = writeln!(out, "{}", report.advice);
    // What is empty leaves no blanks at the end of a line.
    out.lines().map(str::trim_end).fold(String::new(), |text, line| text + line + "\n")
}

/// What is said of a rule besides its numbers.
pub(super) fn told(rule: &ReportRule) -> Vec<String> {
    let mut told = Vec::new();
    let reason = rule.reason.as_ref().map(|reason| format!("{reason}: ")).unwrap_or_default();
    told.extend(rule.text.as_ref().map(|text| format!("{reason}{text}")));
    told.extend(rule.lifted_by.as_ref().map(|approval| format!("lifted by the approval {approval}")));
    told
}

/// Markdown, for a comment on a change or the summary of a job.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let mut out = format!("## {}: {}\n\n{}\n\n", report.title, report.verdict, cell(&report.subject));
    out.push_str("| | |\n|---|---|\n");
    for (name, value) in &report.facts {
        let _ = writeln!(out, "| {} | {} |", cell(name), cell(value));
    }
    out.push_str("\n| Rule | Outcome | Numbers | |\n|---|---|---|---|\n");
    for rule in &report.rules {
        let said = told(rule).join("; ");
        let (id, numbers) = (cell(&rule.id), cell(&rule.numbers));
        let _ = writeln!(out, "| {id} | {} | {numbers} | {} |", rule.outcome, cell(&said));
    }
    let _ = write!(out, "\n{}\n", report.advice);
    out
}

/// A text that cannot leave its cell, and that is no markup: what stands in artefacts comes from others.
fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '#' | '!' => {
                out.push('\\');
                out.push(character);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            control if control.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    out
}
