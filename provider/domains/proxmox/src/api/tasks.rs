//! Tasks: their state, their logs, and waiting for them without ever hanging.

use std::future::Future;
use std::time::{Duration, Instant};

use serde::Deserialize;

use transport_rest::{Budget, Form, Interrupted, Path, Request};

use super::Vmid;
use super::client::Client;
use super::codec::lenient;
use super::error::{ApiError, TaskFailed};
use super::failures::{Kind, classify_task};
use super::upid::Upid;

/// The first pause between two looks at a task.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest pause between two looks at a task.
const LONGEST_PAUSE: Duration = Duration::from_millis(1500);
/// A task just started may be unknown for a moment.
const GRACE: Duration = Duration::from_secs(5);
/// A node that does not answer is asked again for this long: its tasks go on meanwhile.
const SILENCE: Duration = Duration::from_secs(90);
/// Lines of a failed task's log kept in the error.
const TAIL: u64 = 15;
/// Dispatches of one piece of work whose tasks fail without effect.
const DISPATCHES: u32 = 8;

/// How a task ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// `OK`.
    Ok,
    /// `WARNINGS: n`: done, with remarks in the log.
    Warnings(u32),
    /// Anything else.
    Failed(String),
}

impl Exit {
    /// Reads an exit text.
    pub fn read(text: &str) -> Self {
        let text = text.trim();
        let warnings = text.strip_prefix("WARNINGS:").and_then(|count| count.trim().parse().ok());
        match (text, warnings) {
            ("OK", _) => Self::Ok,
            (_, Some(count)) => Self::Warnings(count),
            _ => Self::Failed(text.to_owned()),
        }
    }
}

/// A task as its node sees it.
#[derive(Clone, Debug)]
pub struct TaskStatus {
    /// The task.
    pub upid: Upid,
    /// How it ended; `None` while it runs.
    pub exit: Option<Exit>,
}

impl<'de> Deserialize<'de> for TaskStatus {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            upid: Upid,
            #[serde(default, deserialize_with = "lenient::text")]
            status: String,
            #[serde(default, deserialize_with = "lenient::opt_text")]
            exitstatus: Option<String>,
        }
        let wire = Wire::deserialize(from)?;
        // Stopped without an exit text: the worker died.
        let exit = match wire.exitstatus {
            Some(text) => Some(Exit::read(&text)),
            None if wire.status == "running" => None,
            None => Some(Exit::Failed(format!("ended without a result (status {:?})", wire.status))),
        };
        Ok(Self { upid: wire.upid, exit })
    }
}

/// A task that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The task.
    pub upid: Upid,
    /// Its warnings; empty for a plain success.
    pub warnings: Vec<String>,
}

/// A task in a list.
#[derive(Clone, Debug, Deserialize)]
pub struct TaskEntry {
    /// The task.
    pub upid: Upid,
    /// The exit text; absent or `RUNNING` while it runs.
    #[serde(default, deserialize_with = "lenient::opt_text")]
    pub status: Option<String>,
    /// When it ended, in seconds since the epoch.
    #[serde(default, deserialize_with = "lenient::opt_u64")]
    pub endtime: Option<u64>,
}

impl TaskEntry {
    /// Whether it still runs.
    pub fn is_running(&self) -> bool {
        self.endtime.is_none()
            && self.status.as_deref().is_none_or(|status| status.eq_ignore_ascii_case("running"))
    }
}

/// Which tasks are meant.
#[derive(Clone, Debug, Default)]
pub struct TaskFilter {
    /// Of this guest.
    pub vmid: Option<Vmid>,
    /// Of one of these types; empty for all.
    pub kinds: Vec<String>,
}

impl TaskFilter {
    fn fits(&self, upid: &Upid) -> bool {
        self.vmid.is_none_or(|vmid| upid.vmid() == Some(vmid))
            && (self.kinds.is_empty() || self.kinds.iter().any(|kind| kind == upid.kind()))
    }
}

/// A piece of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPage {
    /// Its lines.
    pub lines: Vec<String>,
    /// Lines in the whole log.
    pub total: u64,
}

#[derive(Deserialize)]
struct LogLine {
    #[serde(default, deserialize_with = "lenient::text")]
    t: String,
}

impl Client {
    /// A task's state.
    ///
    /// # Errors
    /// [`ApiError`]; a task unknown to its node is [`Kind::Missing`].
    pub async fn task_status(&self, upid: &Upid, budget: &Budget) -> Result<TaskStatus, ApiError> {
        self.read(task_path(upid).join("status"), budget).await
    }

