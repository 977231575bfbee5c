//! The hybridops provider for Terraform and OpenTofu: its configuration, and the domains it is made of.

mod cost_tags;
mod docs;
mod hybridops;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tf_framework::Mode;

use crate::hybridops::Hybridops;

/// The hybridops provider for Terraform and OpenTofu.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// Serve a Terraform that attaches by TF_REATTACH_PROVIDERS, as under a debugger.
    #[arg(long)]
    debug: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Write the registry documentation from the schema and the examples.
    Docs(docs::Docs),
}

fn main() -> ExitCode {
    // Terraform passes no arguments: the usual way must not wait for a parser.
    if std::env::args_os().len() == 1 {
        return tf_framework::serve::<Hybridops>(Mode::Plugin);
    }
    // Go programs are called with one dash.
    let arguments =
        std::env::args_os().map(|argument| if argument == "-debug" { "--debug".into() } else { argument });
    let arguments = Arguments::parse_from(arguments);
    match arguments.command {
        Some(Command::Docs(docs)) => docs.run(),
        None if arguments.debug => tf_framework::serve::<Hybridops>(Mode::Debug),
        None => tf_framework::serve::<Hybridops>(Mode::Plugin),
    }
}
