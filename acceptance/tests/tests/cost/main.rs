//! The cost gate through the real `terraform`: every row of its behaviour table, its traps, and what a decision holds.

mod decision;
mod examples;
mod gate;
mod objects;
mod refusals;
mod scene;
mod table;

use std::io::Write as _;

/// Says why a test does not run.
fn skipped(test: &str, needs: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stderr(), "SKIPPED: {test} needs {needs}")?)
}
