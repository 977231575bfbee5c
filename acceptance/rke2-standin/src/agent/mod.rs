//! What runs on every node: the kubelet's side of the API, and the agent that finds its servers.

mod kubelet;
mod run;

pub(crate) use kubelet::{Kubelet, exited, register_self};
pub(crate) use run::run;
