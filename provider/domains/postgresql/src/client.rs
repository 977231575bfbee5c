//! What the resources of this domain share: the way to machines, containers and stores.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use hosts::containers::Containers;
use hosts::{Connection, Hosts, Machine};
use tf_framework::{Call, Diagnostics, Result};
use tf_value::Path;
use transport_ssh::Budget;

use crate::instance::facts::Facts;
use crate::store::{Credentials, Stores};

/// What the provider configured for instances of PostgreSQL.
#[derive(Debug)]
pub struct Postgresql {
    /// The machines that can be reached.
    pub hosts: Arc<Hosts>,
    /// The stores of archives.
    pub stores: Stores,
    /// The hypervisor's containers: an error where no hypervisor is configured, nothing while it is not wholly known.
    pub containers: Result<Option<Arc<dyn Containers>>>,
    known: Mutex<HashMap<String, Option<Arc<Facts>>>>,
}

impl Postgresql {
    /// Machines are reached by `hosts`, stores are read with `credentials`. There are no containers.
    pub fn new(hosts: Arc<Hosts>, credentials: Credentials) -> Self {
        Self { hosts, stores: Stores::new(credentials), containers: Ok(None), known: Mutex::default() }
    }

    /// With the containers of a hypervisor.
    #[must_use]
    pub fn with_containers(self, containers: Result<Option<Arc<dyn Containers>>>) -> Self {
        Self { containers, ..self }
    }

    /// The hypervisor's containers.
    pub(crate) fn containers(&self) -> Result<Arc<dyn Containers>> {
        self.containers.clone()?.ok_or_else(|| {
            Diagnostics::error(
                "The hypervisor is not known yet",
                "The provider's `proxmox` section depends on values that are known after apply only. Apply what it depends on \
                 first, with -target.",
            )
        })
    }

    /// Keeps what a refresh found out of an instance, so that the plan that follows needs not ask again.
    pub(crate) fn note(&self, instance: &str, facts: &Arc<Facts>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(instance.to_owned(), Some(Arc::clone(facts)));
    }

    /// Keeps that the machine of an instance was not reached: it is not tried again for the plan.
    pub(crate) fn note_unreached(&self, instance: &str) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(instance.to_owned(), None);
    }

    /// Whether the machine of an instance was tried in vain.
    pub(crate) fn is_unreached(&self, instance: &str) -> bool {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(instance).is_some_and(Option::is_none)
    }

    /// What a refresh of this run found out of an instance.
    pub(crate) fn known(&self, instance: &str) -> Option<Arc<Facts>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(instance).cloned().flatten()
    }

    /// Forgets it: the instance is being changed.
    pub(crate) fn forget(&self, instance: &str) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(instance);
    }

    /// The machine that a `machine` block names. Opens no connection.
    pub(crate) fn machine(&self, connection: &Connection) -> Result<Machine> {
        self.hosts.machine(connection, &Path::root().attribute("machine"))
    }
}

/// The limits of an operation.
#[must_use]
pub(crate) fn budget<C>(call: &Call<C>) -> Budget {
    Budget::new(Some(call.deadline().into_std()), call.cancellation().clone())
}
