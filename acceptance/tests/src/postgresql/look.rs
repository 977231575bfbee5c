//! Looking at an instance past the provider, and doing to it what happens to instances.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use super::{Machine, Scene, load};
use crate::wait_until;

impl Scene {
    /// Runs a script in a machine as root, past SSH.
    ///
    /// # Errors
    /// It fails; tells the end of what it said.
    pub fn exec(&self, machine: &Machine, script: &str) -> Result<String> {
        Ok(self.real()?.exec(machine.vmid, script)?.trim().to_owned())
    }

    /// Rows of a query by the superuser in the machine: the first column.
    ///
    /// # Errors
    /// The server refuses, or does not answer.
    pub fn sql(&self, machine: &Machine, sql: &str) -> Result<Vec<String>> {
        let quoted = sql.replace('\'', r"'\''");
        let script = format!("cd /; runuser -u postgres -- psql -XAtq -v ON_ERROR_STOP=1 -c '{quoted}'");
        Ok(self.real()?.exec(machine.vmid, &script)?.lines().map(str::to_owned).collect())
    }

    /// The one value of a query.
    ///
    /// # Errors
    /// There is none.
    pub fn value(&self, machine: &Machine, sql: &str) -> Result<String> {
        self.sql(machine, sql)?.into_iter().next().with_context(|| format!("no row: {sql}"))
    }

    /// Keys of the ledger that are there.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn ledger(&self, machine: &Machine) -> Result<BTreeSet<i64>> {
        let script = "cd /; runuser -u postgres -- psql -XAtq -d app -c 'SELECT id FROM ledger'";
        Ok(self.exec(machine, script)?.lines().filter_map(|id| id.parse().ok()).collect())
    }

    /// `kill -9` of the postmaster.
    ///
    /// # Errors
    /// There is none.
    pub fn kill_postmaster(&self, machine: &Machine) -> Result<()> {
        let script = "kill -9 $(head -1 /var/lib/postgresql/15/main/postmaster.pid)";
        self.exec(machine, script).map(drop)
    }

    /// Waits until the server takes connections from outside.
    ///
    /// # Errors
    /// It does not in time.
    pub fn wait_answering(&self, machine: &Machine, patience: Duration) -> Result<()> {
        wait_until("the server to answer", patience, || {
            Ok(load::query(&[&machine.address], "SELECT 1").is_ok())
        })
    }

    /// Sum over a directory of the machine: names, owners, modes and contents. Files that a running server keeps changing
    /// are the caller's to think of.
    ///
    /// # Errors
    /// There is no such directory.
    pub fn sum_in(&self, machine: &Machine, directory: &str) -> Result<String> {
        let script = format!(
            "cd '{directory}' && {{ find . -printf '%p %U:%G %m %y %l\\n' | sort; \
             find . -type f -print0 | sort -z | xargs -0 -r sha256sum; }} | sha256sum"
        );
        let sum = self.exec(machine, &script)?;
        Ok(sum.split_whitespace().next().unwrap_or_default().to_owned())
    }

    /// The journal of a machine, all of it.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn journal(&self, machine: &Machine) -> Result<String> {
        self.exec(
            machine,
            "journalctl --no-pager -o cat 2>/dev/null; cat /var/log/postgresql/* 2>/dev/null; true",
        )
    }
}

/// Sum over a directory of this machine: names, owners, modes and contents.
///
/// # Errors
/// Something cannot be read.
pub fn sum(directory: &Path) -> Result<String> {
    let mut found = BTreeMap::new();
    gather(directory, directory, &mut found)?;
    if found.is_empty() {
        bail!("{} is empty: its sum proves nothing", directory.display());
    }
    let mut digest = Sha256::new();
    for (path, (owner, content)) in &found {
        digest.update(path.as_bytes());
        digest.update(owner.as_bytes());
        digest.update(content);
    }
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

type Found = BTreeMap<String, (String, Vec<u8>)>;

fn gather(root: &Path, directory: &Path, found: &mut Found) -> Result<()> {
    let listed = fs::read_dir(directory).with_context(|| format!("{}", directory.display()))?;
    for entry in listed {
        let path = entry?.path();
        let about = path.symlink_metadata()?;
        let owner = format!("{}:{}:{:o}", about.uid(), about.gid(), about.mode());
        let content = if about.is_file() {
            Sha256::digest(fs::read(&path)?).to_vec()
        } else if about.is_symlink() {
            fs::read_link(&path)?.display().to_string().into_bytes()
        } else {
            Vec::new()
        };
        let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        found.insert(name, (owner, content));
        if about.is_dir() {
            gather(root, &path, found)?;
        }
    }
    Ok(())
}