    /// Lines of a task's log, counted from `start`.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn task_log(
        &self,
        upid: &Upid,
        start: u64,
        limit: u64,
        budget: &Budget,
    ) -> Result<LogPage, ApiError> {
        let query = Form::new().number("start", start).number("limit", limit);
        let (lines, total): (Vec<LogLine>, _) =
            self.read_page(task_path(upid).join("log"), query, budget).await?;
        let total = total.unwrap_or(start + lines.len() as u64);
        Ok(LogPage { lines: lines.into_iter().map(|line| line.t).collect(), total })
    }

    /// The last lines of a task's log.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn task_log_tail(
        &self,
        upid: &Upid,
        lines: u64,
        budget: &Budget,
    ) -> Result<Vec<String>, ApiError> {
        let first = self.task_log(upid, 0, lines, budget).await?;
        if first.total <= lines {
            return Ok(first.lines);
        }
        Ok(self.task_log(upid, first.total - lines, lines, budget).await?.lines)
    }

    /// Waits for a task's success.
    ///
    /// # Errors
    /// [`ApiError::Task`] when it failed, [`ApiError::TaskLost`] when its record is gone,
    /// [`ApiError::TaskUnfinished`] when the budget ended first: the task then goes on.
    pub async fn wait(&self, upid: &Upid, budget: &Budget) -> Result<Finished, ApiError> {
        let mut watch = Watch { upid, since: Instant::now(), seen: false, silent_since: None };
        let mut pause = FIRST_PAUSE;
        loop {
            let looked = self.task_status(upid, budget).await;
            if let Some(exit) = watch.judge(looked, budget)? {
                self.invalidate();
                return self.conclude(upid, exit, budget).await;
            }
            let waiting_for = || format!("task {upid}");
            let slept = budget.sleep(pause, waiting_for).await;
            slept.map_err(|interrupted| watch.unfinished(interrupted))?;
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
        }
    }

    async fn conclude(&self, upid: &Upid, exit: Exit, budget: &Budget) -> Result<Finished, ApiError> {
        let upid = upid.clone();
        match exit {
            Exit::Ok => Ok(Finished { upid, warnings: Vec::new() }),
            Exit::Warnings(count) => {
                let log = self.task_log_tail(&upid, 500, budget).await.unwrap_or_default();
                let mut warnings: Vec<String> =
                    log.into_iter().filter(|line| line.to_ascii_lowercase().contains("warn")).collect();
                warnings.retain(|line| !line.starts_with("TASK WARNINGS"));
                if warnings.is_empty() {
                    warnings.push(format!("the task ended with {count} warnings"));
                }
                Ok(Finished { upid, warnings })
            }
            Exit::Failed(exit) => {
                let log = self.task_log_tail(&upid, TAIL, budget).await.unwrap_or_default();
                Err(ApiError::Task(Box::new(TaskFailed { kind: classify_task(&exit), upid, exit, log })))
            }
        }
    }

    /// Starts a task and waits for it; starts it again when it failed without effect (a lock that was not
    /// granted in time shows only in the exit text). `dispatch` is the place to note the task's identifier.
    ///
    /// # Errors
    /// As [`Client::wait`] and `dispatch`.
    pub async fn run<F, D>(&self, budget: &Budget, mut dispatch: D) -> Result<Finished, ApiError>
    where
        F: Future<Output = Result<Upid, ApiError>>,
        D: FnMut() -> F,
    {
        let dispatch = || {
            let dispatched = dispatch();
            async { dispatched.await.map(Some) }
        };
        let finished = self.run_optional(budget, dispatch).await?;
        finished.ok_or_else(|| ApiError::Argument("the server started no task".to_owned()))
    }

    /// The same for calls that may be done at once, without a task: then there is nothing to wait for.
    ///
    /// # Errors
    /// As [`Client::run`].
    pub async fn run_optional<F, D>(
        &self,
        budget: &Budget,
        mut dispatch: D,
    ) -> Result<Option<Finished>, ApiError>
    where
        F: Future<Output = Result<Option<Upid>, ApiError>>,
        D: FnMut() -> F,
    {
        let mut pause = Duration::from_secs(1);
        for _ in 1..DISPATCHES {
            let Some(upid) = dispatch().await? else { return Ok(None) };
            match self.wait(&upid, budget).await {
                Err(ApiError::Task(failed)) if failed.kind.is_transient() => {
                    tracing::info!(task = %failed.upid, "starting the task again: {}", failed.exit);
                }
                ended => return ended.map(Some),
            }
            // Spread by the task's own numbers, so that parallel work does not return in step.
            let spread = Duration::from_millis(upid.process().0 % 500);
            budget.sleep(pause + spread, || format!("another try of task {}", upid.kind())).await?;
            pause = (pause * 2).min(Duration::from_secs(15));
        }
        match dispatch().await? {
            Some(upid) => self.wait(&upid, budget).await.map(Some),
            None => Ok(None),
        }
    }

    /// Stops a task. A task that has ended already is no error.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn stop_task(&self, upid: &Upid, budget: &Budget) -> Result<(), ApiError> {
        let request = Request::delete(task_path(upid)).idempotent();
        self.write::<Option<serde_json::Value>>(request, budget).await.map(drop)
    }

    /// Recent tasks of the whole cluster that fit.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn tasks(&self, filter: &TaskFilter, budget: &Budget) -> Result<Vec<TaskEntry>, ApiError> {
        let tasks: Vec<TaskEntry> = self.read(["cluster", "tasks"], budget).await?;
        Ok(tasks.into_iter().filter(|task| filter.fits(&task.upid)).collect())
    }

    /// Running tasks of the whole cluster that fit.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn running_tasks(
        &self,
        filter: &TaskFilter,
        budget: &Budget,
    ) -> Result<Vec<TaskEntry>, ApiError> {
        let mut tasks = self.tasks(filter, budget).await?;
        tasks.retain(TaskEntry::is_running);
        Ok(tasks)
    }
}

