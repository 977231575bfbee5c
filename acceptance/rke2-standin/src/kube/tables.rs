//! Lists as tables, as `kubectl get` asks for them (kubernetes/pkg/printers/internalversion, the columns people read).

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::kinds::Kind;
use super::objects::{self, at, list, number, text};

/// A `meta.k8s.io/v1` table of objects.
pub(crate) fn table(kind: &Kind, items: &[Value], metadata: &Value) -> Value {
    let columns = columns(&kind.resource);
    let mut definitions = vec![column("Name")];
    definitions.extend(columns.iter().map(|(name, _)| column(name)));
    definitions.push(column("Age"));
    let rows: Vec<Value> = items
        .iter()
        .map(|object| {
            let mut cells = vec![json!(objects::name(object))];
            cells.extend(columns.iter().map(|(_, cell)| json!(cell(object))));
            cells.push(json!(age(object)));
            json!({ "cells": cells, "object": {
                "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"],
            } })
        })
        .collect();
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "columnDefinitions": definitions,
        "rows": rows,
    })
}

fn column(name: &str) -> Value {
    let format = if name == "Name" { "name" } else { "" };
    json!({ "name": name, "type": "string", "format": format, "description": name, "priority": 0 })
}

type Cell = fn(&Value) -> String;

fn columns(resource: &str) -> &'static [(&'static str, Cell)] {
    match resource {
        "nodes" => &[
            ("Status", node_status),
            ("Roles", node_roles),
            ("Version", |node| text(node, &["status", "nodeInfo", "kubeletVersion"]).to_owned()),
        ],
        "pods" => &[("Ready", pod_ready), ("Status", pod_status), ("Restarts", |_| "0".to_owned())],
        "namespaces" => &[("Status", |namespace| text(namespace, &["status", "phase"]).to_owned())],
        "deployments" => &[
            ("Ready", |object| share(object, "readyReplicas", "replicas")),
            ("Up-to-date", |object| count(object, "updatedReplicas")),
            ("Available", |object| count(object, "availableReplicas")),
        ],
        "statefulsets" => &[("Ready", |object| share(object, "readyReplicas", "replicas"))],
        "replicasets" => &[
            ("Desired", |object| number(object, &["spec", "replicas"]).unwrap_or(0).to_string()),
            ("Current", |object| count(object, "replicas")),
            ("Ready", |object| count(object, "readyReplicas")),
        ],
        "daemonsets" => &[
            ("Desired", |object| count(object, "desiredNumberScheduled")),
            ("Current", |object| count(object, "currentNumberScheduled")),
            ("Ready", |object| count(object, "numberReady")),
        ],
        "jobs" => &[("Completions", |job| {
            let wanted = number(job, &["spec", "completions"]).unwrap_or(1);
            format!("{}/{wanted}", count(job, "succeeded"))
        })],
        "secrets" => &[
            ("Type", |secret| text(secret, &["type"]).to_owned()),
            ("Data", |secret| at(secret, &["data"]).as_object().map_or(0, serde_json::Map::len).to_string()),
        ],
        "persistentvolumeclaims" => &[
            ("Status", |claim| text(claim, &["status", "phase"]).to_owned()),
            ("Volume", |claim| text(claim, &["spec", "volumeName"]).to_owned()),
        ],
        "poddisruptionbudgets" => &[
            ("Min Available", |budget| shown(at(budget, &["spec", "minAvailable"]))),
            ("Max Unavailable", |budget| shown(at(budget, &["spec", "maxUnavailable"]))),
            ("Allowed Disruptions", |budget| count(budget, "disruptionsAllowed")),
        ],
        "events" => &[
            ("Type", |event| text(event, &["type"]).to_owned()),
            ("Reason", |event| text(event, &["reason"]).to_owned()),
            ("Message", |event| text(event, &["message"]).to_owned()),
        ],
        "helmcharts" => &[("Job", |chart| text(chart, &["status", "jobName"]).to_owned())],
        "etcdsnapshotfiles" => &[
            ("SnapshotName", |file| text(file, &["spec", "snapshotName"]).to_owned()),
            ("Node", |file| text(file, &["spec", "nodeName"]).to_owned()),
            ("Location", |file| text(file, &["spec", "location"]).to_owned()),
        ],
        "certificatesigningrequests" => &[("Condition", |request| {
            let kinds: Vec<&str> =
                list(request, &["status", "conditions"]).iter().map(|c| text(c, &["type"])).collect();
            if kinds.is_empty() { "Pending".to_owned() } else { kinds.join(",") }
        })],
        _ => &[],
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "N/A".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn count(object: &Value, key: &str) -> String {
    number(object, &["status", key]).unwrap_or(0).to_string()
}

fn share(object: &Value, key: &str, of: &str) -> String {
    format!("{}/{}", count(object, key), number(object, &["spec", of]).unwrap_or(0))
}

fn node_status(node: &Value) -> String {
    let ready = match objects::condition(node, "Ready").map(|condition| text(condition, &["status"])) {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    };
    if at(node, &["spec", "unschedulable"]) == true {
        format!("{ready},SchedulingDisabled")
    } else {
        ready.to_owned()
    }
}

fn node_roles(node: &Value) -> String {
    let roles: Vec<&str> = objects::labels(node)
        .into_iter()
        .flatten()
        .filter_map(|(key, _)| key.strip_prefix("node-role.kubernetes.io/"))
        .collect();
    if roles.is_empty() { "<none>".to_owned() } else { roles.join(",") }
}

fn pod_ready(pod: &Value) -> String {
    let containers = list(pod, &["status", "containerStatuses"]);
    let ready = containers.iter().filter(|container| container["ready"] == true).count();
    format!("{ready}/{}", list(pod, &["spec", "containers"]).len())
}

fn pod_status(pod: &Value) -> String {
    if objects::is_deleting(pod) {
        return "Terminating".to_owned();
    }
    let waiting = list(pod, &["status", "containerStatuses"])
        .iter()
        .map(|container| text(container, &["state", "waiting", "reason"]))
        .find(|reason| !reason.is_empty());
    waiting.unwrap_or_else(|| text(pod, &["status", "phase"])).to_owned()
}

/// As duration.HumanDuration writes it.
fn age(object: &Value) -> String {
    let Some(created) = objects::parse_time(text(object, &["metadata", "creationTimestamp"])) else {
        return "<unknown>".to_owned();
    };
    let seconds = (OffsetDateTime::now_utc() - created).whole_seconds().max(0);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7200 => format!("{}m", seconds / 60),
        7200..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}
