//! Worker tasks: UPIDs, logs, ends, stopping.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::access::Principal;
use super::cluster::Cluster;
use super::locks::{Guard, Mode};
use super::reply::{Outcome, Refusal};
use crate::faults::TaskFault;

/// What a task has come to.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    pub(crate) text: String,
    pub(crate) time: u64,
}

#[derive(Debug, Default)]
struct Progress {
    log: Vec<String>,
    ended: Option<Ended>,
    stop: bool,
}

/// One worker task.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) upid: String,
    pub(crate) node: String,
    pub(crate) pid: u32,
    pub(crate) pstart: u64,
    pub(crate) starttime: u64,
    pub(crate) kind: String,
    pub(crate) id: String,
    pub(crate) user: String,
    pub(crate) token: Option<String>,
    progress: Mutex<Progress>,
    changed: Condvar,
}

impl Task {
    fn progress(&self) -> std::sync::MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn ended(&self) -> Option<Ended> {
        self.progress().ended.clone()
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.progress().log.clone()
    }

    /// Asks the worker to stop; a finished one stays as it is.
    pub(crate) fn stop(&self) {
        self.progress().stop = true;
        self.changed.notify_all();
    }

    /// Members every listing shows.
    pub(crate) fn summary(&self) -> serde_json::Map<String, Value> {
        let mut map = serde_json::Map::new();
        map.insert("upid".into(), json!(self.upid));
        map.insert("node".into(), json!(self.node));
        map.insert("starttime".into(), json!(self.starttime));
        map.insert("type".into(), json!(self.kind));
        map.insert("id".into(), json!(self.id));
        map.insert("user".into(), json!(self.user));
        if let Some(token) = &self.token {
            map.insert("tokenid".into(), json!(token));
        }
        map
    }
}

/// What the body of a task works with.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) cluster: Arc<Cluster>,
    task: Arc<Task>,
}

impl Worker {
    /// Writes a log line.
    pub(crate) fn log(&self, line: impl Into<String>) {
        self.task.progress().log.push(line.into());
    }

    /// Node the task runs on.
    pub(crate) fn node(&self) -> &str {
        &self.task.node
    }

    /// Process id inside the UPID.
    pub(crate) fn pid(&self) -> u32 {
        self.task.pid
    }

    /// Whether somebody asked it to stop.
    pub(crate) fn stopped(&self) -> bool {
        self.task.progress().stop
    }

    /// Lets the configured duration of a task pass; ends early with an error when the task is stopped.
    pub(crate) fn work(&self) -> Outcome<()> {
        self.sleep(self.cluster.config.task_duration)
    }

