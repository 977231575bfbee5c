//! Why a node could not be emptied.

use std::fmt::Write as _;

use transport_ssh::{Interrupted, told};

use super::choose::PodRef;
use crate::api::ApiError;

/// Why a node could not be emptied.
#[derive(Debug, thiserror::Error)]
pub enum DrainError {
    /// The API failed.
    #[error("{}", told(.0.as_ref()))]
    Api(Box<ApiError>),
    /// There are pods that are not evicted unless the configuration allows it. Nothing was changed.
    #[error("{node} was not drained: {}", forbidden(unmanaged, with_data))]
    Forbidden {
        /// The node.
        node: String,
        /// Pods that nothing would make again.
        unmanaged: Vec<PodRef>,
        /// Pods whose data would be lost.
        with_data: Vec<PodRef>,
    },
    /// Pods were not let go in time.
    #[error("{node} was not drained: {why}{}{}", blocking(blocked), ending(terminating))]
    NotEmpty {
        /// The node.
        node: String,
        /// Pods whose eviction was refused last.
        blocked: Vec<Blocked>,
        /// Pods that were evicted and did not end.
        terminating: Vec<Terminating>,
        /// Which limit ended it.
        why: Interrupted,
    },
    /// Volumes stayed attached.
    #[error("{node} was not drained: {why}\n- Longhorn still has attached there: {}", volumes.join(", "))]
    Attached {
        /// The node.
        node: String,
        /// The volumes.
        volumes: Vec<String>,
        /// Which limit ended it.
        why: Interrupted,
    },
}

/// A pod whose eviction is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// The pod.
    pub pod: PodRef,
    /// The disruption budgets that cover it, `namespace/name (1 of 2 needed are healthy)`.
    pub budgets: Vec<String>,
    /// What the API said.
    pub why: String,
}

/// A pod that was evicted and is still there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terminating {
    /// The pod.
    pub pod: PodRef,
    /// What keeps it.
    pub finalizers: Vec<String>,
}

fn forbidden(unmanaged: &[PodRef], with_data: &[PodRef]) -> String {
    let mut text = String::from("these pods forbid it");
    for pod in unmanaged {
        let _ = write!(text, "\n- {pod}: nothing owns it, so nothing makes it again elsewhere");
    }
    for pod in with_data {
        let _ = write!(text, "\n- {pod}: data in its emptyDir would be lost");
    }
    text
}

fn blocking(blocked: &[Blocked]) -> String {
    let mut text = String::new();
    for Blocked { pod, budgets, why } in blocked {
        match budgets.as_slice() {
            [] => {
                let _ = write!(text, "\n- {pod}: eviction refused: {why}");
            }
            budgets => {
                let _ = write!(text, "\n- {pod}: held by the PodDisruptionBudget {}", budgets.join(" and "));
            }
        }
    }
    text
}

fn ending(terminating: &[Terminating]) -> String {
    let mut text = String::new();
    for Terminating { pod, finalizers } in terminating {
        let held = match finalizers.as_slice() {
            [] => "its kubelet has not ended it yet".to_owned(),
            finalizers => format!("held by the finalizers {}", finalizers.join(", ")),
        };
        let _ = write!(text, "\n- {pod}: evicted, but still there: {held}");
    }
    text
}
