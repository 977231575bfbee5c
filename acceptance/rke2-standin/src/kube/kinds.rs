//! The types the API serves: one table for those of Kubernetes and of the distribution, and those that
//! CustomResourceDefinitions add.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::Value;

/// One type, as discovery tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) group: String,
    pub(crate) version: String,
    /// Plural, as in paths.
    pub(crate) resource: String,
    pub(crate) kind: String,
    pub(crate) short_names: Vec<String>,
    pub(crate) namespaced: bool,
    /// Subresources, `status` and `scale` among them.
    pub(crate) subresources: Vec<String>,
    /// In `kubectl get all`.
    pub(crate) in_all: bool,
    /// Where its objects lie, without the slash at the end.
    pub(crate) prefix: String,
    /// Defined by a CustomResourceDefinition.
    pub(crate) custom: bool,
}

impl Kind {
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// `deployments.apps`, as it stands in messages.
    pub(crate) fn qualified(&self) -> String {
        if self.group.is_empty() {
            self.resource.clone()
        } else {
            format!("{}.{}", self.resource, self.group)
        }
    }

    /// `Deployment.apps`, as it stands in messages about validation.
    pub(crate) fn qualified_kind(&self) -> String {
        if self.group.is_empty() { self.kind.clone() } else { format!("{}.{}", self.kind, self.group) }
    }

    pub(crate) fn has(&self, subresource: &str) -> bool {
        self.subresources.iter().any(|known| known == subresource)
    }

    /// The key of one object.
    pub(crate) fn key(&self, namespace: &str, name: &str) -> String {
        if self.namespaced {
            format!("{}/{namespace}/{name}", self.prefix)
        } else {
            format!("{}/{name}", self.prefix)
        }
    }

    /// The prefix of all objects, of one namespace or of all.
    pub(crate) fn key_prefix(&self, namespace: Option<&str>) -> String {
        match namespace {
            Some(namespace) if self.namespaced => format!("{}/{namespace}/", self.prefix),
            _ => format!("{}/", self.prefix),
        }
    }
}

const NAMESPACED: bool = true;
const CLUSTER: bool = false;

/// One row: group, version, plural, kind, short names, namespaced, subresources, in `all`, folder under `/registry`.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    bool,
    &'static str,
    bool,
    &'static str,
);

/// Folders as in kubernetes/pkg/kubeapiserver (minions, services/specs, ingress …); empty: the plural.
const BUILT_IN: &[Row] = &[
    ("", "v1", "namespaces", "Namespace", "ns", CLUSTER, "status finalize", false, ""),
    ("", "v1", "nodes", "Node", "no", CLUSTER, "status", false, "minions"),
    ("", "v1", "pods", "Pod", "po", NAMESPACED, "status eviction binding log", true, ""),
    ("", "v1", "secrets", "Secret", "", NAMESPACED, "", false, ""),
    ("", "v1", "configmaps", "ConfigMap", "cm", NAMESPACED, "", false, ""),
    ("", "v1", "serviceaccounts", "ServiceAccount", "sa", NAMESPACED, "token", false, ""),
    ("", "v1", "services", "Service", "svc", NAMESPACED, "status", true, "services/specs"),
    ("", "v1", "endpoints", "Endpoints", "ep", NAMESPACED, "", false, "services/endpoints"),
    ("", "v1", "events", "Event", "ev", NAMESPACED, "", false, ""),
    ("", "v1", "persistentvolumes", "PersistentVolume", "pv", CLUSTER, "status", false, ""),
    ("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", "pvc", NAMESPACED, "status", false, ""),
    ("apps", "v1", "deployments", "Deployment", "deploy", NAMESPACED, "status scale", true, ""),
    ("apps", "v1", "daemonsets", "DaemonSet", "ds", NAMESPACED, "status", true, ""),
    ("apps", "v1", "statefulsets", "StatefulSet", "sts", NAMESPACED, "status scale", true, ""),
    ("apps", "v1", "replicasets", "ReplicaSet", "rs", NAMESPACED, "status scale", true, ""),
    ("apps", "v1", "controllerrevisions", "ControllerRevision", "", NAMESPACED, "", false, ""),
    ("batch", "v1", "jobs", "Job", "", NAMESPACED, "status", true, ""),
    ("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", "pdb", NAMESPACED, "status", false, ""),
    ("networking.k8s.io", "v1", "ingresses", "Ingress", "ing", NAMESPACED, "status", false, "ingress"),
    ("networking.k8s.io", "v1", "ingressclasses", "IngressClass", "", CLUSTER, "", false, ""),
    ("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", "netpol", NAMESPACED, "", false, ""),
    ("storage.k8s.io", "v1", "storageclasses", "StorageClass", "sc", CLUSTER, "", false, ""),
    ("storage.k8s.io", "v1", "volumeattachments", "VolumeAttachment", "", CLUSTER, "status", false, ""),
    ("storage.k8s.io", "v1", "csidrivers", "CSIDriver", "", CLUSTER, "", false, ""),
    ("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", "", CLUSTER, "", false, ""),
    (
        "rbac.authorization.k8s.io",
        "v1",
        "clusterrolebindings",
        "ClusterRoleBinding",
        "",
        CLUSTER,
        "",
        false,
        "",
    ),
    ("rbac.authorization.k8s.io", "v1", "roles", "Role", "", NAMESPACED, "", false, ""),
    ("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", "", NAMESPACED, "", false, ""),
    ("coordination.k8s.io", "v1", "leases", "Lease", "", NAMESPACED, "", false, ""),
    ("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", "pc", CLUSTER, "", false, ""),
    (
        "certificates.k8s.io",
        "v1",
        "certificatesigningrequests",
        "CertificateSigningRequest",
        "csr",
        CLUSTER,
        "status approval",
        false,
        "",
    ),
    (
        "apiextensions.k8s.io",
        "v1",
        "customresourcedefinitions",
        "CustomResourceDefinition",
        "crd crds",
        CLUSTER,
        "status",
        false,
        "apiextensions.k8s.io/customresourcedefinitions",
    ),
    (
        "admissionregistration.k8s.io",
        "v1",
        "validatingwebhookconfigurations",
        "ValidatingWebhookConfiguration",
        "",
        CLUSTER,
        "",
        false,
        "",
    ),
    (
        "admissionregistration.k8s.io",
        "v1",
        "mutatingwebhookconfigurations",
        "MutatingWebhookConfiguration",
        "",
        CLUSTER,
        "",
        false,
        "",
    ),
    ("apiregistration.k8s.io", "v1", "apiservices", "APIService", "", CLUSTER, "status", false, ""),
    // k3s/pkg/crd, helm-controller/pkg/crd: custom resources upstream, always there with the distribution.
    ("k3s.cattle.io", "v1", "addons", "Addon", "", NAMESPACED, "", false, "k3s.cattle.io/addons"),
    (
        "k3s.cattle.io",
        "v1",
        "etcdsnapshotfiles",
        "ETCDSnapshotFile",
        "",
        CLUSTER,
        "status",
        false,
        "k3s.cattle.io/etcdsnapshotfiles",
    ),
    (
        "helm.cattle.io",
        "v1",
        "helmcharts",
        "HelmChart",
        "",
        NAMESPACED,
        "status",
        false,
        "helm.cattle.io/helmcharts",
    ),
    (
        "helm.cattle.io",
        "v1",
        "helmchartconfigs",
        "HelmChartConfig",
        "",
        NAMESPACED,
        "",
        false,
        "helm.cattle.io/helmchartconfigs",
    ),
];

