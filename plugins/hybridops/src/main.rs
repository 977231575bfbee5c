//! `hybridops`: what the provider judges, on the command line and in pipelines.

mod backtest;
mod cli;
mod decide;
mod emit;
mod explain;
mod failure;
mod inputs;
mod output;
mod verify;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
