//! Manifests of static pods as RKE2 writes them (rke2 pkg/podtemplate, pkg/staticpod).

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::files::{hex, write_private};

/// The one container of a static pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Container {
    pub(crate) name: String,
    pub(crate) image: String,
    /// What runs in it; here a process of this machine, none for pods that only stand there.
    pub(crate) command: Vec<String>,
    /// Hash of the files it reads: a new one starts it anew (rke2 pkg/staticpod, `FILE_HASH`). Empty where none count.
    pub(crate) files: String,
}

/// A manifest read back.
#[derive(Debug, Clone)]
pub(crate) struct StaticPod {
    pub(crate) container: Container,
    /// Changes with every change of the manifest; the annotation `kubernetes.io/config.hash` of the mirror pod.
    pub(crate) hash: String,
    pub(crate) object: Value,
}

#[derive(Deserialize)]
struct Containers {
    spec: Spec,
}

#[derive(Deserialize)]
struct Spec {
    containers: Vec<Read>,
}

#[derive(Deserialize, Serialize)]
struct Read {
    name: String,
    image: String,
    #[serde(default)]
    command: Vec<String>,
}

/// Writes the manifest of a pod; the same text leaves the file alone.
pub(crate) fn write(folder: &Path, container: &Container) -> anyhow::Result<()> {
    let mut object = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": container.name, "namespace": "kube-system",
            "labels": { "component": container.name, "tier": "control-plane" },
        },
        "spec": {
            "containers": [{
                "name": container.name, "image": container.image, "command": container.command,
                "imagePullPolicy": "IfNotPresent",
            }],
            "hostNetwork": true, "priorityClassName": "system-cluster-critical",
        },
    });
    if !container.files.is_empty() {
        object["spec"]["containers"][0]["env"] = json!([{ "name": "FILE_HASH", "value": container.files }]);
    }
    let text = serde_norway::to_string(&object)?;
    let path = folder.join(format!("{}.yaml", container.name));
    if std::fs::read_to_string(&path).is_ok_and(|known| known == text) {
        return Ok(());
    }
    write_private(&path, text)
}

/// Takes a manifest away.
pub(crate) fn remove(folder: &Path, name: &str) {
    let _ = std::fs::remove_file(folder.join(format!("{name}.yaml")));
}

/// Every manifest that can be read.
pub(crate) fn read_all(folder: &Path) -> Vec<StaticPod> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut pods: Vec<StaticPod> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.path().extension().is_some_and(|ending| ending == "yaml"))
        .filter_map(|entry| read(&entry.path()))
        .collect();
    pods.sort_by(|one, other| one.container.name.cmp(&other.container.name));
    pods
}

fn read(path: &Path) -> Option<StaticPod> {
    let text = std::fs::read_to_string(path).ok()?;
    let object: Value = serde_norway::from_str(&text).ok()?;
    let read: Containers = serde_json::from_value(object.clone()).ok()?;
    let first = read.spec.containers.into_iter().next()?;
    Some(StaticPod {
        container: Container {
            name: first.name,
            image: first.image,
            command: first.command,
            files: String::new(),
        },
        hash: hex(&Sha256::digest(text.as_bytes())).chars().take(32).collect(),
        object,
    })
}
