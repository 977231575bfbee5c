//! Manifests on disk (k3s/pkg/deploy/controller.go). Every server does this with its own folder: files are not copied
//! between servers, and two servers with different files of one name undo each other's work for ever.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::Kube;
use super::super::client::Client;
use super::super::kinds::Kind;
use super::super::objects::{self, annotation, labels, name, namespace, set, text};
use super::super::status::{ApiResult, Status};
use super::super::yaml;

const ADDONS: &str = "addons.k3s.cattle.io";
const SYSTEM: &str = "kube-system";
/// rancher/wrangler pkg/apply: who an object belongs to.
const SET_HASH: &str = "objectset.rio.cattle.io/hash";
const OWNER_NAME: &str = "objectset.rio.cattle.io/owner-name";
const OWNER_KIND: &str = "objectset.rio.cattle.io/owner-gvk";

/// What a file looked like at the last look.
type Seen = Mutex<BTreeMap<PathBuf, (SystemTime, u64, bool)>>;

/// Looks at the folder for as long as it is asked to.
pub(crate) async fn watch(kube: Arc<Kube>) {
    let Some(folder) = kube.settings.manifests.clone() else { return };
    let client = kube.client(&format!("deploy@{}", kube.settings.node_name));
    let seen = Seen::default();
    loop {
        let left = kube.settings.faults.join(crate::faults::name::MANIFESTS_LEFT).exists();
        for file in files(&folder).into_iter().filter(|_| !left) {
            if let Err(status) = deploy(&kube, &client, &seen, &file).await {
                tracing::debug!(message = status.message, file = %file.display(), "a manifest was not applied");
            }
        }
        tokio::time::sleep(kube.settings.timings.manifests_scan).await;
    }
}

/// All manifests, those of folders below too, in order. A `.skip` beside a file leaves it alone.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let is_manifest = path
                .extension()
                .and_then(|extension| extension.to_str())
                .is_some_and(|extension| matches!(extension, "yaml" | "yml" | "json"));
            let mut skip = path.clone().into_os_string();
            skip.push(".skip");
            if is_manifest && !Path::new(&skip).exists() {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The AddOn's name: the file's up to the first dot, which has to be a name the API accepts.
fn addon_name(file: &Path) -> Option<String> {
    let base = file.file_name()?.to_str()?.split('.').next()?.to_owned();
    let valid = !base.is_empty()
        && !base.starts_with('-')
        && !base.ends_with('-')
        && base.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    valid.then_some(base)
}

async fn deploy(kube: &Arc<Kube>, client: &Client, seen: &Seen, file: &Path) -> ApiResult<()> {
    let unread = |error: std::io::Error| Status::internal(format!("{}: {error}", file.display()));
    let metadata = std::fs::metadata(file).map_err(unread)?;
    let look = (metadata.modified().map_err(unread)?, metadata.len());
    let known = seen.lock().unwrap_or_else(PoisonError::into_inner).get(file).copied();
    if known == Some((look.0, look.1, true)) {
        return Ok(());
    }
    let Some(own) = addon_name(file) else {
        tracing::debug!(file = %file.display(), "skipped: the name is not one of RFC 1123");
        return Ok(());
    };
    let bytes = std::fs::read(file).map_err(unread)?;
    let checksum: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let fresh =
        json!({ "apiVersion": "k3s.cattle.io/v1", "kind": "Addon", "metadata": { "name": own }, "spec": {} });
    let addon = client.ensure(ADDONS, SYSTEM, fresh).await?;
    let done = if text(&addon, &["spec", "checksum"]) == checksum {
        Ok(())
    } else {
        apply(kube, client, &addon, file, &bytes, &checksum).await
    };
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    seen.insert(file.to_owned(), (look.0, look.1, done.is_ok()));
    done
}

async fn apply(
    kube: &Arc<Kube>,
    client: &Client,
    addon: &Value,
    file: &Path,
    bytes: &[u8],
    checksum: &str,
) -> ApiResult<()> {
    let at = file.display().to_string();
    let failed = |reason: &'static str, status: Status| {
        let message = format!("{reason} \"{at}\" failed: {}", status.message);
        async move {
            let event =
                if reason.starts_with("Parse") { "ParseManifestFailed" } else { "ApplyManifestFailed" };
            client.event(addon, "Warning", event, &message).await;
            Err(status)
        }
    };
    let parsed = std::str::from_utf8(bytes)
        .map_err(|error| Status::bad_request(error.to_string()))
        .and_then(yaml::documents)
        .map(flatten);
    let objects = match parsed {
        Ok(objects) => objects,
        Err(status) => return failed("Parse manifest at", status).await,
    };
    client.event(addon, "Normal", "ApplyingManifest", &format!("Applying manifest at \"{at}\"")).await;
    if let Err(status) = bring_about(kube, client, addon, objects).await {
        return failed("Applying manifest at", status).await;
    }
    client
        .modify(ADDONS, SYSTEM, name(addon), "", |addon| {
            set(addon, &["spec", "source"], json!(at));
            set(addon, &["spec", "checksum"], json!(checksum));
        })
        .await?;
    client.event(addon, "Normal", "AppliedManifest", &format!("Applied manifest at \"{at}\"")).await;
    Ok(())
}

