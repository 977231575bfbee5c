//! What the resources of this domain share: the way to machines and to object stores.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use hosts::{Connection, Hosts, Machine};
use objects::Credentials;
use tf_framework::{Call, Result};
use tf_value::Path;
use transport_ssh::Budget;

use crate::gate::Gates;
use crate::host::Facts;
use crate::install::Shelf;

/// What the provider configured for clusters.
#[derive(Debug)]
pub struct Kubernetes {
    /// The machines that can be reached.
    pub hosts: Arc<Hosts>,
    /// What snapshots in object stores are read and written with.
    pub credentials: Credentials,
    /// One change of servers at a time, in each cluster.
    pub(crate) gates: Gates,
    /// Artefacts that are on this machine.
    pub(crate) shelf: Shelf,
    known: Mutex<HashMap<String, Option<Facts>>>,
}

impl Kubernetes {
    /// Machines are reached by `hosts`, object stores with `credentials`.
    pub fn new(hosts: Arc<Hosts>, credentials: Credentials) -> Self {
        Self { hosts, credentials, gates: Gates::default(), shelf: Shelf::default(), known: Mutex::default() }
    }

    /// The machine that a block names. Opens no connection. `path` is that of the block, for messages.
    ///
    /// # Errors
    /// A host key cannot be read.
    pub fn machine(&self, connection: &Connection, path: &Path) -> Result<Machine> {
        self.hosts.machine(connection, path)
    }

    /// Keeps what a refresh found out of a machine for the plan that follows; nothing where it was not reached.
    pub(crate) fn note(&self, key: &str, facts: Option<Facts>) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), facts);
    }

    /// What a refresh of this run found out of a machine; nothing where there was none, nothing in it where it was not
    /// reached.
    pub(crate) fn known(&self, key: &str) -> Option<Option<Facts>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Forgets it: the machine is being changed.
    pub(crate) fn forget(&self, key: &str) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

/// The limits of an operation.
#[must_use]
pub(crate) fn budget<C>(call: &Call<C>) -> Budget {
    Budget::new(Some(call.deadline().into_std()), call.cancellation().clone())
}
