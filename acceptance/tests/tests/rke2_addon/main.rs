//! Add-ons and access to a cluster through real Terraform: the cluster is the stand-in on a machine of the laboratory,
//! and everything goes through the SSH connection to it.

mod access;
mod charts;
mod guards;
mod objects;

use acceptance_tests::kubernetes::{Declared, Distribution, Machine, Scene, Wanted};
use anyhow::Result;

/// A scene with a cluster of one server, made by hand.
pub(crate) fn scene(test: &str, distribution: Distribution) -> Result<Option<(Scene, Machine)>> {
    let Some(scene) = Scene::with(test, Wanted::default())? else { return Ok(None) };
    let server = scene.machine("a", 11)?;
    scene.cluster_by_hand(distribution, "v1.33.4", &[&server])?;
    scene.tell("a cluster")?;
    Ok(Some((scene, server)))
}

/// An add-on of this name, labelled `it`.
pub(crate) fn addon(server: &Machine, name: &str) -> Declared {
    Declared::new("hybridops_kubernetes_addon", "it")
        .text("name", name)
        .set("cluster.server", server.block())
        .set("timeouts", "{ create = \"60s\", update = \"60s\", delete = \"60s\" }")
}

/// Manifests as an expression.
pub(crate) fn manifests(texts: &[&str]) -> String {
    serde_json::Value::from(texts.to_vec()).to_string()
}

/// A Deployment in the namespace `web` with this many replicas of an image.
pub(crate) fn deployment(replicas: u32, image: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: web}}\nspec:\n  replicas: {replicas}\n  \
         selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    spec:\n      \
         containers: [{{name: web, image: \"{image}\"}}]\n"
    )
}

/// Creates objects behind the provider's back.
pub(crate) fn create(scene: &Scene, distribution: Distribution, server: &Machine, text: &str) -> Result<()> {
    scene.write(server, "/tmp/by-hand.yaml", text)?;
    scene.kubectl(distribution, server, "create -f /tmp/by-hand.yaml").map(drop)
}

/// The namespace `web`.
pub(crate) const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: web}\n";
