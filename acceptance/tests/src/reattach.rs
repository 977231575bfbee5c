//! A provider started by hand (`-debug`), for Terraform to attach to.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::process::Signal;

use crate::process::{Process, wait_until};
use crate::provider::Provider;

/// Where Terraform looks for providers that run already.
pub(crate) const VARIABLE: &str = "TF_REATTACH_PROVIDERS";

/// A provider that serves every Terraform that attaches. Ended when dropped.
#[derive(Debug)]
pub struct Debugged {
    child: Child,
    document: String,
}

impl Debugged {
    /// Starts a provider in a directory and waits until it can be attached to. Its standard error goes to the file.
    ///
    /// # Errors
    /// It cannot be started, or does not say where it is.
    pub fn start(provider: &Provider, directory: &Path, stderr: &Path) -> Result<Self> {
        let mut child = Command::new(&provider.binary)
            .arg("-debug")
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(stderr)?)
            .spawn()
            .context("the provider cannot be started")?;
        let stdout = child.stdout.take().context("no standard output")?;
        let said = |line: String| {
            let (_, quoted) = line.split_once(&format!("{VARIABLE}='"))?;
            Some(quoted.trim_end().strip_suffix('\'')?.replace(r"'\''", "'"))
        };
        let document = BufReader::new(stdout).lines().map_while(Result::ok).find_map(said);
        let document = document.context("the provider ended without saying where it is")?;
        Ok(Self { child, document })
    }

    /// Name and value of the variable by which Terraform attaches.
    #[must_use]
    pub fn variable(&self) -> (&'static str, &str) {
        (VARIABLE, &self.document)
    }

    /// The process.
    #[must_use]
    pub fn process(&self) -> Process {
        Process::of(self.child.id())
    }

    /// Ends it with a signal and waits for it.
    ///
    /// # Errors
    /// It does not end.
    pub fn end(mut self, signal: Signal) -> Result<std::process::ExitStatus> {
        self.process().signal(signal)?;
        wait_until("the debugged provider to end", Duration::from_secs(5), || {
            Ok(self.child.try_wait()?.is_some())
        })?;
        Ok(self.child.wait()?)
    }
}

impl Drop for Debugged {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
