//! `hybridops_postgresql_host` on a machine of its own: its life, what drifts, what is refused. Real containers, the real
//! PostgreSQL, no archive.

mod drift;
mod lifecycle;
mod refusals;

use std::io::Write as _;

use acceptance_tests::postgresql::{Declared, Machine};

/// Says a figure of a test.
fn told(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stderr(), "{text}")?)
}

/// The instance that these tests begin with.
fn declared(machine: &Machine) -> Declared {
    Declared::host("it", machine)
        .set("postgresql.settings", "{ work_mem = \"8MB\" }")
        .set("objectives", "{ rpo = \"60s\", rto = \"15m\" }")
}

const IT: &str = "hybridops_postgresql_host.it";
