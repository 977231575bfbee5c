//! The commands, and what their exit codes mean.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;
use crate::output::complain;
use crate::{backtest, decide, emit, explain, verify};

/// Exit codes: scripts branch on them.
const HELP: &str = "Exit codes:
   0  allow: it may be done, the ledger is whole, the file was written, no past decision changes
  10  warn: not without an approval, or a past decision changes
  20  block: it must not be done, or something was tampered with
  30  error: no verdict was reached; treat it as a block";

/// Tools of hybridops.
#[derive(Debug, Parser)]
#[command(name = "hybridops", version, after_help = HELP)]
struct Arguments {
    #[command(subcommand)]
    area: Area,
}

#[derive(Debug, Subcommand)]
enum Area {
    /// Cost artefacts, the gate, and its ledger.
    #[command(subcommand, after_help = HELP)]
    Cost(Cost),
}

#[derive(Debug, Subcommand)]
enum Cost {
    /// Write a cost artefact from what Infracost, a Terraform plan or a price book says.
    Emit(Box<emit::Arguments>),
    /// Judge whether something may be done, and record it where a ledger is named.
    Decide(Box<decide::Arguments>),
    /// Prove that a ledger, or a document, is what was written.
    Verify(verify::Arguments),
    /// Tell a recorded decision again.
    Explain(explain::Arguments),
    /// Judge past decisions by another policy, and list those that change.
    Backtest(backtest::Arguments),
}

/// What a command came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0.
    Allow,
    /// 10.
    Warn,
    /// 20.
    Block,
    /// 30.
    Error,
}

impl Exit {
    const fn code(self) -> u8 {
        match self {
            Self::Allow => 0,
            Self::Warn => 10,
            Self::Block => 20,
            Self::Error => 30,
        }
    }

    /// That of a verdict; whatever is not known is no leave to go on.
    pub(crate) fn of(verdict: &str) -> Self {
        match verdict {
            "allow" => Self::Allow,
            "warn" => Self::Warn,
            "block" => Self::Block,
            _ => Self::Error,
        }
    }
}

pub(crate) fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are what was asked for; anything else is an error, with the code of one.
            let code = if error.use_stderr() { Exit::Error } else { Exit::Allow };
            return ExitCode::from(if error.print().is_ok() { code.code() } else { Exit::Error.code() });
        }
    };
    let exit = match execute(arguments) {
        Ok(exit) => exit,
        Err(failure) => {
            complain("error", &failure.to_string());
            Exit::Error
        }
    };
    ExitCode::from(exit.code())
}

fn execute(arguments: Arguments) -> Result<Exit, Failure> {
    // Object stores speak TLS with the one provider there is; one that is installed already is the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::Other(format!("no threads can be started: {error}")))?;
    let Area::Cost(cost) = arguments.area;
    runtime.block_on(async {
        match cost {
            Cost::Emit(arguments) => emit::run(&arguments).await,
            Cost::Decide(arguments) => decide::run(&arguments).await,
            Cost::Verify(arguments) => verify::run(&arguments).await,
            Cost::Explain(arguments) => explain::run(&arguments).await,
            Cost::Backtest(arguments) => backtest::run(&arguments).await,
        }
    })
}
