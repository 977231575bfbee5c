//! The Node object, its lease, the mirrors of static pods (kubernetes pkg/kubelet, as far as the API sees it).

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::api::{Api, ApiError, Patch};
use crate::context::Context;
use crate::faults::name;
use crate::files::{hex, random_hex};
use crate::host::fact;
use crate::logline;
use crate::pods::{Runner, StaticPod};

const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";

/// Keeps a Node as its machine is.
pub(crate) struct Kubelet {
    context: Context,
    api: Api,
    server: bool,
    last_status: String,
}

fn now() -> String {
    OffsetDateTime::now_utc()
        .replace_nanosecond(0)
        .ok()
        .and_then(|at| at.format(&Rfc3339).ok())
        .unwrap_or_default()
}

fn now_micro() -> String {
    let at = OffsetDateTime::now_utc();
    let seconds = now();
    format!("{}.{:06}Z", seconds.trim_end_matches('Z'), at.microsecond())
}

impl Kubelet {
    pub(crate) fn new(context: Context, api: Api, server: bool) -> Self {
        Self { context, api, server, last_status: String::new() }
    }

    fn path(&self) -> String {
        format!("/api/v1/nodes/{}", self.context.node.name)
    }

    /// Makes the Node, or finds it: labels and taints of the configuration count at registration only.
    pub(crate) async fn register(&mut self) -> Result<(), ApiError> {
        let found = self.api.get(&self.path()).await?;
        if let Some(node) = found {
            // kubelet reconciles the default labels of a Node that is there, nothing else.
            let labels =
                json!({ "metadata": { "labels": self.default_labels(), "annotations": self.annotations() } });
            self.api.patch(&self.path(), Patch::Merge, &labels).await?;
            let cordoned = node.pointer("/spec/unschedulable").is_some();
            logline::info(format!(
                "Node {} was registered before (unschedulable: {cordoned})",
                self.context.node.name
            ));
        } else {
            match self.api.create("/api/v1/nodes", &self.object()).await {
                Err(error) if !error.is_conflict() => return Err(error),
                _ => {}
            }
        }
        self.last_status.clear();
        self.report().await?;
        self.renew().await
    }

    fn default_labels(&self) -> Map<String, Value> {
        let mut labels = Map::new();
        let name = self.context.node.name.as_str();
        for (key, value) in [
            ("kubernetes.io/hostname", name),
            ("kubernetes.io/os", "linux"),
            ("kubernetes.io/arch", "amd64"),
            ("beta.kubernetes.io/os", "linux"),
            ("beta.kubernetes.io/arch", "amd64"),
            ("node.kubernetes.io/instance-type", self.context.layout.distribution.name()),
        ] {
            labels.insert(key.to_owned(), json!(value));
        }
        if self.server {
            let master = crate::version::minor(&self.context.version) < 35;
            labels.insert("node-role.kubernetes.io/control-plane".to_owned(), json!("true"));
            labels.insert("node-role.kubernetes.io/etcd".to_owned(), json!("true"));
            if master {
                labels.insert("node-role.kubernetes.io/master".to_owned(), json!("true"));
            }
        }
        labels
    }

    fn annotations(&self) -> Map<String, Value> {
        let program = self.context.layout.distribution.name();
        let mut annotations = Map::new();
        annotations.insert(format!("{program}.io/hostname"), json!(self.context.node.name));
        annotations.insert(format!("{program}.io/internal-ip"), json!(self.context.node.address.to_string()));
        annotations.insert(format!("{program}.io/node-config-hash"), json!("STANDIN"));
        annotations
    }

