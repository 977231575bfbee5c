//! What the resources of this domain share: the API, the publishers of images, and locks on files.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use tf_framework::Call;
use tokio::sync::OwnedMutexGuard;
use transport_rest::Budget;

use crate::api::{Client, Config, ConfigError, Upid};
use crate::images::Publisher;

/// A Proxmox VE cluster as resources see it.
#[derive(Debug)]
pub struct Proxmox {
    /// The API.
    pub api: Client,
    /// Publishers of images.
    pub publisher: Publisher,
    files: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    started: Mutex<HashSet<String>>,
}

impl Proxmox {
    /// A client of a cluster. Opens no connection.
    ///
    /// # Errors
    /// Addresses or credentials that cannot work.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        Ok(Self {
            api: Client::new(config)?,
            publisher: Publisher::default(),
            files: Mutex::default(),
            started: Mutex::default(),
        })
    }

    /// Notes a task of this run, to tell it from what an earlier run left behind.
    pub(crate) fn note_started(&self, task: &Upid) {
        self.started.lock().unwrap_or_else(PoisonError::into_inner).insert(task.as_str().to_owned());
    }

    /// Whether this run started the task.
    pub(crate) fn started(&self, task: &Upid) -> bool {
        self.started.lock().unwrap_or_else(PoisonError::into_inner).contains(task.as_str())
    }

    /// Holds a file on a storage against the other operations of this run, from its delivery to its removal.
    pub async fn hold_file(&self, node: &str, storage: &str, file: &str) -> OwnedMutexGuard<()> {
        let key = format!("{node}/{storage}/{file}");
        let lock = {
            let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
            files.entry(key).or_default().clone()
        };
        lock.lock_owned().await
    }
}

/// The limits of an operation, as the API wants them.
#[must_use]
pub(crate) fn budget<C>(call: &Call<C>) -> Budget {
    Budget::new(Some(call.deadline().into_std()), call.cancellation().clone())
}
