//! Images of static pods (rke2 pkg/images). The tag of everything built from Kubernetes carries the version.

use crate::version::tag;

/// Where images come from without another registry.
const REGISTRY: &str = "index.docker.io/rancher";
/// The day RKE2's images were built; any day will do.
const BUILD: &str = "build20250814";

/// kube-apiserver, -controller-manager, -scheduler, -proxy.
pub(crate) fn kubernetes_image(version: &str) -> String {
    format!("{REGISTRY}/hardened-kubernetes:{}-{BUILD}", tag(version))
}

/// etcd, which has a version of its own.
pub(crate) fn etcd_image() -> String {
    format!("{REGISTRY}/hardened-etcd:v3.5.21-k3s1-build20250612")
}

/// The cloud controller of RKE2.
pub(crate) fn cloud_controller_image(version: &str) -> String {
    format!(
        "{REGISTRY}/rke2-cloud-controller:{}-0.20250728163312-0abbad2b1d6e-{BUILD}",
        crate::version::kubernetes(version)
    )
}
