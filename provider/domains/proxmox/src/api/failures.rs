//! What the server's prose means: two tables, one for answers, one for the exit texts of tasks.
//!
//! Proxmox VE answers 500 for nearly everything and says the rest in English. The texts were recorded from
//! 8.4.21 or read in the server's sources; each rule is as narrow as its text allows, and the first that fits
//! counts.

use std::time::Duration;

use http::{Method, StatusCode};
use transport_rest::{Class, Classify, RetryRule, RetryTable, Seen, When};

/// The kinds of failure a caller can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The object does not exist, or not on this node: the text is the same for both.
    Missing,
    /// Something of that name or number exists.
    AlreadyExists,
    /// A privilege is lacking.
    Forbidden,
    /// Only root@pam with a ticket may do this; no token may.
    RootOnly,
    /// The credentials are not accepted.
    Unauthenticated,
    /// A parameter is refused.
    Invalid,
    /// The server has no such call.
    NotImplemented,
    /// The node that should answer cannot be reached by the one that was asked.
    NodeUnreachable,
    /// The node that should answer did not do so in time; the call may have been carried out.
    NodeTimeout,
    /// A lock was not granted in time: nothing was done.
    LockTimeout,
    /// The guest is locked by a running backup, migration and so on.
    Locked,
    /// The configuration changed since it was read.
    Modified,
    /// No worker process could be started: nothing was done.
    NoWorker,
    /// The cluster has no quorum: nothing was done.
    NoQuorum,
    /// The guest runs, and must not.
    Running,
    /// The guest does not run, and must.
    NotRunning,
    /// Protection is on.
    Protected,
    /// Something else still refers to it.
    InUse,
    /// The guest is a template, and must not be.
    IsTemplate,
    /// The storage or guest cannot do this.
    Unsupported,
    /// The storage is full.
    NoSpace,
    /// The storage is not online.
    StorageOffline,
    /// The guest did not react in time.
    GuestTimeout,
    /// The guest agent does not answer.
    AgentDown,
    /// A file's checksum is not the expected one.
    ChecksumMismatch,
    /// A download by the server failed.
    DownloadFailed,
    /// The task was stopped.
    Stopped,
    /// A command on the node failed.
    CommandFailed,
    /// The server is overloaded or restarting.
    Unavailable,
    /// A failure no rule knows.
    Unclassified,
}

impl Kind {
    /// The name, as it appears in logs and counters.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::AlreadyExists => "already-exists",
            Self::Forbidden => "forbidden",
            Self::RootOnly => "root-only",
            Self::Unauthenticated => "unauthorized",
            Self::Invalid => "invalid",
            Self::NotImplemented => "not-implemented",
            Self::NodeUnreachable => "node-unreachable",
            Self::NodeTimeout => "node-timeout",
            Self::LockTimeout => "lock-timeout",
            Self::Locked => "locked",
            Self::Modified => "modified",
            Self::NoWorker => "no-worker",
            Self::NoQuorum => "no-quorum",
            Self::Running => "running",
            Self::NotRunning => "not-running",
            Self::Protected => "protected",
            Self::InUse => "in-use",
            Self::IsTemplate => "is-template",
            Self::Unsupported => "unsupported",
            Self::NoSpace => "no-space",
            Self::StorageOffline => "storage-offline",
            Self::GuestTimeout => "guest-timeout",
            Self::AgentDown => "agent-down",
            Self::ChecksumMismatch => "checksum-mismatch",
            Self::DownloadFailed => "download-failed",
            Self::Stopped => "stopped",
            Self::CommandFailed => "command-failed",
            Self::Unavailable => "unavailable",
            Self::Unclassified => "unclassified",
        }
    }

    /// Whether the same request may succeed a little later, having had no effect now.
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::LockTimeout | Self::NoWorker | Self::NoQuorum)
    }
}

