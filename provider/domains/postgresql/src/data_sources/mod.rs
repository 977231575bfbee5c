//! The data sources of this domain, one file for each Terraform name.

mod walg_backups;
mod walg_recovery_window;

pub use walg_backups::{BackupInfo, BrokenInfo, WalgBackups};
pub use walg_recovery_window::{Check, GapInfo, SpanInfo, TargetConfig, WalgRecoveryWindow, WindowInfo};

use std::sync::Arc;

use tf_framework::{Call, Diagnostics, Result};
use tf_value::Path;
use transport_ssh::Budget;

use crate::client::{Postgresql, budget};
use crate::store::{Archive, Files, Storage, Store, StoreError};
use hosts::Connection;

/// An archive that was read, and the way to its store.
struct Read {
    store: Arc<dyn Store>,
    archive: Archive,
    budget: Budget,
}

/// Reads the archive that a block names.
async fn read(call: &Call<Postgresql>, storage: &Storage, machine: Option<&Connection>) -> Result<Read> {
    let client = call.client()?;
    let budget = budget(call);
    let files = match machine {
        Some(connection) => Files::On(client.machine(connection)?),
        None => Files::Here,
    };
    let path = Path::root().attribute("storage");
    let opened = client.stores.open(storage, &files);
    let store = opened.map_err(|error| error.diagnostics(path.clone()))?;
    let archive = Archive::read(store.as_ref(), client.stores.cache(), &budget).await;
    let archive = archive.map_err(|error| failed(&error))?;
    Ok(Read { store, archive, budget })
}

/// A failure of the store, as Terraform shows it.
fn failed(error: &StoreError) -> Diagnostics {
    let detail = match error {
        StoreError::Refused { source, .. } => format!("{error}. It said: {source}."),
        _ => format!("{error}."),
    };
    Diagnostics::error_at(Path::root().attribute("storage"), "The archive cannot be read", detail)
}
