//! Releases as Helm keeps them: one Secret for each revision (helm/pkg/storage/driver/secrets.go).

use std::io::{Read, Write};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::super::super::objects::{self, labels, name, namespace, set, text};
use super::super::super::status::ApiResult;
use super::super::context::Context;

/// Where the release goes.
pub(super) fn target(chart: &Value) -> &str {
    match text(chart, &["spec", "targetNamespace"]) {
        "" => namespace(chart),
        given => given,
    }
}

/// All revisions, oldest first.
pub(super) fn history(context: &Context, chart: &Value) -> Vec<Arc<Value>> {
    let mut found: Vec<Arc<Value>> = context
        .all("secrets")
        .into_iter()
        .filter(|secret| namespace(secret) == target(chart) && secret["type"] == "helm.sh/release.v1")
        .filter(|secret| {
            labels(secret).is_some_and(|labels| labels.get("name").is_some_and(|known| known == name(chart)))
        })
        .collect();
    found.sort_by_key(|secret| revision(secret));
    found
}

/// The newest revision.
pub(super) fn latest(context: &Context, chart: &Value) -> Option<Arc<Value>> {
    history(context, chart).pop()
}

pub(super) fn revision(secret: &Value) -> i64 {
    text(secret, &["metadata", "labels", "version"]).parse().unwrap_or(0)
}

/// The objects of a revision.
pub(super) fn manifest(secret: &Value) -> Vec<Value> {
    let decode = |text: &[u8]| STANDARD.decode(text).ok();
    let Some(packed) = decode(text(secret, &["data", "release"]).as_bytes()).and_then(|inner| decode(&inner))
    else {
        return Vec::new();
    };
    let mut json = String::new();
    if GzDecoder::new(packed.as_slice()).read_to_string(&mut json).is_err() {
        return Vec::new();
    }
    let release: Value = serde_json::from_str(&json).unwrap_or_default();
    text(&release, &["manifest"])
        .split("\n---\n")
        .filter_map(|document| serde_json::from_str(document).ok())
        .collect()
}

/// Writes a revision, and calls those before it superseded when it is deployed.
pub(super) async fn write(
    context: &Context,
    chart: &Value,
    objects: &[Value],
    deployed: bool,
    hash: &str,
) -> ApiResult<()> {
    let before = history(context, chart);
    let version = before.last().map_or(0, |secret| revision(secret)) + 1;
    let status = if deployed { "deployed" } else { "failed" };
    let now = objects::now();
    let documents: Vec<String> = objects.iter().map(Value::to_string).collect();
    let release = json!({
        "name": name(chart), "namespace": target(chart), "version": version,
        "info": { "first_deployed": now, "last_deployed": now, "status": status, "deleted": "" },
        "chart": { "metadata": { "name": chart["spec"]["chart"], "version": chart["spec"]["version"] } },
        "manifest": documents.join("\n---\n"),
    });
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    let packed =
        packer.write_all(release.to_string().as_bytes()).and_then(|()| packer.finish()).unwrap_or_default();
    let own = format!("sh.helm.release.v1.{}.v{version}", name(chart));
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1",
        "metadata": { "name": own, "labels": {
            "owner": "helm", "name": name(chart), "status": status, "version": version.to_string(), super::HASH: hash,
        } },
        "data": { "release": STANDARD.encode(STANDARD.encode(packed)) },
    });
    if deployed {
        for old in before.iter().filter(|old| text(old, &["metadata", "labels", "status"]) == "deployed") {
            context
                .client
                .modify("secrets", namespace(old), name(old), "", |secret| {
                    set(secret, &["metadata", "labels", "status"], json!("superseded"));
                })
                .await?;
        }
    }
    context.client.create("secrets", target(chart), secret).await?;
    Ok(())
}
