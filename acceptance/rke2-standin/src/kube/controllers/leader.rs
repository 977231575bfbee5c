//! The lease that says which server's controllers work (client-go/tools/leaderelection).

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::super::Kube;
use super::super::objects::{self, number, set, text};

const NAMESPACE: &str = "kube-system";
const NAME: &str = "kube-controller-manager";

/// Waits until the lease is ours.
pub(crate) async fn acquire(kube: &Arc<Kube>) {
    while !renew(kube).await {
        tokio::time::sleep(kube.settings.timings.leader_lease / 8).await;
    }
}

/// Keeps the lease; returns when it is lost, or could not be renewed for two thirds of its time.
pub(crate) async fn hold(kube: &Arc<Kube>) {
    let lease = kube.settings.timings.leader_lease;
    let mut renewed = tokio::time::Instant::now();
    loop {
        tokio::time::sleep(lease / 4).await;
        let answer = tokio::time::timeout(lease / 4, renew(kube)).await;
        if answer.is_ok_and(|held| held) {
            renewed = tokio::time::Instant::now();
        } else if renewed.elapsed() > lease * 2 / 3 {
            return;
        }
    }
}

/// Writes our name into the lease if it is ours, free or over.
async fn renew(kube: &Arc<Kube>) -> bool {
    let client = kube.client(NAME);
    let own = &kube.settings.node_name;
    let seconds = kube.settings.timings.leader_lease.as_secs().max(1);
    let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } });
    if client.ensure("namespaces", "", namespace).await.is_err() {
        return false;
    }
    let resource = "leases.coordination.k8s.io";
    let Ok(found) = client.get(resource, NAMESPACE, NAME).await else { return false };
    let Some(lease) = found else {
        let fresh = json!({
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": { "name": NAME },
            "spec": {
                "holderIdentity": own, "leaseDurationSeconds": seconds, "leaseTransitions": 0,
                "acquireTime": objects::now_micro(), "renewTime": objects::now_micro(),
            },
        });
        return client.create(resource, NAMESPACE, fresh).await.is_ok();
    };
    let held_by_us = text(&lease, &["spec", "holderIdentity"]) == own;
    if !held_by_us && !is_over(&lease) {
        return false;
    }
    let version = text(&lease, &["metadata", "resourceVersion"]).to_owned();
    let written = client
        .modify(resource, NAMESPACE, NAME, "", |lease| {
            // The revision that was judged is the one that may be written.
            set(lease, &["metadata", "resourceVersion"], json!(version));
            set(lease, &["spec", "renewTime"], json!(objects::now_micro()));
            if !held_by_us {
                let transitions = number(lease, &["spec", "leaseTransitions"]).unwrap_or(0) + 1;
                set(lease, &["spec", "holderIdentity"], json!(own));
                set(lease, &["spec", "acquireTime"], json!(objects::now_micro()));
                set(lease, &["spec", "leaseTransitions"], json!(transitions));
            }
        })
        .await;
    written.is_ok()
}

fn is_over(lease: &Value) -> bool {
    let seconds = number(lease, &["spec", "leaseDurationSeconds"]).unwrap_or(15);
    let renewed = objects::parse_time(text(lease, &["spec", "renewTime"]));
    renewed.is_none_or(|renewed| {
        OffsetDateTime::now_utc() - renewed > Duration::from_secs(seconds.unsigned_abs())
    })
}
