//! Running Terraform, to its end or until something happens to it.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::Signal;

use crate::output::Output;
use crate::process::{self, Process};

/// No command of an acceptance test takes longer.
const PATIENCE: Duration = Duration::from_secs(600);

/// A run of Terraform in a workspace, being put together.
#[derive(Debug)]
pub struct Terraform {
    command: Command,
    line: String,
    records: PathBuf,
    directory: PathBuf,
    log: Option<PathBuf>,
    watch: bool,
}

/// A run of Terraform that is still going on. Killed when dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    line: String,
    stdout: PathBuf,
    stderr: PathBuf,
    log: Option<PathBuf>,
    directory: PathBuf,
    started: Instant,
    watch: bool,
    argv: BTreeSet<String>,
}

impl Terraform {
    /// `command` is complete but for arguments; `records` is a fresh path to which the streams go, with endings.
    pub(crate) fn new(command: Command, directory: PathBuf, records: PathBuf) -> Self {
        Self { command, line: String::new(), records, directory, log: None, watch: false }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        if !self.line.is_empty() {
            self.line.push(' ');
        }
        self.line.push_str(&argument.as_ref().to_string_lossy());
        self.command.arg(argument);
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        arguments.into_iter().fold(self, Self::arg)
    }

    /// Sets a variable of the environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Captures the log at this level: `trace`, `debug`, `info`, `warn`, `error` or `json`.
    #[must_use]
    pub fn log(mut self, level: &str) -> Self {
        let path = self.records.with_extension("log");
        self.command.env("TF_LOG", level).env("TF_LOG_PATH", &path);
        self.log = Some(path);
        self
    }

    /// Records the command line of every process seen below this one.
    #[must_use]
    pub fn watched(mut self) -> Self {
        self.watch = true;
        self
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// It cannot be started or does not end. That it fails is no error here: see [`Output::ok`].
    pub fn run(self) -> Result<Output> {
        self.start()?.wait()
    }

    /// Starts it, in a process group of its own so that a signal reaches nobody else.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(mut self) -> Result<Running> {
        let (stdout, stderr) = (self.records.with_extension("stdout"), self.records.with_extension("stderr"));
        self.command.stdin(Stdio::null()).stdout(File::create(&stdout)?).stderr(File::create(&stderr)?);
        let started = Instant::now();
        let child = self.command.process_group(0).spawn().context("terraform cannot be started")?;
        Ok(Running {
            child,
            line: self.line,
            stdout,
            stderr,
            log: self.log,
            directory: self.directory,
            started,
            watch: self.watch,
            argv: BTreeSet::new(),
        })
    }
}

// === impl Running ===

impl Running {
    /// The process of Terraform itself.
    #[must_use]
    pub fn process(&self) -> Process {
        Process::of(self.child.id())
    }

    /// Ctrl-C: the whole process group gets it, the providers included.
    ///
    /// # Errors
    /// The process is gone.
    pub fn interrupt(&self) -> Result<()> {
        process::signal_group(self.child.id(), Signal::INT)
    }

    /// SIGINT to Terraform alone, as a supervisor sends it.
    ///
    /// # Errors
    /// The process is gone.
    pub fn interrupt_alone(&self) -> Result<()> {
        self.process().signal(Signal::INT)
    }

    /// `kill -9` of Terraform alone: it has no chance to tell its providers.
    ///
    /// # Errors
    /// It cannot be waited for.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill().context("terraform cannot be killed")?;
        self.child.wait().context("terraform cannot be waited for")?;
        Ok(())
    }

    /// Provider processes of the workspace.
    ///
    /// # Errors
    /// `/proc` cannot be read.
    pub fn providers(&self) -> Result<Vec<Process>> {
        process::providers_in(&self.directory)
    }

    /// Waits until the streams or the log contain the text.
    ///
    /// # Errors
    /// It ended, or the time passed, without it.
    pub fn wait_for(&mut self, text: &str, patience: Duration) -> Result<()> {
        let deadline = Instant::now() + patience;
        loop {
            let ended = self.child.try_wait()?;
            if self.said().contains(text) {
                return Ok(());
            }
            if let Some(status) = ended {
                bail!("terraform {} ended ({status}) without {text:?}:\n{}", self.line, self.said());
            }
            if Instant::now() > deadline {
                bail!("terraform {} did not say {text:?} in {patience:?}:\n{}", self.line, self.said());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Everything said so far.
    fn said(&self) -> String {
        [Some(&self.stdout), Some(&self.stderr), self.log.as_ref()].into_iter().flatten().map(read).collect()
    }

    /// Whether it still goes on.
    ///
    /// # Errors
    /// It cannot be asked.
    pub fn is_running(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// It does not come.
    pub fn wait(mut self) -> Result<Output> {
        let deadline = self.started + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            if self.watch {
                self.argv.extend(process::descendants(self.child.id()).iter().map(Process::command_line));
            }
            if Instant::now() > deadline {
                let said = self.said();
                bail!("terraform {} did not end in {PATIENCE:?}:\n{said}", self.line);
            }
            std::thread::sleep(Duration::from_millis(3));
        };
        Ok(Output {
            command: self.line.clone(),
            status,
            stdout: read(&self.stdout),
            stderr: read(&self.stderr),
            log: self.log.as_ref().map(read).unwrap_or_default(),
            took: self.started.elapsed(),
            argv: std::mem::take(&mut self.argv).into_iter().collect(),
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = process::signal_group(self.child.id(), Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

fn read(path: &PathBuf) -> String {
    // A stream that was never opened said nothing.
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}