/// How a rule finds its text.
enum Text {
    Any,
    Has(&'static str),
    Both(&'static str, &'static str),
    Starts(&'static str),
}

impl Text {
    fn fits(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Has(part) => text.contains(part),
            Self::Both(one, other) => text.contains(one) && text.contains(other),
            Self::Starts(start) => text.starts_with(start),
        }
    }
}

struct AnswerRule {
    /// Empty: every method.
    method: &'static str,
    /// `*` stands for one segment; a trailing `**` for the rest; empty: every path.
    path: &'static str,
    /// Inclusive.
    status: (u16, u16),
    text: Text,
    kind: Kind,
}

const fn rule(status: u16, text: Text, kind: Kind) -> AnswerRule {
    AnswerRule { method: "", path: "", status: (status, status), text, kind }
}

const fn at(method: &'static str, path: &'static str, status: u16, text: Text, kind: Kind) -> AnswerRule {
    AnswerRule { method, path, status: (status, status), text, kind }
}

use Text::{Any, Both, Has, Starts};

/// Texts may stand in the status line, in `message` or in `errors`; the rules see them joined.
static ANSWERS: &[AnswerRule] = &[
    rule(401, Any, Kind::Unauthenticated),
    rule(403, Has("allowed for root@pam"), Kind::RootOnly),
    rule(403, Has("not available with API token"), Kind::RootOnly),
    rule(403, Any, Kind::Forbidden),
    // The task is not there yet, or its record is gone.
    at("", "/nodes/*/tasks/**", 400, Has("no such task"), Kind::Missing),
    rule(400, Has("already exists"), Kind::AlreadyExists),
    rule(400, Has("o such storage"), Kind::Missing),
    at("", "/nodes/*/network/*", 400, Has("interface does not exist"), Kind::Missing),
    rule(400, Has("detected modified configuration"), Kind::Modified),
    rule(400, Any, Kind::Invalid),
    rule(404, Any, Kind::Missing),
    rule(413, Any, Kind::Invalid),
    rule(429, Any, Kind::Unavailable),
    rule(501, Any, Kind::NotImplemented),
    rule(506, Any, Kind::Invalid),
    rule(503, Any, Kind::Unavailable),
    rule(502, Any, Kind::Unavailable),
    rule(504, Any, Kind::NodeTimeout),
    rule(595, Any, Kind::NodeUnreachable),
    AnswerRule { method: "", path: "", status: (596, 599), text: Any, kind: Kind::NodeTimeout },
    // 500 from here on.
    rule(500, Starts("400 Parameter verification failed"), Kind::Invalid),
    rule(500, Has("hostname lookup"), Kind::NodeUnreachable),
    rule(500, Has("no such cluster node"), Kind::Missing),
    at(
        "GET",
        "/nodes/*/storage/*/content/*",
        500,
        Both("volume_size_info", "failed - no format"),
        Kind::Missing,
    ),
    at("GET", "/nodes/*/query-url-metadata", 500, Has("invalid server response"), Kind::DownloadFailed),
    at("GET", "/nodes/*/query-url-metadata", 500, Any, Kind::DownloadFailed),
    at("", "/nodes/*/*/*/agent/**", 500, Has("guest agent is not running"), Kind::AgentDown),
    at("", "/nodes/*/*/*/agent/**", 500, Has("No QEMU guest agent configured"), Kind::Unsupported),
    at("", "/nodes/*/*/*/agent/**", 500, Has("Agent error"), Kind::Invalid),
    rule(500, Has("format error"), Kind::Invalid),
    rule(500, Has("not allowed for linked clones"), Kind::Invalid),
    rule(500, Has("no options specified"), Kind::Invalid),
    rule(500, Has("unable to delete required option"), Kind::Invalid),
    rule(500, Has("read-only option"), Kind::Invalid),
    rule(500, Has("unable to shrink disk size"), Kind::Invalid),
    rule(500, Has("missing value for required option"), Kind::Invalid),
    rule(500, Has("does not look like a valid"), Kind::Invalid),
    rule(500, Has("character offset"), Kind::Invalid),
    rule(500, Has("auto-generated role"), Kind::Unsupported),
    rule(500, Has("cannot lookup undefined type"), Kind::Missing),
    rule(500, Has("is not empty"), Kind::InUse),
    rule(500, Has("SSH public key validation error"), Kind::Invalid),
    at("", "/*/firewall/**", 500, Has("no rule at position"), Kind::Missing),
    at("", "/nodes/*/firewall/**", 500, Has("no rule at position"), Kind::Missing),
    at("", "/nodes/*/*/*/firewall/**", 500, Has("no rule at position"), Kind::Missing),
];

struct TextRule {
    text: Text,
    kind: Kind,
}

const fn text(text: Text, kind: Kind) -> TextRule {
    TextRule { text, kind }
}

/// Texts that mean the same in an answer of status 500 and at the end of a task.
static TEXTS: &[TextRule] = &[
    text(Both("can't lock file", "timeout"), Kind::LockTimeout),
    text(Has("got lock request timeout"), Kind::LockTimeout),
    text(Both("can't acquire lock", "timeout"), Kind::LockTimeout),
    text(Both("lock", "got lock timeout"), Kind::LockTimeout),
    text(Has("unable to acquire lock"), Kind::LockTimeout),
    text(Has("unable to create lock"), Kind::LockTimeout),
    text(Has("got no worker upid"), Kind::NoWorker),
    text(Has("unable to fork worker"), Kind::NoWorker),
    text(Has("cluster not ready - no quorum"), Kind::NoQuorum),
    text(Has("no quorum"), Kind::NoQuorum),
    text(Has("checksum mismatch (file change by other user?)"), Kind::Modified),
    text(Has("detected modified configuration"), Kind::Modified),
    text(Starts("checksum mismatch: got"), Kind::ChecksumMismatch),
    text(Has("wrong checksum"), Kind::ChecksumMismatch),
    text(Has("refusing to override existing file"), Kind::AlreadyExists),
    text(Has("protection mode enabled"), Kind::Protected),
    text(Has("convert a template to a template"), Kind::IsTemplate),
    text(Has("if it's a template"), Kind::IsTemplate),
    text(Both("is locked (", ")"), Kind::Locked),
    text(Has("still in use"), Kind::InUse),
    text(Has("is used by"), Kind::InUse),
    text(Has("is referenced"), Kind::InUse),
    text(Has("still registered as resource in HA"), Kind::InUse),
    text(Both("unable to remove", "used in HA"), Kind::InUse),
    text(Both("replication", "unable to remove"), Kind::InUse),
    text(Has("only root can"), Kind::RootOnly),
    text(Has("Only root can"), Kind::RootOnly),
    text(Has("allowed for root@pam"), Kind::RootOnly),
    text(Has("Permission check failed"), Kind::Forbidden),
    text(Both("ermission denied", "user"), Kind::Forbidden),
    text(Has("feature is not supported"), Kind::Unsupported),
    text(Has("feature is not available"), Kind::Unsupported),
    text(Both("Linked clone feature", "not available"), Kind::Unsupported),
    text(Both("Linked clone feature", "not supported"), Kind::Unsupported),
    text(Has("shrinking disks is not supported"), Kind::Unsupported),
    text(Has("unsupported format"), Kind::Unsupported),
    text(Has("does not support content"), Kind::Unsupported),
    text(Has("is not supported"), Kind::Unsupported),
    text(Has("No space left on device"), Kind::NoSpace),
    text(Has("not enough space"), Kind::NoSpace),
    text(Has("out of space"), Kind::NoSpace),
    text(Has("insufficient free"), Kind::NoSpace),
    text(Both("storage", "is not online"), Kind::StorageOffline),
    text(Both("storage", "is not active"), Kind::StorageOffline),
    text(Has("storage is disabled"), Kind::StorageOffline),
    text(Has("already exists"), Kind::AlreadyExists),
    text(Has("already defined"), Kind::AlreadyExists),
    text(Has("already used"), Kind::AlreadyExists),
    text(Both("VM", "already running"), Kind::Running),
    text(Both("CT", "already running"), Kind::Running),
    text(Both("is running", "destroy failed"), Kind::Running),
    text(Has("container is running"), Kind::Running),
    text(Both("VM", "is running"), Kind::Running),
    text(Has("VM is paused"), Kind::Running),
    text(Has("not running"), Kind::NotRunning),
    text(Has("quit/powerdown failed"), Kind::GuestTimeout),
    text(Both("qmp command", "got timeout"), Kind::GuestTimeout),
    text(Both("guest", "got timeout"), Kind::GuestTimeout),
    text(Has("does not exist"), Kind::Missing),
    text(Has("no such "), Kind::Missing),
    text(Has("No such job"), Kind::Missing),
    text(Has("No such file or directory"), Kind::Missing),
    text(Has("unable to find configuration file"), Kind::Missing),
    text(Has("failed to stat '"), Kind::Missing),
    text(Starts("download failed"), Kind::DownloadFailed),
    text(Has("received interrupt"), Kind::Stopped),
    text(Starts("unexpected status"), Kind::Stopped),
    text(Has("interrupted by signal"), Kind::Stopped),
    text(Both("command '", "failed"), Kind::CommandFailed),
    text(Has("Failed to get"), Kind::CommandFailed),
    text(Has("unable to find command"), Kind::CommandFailed),
    text(Starts("job errors"), Kind::CommandFailed),
    text(Has("unable to parse"), Kind::Invalid),
    text(Has("migration aborted"), Kind::CommandFailed),
    text(Has("migration problems"), Kind::CommandFailed),
];

/// The kind of a failed answer, or `None` for success.
pub fn classify_answer(method: &Method, path: &str, status: StatusCode, text: &str) -> Option<Kind> {
    let code = status.as_u16();
    if (200..300).contains(&code) {
        return None;
    }
    let fits = |rule: &&AnswerRule| {
        (rule.method.is_empty() || rule.method == method.as_str())
            && (rule.status.0..=rule.status.1).contains(&code)
            && path_fits(rule.path, path)
            && rule.text.fits(text)
    };
    let by_answer = ANSWERS.iter().find(fits).map(|rule| rule.kind);
    Some(by_answer.unwrap_or_else(|| classify_task(text)))
}

/// The kind of a failed task, by its exit text.
pub fn classify_task(exit: &str) -> Kind {
    TEXTS.iter().find(|rule| rule.text.fits(exit)).map_or(Kind::Unclassified, |rule| rule.kind)
}

fn path_fits(pattern: &str, path: &str) -> bool {
    if pattern.is_empty() {
        return true;
    }
    let mut segments = path.split('/');
    for part in pattern.split('/') {
        match (part, segments.next()) {
            ("**", Some(_)) => return true,
            ("*", Some(segment)) if !segment.is_empty() => {}
            (part, Some(segment)) if part == segment => {}
            _ => return false,
        }
    }
    segments.next().is_none()
}

/// The server's words about a failure: its message and the parameters it names, in one line.
pub(crate) fn prose(reason: &str, body: &[u8]) -> String {
    let Ok(json) = serde_json::from_slice::<serde_json::Value>(body) else { return reason.trim().to_owned() };
    let message = json.get("message").and_then(serde_json::Value::as_str).unwrap_or(reason).trim();
    let mut prose = message.split('\n').map(str::trim).collect::<Vec<_>>().join(" ");
    if let Some(fields) = json.get("errors").and_then(serde_json::Value::as_object) {
        for (field, fault) in fields {
            let fault = super::codec::lenient::scalar(fault).unwrap_or_default();
            prose.push_str(&format!("; {field}: {}", fault.trim()));
        }
    }
    prose
}

/// The tables as the transport asks for them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProxmoxAnswers;

impl Classify for ProxmoxAnswers {
    fn classify(&self, seen: &Seen<'_>) -> Option<Class> {
        if seen.status.is_redirection() {
            return Some(Class::REDIRECT);
        }
        let text = prose(seen.reason, seen.body);
        let kind = classify_answer(seen.method, seen.path, seen.status, &text)?;
        Some(match kind {
            Kind::Unauthenticated => Class::UNAUTHORIZED,
            Kind::Unavailable if seen.status == StatusCode::TOO_MANY_REQUESTS => Class::RATE_LIMITED,
            kind => Class::named(kind.name()),
        })
    }
}

/// Which kinds are repeated, and how.
pub(crate) fn retries() -> RetryTable {
    let ms = Duration::from_millis;
    let rule = |kind: Kind, when, tries, base| RetryRule::new(Class::named(kind.name()), when, tries, base);
    RetryTable::standard().with([
        // The server waited up to ten seconds itself.
        rule(Kind::LockTimeout, When::Always, 8, ms(500)),
        rule(Kind::NoWorker, When::Always, 5, ms(500)),
        rule(Kind::NoQuorum, When::Always, 5, ms(1000)),
        // The asked node could not connect to the other: that one saw nothing.
        rule(Kind::NodeUnreachable, When::Always, 3, ms(500)),
        rule(Kind::NodeTimeout, When::IdempotentOnly, 3, ms(500)),
        rule(Kind::Unavailable, When::IdempotentOnly, 5, ms(500)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(method: &Method, path: &str, status: u16, text: &str) -> Kind {
        classify_answer(method, path, StatusCode::from_u16(status).unwrap(), text).unwrap()
    }

    #[test]
    fn paths_fit_by_segment() {
        assert!(path_fits("/nodes/*/tasks/**", "/nodes/pve/tasks/UPID/status"));
        assert!(!path_fits("/nodes/*/tasks/**", "/nodes/pve/tasks"));
        assert!(!path_fits("/nodes/*/tasks", "/nodes//tasks"));
        assert!(!path_fits("/version", "/version/x"));
    }

    #[test]
    fn look_alikes_are_told_apart() {
        let lock = "can't lock file '/run/lock/lxc/pve-config-310.lock' - got timeout";
        assert_eq!(answer(&Method::PUT, "/nodes/pve/lxc/310/config", 500, lock), Kind::LockTimeout);
        assert_eq!(classify_task("VM 100 qmp command 'quit' failed - got timeout"), Kind::GuestTimeout);
        assert_eq!(classify_task("checksum mismatch (file change by other user?)"), Kind::Modified);
        assert_eq!(classify_task("checksum mismatch: got 'a' != expect 'b'"), Kind::ChecksumMismatch);
        assert_eq!(classify_task("CT is locked (backup)"), Kind::Locked);
        let nextid = "Parameter verification failed.; vmid: VM 100 already exists";
        assert_eq!(answer(&Method::GET, "/cluster/nextid", 400, nextid), Kind::AlreadyExists);
        let fresh = "Parameter verification failed.; upid: no such task";
        assert_eq!(answer(&Method::GET, "/nodes/pve/tasks/UPID/status", 400, fresh), Kind::Missing);
        assert_eq!(answer(&Method::GET, "/nodes/pve2/status", 595, ""), Kind::NodeUnreachable);
        assert_eq!(answer(&Method::GET, "/nodes/pve2/status", 596, ""), Kind::NodeTimeout);
        assert!(classify_answer(&Method::GET, "/version", StatusCode::OK, "").is_none());
    }

    #[test]
    fn only_failures_without_effect_are_transient() {
        for kind in [Kind::NodeTimeout, Kind::Unclassified, Kind::CommandFailed, Kind::Unavailable] {
            assert!(!kind.is_transient(), "{kind:?}");
        }
    }

    #[test]
    fn the_message_is_read_from_wherever_it_stands() {
        assert_eq!(prose("No ticket", b""), "No ticket");
        let body = br#"{"message":"Parameter verification failed.\n","errors":{"vmid":"bad\n"},"data":null}"#;
        assert_eq!(
            prose("Parameter verification failed.", body),
            "Parameter verification failed.; vmid: bad"
        );
    }
}
