//! API failures as diagnostics: what failed, why, and what to do next.

use tf_framework::{Diagnostic, Diagnostics};

use crate::api::{ApiError, Kind};

/// What to do about a kind of failure.
const ADVICE: &[(Kind, &str)] = &[
    (
        Kind::Unauthenticated,
        "Check the API token or password of the provider's `proxmox` section, and that the token has not expired.",
    ),
    (
        Kind::RootOnly,
        "Only root@pam logged in with a password may do this; no API token may. Configure `username` and `password`.",
    ),
    (Kind::NodeUnreachable, "The node is offline or cut off. Nothing was changed there."),
    (
        Kind::NodeTimeout,
        "The node did not answer in time; the call may have been carried out. Apply again: what exists is picked up.",
    ),
    (Kind::LockTimeout, "Another task held the lock for too long. Apply again when it has ended."),
    (
        Kind::Locked,
        "The guest is locked, for example by a backup. Apply again when that has ended. A lock that outlived its task, after a power failure say, is taken off with `qm unlock <vmid>` on the node.",
    ),
    (Kind::Modified, "Somebody else changed it since it was read. Apply again to plan on what it is now."),
    (Kind::NoQuorum, "The cluster has no quorum, so that nothing can be changed. Bring nodes back first."),
    (Kind::NoSpace, "The storage is full. Free some space, or choose another storage."),
    (Kind::StorageOffline, "The storage is not online on this node. Check it with `pvesm status`."),
    (Kind::Protected, "Protection is on. Switch it off on the guest first."),
    (Kind::InUse, "Something else still uses it; the text names it."),
    (
        Kind::ChecksumMismatch,
        "The published file is not the one the checksum is for: the publisher replaced it, or the checksum is of another file. Nothing was kept.",
    ),
    (
        Kind::DownloadFailed,
        "The node could not download the file. Check the URL from the node, or let the provider download with `transfer = \"provider\"`.",
    ),
    (Kind::Stopped, "The task was stopped. Apply again."),
    (Kind::Unavailable, "The server is overloaded or restarting. Apply again in a moment."),
];

/// Lines of a task's log that are shown.
const LOG_LINES: usize = 12;

/// A failed call as a diagnostic: `summary` names the operation and the object.
#[must_use]
pub(crate) fn failed(summary: impl Into<String>, error: &ApiError) -> Diagnostic {
    let mut detail = match error {
        // Its log follows below.
        ApiError::Task(task) => format!("Task {} failed: {}.", task.upid, trimmed(&task.exit)),
        error => format!("{}.", trimmed(&error.to_string())),
    };
    if let ApiError::Refused(refusal) = error {
        if let Some(forbidden) = &refusal.forbidden
            && !forbidden.privileges.is_empty()
        {
            let on = forbidden.path.as_deref().map(|path| format!(" on {path}")).unwrap_or_default();
            detail.push_str(&format!(
                "\n\nGrant {}{on} to the user or token. A token with privilege separation needs the grant of its own.",
                forbidden.privileges.join(" or ")
            ));
        }
        for (field, problem) in &refusal.fields {
            detail.push_str(&format!("\n  {field}: {}", problem.trim()));
        }
    }
    if let ApiError::Task(task) = error {
        let lines: Vec<&String> = task.log.iter().filter(|line| !line.contains(&task.exit)).collect();
        let from = lines.len().saturating_sub(LOG_LINES);
        if !lines.is_empty() {
            detail.push_str("\n\nThe end of its log:");
        }
        for line in lines.iter().skip(from) {
            detail.push_str(&format!("\n  {line}"));
        }
    }
    let kind = error.kind();
    if let Some((_, advice)) = ADVICE.iter().find(|(known, _)| Some(*known) == kind) {
        detail.push_str("\n\n");
        detail.push_str(advice);
    }
    Diagnostic::error(summary, detail)
}

/// The same as the failure of an operation.
#[must_use]
pub(crate) fn failure(summary: impl Into<String>, error: &ApiError) -> Diagnostics {
    failed(summary, error).into()
}

fn trimmed(text: &str) -> &str {
    text.trim().trim_end_matches('.')
}
