//! What a snapshot is to be, as a request or the configuration says.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::Api;
use crate::config::Config;
use crate::context::Context;

/// The body of `POST /db/snapshot`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Options {
    pub(crate) operation: String,
    pub(crate) name: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dir: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) compress: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retention: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) s3: Option<S3Options>,
}

/// Where in S3 (k3s pkg/daemons/config: EtcdS3).
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct S3Options {
    pub(crate) bucket: String,
    pub(crate) folder: String,
    pub(crate) endpoint: String,
    #[serde(rename = "endpointCA")]
    pub(crate) endpoint_ca: String,
    pub(crate) region: String,
    pub(crate) config_secret: String,
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
    pub(crate) session_token: String,
    pub(crate) insecure: bool,
    #[serde(rename = "skipSSLVerify")]
    pub(crate) skip_ssl_verify: bool,
    pub(crate) retention: usize,
}

/// The folder of snapshots: of the request, of the configuration, or the usual one.
pub(crate) fn folder(context: &Context, asked: Option<&str>) -> PathBuf {
    match asked.filter(|text| !text.is_empty()).or_else(|| context.config.text("etcd-snapshot-dir")) {
        Some(folder) => PathBuf::from(folder),
        None => context.layout.snapshots(),
    }
}

impl S3Options {
    /// As the configuration says; none where S3 is not switched on.
    pub(crate) fn of(config: &Config) -> Option<Self> {
        if !config.on("etcd-s3") {
            return None;
        }
        let text = |key: &str| config.text(&format!("etcd-s3-{key}")).unwrap_or_default().to_owned();
        Some(Self {
            bucket: text("bucket"),
            folder: text("folder"),
            endpoint: text("endpoint"),
            endpoint_ca: text("endpoint-ca"),
            region: text("region"),
            config_secret: text("config-secret"),
            access_key: text("access-key"),
            secret_key: text("secret-key"),
            session_token: text("session-token"),
            insecure: config.on("etcd-s3-insecure"),
            skip_ssl_verify: config.on("etcd-s3-skip-ssl-verify"),
            retention: usize::try_from(config.number("etcd-s3-retention", 5)).unwrap_or(5),
        })
    }

    /// Reads the Secret that holds the rest; it counts only where nothing else was given (k3s pkg/etcd/s3/config_secret.go).
    pub(crate) async fn filled(self, api: &Api) -> anyhow::Result<Self> {
        let plain = self.bucket.is_empty() && self.endpoint.is_empty() && self.access_key.is_empty();
        if self.config_secret.is_empty() || !plain {
            return Ok(self);
        }
        let path = format!("/api/v1/namespaces/kube-system/secrets/{}", self.config_secret);
        let Some(secret) = api.get(&path).await? else {
            anyhow::bail!(
                "failed to get config from etcd-s3-config-secret \"{}\": secrets \"{}\" not found",
                self.config_secret,
                self.config_secret
            );
        };
        let text = |key: &str| {
            let encoded = secret.get("data")?.get(format!("etcd-s3-{key}"))?.as_str()?;
            String::from_utf8(STANDARD.decode(encoded).ok()?).ok()
        };
        let or = |key: &str| text(key).unwrap_or_default();
        Ok(Self {
            bucket: or("bucket"),
            folder: or("folder"),
            endpoint: or("endpoint"),
            endpoint_ca: or("endpoint-ca"),
            region: or("region"),
            config_secret: self.config_secret,
            access_key: or("access-key"),
            secret_key: or("secret-key"),
            session_token: or("session-token"),
            insecure: or("insecure") == "true",
            skip_ssl_verify: or("skip-ssl-verify") == "true",
            retention: text("retention").and_then(|text| text.parse().ok()).unwrap_or(5),
        })
    }
}

/// The identity of a cluster: the UID of its namespace `kube-system`.
pub(crate) async fn cluster_id(api: &Api) -> anyhow::Result<String> {
    let namespace = api.get("/api/v1/namespaces/kube-system").await?.unwrap_or_default();
    Ok(namespace.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default().to_owned())
}
