//! Charts known here: what workloads they bring, which of them have volumes, and which types they define. Names and
//! shapes follow the charts of the projects; everything else is left out. A chart that is not in the table brings one
//! Deployment called like the release.
//!
//! Values that count for all of them: `replicas` or `replicaCount` for the first workload, `standin: {image: …}` for
//! the image (`never-ready` and others, see the kubelet).

use serde_json::{Value, json};

use super::super::super::objects::{at, set, text};
use super::super::context::Context;
use super::release;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Deployment,
    DaemonSet,
    /// With a volume of its own for each pod.
    StatefulSet,
    /// A Deployment with one claim of the chart.
    DeploymentWithClaim,
}

use Shape::{DaemonSet, Deployment, DeploymentWithClaim, StatefulSet};

/// `{r}` is the release.
struct Chart {
    name: &'static str,
    workloads: &'static [(Shape, &'static str)],
    /// Group, version, kind, plural, namespaced.
    definitions: &'static [(&'static str, &'static str, &'static str, &'static str, bool)],
}

const KNOWN: &[Chart] = &[
    Chart {
        name: "argo-cd",
        workloads: &[
            (Deployment, "{r}-server"),
            (Deployment, "{r}-repo-server"),
            (Deployment, "{r}-redis"),
            (Deployment, "{r}-applicationset-controller"),
        ],
        definitions: &[
            ("argoproj.io", "v1alpha1", "Application", "applications", true),
            ("argoproj.io", "v1alpha1", "ApplicationSet", "applicationsets", true),
            ("argoproj.io", "v1alpha1", "AppProject", "appprojects", true),
        ],
    },
    Chart {
        name: "external-secrets",
        workloads: &[(Deployment, "{r}"), (Deployment, "{r}-webhook"), (Deployment, "{r}-cert-controller")],
        definitions: &[
            ("external-secrets.io", "v1", "ExternalSecret", "externalsecrets", true),
            ("external-secrets.io", "v1", "ClusterExternalSecret", "clusterexternalsecrets", false),
            ("external-secrets.io", "v1", "SecretStore", "secretstores", true),
            ("external-secrets.io", "v1", "ClusterSecretStore", "clustersecretstores", false),
        ],
    },
    Chart {
        name: "longhorn",
        workloads: &[
            (Deployment, "longhorn-ui"),
            (DaemonSet, "longhorn-manager"),
            (Deployment, "longhorn-driver-deployer"),
        ],
        definitions: &[
            ("longhorn.io", "v1beta2", "Volume", "volumes", true),
            ("longhorn.io", "v1beta2", "Setting", "settings", true),
        ],
    },
    Chart {
        name: "cert-manager",
        workloads: &[(Deployment, "{r}"), (Deployment, "{r}-cainjector"), (Deployment, "{r}-webhook")],
        definitions: &[
            ("cert-manager.io", "v1", "Certificate", "certificates", true),
            ("cert-manager.io", "v1", "Issuer", "issuers", true),
            ("cert-manager.io", "v1", "ClusterIssuer", "clusterissuers", false),
        ],
    },
    Chart {
        name: "metallb",
        workloads: &[(Deployment, "{r}-controller"), (DaemonSet, "{r}-speaker")],
        definitions: &[
            ("metallb.io", "v1beta1", "IPAddressPool", "ipaddresspools", true),
            ("metallb.io", "v1beta1", "L2Advertisement", "l2advertisements", true),
        ],
    },
    Chart { name: "ingress-nginx", workloads: &[(DaemonSet, "{r}-controller")], definitions: &[] },
    Chart {
        name: "traefik",
        workloads: &[(DaemonSet, "{r}")],
        definitions: &[("traefik.io", "v1alpha1", "IngressRoute", "ingressroutes", true)],
    },
    Chart { name: "prometheus", workloads: &[(DeploymentWithClaim, "{r}-server")], definitions: &[] },
    Chart {
        name: "netbox",
        workloads: &[(Deployment, "{r}"), (Deployment, "{r}-worker"), (StatefulSet, "{r}-postgresql")],
        definitions: &[],
    },
    Chart { name: "postgresql", workloads: &[(StatefulSet, "{r}")], definitions: &[] },
    Chart { name: "rke2-canal", workloads: &[(DaemonSet, "rke2-canal")], definitions: &[] },
    Chart { name: "rke2-cilium", workloads: &[(DaemonSet, "cilium")], definitions: &[] },
    Chart {
        name: "rke2-ingress-nginx",
        workloads: &[(DaemonSet, "rke2-ingress-nginx-controller")],
        definitions: &[],
    },
    Chart { name: "rke2-coredns", workloads: &[(Deployment, "rke2-coredns-rke2-coredns")], definitions: &[] },
];

