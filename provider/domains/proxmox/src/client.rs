//! What the resources of this domain share: the API, the publishers of images, and locks on files.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tf_framework::Call;
use tokio::sync::OwnedMutexGuard;
use transport_rest::Budget;

use crate::api::{Client, Config, ConfigError, Upid};
use crate::config::Known;
use crate::guest::Register;
use crate::images::Publisher;
use crate::table::PLACES;

/// A Proxmox VE cluster as resources see it.
#[derive(Debug)]
pub struct Proxmox {
    /// The API.
    pub api: Client,
    /// Publishers of images.
    pub publisher: Publisher,
    /// Whose guests it makes: kept in their stamps.
    pub(crate) owner: String,
    /// Cost tags that its guests carry; `None` while they are not known.
    pub(crate) cost_tags: Option<BTreeSet<String>>,
    /// What this run knows of its guests.
    pub(crate) register: Register,
    /// What this run knows of configuration objects.
    pub(crate) config: Known,
    files: Mutex<HashMap<String, Arc<File>>>,
    started: Mutex<HashSet<String>>,
}

impl Proxmox {
    /// A client of a cluster, whose guests belong to `owner`. Opens no connection.
    ///
    /// # Errors
    /// Addresses or credentials that cannot work.
    pub fn new(config: Config, owner: String) -> Result<Self, ConfigError> {
        Ok(Self {
            api: Client::new(config)?,
            publisher: Publisher::default(),
            owner,
            cost_tags: Some(BTreeSet::new()),
            register: Register::default(),
            config: Known::new(PLACES),
            files: Mutex::default(),
            started: Mutex::default(),
        })
    }

    /// The same with cost tags that every guest is to carry, in the cluster's spelling; `None` while they are not known.
    #[must_use]
    pub fn with_cost_tags(self, cost_tags: Option<BTreeSet<String>>) -> Self {
        Self { cost_tags, ..self }
    }

    /// The cost tags as far as they are known.
    pub(crate) fn known_cost_tags(&self) -> BTreeSet<String> {
        self.cost_tags.clone().unwrap_or_default()
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
        Arc::clone(&self.file(node, storage, file).work).lock_owned().await
    }

    /// Announces the use of a file that the first user delivers and the last one removes.
    pub(crate) fn share_file(&self, node: &str, storage: &str, file: &str) -> SharedFile {
        let file = self.file(node, storage, file);
        file.users.fetch_add(1, Ordering::SeqCst);
        SharedFile { file: Some(file) }
    }

    fn file(&self, node: &str, storage: &str, file: &str) -> Arc<File> {
        let key = format!("{node}/{storage}/{file}");
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(files.entry(key).or_default())
    }
}

/// What this run does with a file on a storage.
#[derive(Debug, Default)]
struct File {
    work: Arc<tokio::sync::Mutex<()>>,
    users: AtomicUsize,
}

/// The use of a file by one operation. Dropping it ends the use.
#[derive(Debug)]
pub(crate) struct SharedFile {
    file: Option<Arc<File>>,
}

impl SharedFile {
    /// Holds the file while it is delivered; a second user then finds it.
    pub(crate) async fn hold(&self) -> Option<OwnedMutexGuard<()>> {
        let file = self.file.as_ref()?;
        Some(Arc::clone(&file.work).lock_owned().await)
    }

    /// Ends the use. The last user gets the file to itself, to remove it.
    pub(crate) async fn finish(mut self) -> Option<OwnedMutexGuard<()>> {
        let held = self.hold().await;
        let file = self.file.take()?;
        held.filter(|_| file.users.fetch_sub(1, Ordering::SeqCst) == 1)
    }
}

impl Drop for SharedFile {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            file.users.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// The limits of an operation, as the API wants them.
#[must_use]
pub(crate) fn budget<C>(call: &Call<C>) -> Budget {
    Budget::new(Some(call.deadline().into_std()), call.cancellation().clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(file: &Arc<File>) -> SharedFile {
        file.users.fetch_add(1, Ordering::SeqCst);
        SharedFile { file: Some(Arc::clone(file)) }
    }

    #[tokio::test]
    async fn the_last_user_removes() {
        let file = Arc::new(File::default());
        let (one, two, failed) = (shared(&file), shared(&file), shared(&file));
        assert!(one.finish().await.is_none());
        drop(failed);
        let held = two.finish().await;
        assert!(held.is_some());
        // Whoever comes while it is removed waits, and delivers anew.
        let late = shared(&file);
        assert!(tokio::time::timeout(std::time::Duration::from_millis(10), late.hold()).await.is_err());
        drop(held);
        assert!(late.hold().await.is_some());
        assert!(late.finish().await.is_some());
    }
}
