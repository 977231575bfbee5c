//! A node as a member of its cluster: how it is born, joins, changes and leaves.

mod agent;
mod asked;
mod birth;
mod change;
mod cluster;
mod files;
mod leave;
mod lost;
mod preflight;
mod ready;
mod rebirth;
mod restart;
mod rollout;
mod server;
mod settle;

pub(crate) use asked::Asked;
pub(crate) use change::{Pending, files_there, foreign, pending};
pub(crate) use cluster::{any_server, is_of};
pub(crate) use leave::{Leaving, leave};
pub(crate) use preflight::unresolved;
pub(crate) use settle::label_differences;

use crate::errors::Error;
use crate::host::Facts;
use crate::host::lease::give_up;
use crate::resources::Role;

/// Brings a node to what is asked, from whatever it is: nothing, half made, running, of another version. Answers what is
/// true of the machine afterwards.
///
/// # Errors
/// What could not be done, or must not be.
pub(crate) async fn converge(asked: &Asked) -> Result<Facts, Error> {
    // Everything that may be done is in it: too large for a stack that others share.
    let work = async {
        match asked.node.role {
            Role::Server => Box::pin(server::converge(asked)).await,
            Role::Agent => Box::pin(agent::converge(asked)).await,
        }
    };
    let done = Box::pin(work).await;
    if let Err(error) = &done {
        give_up(&asked.run, error).await;
    }
    done
}