/// All types served at this moment.
pub(crate) struct Kinds {
    built_in: Vec<Arc<Kind>>,
    /// By the name of the definition.
    custom: RwLock<BTreeMap<String, Vec<Arc<Kind>>>>,
}

impl Kinds {
    pub(crate) fn new() -> Self {
        Kinds { built_in: BUILT_IN.iter().map(built_in).map(Arc::new).collect(), custom: RwLock::default() }
    }

    /// Every type, those of Kubernetes first.
    pub(crate) fn all(&self) -> Vec<Arc<Kind>> {
        let custom = self.custom.read().unwrap_or_else(PoisonError::into_inner);
        self.built_in.iter().chain(custom.values().flatten()).cloned().collect()
    }

    /// The type at a path.
    pub(crate) fn at(&self, group: &str, version: &str, resource: &str) -> Option<Arc<Kind>> {
        self.all()
            .into_iter()
            .find(|kind| kind.group == group && kind.version == version && kind.resource == resource)
    }

    /// The type of an object.
    pub(crate) fn of(&self, api_version: &str, kind: &str) -> Option<Arc<Kind>> {
        self.all().into_iter().find(|known| known.kind == kind && known.api_version() == api_version)
    }

    /// The type by its qualified plural, `deployments.apps`.
    pub(crate) fn named(&self, qualified: &str) -> Option<Arc<Kind>> {
        self.all().into_iter().find(|kind| kind.qualified() == qualified)
    }

    /// A definition came, changed or (with nothing) went.
    pub(crate) fn define(&self, name: &str, definition: Option<&Value>) {
        let mut custom = self.custom.write().unwrap_or_else(PoisonError::into_inner);
        match definition.map(defined) {
            Some(kinds) if !kinds.is_empty() => {
                custom.insert(name.to_owned(), kinds.into_iter().map(Arc::new).collect());
            }
            _ => {
                custom.remove(name);
            }
        }
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn built_in(row: &Row) -> Kind {
    let (group, version, resource, kind, short_names, namespaced, subresources, in_all, folder) = *row;
    Kind {
        group: group.to_owned(),
        version: version.to_owned(),
        resource: resource.to_owned(),
        kind: kind.to_owned(),
        short_names: words(short_names),
        namespaced,
        subresources: words(subresources),
        in_all,
        prefix: format!("/registry/{}", if folder.is_empty() { resource } else { folder }),
        custom: group.ends_with(".cattle.io"),
    }
}

/// The types of a definition, one for each served version.
fn defined(definition: &Value) -> Vec<Kind> {
    let spec = &definition["spec"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (group, plural) = (text(&spec["group"]), text(&spec["names"]["plural"]));
    let short_names =
        spec["names"]["shortNames"].as_array().into_iter().flatten().map(&text).collect::<Vec<_>>();
    let versions = spec["versions"].as_array().into_iter().flatten();
    versions
        .filter(|version| version["served"].as_bool().unwrap_or(false))
        .map(|version| Kind {
            group: group.clone(),
            version: text(&version["name"]),
            resource: plural.clone(),
            kind: text(&spec["names"]["kind"]),
            short_names: short_names.clone(),
            namespaced: spec["scope"] == "Namespaced",
            subresources: version["subresources"]
                .as_object()
                .into_iter()
                .flat_map(|known| known.keys().cloned())
                .collect(),
            in_all: false,
            prefix: format!("/registry/{group}/{plural}"),
            custom: true,
        })
        .collect()
}
