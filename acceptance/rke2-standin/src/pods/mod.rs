//! Static pods: what lies in `agent/pod-manifests` runs, as processes that outlive the unit (`KillMode=process`).

mod manifest;
mod process;
mod runner;

pub(crate) use manifest::{Container, StaticPod, read_all, remove, write};
pub(crate) use process::{Process, stop_recorded};
pub(crate) use runner::Runner;
