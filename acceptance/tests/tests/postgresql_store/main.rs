//! `hybridops_walg_backups` and `hybridops_walg_recovery_window` through the real `terraform`: an archive that the real
//! WAL-G made of a real PostgreSQL in a real S3 server, and nothing else left of that database.

mod archive;
mod dead_database;
mod refusals;
mod scene;

use std::io::Write as _;

/// Says a figure of a test.
fn told(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stderr(), "{text}")?)
}
