//! `hybridops_postgresql_host` through the real `terraform`: real containers as machines, the real PostgreSQL, the real
//! WAL-G, and a real S3 server (moto) behind a proxy with faults.

mod bring_up;
mod budget;
mod from_nothing;
mod killed;
mod postmaster;
mod scene;
mod secrets;
mod store_faults;

use std::io::Write as _;

/// Says a figure of a test.
fn told(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stderr(), "{text}")?)
}