/// The objects of a release, definitions first.
pub(super) fn render(
    chart: &str,
    release: &str,
    namespace: &str,
    version: &str,
    values: &Value,
) -> Vec<Value> {
    let plain = chart.rsplit('/').next().unwrap_or(chart);
    let generic = Chart { name: "", workloads: &[(Deployment, "{r}")], definitions: &[] };
    let known = KNOWN.iter().find(|known| known.name == plain).unwrap_or(&generic);
    let mut objects: Vec<Value> = known.definitions.iter().map(definition).collect();
    if plain == "longhorn" {
        objects.push(storage_class(values));
    }
    for (index, (shape, own)) in known.workloads.iter().enumerate() {
        let own = own.replace("{r}", release);
        let replicas = values.get("replicas").or_else(|| values.get("replicaCount"));
        let replicas = replicas.and_then(Value::as_i64).filter(|_| index == 0).unwrap_or(1);
        if *shape == DeploymentWithClaim {
            objects.push(claim(&own, namespace));
        }
        let kind = at(values, &["controller", "kind"])
            .as_str()
            .or_else(|| at(values, &["deployment", "kind"]).as_str());
        let shape = match (shape, kind) {
            (DaemonSet, Some("Deployment")) => Deployment,
            (shape, _) => *shape,
        };
        objects.push(workload(shape, &own, release, plain, version, replicas, values));
    }
    objects
}

fn workload(
    shape: Shape,
    own: &str,
    release: &str,
    chart: &str,
    version: &str,
    replicas: i64,
    values: &Value,
) -> Value {
    let asked = text(values, &["standin", "image"]);
    let image = if asked.is_empty() { format!("{chart}:{version}") } else { asked.to_owned() };
    let selector = json!({ "app.kubernetes.io/instance": release, "app.kubernetes.io/name": own });
    let mut labels = selector.clone();
    labels["helm.sh/chart"] = json!(format!("{chart}-{version}").replace('+', "_"));
    let mut object = json!({
        "apiVersion": "apps/v1",
        "kind": match shape { DaemonSet => "DaemonSet", StatefulSet => "StatefulSet", _ => "Deployment" },
        "metadata": { "name": own, "labels": labels },
        "spec": {
            "selector": { "matchLabels": selector },
            "template": {
                "metadata": { "labels": selector },
                "spec": { "containers": [{ "name": chart, "image": image }] },
            },
        },
    });
    if shape != DaemonSet {
        object["spec"]["replicas"] = json!(replicas);
    }
    match shape {
        StatefulSet => {
            object["spec"]["serviceName"] = json!(own);
            object["spec"]["volumeClaimTemplates"] =
                json!([{ "metadata": { "name": "data" }, "spec": claim_spec() }]);
        }
        DeploymentWithClaim => set(
            &mut object,
            &["spec", "template", "spec", "volumes"],
            json!([{ "name": "storage-volume", "persistentVolumeClaim": { "claimName": own } }]),
        ),
        _ => {}
    }
    object
}

fn claim_spec() -> Value {
    json!({ "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "8Gi" } } })
}

fn claim(own: &str, _namespace: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": { "name": own }, "spec": claim_spec() })
}

fn storage_class(values: &Value) -> Value {
    let policy = at(values, &["persistence", "reclaimPolicy"]).as_str().unwrap_or("Delete");
    json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "driver.longhorn.io",
        "metadata": { "name": "longhorn", "annotations": { "storageclass.kubernetes.io/is-default-class": "true" } },
        "reclaimPolicy": policy, "volumeBindingMode": "Immediate", "allowVolumeExpansion": true,
    })
}

fn definition(row: &(&str, &str, &str, &str, bool)) -> Value {
    let (group, version, kind, plural, namespaced) = *row;
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("{plural}.{group}") },
        "spec": {
            "group": group, "scope": if namespaced { "Namespaced" } else { "Cluster" },
            "names": { "kind": kind, "plural": plural, "singular": kind.to_lowercase(), "listKind": format!("{kind}List") },
            "versions": [{
                "name": version, "served": true, "storage": true, "subresources": { "status": {} },
                "schema": { "openAPIV3Schema": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } },
            }],
        },
    })
}

/// Objects the programs of a chart make when they run, which no release owns.
pub(super) fn afterwards(chart: &str) -> Vec<Value> {
    match chart.rsplit('/').next() {
        Some("longhorn") => vec![json!({
            "apiVersion": "longhorn.io/v1beta2", "kind": "Setting", "value": "false",
            "metadata": { "name": "deleting-confirmation-flag" },
        })],
        _ => Vec::new(),
    }
}

/// longhorn-manager, app/uninstall: without the flag the hook of the chart refuses.
pub(super) fn consents(context: &Context, chart: &Value) -> Result<(), String> {
    if text(chart, &["spec", "chart"]).rsplit('/').next() != Some("longhorn") {
        return Ok(());
    }
    let flag = context.one("settings.longhorn.io", release::target(chart), "deleting-confirmation-flag");
    match flag {
        Some(flag) if flag["value"] != "true" => Err(
            "failed pre-delete: cannot uninstall Longhorn because deleting-confirmation-flag is set to `false`. Please set it to `true` using Longhorn UI or kubectl".to_owned(),
        ),
        _ => Ok(()),
    }
}
