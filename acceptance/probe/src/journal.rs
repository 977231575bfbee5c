//! Lines in a file by which tests know what happened inside.

use std::fs::OpenOptions;
use std::io::Write as _;

use tf_framework::{Diagnostics, Result};

/// Adds a line to the file, where one is named.
pub(crate) fn record(journal: Option<&str>, line: &str) -> Result<()> {
    let Some(path) = journal else { return Ok(()) };
    let written =
        OpenOptions::new().create(true).append(true).open(path).and_then(|mut file| writeln!(file, "{line}"));
    written.map_err(|error| Diagnostics::error("The journal cannot be written", format!("{path}: {error}.")))
}
