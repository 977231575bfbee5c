//! What a call to the API can fail with.

use std::collections::BTreeMap;
use std::fmt;

use http::Method;
use transport_rest::{Interrupted, RestError};

use super::failures::{Kind, classify_answer, prose};
use super::upid::Upid;

/// A failed call.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ApiError {
    /// The server refused, and said why.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// A task was started and failed.
    #[error(transparent)]
    Task(Box<TaskFailed>),
    /// The task's record is gone, so that its outcome cannot be known.
    #[error("task {upid} is no longer known to its node; whether it succeeded cannot be told from it")]
    TaskLost {
        /// The task.
        upid: Box<Upid>,
    },
    /// The caller stopped waiting; the task goes on.
    #[error("task {upid} was still running: {interrupted}")]
    TaskUnfinished {
        /// The task.
        upid: Box<Upid>,
        /// Cancelled or out of time.
        interrupted: Interrupted,
    },
    /// The call did not get a proper answer.
    #[error(transparent)]
    Transport(#[from] RestError),
    /// The caller stopped waiting before anything was sent.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// An argument cannot be expressed.
    #[error("{0}")]
    Argument(String),
}

/// A refusal by the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What it means.
    pub kind: Kind,
    /// The method of the call.
    pub method: Method,
    /// The path of the call.
    pub path: String,
    /// The status.
    pub status: u16,
    /// The server's words.
    pub message: String,
    /// Parameter by parameter, for status 400.
    pub fields: BTreeMap<String, String>,
    /// For status 403: what was lacking where.
    pub forbidden: Option<Forbidden>,
    /// What was said by the transport: URL, tries.
    pub source: RestError,
}

/// A lacking privilege.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forbidden {
    /// The ACL path, when the server names it.
    pub path: Option<String>,
    /// Any of these would have sufficed; empty when the server does not say.
    pub privileges: Vec<String>,
}

/// A failed task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskFailed {
    /// The task.
    pub upid: Upid,
    /// What its exit text means.
    pub kind: Kind,
    /// The exit text.
    pub exit: String,
    /// The last lines of its log.
    pub log: Vec<String>,
}

impl ApiError {
    /// What the server's words mean, when it was the server that failed the call.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::Refused(refusal) => Some(refusal.kind),
            Self::Task(failed) => Some(failed.kind),
            _ => None,
        }
    }

    /// Whether it is of this kind.
    pub fn is(&self, kind: Kind) -> bool {
        self.kind() == Some(kind)
    }

    /// The object is missing, at least where it was looked for.
    pub fn is_missing(&self) -> bool {
        self.is(Kind::Missing)
    }

    /// The task this error is about.
    pub fn upid(&self) -> Option<&Upid> {
        match self {
            Self::Task(failed) => Some(&failed.upid),
            Self::TaskLost { upid } | Self::TaskUnfinished { upid, .. } => Some(upid),
            _ => None,
        }
    }

    /// Whether the caller's own budget ended the call.
    pub fn is_interrupted(&self) -> bool {
        match self {
            Self::Interrupted(_) | Self::TaskUnfinished { .. } => true,
            Self::Transport(error) => error.is_cancelled() || error.is_deadline_exceeded(),
            _ => false,
        }
    }

    /// Whether the call may have taken effect although it failed.
    pub fn may_have_taken_effect(&self) -> bool {
        match self {
            Self::Refused(refusal) => matches!(
                refusal.kind,
                Kind::NodeTimeout
                    | Kind::Unavailable
                    | Kind::Unclassified
                    | Kind::CommandFailed
                    | Kind::GuestTimeout
            ),
            Self::Transport(error) => error.may_have_taken_effect(),
            Self::Task(_) | Self::TaskLost { .. } | Self::TaskUnfinished { .. } => true,
            Self::Interrupted(_) | Self::Argument(_) => false,
        }
    }

    /// Sorts a transport error: a stated failure becomes a refusal.
    pub(crate) fn from_call(error: RestError, path: &str) -> Self {
        let Some(failure) = error.status() else { return Self::Transport(error) };
        let message = prose(&failure.reason, &failure.body);
        let Some(kind) = classify_answer(error.method(), path, failure.status, &message) else {
            return Self::Transport(error);
        };
        Self::Refused(Box::new(Refusal {
            kind,
            method: error.method().clone(),
            path: path.to_owned(),
            status: failure.status.as_u16(),
            fields: fields(&failure.body),
            forbidden: (kind == Kind::Forbidden).then(|| Forbidden::read(&message)),
            message,
            source: error,
        }))
    }
}

impl Forbidden {
    /// Reads `Permission check failed (/vms/310, VM.Config.Disk|VM.Config.CPU)`.
    fn read(message: &str) -> Self {
        let inside = message.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')'));
        let Some((path, privileges)) = inside.and_then(|(inside, _)| inside.split_once(',')) else {
            return Self::default();
        };
        let named = |word: &&str| word.contains('.') && !word.contains(char::is_whitespace);
        Self {
            path: Some(path.trim()).filter(|path| path.starts_with('/')).map(str::to_owned),
            privileges: privileges.split('|').map(str::trim).filter(named).map(str::to_owned).collect(),
        }
    }
}

fn fields(body: &[u8]) -> BTreeMap<String, String> {
    let json = serde_json::from_slice::<serde_json::Value>(body).unwrap_or_default();
    let Some(errors) = json.get("errors").and_then(serde_json::Value::as_object) else {
        return BTreeMap::new();
    };
    let text = |value| super::codec::lenient::scalar(value).unwrap_or_default().trim().to_owned();
    errors.iter().map(|(name, value)| (name.clone(), text(value))).collect()
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {} (status {}", self.method, self.path, self.message, self.status)?;
        if self.source.attempts() > 1 {
            write!(f, ", after {} tries", self.source.attempts())?;
        }
        f.write_str(")")
    }
}

impl std::error::Error for Refusal {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

impl fmt::Display for TaskFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {} failed: {}", self.upid, self.exit)?;
        for line in &self.log {
            write!(f, "\n  {line}")?;
        }
        Ok(())
    }
}

impl std::error::Error for TaskFailed {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lacking_privilege_is_named() {
        let read = |text| Forbidden::read(text);
        assert_eq!(
            read("Permission check failed (/vms/310, VM.Config.Disk|VM.Config.CPU)"),
            Forbidden {
                path: Some("/vms/310".into()),
                privileges: vec!["VM.Config.Disk".into(), "VM.Config.CPU".into()]
            }
        );
        assert_eq!(read("Permission check failed (, Sys.Audit)").path, None);
        assert_eq!(read("Permission check failed"), Forbidden::default());
        assert_eq!(read("Permission check failed ("), Forbidden::default());
    }
}
