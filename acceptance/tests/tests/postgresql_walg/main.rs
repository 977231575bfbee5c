//! Archives, restores and drills through the real `terraform`: real containers, the real PostgreSQL, the real WAL-G.

mod faults;
mod proofs;
mod targets;

use std::io::Write as _;

/// Says a figure of a test.
fn told(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stderr(), "{text}")?)
}