/// Lists are what they hold.
fn flatten(documents: Vec<Value>) -> Vec<Value> {
    documents
        .into_iter()
        .flat_map(|mut document| match document.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) if text(&document, &["kind"]).ends_with("List") => items,
            _ => vec![document],
        })
        .collect()
}

fn owner_hash(addon: &Value) -> String {
    Sha256::digest(format!("addon/{}", name(addon)))
        .iter()
        .take(20)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

async fn bring_about(kube: &Arc<Kube>, client: &Client, addon: &Value, objects: Vec<Value>) -> ApiResult<()> {
    let hash = owner_hash(addon);
    let mut kept: Vec<(String, String, String)> = Vec::new();
    let mut refused = None;
    for mut object in objects {
        // Types that the same file defines are there by the time their objects come.
        let kind = kind_of(kube, &object);
        let kind = match kind {
            Ok(kind) => kind,
            Err(status) => {
                refused = Some(status);
                continue;
            }
        };
        let space = match (kind.namespaced, namespace(&object)) {
            (false, _) => String::new(),
            (true, "") => "default".to_owned(),
            (true, given) => given.to_owned(),
        };
        kept.push((kind.qualified(), space.clone(), name(&object).to_owned()));
        set(&mut object, &["metadata", "labels", SET_HASH], json!(hash));
        for (key, value) in [
            (OWNER_NAME, name(addon)),
            (OWNER_KIND, "k3s.cattle.io/v1, Kind=Addon"),
            ("objectset.rio.cattle.io/owner-namespace", SYSTEM),
            ("objectset.rio.cattle.io/id", ""),
        ] {
            set(&mut object, &["metadata", "annotations", key], json!(value));
        }
        if let Err(status) = client.apply(&kind.qualified(), &space, object).await {
            refused = Some(status);
        }
    }
    // Nothing is pruned while something could not be applied.
    match refused {
        Some(status) => Err(status),
        None => prune(kube, client, addon, &hash, &kept).await,
    }
}

fn kind_of(kube: &Kube, object: &Value) -> ApiResult<Arc<Kind>> {
    let (version, kind) = (text(object, &["apiVersion"]), text(object, &["kind"]));
    kube.kinds.of(version, kind).ok_or_else(|| {
        Status::bad_request(format!("no matches for kind \"{kind}\" in version \"{version}\""))
    })
}

/// Objects of this AddOn that its file has no more.
async fn prune(
    kube: &Arc<Kube>,
    client: &Client,
    addon: &Value,
    hash: &str,
    kept: &[(String, String, String)],
) -> ApiResult<()> {
    for kind in kube.kinds.all() {
        let resource = kind.qualified();
        for object in kube.hub.objects(&kind.key_prefix(None)) {
            let labelled =
                labels(&object).and_then(|labels| labels.get(SET_HASH)).is_some_and(|found| found == hash);
            let ours = labelled && annotation(&object, OWNER_NAME) == name(addon);
            let wanted = kept.iter().any(|(known, space, own)| {
                *known == resource && *space == namespace(&object) && *own == name(&object)
            });
            if ours && !wanted && !objects::is_deleting(&object) {
                client.delete(&resource, namespace(&object), name(&object)).await?;
            }
        }
    }
    Ok(())
}
