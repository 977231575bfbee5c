//! What every cluster has from the beginning: namespaces, the roles of RBAC, default service accounts
//! (kube-apiserver's post-start hooks, pkg/controlplane).

use std::time::Duration;

use serde_json::json;

use super::super::objects::name;
use super::super::rbac;
use super::super::status::ApiResult;
use super::context::Context;

const NAMESPACES: &[&str] = &["default", "kube-system", "kube-public", "kube-node-lease"];

pub(crate) async fn reconcile(context: Context) -> ApiResult<Option<Duration>> {
    for namespace in NAMESPACES {
        if context.one("namespaces", "", namespace).is_none() {
            let object =
                json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace } });
            context.client.ensure("namespaces", "", object).await?;
        }
    }
    for object in rbac::bootstrap_objects() {
        let resource = match object["kind"] == "ClusterRole" {
            true => "clusterroles.rbac.authorization.k8s.io",
            false => "clusterrolebindings.rbac.authorization.k8s.io",
        };
        if context.one(resource, "", name(&object)).is_none() {
            context.client.ensure(resource, "", object).await?;
        }
    }
    Ok(None)
}
