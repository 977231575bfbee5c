//! What the actions share: finding the guest, judging at plan, running a task and telling of its log.

use std::future::Future;
use std::time::Duration;

use tf_framework::{Action, ActionContext, Diagnostic, Diagnostics, GoDuration, Model, Result};
use tf_value::Path;
use transport_rest::Budget;

use crate::api::{ApiError, Finished, Guest, GuestRef, Kind, Presence, TaskFilter, Upid, Vmid};
use crate::client::{Proxmox, budget};
use crate::errors::failure;
use crate::images::{answer_budget, stop_if_unfinished};
use crate::preflight::{Operation, Scope, lacking};

/// Between two looks at a task's log.
const LOOKS: Duration = Duration::from_secs(1);
/// Lines of a log that are read at once.
const LINES: u64 = 500;
/// How often a task that got no lock is begun again.
const TRIES: u32 = 8;

/// How long an action may take.
#[derive(Debug, Clone, Default, PartialEq, Eq, Model)]
pub struct ActionTimeouts {
    /// How long it may take before it is given up, `30m` for example. 20 minutes where it is not set.
    pub invoke: Option<GoDuration>,
}

/// What becomes of a task when the user interrupts the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interrupt {
    /// It is stopped.
    Stop,
    /// It goes on, because stopping it would leave the guest half done; the message names it.
    Leave,
}

/// The guest that is meant.
pub(super) async fn guest_of<A: Action<Client = Proxmox>>(
    cx: &ActionContext<A>,
    px: &Proxmox,
    vmid: Vmid,
) -> Result<Guest> {
    let at = || Path::root().attribute("vmid");
    match px.api.presence(vmid, &budget(cx)).await {
        Ok(Presence::Present(guest)) => Ok(*guest),
        Ok(Presence::Gone) => Err(Diagnostics::error_at(
            at(),
            format!("There is no guest {vmid}"),
            "The cluster has no guest of this number.",
        )),
        Ok(Presence::Unclear(why)) => {
            Err(Diagnostics::error_at(at(), format!("Guest {vmid} cannot be seen"), format!("{why}.")))
        }
        Err(error) => Err(failure(format!("Looking for guest {vmid} failed"), &error)),
    }
}

/// Refuses at plan what the account may not do with a guest. A guest that does not exist yet is not judged.
pub(super) async fn check_guest<A: Action<Client = Proxmox>>(
    cx: &ActionContext<A>,
    vmid: Option<Vmid>,
    operation: Operation,
    attribute: &str,
) -> Result<Option<Guest>> {
    let (Some(px), Some(vmid)) = (cx.try_client(), vmid) else { return Ok(None) };
    let what = || format!("Looking at guest {vmid} failed");
    let budget = budget(cx);
    let inventory = px.api.inventory(&budget).await.map_err(|error| failure(what(), &error))?;
    let permissions = px.api.shared_permissions(&budget).await.map_err(|error| failure(what(), &error))?;
    let number = vmid.to_string();
    let needs = [(operation, Scope { vmid: &number, ..Scope::default() })];
    let at = |problem: Diagnostic| problem.at(Path::root().attribute(attribute));
    let problems: Diagnostics =
        lacking(&permissions, px.api.principal(), &needs).into_iter().map(at).collect();
    problems.into_result(inventory.guest(vmid).cloned())
}

/// Starts a task, tells of its log until it ends, and begins it again where it got no lock.
pub(super) async fn run_task<A, F>(
    cx: &ActionContext<A>,
    px: &Proxmox,
    interrupt: Interrupt,
    dispatch: impl Fn(Budget) -> F,
) -> Result<Finished, ApiError>
where
    A: Action<Client = Proxmox>,
    F: Future<Output = Result<Upid, ApiError>>,
{
    let mut tried = 0;
    loop {
        tried += 1;
        // The answer names the task: it is waited for even when the operation is cancelled meanwhile.
        let upid = dispatch(answer_budget()).await?;
        px.note_started(&upid);
        let ended = follow(cx, px, &upid).await;
        let error = match ended {
            Ok(finished) => return Ok(finished),
            Err(error) => error,
        };
        if interrupt == Interrupt::Stop {
            stop_if_unfinished(px, &error).await;
        }
        let again = matches!(&error, ApiError::Task(task) if task.kind.is_transient());
        if !again || tried == TRIES {
            return Err(error);
        }
        cx.progress(format!("another task held the lock; trying again ({})", upid.kind()));
        budget(cx).sleep(Duration::from_secs(u64::from(tried)), || upid.kind().to_owned()).await?;
    }
}

