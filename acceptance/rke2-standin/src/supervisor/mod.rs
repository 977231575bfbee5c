//! The supervisor: what servers and agents ask a server for (k3s pkg/server/router.go, pkg/server/handlers).

mod auth;
mod certificates;
mod passwords;
mod remote;
mod routes;
mod state;

pub(crate) use auth::{Secrets, write_passwords};
pub(crate) use remote::{Remote, RemoteError};
pub(crate) use routes::{refuse, router};
pub(crate) use state::Shared;
