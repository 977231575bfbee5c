//! A process that is started, found again by a later start of the unit, and stopped.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use crate::files::write_private;

/// What is known of a process that runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) pid: i32,
    /// In ticks since boot: a number that comes again belongs to another.
    pub(crate) started: String,
    /// The hash of the manifest it was started by.
    pub(crate) hash: String,
    /// The image its manifest named.
    pub(crate) image: String,
}

/// A running process.
pub(crate) struct Process {
    pub(crate) record: Record,
    child: Option<Child>,
}

impl Process {
    /// Starts a command whose output goes to a file. `bound`: it dies with this process, however that ends.
    pub(crate) fn start(command: &[String], log: &Path, bound: bool) -> anyhow::Result<Self> {
        if let Some(folder) = log.parent() {
            std::fs::create_dir_all(folder)?;
        }
        // The last words of an earlier process are not this one's.
        let _ = std::fs::rename(log, log.with_extension("log.1"));
        let output = OpenOptions::new().create(true).append(true).open(log);
        let output = output.with_context(|| format!("open {}", log.display()))?;
        let death = ["setpriv", "--pdeathsig", "KILL"].map(str::to_owned);
        let words: Vec<&String> =
            if bound { death.iter().chain(command).collect() } else { command.iter().collect() };
        let Some((program, arguments)) = words.split_first() else { anyhow::bail!("no command") };
        let child = Command::new(program)
            .args(arguments)
            .env_remove("NOTIFY_SOCKET")
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("exec {program}"))?;
        let pid = i32::try_from(child.id())?;
        let record = Record {
            pid,
            started: start_time(pid).unwrap_or_default(),
            hash: String::new(),
            image: String::new(),
        };
        Ok(Self { record, child: Some(child) })
    }

    /// The process a record tells of, if it still is the one.
    pub(crate) fn adopt(record: Record) -> Option<Self> {
        is_alive(&record).then_some(Self { record, child: None })
    }

    /// Whether it runs.
    pub(crate) fn runs(&mut self) -> bool {
        match &mut self.child {
            Some(child) => matches!(child.try_wait(), Ok(None)),
            None => is_alive(&self.record),
        }
    }

    /// Stops its clock, or lets it go on.
    pub(crate) fn freeze(&self, still: bool) {
        signal(self.record.pid, if still { Signal::STOP } else { Signal::CONT });
    }

    /// Asks it to end, and makes it after a while.
    pub(crate) async fn stop(&mut self) {
        signal(self.record.pid, Signal::TERM);
        for turn in 0..200 {
            if !self.runs() {
                return;
            }
            if turn == 100 {
                signal(self.record.pid, Signal::KILL);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn signal(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid) {
        // A process that is gone needs no signal.
        let _ = kill_process(pid, signal);
    }
}

/// When a process started, none for one that is gone or only waits to be looked at.
fn start_time(pid: i32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?;
    (state != "Z" && state != "X").then(|| fields.nth(18).map(str::to_owned)).flatten()
}

fn is_alive(record: &Record) -> bool {
    start_time(record.pid).is_some_and(|started| started == record.started)
}

/// Where the record of a pod lies.
pub(super) fn record_path(folder: &Path, pod: &str) -> PathBuf {
    folder.join(format!("{pod}.json"))
}

pub(super) fn read_record(folder: &Path, pod: &str) -> Option<Record> {
    serde_json::from_str(&std::fs::read_to_string(record_path(folder, pod)).ok()?).ok()
}

pub(super) fn write_record(folder: &Path, pod: &str, record: &Record) -> anyhow::Result<()> {
    write_private(&record_path(folder, pod), serde_json::to_vec(record)?)
}

/// Ends every process some records tell of; how many there were (`rke2-killall.sh`).
pub(crate) async fn stop_recorded(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let mut ended = 0;
    for entry in entries.filter_map(Result::ok) {
        let pod = entry.file_name().to_string_lossy().trim_end_matches(".json").to_owned();
        if let Some(mut process) = read_record(folder, &pod).and_then(Process::adopt) {
            process.stop().await;
            ended += 1;
        }
        let _ = std::fs::remove_file(entry.path());
    }
    ended
}