    /// Sleeps, unless stopped.
    pub(crate) fn sleep(&self, duration: Duration) -> Outcome<()> {
        let deadline = Instant::now() + duration;
        let mut progress = self.task.progress();
        loop {
            if progress.stop {
                return Err(Refusal::died("received interrupt"));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            progress =
                self.task.changed.wait_timeout(progress, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Takes a lock, telling in the log when it had to wait.
    pub(crate) fn lock(&self, name: &str, mode: Mode, limit: Duration) -> Outcome<Guard> {
        let guard = self.cluster.locks.acquire(name, mode, limit);
        match &guard {
            Ok(guard) if guard.waited => {
                self.log("trying to acquire lock...");
                self.log(" OK");
            }
            Ok(_) => {}
            Err(_) => self.log("trying to acquire lock..."),
        }
        guard.map_err(|error| Refusal::died(error.to_string()))
    }

    /// A creation that fails or is stopped, at whatever point, takes its claim of the number back.
    fn take_back(&self) {
        const CREATING: &[&str] = &["qmcreate", "qmrestore", "vzcreate", "vzrestore"];
        let creating = CREATING.contains(&self.task.kind.as_str());
        let Some(vmid) = self.task.id.parse().ok().filter(|_| creating) else { return };
        let mut state = self.cluster.state();
        let claimed =
            |guest: &super::guest::Guest| guest.config.get("lock").is_some_and(|lock| lock == "create");
        match state.guests.get_mut(&vmid).filter(|guest| claimed(guest)) {
            // One that was to be replaced stays as it was.
            Some(guest) if guest.config.len() > 1 => {
                guest.config.remove("lock");
            }
            Some(_) => {
                state.guests.remove(&vmid);
            }
            None => {}
        }
    }

    fn end(&self, result: &Outcome<()>) {
        let text = match result {
            Ok(()) => "OK".to_owned(),
            Err(refusal) => refusal.exit_text(),
        };
        let time = self.cluster.now();
        let mut progress = self.task.progress();
        progress.log.push(match result {
            Ok(()) => "TASK OK".to_owned(),
            Err(_) => format!("TASK ERROR: {text}"),
        });
        progress.ended = Some(Ended { text, time });
        drop(progress);
        self.task.changed.notify_all();
    }

    /// Runs the body between the faults asked for this kind of task.
    fn run(&self, body: impl FnOnce(&Self) -> Outcome<()>) -> Outcome<()> {
        let fault = self.cluster.faults.next_task(&self.task.kind, &self.task.id);
        match &fault {
            Some(TaskFault::FailBefore(text)) => {
                self.work()?;
                return Err(Refusal::died(text.clone()));
            }
            Some(TaskFault::Hang(gate)) => {
                while !gate.is_open() {
                    self.sleep(Duration::from_millis(20))?;
                }
            }
            Some(TaskFault::FailAfter(_)) | None => {}
        }
        body(self)?;
        match fault {
            Some(TaskFault::FailAfter(text)) => Err(Refusal::died(text)),
            _ => Ok(()),
        }
    }
}

/// Starts a worker and answers its UPID.
pub(crate) fn spawn(
    cluster: &Arc<Cluster>,
    principal: &Principal,
    node: &str,
    kind: &str,
    id: &str,
    body: impl FnOnce(&Worker) -> Outcome<()> + Send + 'static,
) -> Value {
    let task = Arc::new(register(cluster, principal, node, kind, id));
    let upid = task.upid.clone();
    cluster.state().tasks.push(Arc::clone(&task));
    let worker = Worker { cluster: Arc::clone(cluster), task };
    // A thread each, as the server forks a process each: a hanging task holds up nobody.
    let spawned = std::thread::Builder::new().name(format!("task-{kind}-{id}")).spawn(move || {
        let started = Instant::now();
        let result = worker.run(body);
        if result.is_err() {
            worker.take_back();
        }
        // What fails at once still takes the time of a process.
        let _ = worker.sleep(worker.cluster.config.task_duration.saturating_sub(started.elapsed()));
        worker.end(&result);
    });
    if let Err(error) = spawned {
        tracing::error!(%error, "cannot start a task thread");
    }
    json!(upid)
}

fn register(cluster: &Arc<Cluster>, principal: &Principal, node: &str, kind: &str, id: &str) -> Task {
    let pid = cluster.next_pid();
    let starttime = cluster.now();
    let pstart = cluster.uptime_ticks();
    let encoded_id = encode_id(id);
    let owner = principal.full_id();
    Task {
        upid: format!("UPID:{node}:{pid:08X}:{pstart:08X}:{starttime:08X}:{kind}:{encoded_id}:{owner}:"),
        node: node.to_owned(),
        pid,
        pstart,
        starttime,
        kind: kind.to_owned(),
        id: id.to_owned(),
        user: principal.user.clone(),
        token: principal.token.clone(),
        progress: Mutex::default(),
        changed: Condvar::new(),
    }
}

/// An id inside a UPID must not hold the separator.
fn encode_id(id: &str) -> String {
    id.replace('%', "%25").replace(':', "%3A").replace('/', "%2F")
}

/// Whether text has the form of a UPID; the node is its first field.
pub(crate) fn parse_upid(text: &str) -> Option<&str> {
    let fields: Vec<&str> = text.strip_prefix("UPID:")?.split(':').collect();
    let hexadecimal = |s: &str, n: usize| s.len() >= n && s.chars().all(|c| c.is_ascii_hexdigit());
    let [node, pid, pstart, start, kind, _id, user, ""] = fields.as_slice() else {
        return None;
    };
    (hexadecimal(pid, 8)
        && hexadecimal(pstart, 8)
        && hexadecimal(start, 8)
        && !kind.is_empty()
        && user.contains('@'))
    .then_some(*node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upid_form() {
        assert_eq!(
            parse_upid("UPID:pve:00000A4F:0005B0BE:6B0138BF:download:c.qcow2:root@pam!tf:"),
            Some("pve")
        );
        assert_eq!(parse_upid("UPID:pve:00000AAF:0005B1B8:6B0138C1:imgcopy::root@pam!tf:"), Some("pve"));
        assert_eq!(parse_upid("notaupid"), None);
    }
}
