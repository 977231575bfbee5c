//! Kinds of objects, and where the API keeps them.

use std::borrow::Cow;

use serde::Deserialize;
use transport_ssh::Budget;

use super::{Kube, read};
use crate::api::error::ApiError;
use crate::api::http::Ask;

/// A kind of object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Kind {
    /// Group, `apps`; empty for the core.
    pub group: Cow<'static, str>,
    /// Version, `v1`.
    pub version: Cow<'static, str>,
    /// Name, `Deployment`.
    pub kind: Cow<'static, str>,
    /// As paths name it, `deployments`.
    pub plural: Cow<'static, str>,
    /// Whether its objects are in namespaces.
    pub namespaced: bool,
}

/// Kinds that need no look-up.
pub mod kinds {
    use std::borrow::Cow;

    use super::Kind;

    const fn kind(
        group: &'static str,
        version: &'static str,
        kind: &'static str,
        plural: &'static str,
        namespaced: bool,
    ) -> Kind {
        Kind {
            group: Cow::Borrowed(group),
            version: Cow::Borrowed(version),
            kind: Cow::Borrowed(kind),
            plural: Cow::Borrowed(plural),
            namespaced,
        }
    }

    /// `Node`.
    pub const NODE: Kind = kind("", "v1", "Node", "nodes", false);
    /// `Pod`.
    pub const POD: Kind = kind("", "v1", "Pod", "pods", true);
    /// `Secret`.
    pub const SECRET: Kind = kind("", "v1", "Secret", "secrets", true);
    /// `ConfigMap`.
    pub const CONFIG_MAP: Kind = kind("", "v1", "ConfigMap", "configmaps", true);
    /// `Namespace`.
    pub const NAMESPACE: Kind = kind("", "v1", "Namespace", "namespaces", false);
    /// `ServiceAccount`.
    pub const SERVICE_ACCOUNT: Kind = kind("", "v1", "ServiceAccount", "serviceaccounts", true);
    /// `PersistentVolumeClaim`.
    pub const CLAIM: Kind = kind("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", true);
    /// `Event`.
    pub const EVENT: Kind = kind("", "v1", "Event", "events", true);
    /// `Deployment`.
    pub const DEPLOYMENT: Kind = kind("apps", "v1", "Deployment", "deployments", true);
    /// `StatefulSet`.
    pub const STATEFUL_SET: Kind = kind("apps", "v1", "StatefulSet", "statefulsets", true);
    /// `DaemonSet`.
    pub const DAEMON_SET: Kind = kind("apps", "v1", "DaemonSet", "daemonsets", true);
    /// `ReplicaSet`.
    pub const REPLICA_SET: Kind = kind("apps", "v1", "ReplicaSet", "replicasets", true);
    /// `Job`.
    pub const JOB: Kind = kind("batch", "v1", "Job", "jobs", true);
    /// `PodDisruptionBudget`.
    pub const BUDGET: Kind = kind("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", true);
    /// `CustomResourceDefinition`.
    pub const DEFINITION: Kind =
        kind("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", false);
    /// `CertificateSigningRequest`.
    pub const SIGNING_REQUEST: Kind =
        kind("certificates.k8s.io", "v1", "CertificateSigningRequest", "certificatesigningrequests", false);
    /// `HelmChart` of the controller that both distributions bring.
    pub const HELM_CHART: Kind = kind("helm.cattle.io", "v1", "HelmChart", "helmcharts", true);
    /// `AddOn`: a file that the servers deploy by themselves.
    pub const ADD_ON: Kind = kind("k3s.cattle.io", "v1", "Addon", "addons", true);
    /// `ETCDSnapshotFile`: a snapshot that a server knows of.
    pub const SNAPSHOT_FILE: Kind =
        kind("k3s.cattle.io", "v1", "ETCDSnapshotFile", "etcdsnapshotfiles", false);
    /// `Volume` of Longhorn.
    pub const LONGHORN_VOLUME: Kind = kind("longhorn.io", "v1beta2", "Volume", "volumes", true);
    /// `VolumeAttachment`.
    pub const VOLUME_ATTACHMENT: Kind =
        kind("storage.k8s.io", "v1", "VolumeAttachment", "volumeattachments", false);
}

#[derive(Deserialize)]
struct Resources {
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    name: String,
    kind: String,
    namespaced: bool,
}

// === impl Kind ===

impl Kind {
    /// `apps/v1`, as objects say it.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_string()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Group and kind, as lists of kinds say it: `Deployment.apps`.
    pub fn group_kind(&self) -> String {
        if self.group.is_empty() { self.kind.to_string() } else { format!("{}.{}", self.kind, self.group) }
    }

    /// The path of the group and version.
    fn root(api_version: &str) -> String {
        if api_version.contains('/') { format!("/apis/{api_version}") } else { format!("/api/{api_version}") }
    }

    /// The path of all objects, in a namespace where one is named.
    pub(crate) fn path(&self, namespace: Option<&str>) -> String {
        let root = Self::root(&self.api_version());
        match namespace.filter(|_| self.namespaced) {
            Some(namespace) => format!("{root}/namespaces/{}/{}", segment(namespace), self.plural),
            None => format!("{root}/{}", self.plural),
        }
    }

    /// The path of one object.
    pub(crate) fn path_of(&self, namespace: Option<&str>, name: &str) -> String {
        format!("{}/{}", self.path(namespace), segment(name))
    }

    /// An object as messages name it: `Deployment argocd/server`.
    pub fn named(&self, namespace: Option<&str>, name: &str) -> String {
        match namespace.filter(|_| self.namespaced) {
            Some(namespace) => format!("{} {namespace}/{name}", self.kind),
            None => format!("{} {name}", self.kind),
        }
    }
}

impl Kube {
    /// Where the API keeps objects of a kind; `None` where it knows no such kind. Asked for once.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn kind(
        &self,
        api_version: &str,
        kind: &str,
        budget: &Budget,
    ) -> Result<Option<Kind>, ApiError> {
        if let Some(known) = self.known(api_version, kind) {
            return Ok(Some(known));
        }
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let ask = Ask::get(format!("looking up {api_version}"), Kind::root(api_version));
        let Some(value) = self.json_if_any(&ask, budget).await? else { return Ok(None) };
        let resources: Resources = read(&ask.what, value)?;
        // `pods/status` and the like are parts of others.
        for resource in resources.resources.into_iter().filter(|resource| !resource.name.contains('/')) {
            self.remember(&Kind {
                group: Cow::Owned(group.to_owned()),
                version: Cow::Owned(version.to_owned()),
                kind: Cow::Owned(resource.kind),
                plural: Cow::Owned(resource.name),
                namespaced: resource.namespaced,
            });
        }
        Ok(self.known(api_version, kind))
    }
}

/// A part of a path, with what has a meaning in paths encoded.
pub(crate) fn segment(text: &str) -> String {
    percent_encode(text)
}

/// Percent-encodes all but what is never special.
pub(crate) fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