    fn object(&self) -> Value {
        let mut labels = self.default_labels();
        for label in self.context.config.list("node-label") {
            let (key, value) = label.split_once('=').unwrap_or((label.as_str(), ""));
            labels.insert(key.to_owned(), json!(value));
        }
        let taints: Vec<Value> =
            self.context.config.list("node-taint").iter().filter_map(|text| taint(text)).collect();
        let mut spec = json!({ "providerID": format!("{}://{}", self.context.layout.distribution.name(), self.context.node.name) });
        if !taints.is_empty() {
            spec["taints"] = json!(taints);
        }
        let finalizers: &[&str] = if self.server {
            &["wrangler.cattle.io/managed-etcd-controller", "wrangler.cattle.io/node"]
        } else {
            &["wrangler.cattle.io/node"]
        };
        json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {
                "name": self.context.node.name, "labels": labels, "annotations": self.annotations(),
                "finalizers": finalizers,
            },
            "spec": spec,
        })
    }

    fn status(&self) -> Value {
        let version = &self.context.version;
        let ready = self.context.faults.active(name::NODE_NOT_READY);
        let (state, reason, message) = match &ready {
            None => ("True", "KubeletReady", "kubelet is posting ready status"),
            Some(_) => (
                "False",
                "KubeletNotReady",
                "container runtime network not ready: cni plugin not initialized",
            ),
        };
        let mut addresses = vec![
            json!({ "type": "InternalIP", "address": self.context.node.address.to_string() }),
            json!({ "type": "Hostname", "address": self.context.node.name }),
        ];
        if let Some(external) = &self.context.node.external {
            addresses.push(json!({ "type": "ExternalIP", "address": external }));
        }
        let pressure = |kind: &str| {
            json!({ "type": kind, "status": "False", "reason": format!("KubeletHasNo{kind}"),
                "message": format!("kubelet has no {kind}") })
        };
        let resources = json!({ "cpu": "4", "memory": "8Gi", "pods": "110", "ephemeral-storage": "40Gi" });
        json!({
            "addresses": addresses,
            "capacity": resources, "allocatable": resources,
            "conditions": [
                pressure("MemoryPressure"), pressure("DiskPressure"), pressure("PIDPressure"),
                { "type": "Ready", "status": state, "reason": reason, "message": message },
            ],
            "daemonEndpoints": { "kubeletEndpoint": { "Port": 10250 } },
            "nodeInfo": {
                "kubeletVersion": version, "kubeProxyVersion": version, "architecture": "amd64",
                "operatingSystem": "linux", "machineID": fact("/etc/machine-id"),
                "systemUUID": fact("/sys/class/dmi/id/product_uuid"),
                "bootID": fact("/proc/sys/kernel/random/boot_id"),
                "kernelVersion": fact("/proc/sys/kernel/osrelease"),
                "osImage": "Debian GNU/Linux 12 (bookworm)",
                "containerRuntimeVersion": "containerd://2.0.5-k3s1",
            },
        })
    }

    /// Writes the status when it is another than the last one written.
    pub(crate) async fn report(&mut self) -> Result<(), ApiError> {
        let mut status = self.status();
        let text = status.to_string();
        if text == self.last_status {
            return Ok(());
        }
        let now = now();
        if let Some(conditions) = status.get_mut("conditions").and_then(Value::as_array_mut) {
            for condition in conditions {
                condition["lastHeartbeatTime"] = json!(now);
                condition["lastTransitionTime"] = json!(now);
            }
        }
        let change = json!({ "status": status });
        if self.api.patch(&format!("{}/status", self.path()), Patch::Strategic, &change).await? {
            self.last_status = text;
        }
        Ok(())
    }

    /// Renews the lease by which controllers know that the kubelet lives.
    pub(crate) async fn renew(&mut self) -> Result<(), ApiError> {
        let node = &self.context.node.name;
        let spec = json!({ "holderIdentity": node, "leaseDurationSeconds": 40, "renewTime": now_micro() });
        let path = format!("{LEASES}/{node}");
        if !self.api.patch(&path, Patch::Merge, &json!({ "spec": spec })).await? {
            let object = json!({
                "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                "metadata": { "name": node, "namespace": "kube-node-lease" }, "spec": spec,
            });
            match self.api.create(LEASES, &object).await {
                Err(error) if !error.is_conflict() => return Err(error),
                _ => {}
            }
        }
        // The node controller says Unknown of a Node that was silent; what comes next is the kubelet's word again.
        if let Some(node) = self.api.get(&self.path()).await? {
            let conditions = node.pointer("/status/conditions").and_then(Value::as_array);
            let unknown = conditions.is_none_or(|list| {
                !list.iter().any(|one| one["type"] == "Ready" && one["status"] != "Unknown")
            });
            if unknown {
                self.last_status.clear();
            }
        }
        self.report().await
    }

    /// Shows static pods in the API, each with the image that really runs.
    pub(crate) async fn mirror(&self, runner: &Runner) -> Result<(), ApiError> {
        let node = &self.context.node.name;
        let listed = format!("/api/v1/namespaces/kube-system/pods?fieldSelector=spec.nodeName%3D{node}");
        let present = self.api.list(&listed).await?;
        let images = runner.images();
        for (pod, image) in &images {
            let name = format!("{}-{node}", pod.container.name);
            let there = present.iter().find(|known| known["metadata"]["name"] == json!(name));
            let fits =
                there.is_some_and(|known| known.pointer("/spec/containers/0/image") == Some(&json!(image)));
            let path = format!("/api/v1/namespaces/kube-system/pods/{name}");
            if fits {
                // While this node was silent others said that its pods are not ready.
                if there.is_some_and(|known| !is_ready(known)) {
                    let status = json!({ "status": { "conditions": conditions() } });
                    self.api.patch(&format!("{path}/status"), Patch::Merge, &status).await?;
                }
                continue;
            }
            if there.is_some() {
                self.api.delete(&format!("{path}?gracePeriodSeconds=0")).await?;
            }
            self.create_mirror(&name, pod, image).await?;
        }
        for known in &present {
            let mirror = known.pointer("/metadata/annotations/kubernetes.io~1config.mirror").is_some();
            let name = known["metadata"]["name"].as_str().unwrap_or_default();
            let wanted = images.iter().any(|(pod, _)| format!("{}-{node}", pod.container.name) == name);
            if mirror && !wanted {
                self.api
                    .delete(&format!("/api/v1/namespaces/kube-system/pods/{name}?gracePeriodSeconds=0"))
                    .await?;
            }
        }
        Ok(())
    }

    async fn create_mirror(&self, name: &str, pod: &StaticPod, image: &str) -> Result<(), ApiError> {
        let mut object = pod.object.clone();
        let metadata = &mut object["metadata"];
        metadata["name"] = json!(name);
        metadata["annotations"] = json!({
            "kubernetes.io/config.mirror": pod.hash, "kubernetes.io/config.hash": pod.hash,
            "kubernetes.io/config.source": "file", "kubernetes.io/config.seen": now(),
        });
        object["spec"]["nodeName"] = json!(self.context.node.name);
        object["spec"]["containers"][0]["image"] = json!(image);
        match self.api.create("/api/v1/namespaces/kube-system/pods", &object).await {
            Err(error) if !error.is_conflict() => return Err(error),
            _ => {}
        }
        let id = random_hex(32).unwrap_or_else(|_| hex(name.as_bytes()));
        let container = &pod.container.name;
        let started = now();
        let status = json!({ "status": {
            "phase": "Running", "startTime": started, "podIP": self.context.node.address.to_string(),
            "hostIP": self.context.node.address.to_string(),
            "conditions": conditions(),
            "containerStatuses": [{
                "name": container, "ready": true, "started": true, "restartCount": 0, "image": image,
                "imageID": image, "containerID": format!("containerd://{id}"),
                "state": { "running": { "startedAt": started } },
            }],
        } });
        let path = format!("/api/v1/namespaces/kube-system/pods/{name}/status");
        self.api.patch(&path, Patch::Merge, &status).await.map(|_| ())
    }
}