/// Waits for a task and tells of its log meanwhile.
pub(super) async fn follow<A: Action<Client = Proxmox>>(
    cx: &ActionContext<A>,
    px: &Proxmox,
    upid: &Upid,
) -> Result<Finished, ApiError> {
    cx.progress(format!("task {upid}"));
    let budget = budget(cx);
    let mut told = 0;
    let waiting = px.api.wait(upid, &budget);
    tokio::pin!(waiting);
    let ended = loop {
        tokio::select! {
            ended = &mut waiting => break ended,
            () = tokio::time::sleep(LOOKS) => told = tell(cx, px, upid, told, &budget).await,
        }
    };
    if !ended.as_ref().is_err_and(ApiError::is_interrupted) {
        tell(cx, px, upid, told, &budget).await;
    }
    ended
}

/// Tells the lines of a log from `told` on; answers how many were told by then. A log that cannot be read is no reason
/// to stop.
async fn tell<A: Action<Client = Proxmox>>(
    cx: &ActionContext<A>,
    px: &Proxmox,
    upid: &Upid,
    told: u64,
    budget: &Budget,
) -> u64 {
    let Ok(page) = px.api.task_log(upid, told, LINES, budget).await else { return told };
    // An empty log has one line that says so.
    let lines: Vec<&String> = page.lines.iter().filter(|line| *line != "no content").collect();
    for line in &lines {
        cx.progress(line.trim_end());
    }
    told + lines.len() as u64
}

/// Runs work that waits for tasks of a guest itself, and tells of the logs of those of the given types meanwhile.
pub(super) async fn watching<A, T>(
    cx: &ActionContext<A>,
    px: &Proxmox,
    vmid: Vmid,
    kinds: &[&str],
    work: impl Future<Output = Result<T, ApiError>>,
) -> Result<T, ApiError>
where
    A: Action<Client = Proxmox>,
{
    let budget = budget(cx);
    let filter =
        TaskFilter { vmid: Some(vmid), kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect() };
    let mut told: Vec<(Upid, u64)> = Vec::new();
    tokio::pin!(work);
    loop {
        tokio::select! {
            ended = &mut work => {
                for (upid, lines) in &told {
                    tell(cx, px, upid, *lines, &budget).await;
                }
                return ended;
            }
            () = tokio::time::sleep(LOOKS) => {
                for task in px.api.running_tasks(&filter, &budget).await.unwrap_or_default() {
                    if !told.iter().any(|(upid, _)| *upid == task.upid) {
                        cx.progress(format!("task {}", task.upid));
                        told.push((task.upid, 0));
                    }
                }
                for (upid, lines) in &mut told {
                    *lines = tell(cx, px, upid, *lines, &budget).await;
                }
            }
        }
    }
}

/// Tells of warnings a task ended with.
pub(super) fn warn<A: Action<Client = Proxmox>>(cx: &ActionContext<A>, what: &str, finished: Finished) {
    for warning in finished.warnings {
        cx.warn(Diagnostic::warning(format!("{what} ended with a warning"), warning));
    }
}

/// How a guest is called in messages.
pub(super) fn called(guest: &Guest) -> String {
    format!("{} ({} on {})", guest.name, GuestRef::from(guest).vmid, guest.node)
}

/// What a failure is told as; that the guest is not running is told in plain words.
pub(super) fn told(what: String, error: &ApiError) -> Diagnostics {
    let mut errors = failure(what, error);
    if error.is(Kind::NotRunning) {
        errors = errors.at(&Path::root().attribute("vmid"));
    }
    errors
}
