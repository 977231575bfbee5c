//! Access for a while: what comes out of the ephemeral resource goes in where nothing is stored, and works.

use acceptance_tests::kubernetes::Distribution;
use anyhow::{Result, ensure};

use crate::scene;

/// The kubeconfig reaches nothing but a write-only argument and the check of a condition; what it can do is tried by kubectl
/// on the server, where the write-only argument put it.
#[test]
fn a_kubeconfig_for_a_while() -> Result<()> {
    let k3s = Distribution::K3s;
    let Some((scene, a)) = scene("a_kubeconfig_for_a_while", k3s)? else { return Ok(()) };
    let binding = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: deployers}\n\
                   roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}\n\
                   subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: \"platform:deployers\"}]\n";
    crate::create(&scene, k3s, &a, binding)?;
    scene.ws.write(
        "main.tf",
        &format!(
            "locals {{\n  cluster = {{ server = {block} }}\n}}\n\
             ephemeral \"hybridops_kubeconfig\" \"ci\" {{\n  cluster = local.cluster\n  user = \"ci\"\n  \
             groups = [\"platform:deployers\"]\n  ttl = \"30m\"\n  \
             server_address = \"https://127.0.0.1:6443\"\n\n  lifecycle {{\n    postcondition {{\n      \
             condition = timecmp(self.expires_at, plantimestamp()) > 0\n      error_message = \"It is over.\"\n    }}\n  }}\n}}\n\
             ephemeral \"hybridops_kubeconfig\" \"robot\" {{\n  cluster = local.cluster\n  service_account = {{ namespace = \
             \"default\", name = \"default\" }}\n}}\n\
             resource \"hybridops_kubernetes_addon\" \"it\" {{\n  name = \"handed-on\"\n  cluster = local.cluster\n  \
             secret_manifests_version = 1\n  secret_manifests = yamlencode({{\n    apiVersion = \"v1\", kind = \"Secret\", \
             metadata = {{ name = \"handed-on\", namespace = \"default\" }}\n    stringData = {{\n      user = \
             ephemeral.hybridops_kubeconfig.ci.kubeconfig\n      robot = ephemeral.hybridops_kubeconfig.robot.kubeconfig\n    \
             }}\n  }})\n}}\n",
            block = a.block()
        ),
    )?;
    scene.ws.apply()?.ok()?;
    scene.ws.expect_empty_plan()?;
    let take = |entry: &str| {
        let secret = format!(
            "-n default get secret handed-on -o jsonpath={{.data.{entry}}} | base64 -d > /tmp/{entry}"
        );
        scene.kubectl(k3s, &a, &secret)
    };
    take("user")?;
    take("robot")?;
    let as_user = scene.exec(&a, "kubectl --kubeconfig /tmp/user get nodes -o name")?;
    ensure!(as_user.contains("node/a"), "{as_user}");
    let keys = scene.exec(&a, "sed -n 's/.*client-key-data: *//p; s/.*token: *//p' /tmp/user /tmp/robot")?;
    let keys: Vec<String> =
        keys.lines().map(|key| key.trim().to_owned()).filter(|key| key.len() > 40).collect();
    ensure!(keys.len() == 2, "a key and a token");
    let left = scene.kubectl(k3s, &a, "get certificatesigningrequests -o name")?;
    ensure!(!left.contains("hybridops-"), "requests are taken away: {left}");

    // Who nobody binds may nothing.
    scene.kubectl(k3s, &a, "delete clusterrolebinding deployers")?;
    let refused = scene.exec(&a, "kubectl --kubeconfig /tmp/user get nodes 2>&1 || true")?;
    ensure!(refused.contains("Forbidden") || refused.contains("forbidden"), "{refused}");
    scene.expect_no_secret(&std::collections::BTreeSet::new(), &keys, &[])?;

    let masters = scene.ws.read("main.tf")?.replace("platform:deployers", "system:masters");
    scene.ws.write("main.tf", &masters)?;
    scene.ws.plan()?.fails()?.says("system:masters")?;
    Ok(())
}