/// What is said of a pod that runs.
fn conditions() -> Value {
    let all = ["Initialized", "Ready", "ContainersReady", "PodScheduled"];
    all.iter().map(|kind| json!({ "type": kind, "status": "True" })).collect()
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod.pointer("/status/conditions").and_then(Value::as_array);
    conditions.into_iter().flatten().any(|one| one["type"] == "Ready" && one["status"] == "True")
}

/// Why a kubelet of this version does not run here; it is logged as upstream does, with its own log beside.
pub(crate) fn exited(context: &Context) -> anyhow::Result<bool> {
    // kubernetes KEP-4569: from 1.35 on a kubelet refuses cgroup v1.
    let old = crate::version::minor(&context.version) >= 35
        && !std::path::Path::new("/sys/fs/cgroup/cgroup.controllers").exists();
    let reason = match context.faults.active(name::KUBELET_EXITED) {
        Some(text) => text,
        None if old => {
            "kubelet is configured to not run on a host using cgroup v1. cgroup v1 support is unsupported \
                        and will be removed in a future release"
                .to_owned()
        }
        None => return Ok(false),
    };
    crate::files::write_private(&context.layout.agent("logs/kubelet.log"), format!("{reason}\n"))?;
    logline::error("Kubelet exited: exit status 1");
    Ok(true)
}

/// `key=value:Effect`.
fn taint(text: &str) -> Option<Value> {
    let (rest, effect) = text.rsplit_once(':')?;
    let (key, value) = rest.split_once('=').unwrap_or((rest, ""));
    let mut taint = json!({ "key": key, "effect": effect });
    if !value.is_empty() {
        taint["value"] = json!(value);
    }
    Some(taint)
}

/// Registers, however long the API takes.
pub(crate) async fn register_self(kubelet: &mut Kubelet) {
    loop {
        match kubelet.register().await {
            Ok(()) => return,
            Err(error) => logline::warn(format!("Unable to register node with API server: {error}")),
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
}
