//! Certificates agents get (k3s pkg/server/handlers/secrets.go, cert.go). Upstream's agents send a request with a key
//! of their own; the older form, where the server makes the key, is what stands here.

use axum::http::HeaderMap;

use super::Shared;
use super::passwords::{PasswordError, ensure};
use crate::pki::{Authority, Leaf, Pair};

/// The node did not get its certificate.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificateError {
    #[error("node name not set")]
    NoName,
    #[error("node password not set")]
    NoPassword,
    #[error("runtime core not ready")]
    NotReady,
    #[error("unable to verify password for node {node}: {source}")]
    Password { node: String, source: PasswordError },
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

/// A certificate of a node that proved to be it.
pub(crate) async fn issue(
    shared: &Shared,
    file: &str,
    headers: &HeaderMap,
) -> Result<Option<Pair>, CertificateError> {
    let layout = &shared.context.layout;
    let of_node = matches!(file, "serving-kubelet.crt" | "client-kubelet.crt");
    let controller = format!("client-{}-controller.crt", layout.distribution.name());
    if !of_node && file != "client-kube-proxy.crt" && file != controller {
        return Ok(None);
    }
    let program = layout.distribution.name();
    let header = |name: &str| {
        let name = format!("{program}-{name}");
        headers.get(name.as_str()).and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty())
    };
    let node = header("node-name").ok_or(CertificateError::NoName)?.to_owned();
    let password = header("node-password").ok_or(CertificateError::NoPassword)?;
    if of_node {
        let api = shared.api.get().ok_or(CertificateError::NotReady)?;
        ensure(api, layout.distribution, &node, password)
            .await
            .map_err(|source| CertificateError::Password { node: node.clone(), source })?;
    }
    let addresses = header("node-ip").unwrap_or_default().split(',').map(str::trim);
    let mut leaf = Leaf { name: node.clone(), client: true, ..Leaf::default() };
    match file {
        "serving-kubelet.crt" => {
            leaf.alternatives = [node.as_str(), "localhost", "127.0.0.1"].map(str::to_owned).to_vec();
            leaf.alternatives.extend(addresses.filter(|text| !text.is_empty()).map(str::to_owned));
            (leaf.server, leaf.client) = (true, false);
        }
        "client-kubelet.crt" => {
            leaf.name = format!("system:node:{node}");
            leaf.organizations = vec!["system:nodes".to_owned()];
        }
        "client-kube-proxy.crt" => leaf.name = "system:kube-proxy".to_owned(),
        _ => leaf.name = format!("system:{program}-controller"),
    }
    let authority = if leaf.server { "server-ca" } else { "client-ca" };
    let authority: Authority = layout.authority(authority)?;
    Ok(Some(authority.issue(&leaf)?))
}
