//! Resources that make staged configuration count: `hybridops_proxmox_sdn_apply` and
//! `hybridops_proxmox_node_network_apply`.
//!
//! Both servers' parts keep what is written apart until they are told to apply it. What is staged is read at every
//! refresh and shown; where something is, the plan is an update, and the update applies it. There is nothing to lose:
//! a run that is killed leaves what is staged staged, and the next one applies it.

mod network;
mod sdn;

pub use network::NodeNetworkApply;
pub use sdn::SdnApply;

use tf_framework::{Diagnostic, Diagnostics, Result};
use tf_value::Path;
use transport_rest::{Budget, Request};

use crate::api::{ApiError, Kind, Upid};
use crate::client::Proxmox;
use crate::errors::failure;

fn at(name: &str) -> Path {
    Path::root().attribute(name)
}

/// Starts what applies, and waits for its end.
async fn apply(
    px: &Proxmox,
    what: &str,
    request: impl Fn() -> Request,
    budget: &Budget,
) -> Result<Vec<Diagnostic>> {
    let dispatch = || {
        let request = request();
        async move {
            let upid: Option<Upid> = px.api.write(request, budget).await?;
            if let Some(upid) = &upid {
                px.note_started(upid);
            }
            Ok(upid)
        }
    };
    let finished = px.api.run_optional(budget, dispatch).await;
    let finished = finished.map_err(|error| failure(format!("Applying {what} failed"), &error))?;
    let warnings = finished.map(|finished| finished.warnings).unwrap_or_default();
    Ok(warnings
        .into_iter()
        .map(|line| Diagnostic::warning(format!("Applying {what} gave a warning"), line))
        .collect())
}

/// What is staged, where it can be told: a node that does not answer is no reason to stop everything else.
fn told(
    read: std::result::Result<Vec<String>, ApiError>,
    prior: Vec<String>,
    what: &str,
    warn: impl FnOnce(Diagnostic),
) -> std::result::Result<Vec<String>, Diagnostics> {
    match read {
        Err(error) if error.is(Kind::NodeUnreachable) || error.is(Kind::NodeTimeout) => {
            let detail = format!("{error}. What the state says is kept.");
            warn(Diagnostic::warning(format!("What is staged for {what} could not be read"), detail));
            Ok(prior)
        }
        read => read.map_err(|error| failure(format!("Reading what is staged for {what} failed"), &error)),
    }
}
