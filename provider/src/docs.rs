//! Writing the documentation.

use std::path::PathBuf;
use std::process::ExitCode;

/// Options of `docs`.
#[derive(clap::Args)]
pub(crate) struct Docs {
    /// Change nothing; fail when a page differs from what would be written.
    #[arg(long)]
    check: bool,
    /// Where the pages are.
    #[arg(long, default_value = "docs")]
    output: PathBuf,
    /// Where the examples are.
    #[arg(long, default_value = "examples")]
    examples: PathBuf,
}

impl Docs {
    pub(crate) fn run(&self) -> ExitCode {
        let _ = (&self.check, &self.output, &self.examples);
        ExitCode::FAILURE
    }
}
