//! Measures what users feel: how fast the provider starts, how fast it plans, how much memory it takes.
//!
//! Times of planning are ratios to Terraform's own built-in `terraform_data` in the same run, so that they mean the same
//! on every machine. Everything is a median.

mod calls;
mod netbox;
mod objects;
mod report;
mod start;
mod statistics;

use std::path::PathBuf;

use acceptance_tests::{Provider, target_directory, terraform_or_skip};
use anyhow::{Context as _, Result};
use clap::Parser;

use report::Report;

/// Measures the provider, with the trivial probe as the floor.
#[derive(Debug, Parser)]
struct Options {
    /// How often cheap things are measured.
    #[arg(long, default_value_t = 25)]
    runs: usize,
    /// How often plans and applies of many objects are measured.
    #[arg(long, default_value_t = 20)]
    plan_runs: usize,
    /// How many objects are planned.
    #[arg(long, default_value_t = 1000)]
    objects: usize,
    /// Leave out the provider itself: measure the probe alone.
    #[arg(long)]
    probe_only: bool,
    /// Fail when a goal is missed.
    #[arg(long)]
    strict: bool,
    /// Where the figures go as JSON. The default is bench/latest.json in the target directory.
    #[arg(long)]
    json: Option<PathBuf>,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let probe = Provider::probe()?;
    let mut report = Report::default();
    let mut providers = vec![probe.clone()];
    if !options.probe_only {
        providers.insert(0, Provider::hybridops()?);
    }
    let runtime = tokio::runtime::Runtime::new()?;
    for provider in &providers {
        start::measure(provider, options.runs, &runtime, &mut report)?;
    }
    calls::measure(&probe, options.objects, &runtime, &mut report)?;
    if terraform_or_skip("planning many objects")? {
        objects::measure(&probe, options.objects, options.plan_runs, &mut report)?;
        if let Some(provider) = providers.iter().find(|provider| **provider != probe) {
            runtime.block_on(netbox::measure(provider, options.objects, &mut report))?;
        }
    }
    report.print(&mut std::io::stdout().lock())?;
    let path = match options.json {
        Some(path) => path,
        None => target_directory()?.parent().context("a target directory")?.join("bench/latest.json"),
    };
    report.save(&path)?;
    if options.strict { report.all_reached() } else { Ok(()) }
}
