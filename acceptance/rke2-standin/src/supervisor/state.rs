//! What the supervisor's answers are made of; parts of it come while a server starts.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use crate::api::Api;
use crate::context::Context;
use crate::etcd::EtcdClient;

/// Shared by the start, the controllers and the routes.
pub(crate) struct Shared {
    pub(crate) context: Context,
    pub(crate) etcd: OnceLock<EtcdClient>,
    pub(crate) api: OnceLock<Api>,
    ready: AtomicBool,
    /// One snapshot at a time (k3s pkg/etcd/snapshot.go: snapshotSem).
    pub(crate) snapshotting: tokio::sync::Mutex<()>,
}

impl Shared {
    pub(crate) fn new(context: Context) -> Arc<Self> {
        Arc::new(Self {
            context,
            etcd: OnceLock::new(),
            api: OnceLock::new(),
            ready: AtomicBool::new(false),
            snapshotting: tokio::sync::Mutex::new(()),
        })
    }

    /// Says that the API runs.
    pub(crate) fn set_ready(&self) {
        self.ready.store(true, Ordering::Release);
    }

    /// Whether the core is ready, as far as faults let it.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
            && self.context.faults.active(crate::faults::name::READYZ_FAIL).is_none()
    }
}
