//! Workloads: what makes pods of templates (kubernetes/pkg/controller/{deployment,replicaset,statefulset,daemon,job}).

pub(super) mod daemonsets;
pub(super) mod deployments;
pub(super) mod jobs;
pub(super) mod replicasets;
pub(super) mod statefulsets;

use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::objects::{self, at, is_deleting, name, namespace, set, text};
use super::context::Context;

/// A short name of a template: the same template, the same name.
pub(super) fn template_hash(template: &Value) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    Sha256::digest(template.to_string())
        .iter()
        .take(10)
        .map(|byte| char::from(LETTERS.get(usize::from(*byte) % LETTERS.len()).copied().unwrap_or(b'b')))
        .collect()
}

/// A pod of an owner's template. Without a name it gets one at creation.
pub(super) fn pod_of(owner: &Value, own_name: Option<&str>, extra_labels: &[(&str, &str)]) -> Value {
    let template = at(owner, &["spec", "template"]);
    let mut pod = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": template["metadata"], "spec": template["spec"] });
    if pod["metadata"].is_null() {
        pod["metadata"] = json!({});
    }
    match own_name {
        Some(own_name) => set(&mut pod, &["metadata", "name"], json!(own_name)),
        None => set(&mut pod, &["metadata", "generateName"], json!(format!("{}-", name(owner)))),
    }
    set(&mut pod, &["metadata", "ownerReferences"], json!([objects::owner_reference(owner)]));
    for (key, value) in extra_labels {
        set(&mut pod, &["metadata", "labels", key], json!(value));
    }
    pod
}

/// The pods an owner controls.
pub(super) fn pods_of(context: &Context, owner: &Value) -> Vec<Arc<Value>> {
    context
        .all("pods")
        .into_iter()
        .filter(|pod| namespace(pod) == namespace(owner) && objects::is_controlled_by(pod, owner))
        .collect()
}

/// Whether a pod counts: it has not ended and is not going.
pub(super) fn is_active(pod: &Value) -> bool {
    !is_deleting(pod) && !matches!(text(pod, &["status", "phase"]), "Succeeded" | "Failed")
}

pub(super) fn is_ready(pod: &Value) -> bool {
    objects::is_true(pod, "Ready")
}

/// How many of something, as the API writes numbers.
pub(super) fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number or a share of a whole.
pub(super) fn scaled(value: &Value, whole: i64, round_up: bool) -> i64 {
    match value {
        Value::String(text) => {
            let percent: i64 = text.trim_end_matches('%').parse().unwrap_or(0);
            (whole * percent + if round_up { 99 } else { 0 }) / 100
        }
        other => other.as_i64().unwrap_or(0),
    }
}
