//! Processes: who runs, since when, with how much memory, and how to end them.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// A process by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Process(u32);

impl Process {
    /// The process of this number, whether it still runs or not.
    #[must_use]
    pub fn of(pid: u32) -> Self {
        Self(pid)
    }

    /// All there are now.
    #[must_use]
    pub fn everyone() -> Vec<Self> {
        all().unwrap_or_default()
    }

    /// Its number.
    #[must_use]
    pub fn pid(self) -> u32 {
        self.0
    }

    /// Whether it runs. A zombie does not.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.stat().is_some_and(|(state, _)| state != 'Z' && state != 'X')
    }

    /// Its command line, arguments separated by spaces.
    #[must_use]
    pub fn command_line(&self) -> String {
        let bytes = fs::read(self.proc("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).trim_end_matches('\0').replace('\0', " ")
    }

    /// The program it runs.
    #[must_use]
    pub fn program(&self) -> Option<PathBuf> {
        fs::read_link(self.proc("exe")).ok()
    }

    /// Its working directory.
    #[must_use]
    pub fn directory(&self) -> Option<PathBuf> {
        fs::read_link(self.proc("cwd")).ok()
    }

    /// The most memory it had resident, in bytes.
    #[must_use]
    pub fn peak_memory(&self) -> Option<u64> {
        let status = fs::read_to_string(self.proc("status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kibibytes * 1024)
    }

    /// Time it has spent on a processor, in clock ticks (hundredths of a second).
    #[must_use]
    pub fn processor_ticks(&self) -> Option<u64> {
        let stat = fs::read_to_string(self.proc("stat")).ok()?;
        let (_, fields) = stat.rsplit_once(')')?;
        let mut fields = fields.split_whitespace().skip(11);
        Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// It is gone.
    pub fn signal(self, signal: Signal) -> Result<()> {
        kill_process(number(self.0)?, signal)
            .with_context(|| format!("process {} cannot be signalled", self.0))
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// It is gone.
    pub fn kill(self) -> Result<()> {
        self.signal(Signal::KILL)
    }

    /// State and parent.
    fn stat(&self) -> Option<(char, u32)> {
        let stat = fs::read_to_string(self.proc("stat")).ok()?;
        // The name in parentheses may hold anything, parentheses included.
        let (_, fields) = stat.rsplit_once(')')?;
        let mut fields = fields.split_whitespace();
        Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
    }

    fn proc(&self, file: &str) -> PathBuf {
        Path::new("/proc").join(self.0.to_string()).join(file)
    }
}

fn number(pid: u32) -> Result<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw).context("no process has this number")
}

pub(crate) fn signal_group(leader: u32, signal: Signal) -> Result<()> {
    kill_process_group(number(leader)?, signal)
        .with_context(|| format!("process group {leader} cannot be signalled"))
}

fn all() -> Result<Vec<Process>> {
    let entries = fs::read_dir("/proc").context("/proc cannot be read")?;
    let number = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok().map(Process);
    Ok(entries.flatten().filter_map(number).collect())
}

/// Providers whose working directory is this one: those that Terraform started here.
pub(crate) fn providers_in(directory: &Path) -> Result<Vec<Process>> {
    let is_provider = |process: &Process| {
        let program = process.program();
        let name =
            program.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        name.is_some_and(|name| name.starts_with("terraform-provider-"))
            && process.directory().is_some_and(|cwd| cwd.starts_with(directory))
            && process.is_alive()
    };
    Ok(all()?.into_iter().filter(is_provider).collect())
}

/// The processes below this one, itself included.
pub(crate) fn descendants(root: u32) -> Vec<Process> {
    let everyone: Vec<(Process, u32)> = all()
        .unwrap_or_default()
        .into_iter()
        .filter_map(|process| process.stat().map(|(_, parent)| (process, parent)))
        .collect();
    let mut family = vec![Process(root)];
    let mut next = 0;
    while next < family.len() {
        let parent = family[next].0;
        family.extend(everyone.iter().filter(|(_, of)| *of == parent).map(|(process, _)| *process));
        next += 1;
    }
    family
}

/// Waits until the condition holds.
///
/// # Errors
/// The condition fails, or the time passes; `what` says what was waited for.
pub fn wait_until(what: &str, patience: Duration, mut condition: impl FnMut() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + patience;
    while !condition()? {
        if Instant::now() > deadline {
            bail!("waited {patience:?} in vain for: {what}");
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_itself() {
        let own = Process::of(std::process::id());
        assert!(own.is_alive());
        assert!(own.peak_memory().expect("a peak") > 1 << 20);
        assert_eq!(own.program(), std::env::current_exe().ok());
        assert!(descendants(own.pid()).contains(&own));
    }

    #[test]
    fn the_dead_are_dead() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("sleep");
        let process = Process::of(child.id());
        assert!(process.is_alive());
        let renamed = || Ok(process.command_line().ends_with("sleep 60"));
        wait_until("the program to be sleep", Duration::from_secs(5), renamed).expect("its command line");
        process.kill().expect("killed");
        wait_until("death", Duration::from_secs(5), || Ok(!process.is_alive())).expect("a zombie is dead");
        child.wait().expect("reaped");
        assert!(!process.is_alive());
    }
}
