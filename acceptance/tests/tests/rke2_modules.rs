//! The modules of clusters as their authors test them: `terraform test` in the laboratory, on machines that cloud-init
//! prepares and with the stand-in for RKE2.

use std::fs;
use std::path::{Path, PathBuf};

use acceptance_tests::Workspace;
use acceptance_tests::kubernetes::{ACCEPTED, Distribution, Scene, Wanted};
use anyhow::{Context as _, Result, ensure};
use hybridops_lab::LabConfig;
use serde_json::{Value as Json, json};

fn module(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../modules").join(name)
}

/// Copies what a registry would serve of a module.
fn copy(from: &Path, ws: &Workspace, below: &str) -> Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("{} cannot be listed", from.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let place = if below.is_empty() { name } else { format!("{below}/{name}") };
        if entry.file_type()?.is_dir() {
            if !place.starts_with('.') && place != "examples" {
                copy(&entry.path(), ws, &place)?;
            }
        } else {
            let to = ws.path(&place);
            fs::create_dir_all(to.parent().context("a file lies in a directory")?)?;
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

fn artefacts(scene: &Scene) -> Json {
    json!({ "source": scene.releases.source("rke2"), "ca_certificate": scene.releases.ca() })
}

#[test]
fn rke2_cluster() -> Result<()> {
    let nodes = ["pve1", "pve2", "pve3"];
    let lab = LabConfig { nodes: nodes.map(str::to_owned).to_vec(), ..LabConfig::default() };
    let wanted = Wanted { lab, ..Wanted::default() };
    let Some(mut scene) = Scene::with("rke2_cluster", wanted)? else { return Ok(()) };
    scene.template()?;
    let servers: serde_json::Map<String, Json> = [("a", 11), ("b", 12), ("c", 13)]
        .into_iter()
        .map(|(key, number)| scene.of_module("platform", key, number))
        .collect::<Result<_>>()?;
    let agents: serde_json::Map<String, Json> = [scene.of_module("platform", "d", 21)?].into_iter().collect();
    let network = scene.real()?.network().to_owned();
    // The machines of cloud-init have no packet filter.
    let accepted: Vec<&str> = ACCEPTED.into_iter().chain(["iptables"]).collect();
    for (name, value) in [
        ("rke2_version", json!(Distribution::Rke2.version("v1.33.4"))),
        ("nodes", json!(nodes)),
        ("template", json!("debian-12")),
        ("seed_storage", json!("shared")),
        ("network", json!({ "bridge": "vmbr0", "cidr": format!("{network}.0/24") })),
        ("ssh", json!({ "user": "admin", "keys": [scene.real()?.client_key()?.1] })),
        ("servers", Json::Object(servers)),
        ("agents", Json::Object(agents)),
        ("artefacts", artefacts(&scene)),
        ("preflight", json!({ "accept": accepted })),
    ] {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        scene.ws.set_env(&format!("TF_VAR_{name}"), text);
    }
    scene.ws.remove("versions.tf")?;
    scene.ws.remove("variables.tf")?;
    copy(&module("rke2-cluster"), &scene.ws, "")?;
    scene.ws.init()?;
    let tested = scene.ws.run(&["test", "-filter=tests/cluster.tftest.hcl"])?.ok()?.says("0 failed")?;
    scene.tell(&format!("module rke2-cluster: terraform test in {:.0} s", tested.took.as_secs_f64()))
}

#[test]
fn gitops_bootstrap() -> Result<()> {
    let Some(mut scene) = Scene::start("gitops_bootstrap")? else { return Ok(()) };
    let server = scene.machine("platform-a", 31)?;
    scene.cluster_by_hand(Distribution::Rke2, "v1.33.4", &[&server])?;
    let link = json!({ "server": { "host": server.address, "host_keys": [server.host_key] }, "distribution": "rke2" });
    scene.ws.set_env("TF_VAR_cluster", link.to_string());
    scene.ws.remove("versions.tf")?;
    scene.ws.remove("variables.tf")?;
    copy(&module("gitops-bootstrap"), &scene.ws, "")?;
    scene.ws.init()?;
    let tested = scene.ws.run(&["test", "-filter=tests/bootstrap.tftest.hcl"])?.ok()?.says("0 failed")?;
    // It was all taken away again, for real.
    let left = scene.kubectl(Distribution::Rke2, &server, "get helmcharts.helm.cattle.io -A -o name")?;
    ensure!(!left.contains("argo-cd") && !left.contains("longhorn"), "{left}");
    scene.tell(&format!("module gitops-bootstrap: terraform test in {:.0} s", tested.took.as_secs_f64()))
}
