//! Writing the documentation.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use tf_framework::docs;
use tf_framework::server::ProviderServer;

use crate::hybridops::Hybridops;

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
        let docs = ProviderServer::<Hybridops>::new().docs();
        let differences = if self.check {
            docs::check(&docs, &self.examples, &self.output)
        } else {
            docs::write(&docs, &self.examples, &self.output)
        };
        // A command for people: what it says belongs on the terminal.
        let mut out = std::io::stdout().lock();
        match differences {
            Err(error) => {
                let _ = writeln!(std::io::stderr(), "The documentation cannot be made: {error}");
                ExitCode::FAILURE
            }
            Ok(differences) if differences.is_empty() => ExitCode::SUCCESS,
            Ok(differences) => {
                for difference in &differences {
                    let _ = writeln!(out, "{difference}");
                }
                if self.check {
                    let _ = writeln!(out, "The documentation is not what the schema says. Run `make docs`.");
                    return ExitCode::FAILURE;
                }
                ExitCode::SUCCESS
            }
        }
    }
}
