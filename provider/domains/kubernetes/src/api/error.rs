//! What can go wrong between us and a cluster.

use http::StatusCode;
use serde::Deserialize;
use transport_ssh::{Interrupted, MachineError, TunnelError};

use super::kubeconfig::KubeconfigError;

/// Why something could not be asked of a cluster, or was refused.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The credentials could not be read on the server.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// No credentials are on the server: the cluster has not been born there yet, or the service never came up.
    #[error("{machine} has no {path}: its service has not been up yet")]
    NoCredentials {
        /// The server.
        machine: String,
        /// The file that is missing.
        path: String,
    },
    /// The credentials cannot be used.
    #[error("the kubeconfig {from} cannot be used")]
    Kubeconfig {
        /// Where it was read.
        from: String,
        /// Why.
        #[source]
        source: KubeconfigError,
    },
    /// The server's SSH connection gives no way to the API.
    #[error(transparent)]
    Tunnel(TunnelError),
    /// Nothing listens at the address.
    #[error("connection to {address} refused: nothing listens there")]
    Refused {
        /// Host and port.
        address: String,
    },
    /// The address is not reached.
    #[error("{address} cannot be reached")]
    Unreachable {
        /// Host and port.
        address: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The other side is not who it should be, or does not take us for who we are.
    #[error("{address}: {why}")]
    Certificate {
        /// Host and port.
        address: String,
        /// What is wrong with which certificate.
        why: String,
    },
    /// The connection broke before the whole answer was there. Whether a change was made is not known.
    #[error("the connection to {address} broke: {what}")]
    Broken {
        /// Host and port.
        address: String,
        /// What was asked.
        what: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No answer within the time that one request may take.
    #[error("{address} did not answer within {seconds} s: {what}")]
    Silent {
        /// Host and port.
        address: String,
        /// What was asked.
        what: String,
        /// How long was waited.
        seconds: u64,
    },
    /// The API is there, but does not work yet or any more.
    #[error("{what}: not ready: {why}")]
    NotReady {
        /// What was asked.
        what: String,
        /// What it said.
        why: String,
    },
    /// The credentials are not accepted: 401.
    #[error("{what}: the credentials are not accepted: {why}")]
    Unauthorized {
        /// What was asked.
        what: String,
        /// What it said, and what is known of the credentials.
        why: String,
    },
    /// The credentials do not allow it: 403.
    #[error("{what}: {status}")]
    Forbidden {
        /// What was asked.
        what: String,
        /// What the API said.
        status: Box<Status>,
    },
    /// Refused for another reason.
    #[error("{what}: {status}")]
    Status {
        /// What was asked.
        what: String,
        /// What the API said.
        status: Box<Status>,
    },
    /// The answer is not what it should be.
    #[error("{what}: the answer cannot be read: {why}")]
    Unexpected {
        /// What was asked.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// The time allowed ran out, or the work was called off.
    #[error("{what}: {why}")]
    Interrupted {
        /// What was asked.
        what: String,
        /// Which of both.
        why: Interrupted,
    },
}

/// A `Status` object of the API.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct Status {
    /// The HTTP code.
    pub code: u16,
    /// One word, `NotFound`.
    pub reason: String,
    /// A sentence.
    pub message: String,
    /// More, where there is more.
    pub details: Details,
}

/// More on a refusal.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct Details {
    /// The object.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// Seconds after which another attempt may be made.
    pub retry_after_seconds: Option<u64>,
    /// The parts of the reason.
    pub causes: Vec<Cause>,
}

/// A part of the reason of a refusal.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct Cause {
    /// One word, `FieldManagerConflict`.
    pub reason: String,
    /// A sentence.
    pub message: String,
    /// The field, `.spec.replicas`.
    pub field: String,
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.reason.as_str(), self.message.as_str()) {
            ("", "") => write!(f, "refused with {}", self.code),
            (reason, "") => f.write_str(reason),
            ("", message) => f.write_str(message),
            (reason, message) => write!(f, "{message} ({reason})"),
        }
    }
}

impl ApiError {
    /// The `Status` by which the API refused.
    pub fn status(&self) -> Option<&Status> {
        match self {
            Self::Forbidden { status, .. } | Self::Status { status, .. } => Some(status),
            _ => None,
        }
    }

    /// The object does not exist.
    pub fn is_not_found(&self) -> bool {
        self.status().is_some_and(|status| status.code == StatusCode::NOT_FOUND.as_u16())
    }

    /// Somebody else changed the object, owns a field of it, or made it first.
    pub fn is_conflict(&self) -> bool {
        self.status().is_some_and(|status| status.code == StatusCode::CONFLICT.as_u16())
    }

    /// The API asks to come back later, as for an eviction that a disruption budget forbids now.
    pub fn is_too_many_requests(&self) -> bool {
        self.status().is_some_and(|status| status.code == StatusCode::TOO_MANY_REQUESTS.as_u16())
    }

    /// Another attempt later may succeed with nothing changed by anybody.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::NoCredentials { .. }
            | Self::Refused { .. }
            | Self::Unreachable { .. }
            | Self::Broken { .. }
            | Self::Silent { .. }
            | Self::NotReady { .. } => true,
            Self::Status { status, .. } => status.code == 429 || status.code >= 500,
            Self::Machine(_)
            | Self::Kubeconfig { .. }
            | Self::Tunnel(_)
            | Self::Certificate { .. }
            | Self::Unauthorized { .. }
            | Self::Forbidden { .. }
            | Self::Unexpected { .. }
            | Self::Interrupted { .. } => false,
        }
    }
}
