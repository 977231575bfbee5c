//! `POST /db/snapshot`: save, list, prune, delete (k3s pkg/etcd/snapshot_handler.go).

use std::path::Path;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::file::{on_disk, save};
use super::objects::{describe, hash_file};
use super::options::cluster_id;
use super::{Options, S3Options, Store, folder, reconcile};
use crate::api::Api;
use crate::faults::name;
use crate::files::write_private;
use crate::logline;
use crate::supervisor::{Secrets, Shared, refuse};
use crate::token::key_hash;

/// What was made and what is gone.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) created: Vec<String>,
    pub(super) deleted: Vec<String>,
}

/// The handler.
pub(crate) async fn request(State(shared): State<Arc<Shared>>, Json(options): Json<Options>) -> Response {
    match answer(&shared, options).await {
        Ok(response) => response,
        Err(error) => {
            logline::error(format!("etcd-snapshot: {error:#}"));
            refuse(StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}"))
        }
    }
}

async fn answer(shared: &Arc<Shared>, mut options: Options) -> anyhow::Result<Response> {
    let Some(api) = shared.api.get() else {
        return Ok(refuse(StatusCode::SERVICE_UNAVAILABLE, "etcd datastore is not ready"));
    };
    if let Some(s3) = options.s3.take() {
        options.s3 = Some(s3.filled(api).await?);
    }
    let done = match options.operation.as_str() {
        "save" => make(shared, api, &options).await?,
        "prune" => prune(shared, api, &options).await?,
        "delete" => delete(shared, api, &options).await?,
        "list" => {
            let password = password(shared)?;
            let items =
                describe(&shared.context, options.dir.as_deref(), options.s3.as_ref(), &password).await?;
            let list = json!({
                "apiVersion": "k3s.cattle.io/v1", "kind": "ETCDSnapshotFileList", "metadata": {}, "items": items,
            });
            return Ok(Json(list).into_response());
        }
        other => return Ok(refuse(StatusCode::BAD_REQUEST, format!("unknown snapshot operation {other:?}"))),
    };
    Ok(Json(json!({ "created": done.created, "deleted": done.deleted })).into_response())
}

fn password(shared: &Shared) -> anyhow::Result<String> {
    let secrets = Secrets::read(&shared.context.layout)?;
    Ok(secrets.map(|secrets| secrets.server).unwrap_or_default())
}

/// Makes one snapshot; the file stays on disk even if the store does not take it.
pub(super) async fn make(shared: &Arc<Shared>, api: &Api, options: &Options) -> anyhow::Result<Done> {
    let Ok(_one) = shared.snapshotting.try_lock() else { anyhow::bail!("snapshot save already in progress") };
    let Some(etcd) = shared.etcd.get() else { anyhow::bail!("etcd datastore is not ready") };
    let context = &shared.context;
    let prefix = options.name.first().map_or("on-demand", String::as_str);
    let path = save(context, etcd, &folder(context, options.dir.as_deref()), prefix).await?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let password = password(shared)?;
    write_private(&hash_file(context, &name), key_hash(&password))?;
    let uploaded = match &options.s3 {
        Some(s3) => upload(shared, api, s3, &path, &name, &password).await,
        None => Ok(()),
    };
    reconcile(context, api, options.s3.as_ref().filter(|_| uploaded.is_ok()), &password).await?;
    uploaded?;
    Ok(Done { created: vec![name], deleted: Vec::new() })
}

async fn upload(
    shared: &Shared,
    api: &Api,
    s3: &S3Options,
    path: &Path,
    name: &str,
    password: &str,
) -> anyhow::Result<()> {
    let context = &shared.context;
    let store = Store::open(s3, context.layout.distribution.name())?;
    // rke2#4964: an upload that leaves an empty object and no error.
    let empty = context.faults.active(name::S3_EMPTY_OBJECT).is_some();
    let bytes = if empty { Vec::new() } else { std::fs::read(path)? };
    logline::info(format!("Saving etcd snapshot {name} to S3"));
    let cluster = cluster_id(api).await?;
    store.put(name, bytes, &context.node.name, &cluster, &key_hash(password)).await?;
    logline::info(format!("S3 upload complete for {name}"));
    Ok(())
}

/// Keeps the newest: on disk those of this node, in S3 those of all nodes together (k3s PR#12773).
pub(super) async fn prune(shared: &Arc<Shared>, api: &Api, options: &Options) -> anyhow::Result<Done> {
    let context = &shared.context;
    let keep = options.retention.unwrap_or(5);
    let prefix = options.name.first().map_or("on-demand", String::as_str);
    let mut done = Done::default();
    if keep == 0 {
        return Ok(done);
    }
    let own = format!("{prefix}-{}-", context.node.name);
    let mut on_disk = on_disk(&folder(context, options.dir.as_deref()));
    on_disk.retain(|found| found.name.starts_with(&own));
    for found in on_disk.iter().take(on_disk.len().saturating_sub(keep)) {
        logline::info(format!("Removing local snapshot {}", found.path.display()));
        std::fs::remove_file(&found.path)?;
        done.deleted.push(found.name.clone());
    }
    if let Some(s3) = &options.s3 {
        let keep = if s3.retention > 0 { s3.retention } else { keep };
        let store = Store::open(s3, context.layout.distribution.name())?;
        let mut listed = store.list().await?;
        listed.retain(|found| found.name.starts_with(&format!("{prefix}-")));
        for found in listed.iter().take(listed.len().saturating_sub(keep)) {
            logline::info(format!("Removing S3 snapshot {} of node {}", found.name, found.node));
            store.delete(&found.name).await?;
            done.deleted.push(found.name.clone());
        }
    }
    reconcile(context, api, options.s3.as_ref(), &password(shared)?).await?;
    Ok(done)
}

async fn delete(shared: &Arc<Shared>, api: &Api, options: &Options) -> anyhow::Result<Done> {
    let context = &shared.context;
    let folder = folder(context, options.dir.as_deref());
    let store =
        options.s3.as_ref().map(|s3| Store::open(s3, context.layout.distribution.name())).transpose()?;
    let mut done = Done::default();
    for name in &options.name {
        let plain = !name.contains('/') && on_disk(&folder).iter().any(|found| found.name == *name);
        if plain {
            std::fs::remove_file(folder.join(name))?;
            let _ = std::fs::remove_file(hash_file(context, name));
        }
        let stored = match &store {
            Some(store) => store.delete(name).await?,
            None => false,
        };
        if plain || stored {
            done.deleted.push(name.clone());
        }
    }
    reconcile(context, api, options.s3.as_ref(), &password(shared)?).await?;
    Ok(done)
}