/// What is known while waiting.
struct Watch<'a> {
    upid: &'a Upid,
    since: Instant,
    seen: bool,
    silent_since: Option<Instant>,
}

impl Watch<'_> {
    /// The exit of a task that has ended, `None` to look again.
    fn judge(
        &mut self,
        looked: Result<TaskStatus, ApiError>,
        budget: &Budget,
    ) -> Result<Option<Exit>, ApiError> {
        let error = match looked {
            Ok(status) => {
                self.seen = true;
                self.silent_since = None;
                return Ok(status.exit);
            }
            Err(error) => error,
        };
        if error.is_missing() {
            let young = !self.seen && self.since.elapsed() < GRACE;
            let lost = || ApiError::TaskLost { upid: Box::new(self.upid.clone()) };
            return if young { Ok(None) } else { Err(lost()) };
        }
        if error.is_interrupted() {
            let waiting_for = format!("task {}", self.upid);
            let interrupted = match budget.cancel.is_cancelled() {
                true => Interrupted::Cancelled { waiting_for },
                false => Interrupted::DeadlineExceeded { waiting_for },
            };
            return Err(self.unfinished(interrupted));
        }
        let silent =
            matches!(error.kind(), Some(Kind::NodeUnreachable | Kind::NodeTimeout | Kind::Unavailable))
                || matches!(&error, ApiError::Transport(cause) if cause.is_transient());
        let since = *self.silent_since.get_or_insert_with(Instant::now);
        if silent && since.elapsed() < SILENCE {
            tracing::warn!(task = %self.upid, "the task's node does not answer; asking again: {error}");
            return Ok(None);
        }
        Err(error)
    }

    fn unfinished(&self, interrupted: Interrupted) -> ApiError {
        ApiError::TaskUnfinished { upid: Box::new(self.upid.clone()), interrupted }
    }
}

fn task_path(upid: &Upid) -> Path {
    Path::from(["nodes", upid.node(), "tasks", upid.as_str()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exits() {
        assert_eq!(Exit::read("OK"), Exit::Ok);
        assert_eq!(Exit::read("WARNINGS: 3"), Exit::Warnings(3));
        assert_eq!(Exit::read("WARNINGS: x"), Exit::Failed("WARNINGS: x".into()));
        assert_eq!(Exit::read("boom"), Exit::Failed("boom".into()));
    }

    #[test]
    fn running_is_told_by_either_spelling() {
        let entry = |json| serde_json::from_value::<TaskEntry>(json).unwrap();
        let upid = "UPID:pve:1:2:3:vzdestroy:100:root@pam:";
        assert!(entry(serde_json::json!({"upid": upid, "status": "RUNNING"})).is_running());
        assert!(entry(serde_json::json!({"upid": upid})).is_running());
        assert!(!entry(serde_json::json!({"upid": upid, "status": "OK", "endtime": 5})).is_running());
    }
}
