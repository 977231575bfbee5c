//! What is PostgreSQL of an instance: facts of its machine, the plan of steps, and the steps.
//!
//! An operation is a [`Run`] on a machine. [`facts`] asks the machine once; [`plan`] decides the steps, a pure
//! function; [`converge`] carries them out and looks again.

mod access;
mod archive;
mod converge;
pub(crate) mod facts;
mod foresee;
pub(crate) mod model;
pub(crate) mod observe;
mod plan;
mod preflight;
mod run;
mod scram;
pub(crate) mod settings;
mod spec;
mod sql;
mod tls;

pub(crate) use archive::differences as archive_differences;
pub(crate) use converge::{Converged, converge};
pub(crate) use foresee::{Before, foresee, remember, sent, settle};
pub(crate) use run::Run;
pub(crate) use spec::{MadeAs, Spec};

/// Number of the user and group `postgres` where the machine has none yet: among those of the system, far from where
/// Debian and systemd begin to count. A number beyond 999 would be an ordinary user's, whose shared memory
/// systemd-logind removes when a session ends.
pub(crate) const ACCOUNT: u32 = 543;
