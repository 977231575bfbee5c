//! The kube API of one server: a process of its own as the static pod of RKE2, a part of the process of K3s.

pub(crate) mod images;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::context::Context;
use crate::distribution::{Distribution, Layout};
use crate::etcd::{EtcdClient, EtcdStore, EtcdTls};
use crate::files::write_private;
use crate::kube::{self, serve};
use crate::logline;

/// What the API's process is told; no secrets, those it reads where they lie.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Spec {
    distribution: Distribution,
    root: PathBuf,
    data: PathBuf,
    version: String,
    node: String,
    only: Option<IpAddr>,
    manifests_ms: u64,
}

impl Spec {
    pub(crate) fn of(context: &Context) -> Self {
        Self {
            distribution: context.layout.distribution,
            root: context.layout.root.clone(),
            data: context.layout.data.clone(),
            version: context.version.clone(),
            node: context.node.name.clone(),
            only: context.only(),
            manifests_ms: context.settings.manifests_ms,
        }
    }

    fn layout(&self) -> Layout {
        Layout { distribution: self.distribution, root: self.root.clone(), data: self.data.clone() }
    }

    /// Writes the file a pod is started with; its path.
    pub(crate) fn write(&self) -> anyhow::Result<PathBuf> {
        let path = self.layout().agent("etc/standin-apiserver.json");
        write_private(&path, serde_json::to_vec_pretty(self)?)?;
        Ok(path)
    }
}

/// The client of the server's own etcd.
pub(crate) fn etcd_client(layout: &Layout, endpoints: Vec<String>) -> anyhow::Result<EtcdClient> {
    let pair = layout.pair("etcd/client")?;
    let ca = std::fs::read_to_string(layout.tls("etcd/server-ca.crt")).context("open etcd/server-ca.crt")?;
    Ok(EtcdClient::new(endpoints, &EtcdTls { ca, certificate: pair.certificate, key: pair.key })?)
}

/// Starts the API; its routes.
pub(crate) fn start(spec: &Spec, stop: &CancellationToken) -> anyhow::Result<axum::Router> {
    let layout = spec.layout();
    let local = spec.only.unwrap_or(IpAddr::from([127, 0, 0, 1]));
    let etcd = etcd_client(&layout, vec![format!("https://{local}:2379")])?;
    let client_ca = layout.pair("client-ca")?;
    let settings = kube::Settings {
        distribution: spec.distribution.name().to_owned(),
        version: spec.version.clone(),
        node_name: spec.node.clone(),
        client_ca: kube::AuthorityPem { certificate: client_ca.certificate, key: client_ca.key },
        service_account_key: std::fs::read_to_string(layout.tls("service.key"))
            .context("open service.key")?,
        manifests: Some(layout.server("manifests")),
        faults: layout.standin().join("faults"),
        timings: kube::Timings {
            manifests_scan: Duration::from_millis(spec.manifests_ms.max(100)),
            ..kube::Timings::default()
        },
    };
    let kube = kube::Kube::start(settings, Arc::new(EtcdStore(etcd)), stop.clone())?;
    Ok(kube.router())
}

/// Where the API and the supervisor listen.
pub(crate) async fn listen(only: Option<IpAddr>, port: u16) -> anyhow::Result<TcpListener> {
    let address = only.unwrap_or(IpAddr::from([0, 0, 0, 0]));
    TcpListener::bind((address, port)).await.with_context(|| format!("listen tcp {address}:{port}: bind"))
}

/// The TLS of both.
pub(crate) fn tls(layout: &Layout) -> anyhow::Result<Arc<rustls::ServerConfig>> {
    let pair = layout.pair("serving-kube-apiserver")?;
    let ca = std::fs::read_to_string(layout.tls("client-ca.crt")).context("open client-ca.crt")?;
    Ok(Arc::new(serve::server_config(&pair.certificate, &pair.key, &ca)?))
}

/// The pod's process.
pub(crate) async fn run_pod(spec: &Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(spec).with_context(|| format!("open {}", spec.display()))?;
    let spec: Spec = serde_json::from_str(&text)?;
    let stop = CancellationToken::new();
    let listener = listen(spec.only, 6443).await?;
    let tls = tls(&spec.layout())?;
    let router = start(&spec, &stop)?;
    logline::info(format!("kube-apiserver {} of node {} is listening", spec.version, spec.node));
    let ended = stop.clone();
    let mut end = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::spawn(async move {
        end.recv().await;
        ended.cancel();
    });
    serve::serve(listener, tls, router, stop).await;
    Ok(())
}
