//! Where results go, and in which form.

use std::io::Write as _;
use std::path::PathBuf;

use clap::ValueEnum;
use cost_engine::report::{Report, human, junit, markdown, sarif};

use crate::failure::Failure;

/// The form of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Plain text for people.
    Human,
    /// The record itself.
    Json,
    /// Markdown for a comment or the summary of a job.
    Markdown,
    /// JUnit XML: each rule a case.
    Junit,
    /// SARIF 2.1.0: each rule a result.
    Sarif,
}

/// Form and place of a result.
#[derive(Debug, clap::Args)]
pub(crate) struct Output {
    /// Form of the result.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// File for the result instead of standard output. It is replaced.
    #[arg(long)]
    output: Option<PathBuf>,
}

impl Output {
    /// Writes a result; `json` is its record.
    pub(crate) fn write(&self, report: &Report, json: &str) -> Result<(), Failure> {
        let text = match self.format {
            Format::Human => human(report),
            Format::Json => format!("{}\n", json.trim_end()),
            Format::Markdown => markdown(report),
            Format::Junit => junit(report),
            Format::Sarif => sarif(report),
        };
        match &self.output {
            Some(path) => std::fs::write(path, text).map_err(Failure::write(path)),
            None => say(&text),
        }
    }
}

/// Writes to standard output.
pub(crate) fn say(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(|source| Failure::Write { path: "standard output".to_owned(), source })
}

/// Writes to standard error; where that is gone there is nobody to tell.
pub(crate) fn complain(kind: &str, text: &str) {
    let _ = writeln!(std::io::stderr(), "{kind}: {text}");
}
