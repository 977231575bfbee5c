//! Tasks that an interrupted run left running.

use transport_rest::Budget;

use crate::api::{ApiError, TaskFilter, Vmid};
use crate::client::Proxmox;

/// Waits for the tasks of a guest that run already, so that nothing is begun on top of them. How they end shows in
/// the guest. `kinds` limits them to types; none means all.
///
/// # Errors
/// [`ApiError`]; interrupted waits leave the tasks running.
pub(crate) async fn settle_tasks(
    px: &Proxmox,
    vmid: Vmid,
    kinds: &[&str],
    budget: &Budget,
) -> Result<(), ApiError> {
    let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    for task in px.api.running_tasks(&TaskFilter { vmid: Some(vmid), kinds }, budget).await? {
        // Consoles last as long as somebody looks.
        if matches!(task.upid.kind(), "vncproxy" | "spiceproxy" | "vncshell" | "spiceshell" | "termproxy") {
            continue;
        }
        tracing::info!(task = %task.upid, "waiting for a task that runs already");
        match px.api.wait(&task.upid, budget).await {
            Err(error) if error.is_interrupted() => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
