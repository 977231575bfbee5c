//! The administrator's kubeconfig, 0600 unless told otherwise (k3s pkg/server/server.go writeKubeConfig).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::context::Context;
use crate::files::write_mode;

/// Writes `/etc/rancher/rke2/rke2.yaml`.
pub(crate) fn write(context: &Context) -> anyhow::Result<()> {
    let layout = &context.layout;
    let admin = layout.pair("client-admin")?;
    let ca = std::fs::read(layout.tls("server-ca.crt"))?;
    let file = json!({
        "apiVersion": "v1", "kind": "Config", "preferences": {}, "current-context": "default",
        "clusters": [{ "name": "default", "cluster": {
            "server": context.local_api(), "certificate-authority-data": STANDARD.encode(ca),
        } }],
        "contexts": [{ "name": "default", "context": { "cluster": "default", "user": "default" } }],
        "users": [{ "name": "default", "user": {
            "client-certificate-data": STANDARD.encode(admin.certificate),
            "client-key-data": STANDARD.encode(admin.key),
        } }],
    });
    let mode =
        context.config.text("write-kubeconfig-mode").and_then(|text| u32::from_str_radix(text, 8).ok());
    let path = context.config.text("write-kubeconfig").map_or_else(|| layout.kubeconfig(), Into::into);
    write_mode(&path, serde_norway::to_string(&file)?, mode.unwrap_or(0o600))
}
