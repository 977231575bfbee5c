//! A provider for tests of the SDK only: its objects mean nothing, or misbehave when told to.
//!
//! `probe_null` is the trivial object benchmarks measure against, `probe_everything` has an attribute of every kind,
//! `probe_validated` one of every validator, `probe_stored` keeps its objects as files so that they can drift and
//! disappear, and `probe_fault` goes wrong on demand.

mod announce;
mod data_sources;
mod everything;
mod fault;
mod functions;
mod journal;
mod null;
mod provider;
mod store;
mod stored;
mod token;
mod validated;

use std::process::ExitCode;

use tf_framework::{Mode, serve};

fn main() -> ExitCode {
    let debug = std::env::args().skip(1).any(|argument| argument == "-debug" || argument == "--debug");
    serve::<provider::Probe>(if debug { Mode::Debug } else { Mode::Plugin })
}
