//! `ETCDSnapshotFile` objects follow what lies on disk and in S3 (k3s pkg/etcd/snapshot.go ReconcileSnapshotData).

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::file::on_disk;
use super::{S3Options, Store, folder};
use crate::api::Api;
use crate::context::Context;
use crate::files::hex;
use crate::token::key_hash;

const FILES: &str = "/apis/k3s.cattle.io/v1/etcdsnapshotfiles";

/// The objects of everything this node's disk and a store hold.
pub(super) async fn describe(
    context: &Context,
    dir: Option<&str>,
    s3: Option<&S3Options>,
    password: &str,
) -> anyhow::Result<Vec<Value>> {
    let prefix = context.layout.distribution.etcd_prefix();
    let mut objects = Vec::new();
    for found in on_disk(&folder(context, dir)) {
        let location = format!("file://{}", found.path.display());
        let known = std::fs::read_to_string(hash_file(context, &found.name)).unwrap_or_default();
        let hash = if known.is_empty() { key_hash(password) } else { known };
        let spec = json!({ "snapshotName": found.name, "nodeName": context.node.name, "location": location });
        objects.push(object(&prefix, "local", &spec, found.size, found.made, &hash));
    }
    if let Some(options) = s3 {
        let store = Store::open(options, context.layout.distribution.name())?;
        for found in store.list().await? {
            let path = if options.folder.is_empty() { String::new() } else { format!("{}/", options.folder) };
            let location = format!("s3://{}/{path}{}", options.bucket, found.name);
            let spec = json!({
                "snapshotName": found.name, "nodeName": "s3", "location": location,
                "s3": { "endpoint": options.endpoint, "bucket": options.bucket, "region": options.region,
                        "prefix": options.folder, "insecure": options.insecure },
            });
            objects.push(object(&prefix, "s3", &spec, found.size, found.made, &found.token_hash));
        }
    }
    Ok(objects)
}

/// Which token a snapshot on disk was made under, beside the folder as upstream keeps its metadata.
pub(super) fn hash_file(context: &Context, name: &str) -> std::path::PathBuf {
    context.layout.server("db/.metadata").join(name)
}

fn object(prefix: &str, storage: &str, spec: &Value, size: u64, made: i64, hash: &str) -> Value {
    let location = spec["location"].as_str().unwrap_or_default();
    let digest: String = hex(&Sha256::digest(location.as_bytes())).chars().take(6).collect();
    let snapshot = spec["snapshotName"].as_str().unwrap_or_default();
    let node = spec["nodeName"].as_str().unwrap_or_default();
    let time = OffsetDateTime::from_unix_timestamp(made).ok().and_then(|at| at.format(&Rfc3339).ok());
    json!({
        "apiVersion": "k3s.cattle.io/v1", "kind": "ETCDSnapshotFile",
        "metadata": {
            "name": format!("{storage}-{snapshot}-{digest}"),
            "labels": { format!("{prefix}/snapshot-storage-node"): node },
            "annotations": { format!("{prefix}/snapshot-token-hash"): hash },
        },
        "spec": spec,
        "status": { "readyToUse": size > 0, "size": size.to_string(), "creationTime": time },
    })
}

/// Makes what is missing, deletes what is gone: of this node's disk, and of S3 where it is known.
pub(crate) async fn reconcile(
    context: &Context,
    api: &Api,
    s3: Option<&S3Options>,
    password: &str,
) -> anyhow::Result<()> {
    let wanted = describe(context, None, s3, password).await?;
    let present = api.list(FILES).await?;
    let name = |object: &Value| {
        object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    for object in &wanted {
        if present.iter().any(|known| name(known) == name(object)) {
            continue;
        }
        match api.create(FILES, object).await {
            Err(error) if !error.is_conflict() => return Err(error.into()),
            _ => {}
        }
        let status = json!({ "status": object["status"] });
        let path = format!("{FILES}/{}/status", name(object));
        api.patch(&path, crate::api::Patch::Merge, &status).await?;
    }
    for known in &present {
        let node = known.pointer("/spec/nodeName").and_then(Value::as_str).unwrap_or_default();
        let ours = node == context.node.name || (node == "s3" && s3.is_some());
        if ours && !wanted.iter().any(|object| name(object) == name(known)) {
            api.delete(&format!("{FILES}/{}", name(known))).await?;
        }
    }
    Ok(())
}
