//! The rows that only look, against a real cluster.
//!
//! They read files, units and journals, and ask the supervisor, etcd and the API for what is there: nothing is written, no
//! service is touched. The rest of this suite makes, breaks and restores clusters, and is never run against a real one.

use std::io::Write as _;

use acceptance_tests::kubernetes::Distribution;
use anyhow::{Context as _, Result, ensure};

use crate::rows;
use crate::server::{Server, Shell};

/// Servers as `user@host`, separated by blanks, whose host keys are in `known_hosts`; the private key for them. The user may
/// `sudo` without a password, the hosts have curl, and their names are those of their nodes.
fn look_at(distribution: Distribution) -> Result<()> {
    let prefix = format!("HYBRIDOPS_ACC_{}", distribution.name().to_uppercase());
    let variable = |name: &str| {
        std::env::var(format!("{prefix}_{name}")).with_context(|| format!("{prefix}_{name} is not set"))
    };
    let (servers, key) = (variable("SERVERS")?, variable("SSH_KEY")?);
    ensure!(!servers.trim().is_empty(), "{prefix}_SERVERS names no server");
    for server in servers.split_whitespace() {
        let at = Server { distribution, shell: Shell::Ssh(server, &key, None) };
        let version = at.sh(&format!("PATH=$PATH:/usr/local/bin {} --version", distribution.name()));
        let version = version.with_context(|| format!("on {server}"))?;
        let rows = rows::look(&at).with_context(|| format!("on {server}, {version}"))?;
        writeln!(std::io::stderr(), "{server}: all {rows} rows hold, {version}")?;
    }
    Ok(())
}

#[test]
#[ignore = "needs a real RKE2: HYBRIDOPS_ACC_RKE2_SERVERS, HYBRIDOPS_ACC_RKE2_SSH_KEY"]
fn real_rke2_keeps_the_contract() -> Result<()> {
    look_at(Distribution::Rke2)
}

#[test]
#[ignore = "needs a real K3s: HYBRIDOPS_ACC_K3S_SERVERS, HYBRIDOPS_ACC_K3S_SSH_KEY"]
fn real_k3s_keeps_the_contract() -> Result<()> {
    look_at(Distribution::K3s)
}
