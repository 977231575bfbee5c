//! A small kube API on a store with revisions, for tests: what clients see of it follows Kubernetes, what runs behind
//! it are controllers that move objects and no containers. README.md of this crate lists what is true and what is not.

mod api;
mod auth;
mod certificates;
mod client;
mod controllers;
mod defaults;
mod delete;
mod der;
mod discovery;
mod eviction;
mod hub;
mod kinds;
#[cfg(test)]
mod memory;
mod objects;
mod patch;
mod rbac;
mod request;
mod routes;
mod selectors;
pub(crate) mod serve;
mod status;
pub(crate) mod store;
mod subresources;
mod tables;
#[cfg(test)]
mod tests;
mod tokens;
mod watch;
mod yaml;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

pub(crate) use api::Kube;
pub(crate) use client::Client;

/// What the API is told at its start.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// `rke2` or `k3s`.
    pub(crate) distribution: String,
    /// `v1.33.4+rke2r1`.
    pub(crate) version: String,
    /// The node this server runs on.
    pub(crate) node_name: String,
    /// The authority of client certificates, PEM: checks callers and signs requests for certificates.
    pub(crate) client_ca: AuthorityPem,
    /// PKCS#8 PEM of an ECDSA P-256 key, the same on all servers: signs tokens of service accounts.
    pub(crate) service_account_key: String,
    /// Folder of manifests that are applied from disk.
    pub(crate) manifests: Option<PathBuf>,
    /// Folder of switches for faults.
    pub(crate) faults: PathBuf,
    pub(crate) timings: Timings,
}

/// A certificate and its key.
#[derive(Clone)]
pub(crate) struct AuthorityPem {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl std::fmt::Debug for AuthorityPem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("AuthorityPem").finish_non_exhaustive()
    }
}

/// How long things take; shorter than upstream, so that tests end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timings {
    /// A node whose lease is older is not ready. Upstream 40 s (50 s from 1.32), node-monitor-grace-period.
    pub(crate) node_grace: Duration,
    /// Pods are evicted from a node that is not ready for so long. Upstream 300 s, tolerationSeconds.
    pub(crate) pod_eviction: Duration,
    /// From the binding of a pod to its containers running.
    pub(crate) pod_start: Duration,
    /// How long a container takes to end, at most its grace period.
    pub(crate) pod_stop: Duration,
    /// Between two looks at the folder of manifests. Upstream 15 s.
    pub(crate) manifests_scan: Duration,
    /// How long the lease of the controllers lives. Upstream 15 s.
    pub(crate) leader_lease: Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Timings {
            node_grace: Duration::from_secs(40),
            pod_eviction: Duration::from_secs(300),
            pod_start: Duration::from_millis(1500),
            pod_stop: Duration::from_millis(800),
            manifests_scan: Duration::from_secs(5),
            leader_lease: Duration::from_secs(15),
        }
    }
}

impl Kube {
    /// Starts the watch cache and the controllers; they end with `stop`.
    pub(crate) fn start(
        settings: Settings,
        store: Arc<dyn store::Store>,
        stop: CancellationToken,
    ) -> Result<Arc<Kube>, StartError> {
        let kube = Arc::new(Kube::new(settings, store)?);
        let (cached, token) = (Arc::clone(&kube), stop.clone());
        tokio::spawn(async move { cached.follow(token).await });
        let controlled = Arc::clone(&kube);
        tokio::spawn(async move { controllers::run(controlled, stop).await });
        Ok(kube)
    }

    /// The HTTP side.
    pub(crate) fn router(self: &Arc<Self>) -> axum::Router {
        routes::router(Arc::clone(self))
    }

    /// In this process, as a member of `system:masters`; writes are recorded under this name.
    pub(crate) fn client(self: &Arc<Self>, manager: &str) -> Client {
        Client::new(Arc::clone(self), manager)
    }
}

/// The API cannot start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    /// The authority of client certificates cannot be used.
    #[error("the authority of client certificates cannot be used: {0}")]
    Authority(#[from] certificates::CertificateError),
    /// The key of the service accounts cannot be used.
    #[error("the key of service account tokens cannot be used: {0}")]
    ServiceAccountKey(#[from] tokens::TokenError),
}
