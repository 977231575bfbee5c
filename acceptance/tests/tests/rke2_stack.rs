//! The stack `platform-cluster`, applied as it stands: a template of an image, machines that are cloned from it, RKE2 on
//! them, the add-ons on that. Containers with cloud-init stand in for the machines, and `rke2-standin` for RKE2: what the
//! template's disk holds is not looked at.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use acceptance_tests::kubernetes::{ACCEPTED, Distribution, Machine, Scene};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Map, Value as Json, json};
use sha2::{Digest as _, Sha256};

const RKE2: Distribution = Distribution::Rke2;
const IMAGE: &str = "debian-12-genericcloud-amd64.qcow2";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Copies what Terraform reads of a directory of the repository, at the same place.
fn copy(scene: &Scene, directory: &str) -> Result<()> {
    let from = repository().join(directory);
    for entry in fs::read_dir(&from).with_context(|| format!("{} cannot be listed", from.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "tf") {
            let name = path.file_name().context("a file has a name")?.to_string_lossy();
            scene.ws.write(&format!("{directory}/{name}"), &fs::read_to_string(&path)?)?;
        }
    }
    Ok(())
}

/// An image where publishers have theirs, with its sum.
fn image(scene: &Scene) -> Result<Json> {
    let file = scene.ws.path(IMAGE);
    let made = Command::new("qemu-img").args(["create", "-q", "-f", "qcow2"]).arg(&file).arg("4M").status();
    ensure!(made.context("qemu-img is needed")?.success(), "qemu-img made no image");
    let bytes = fs::read(&file)?;
    scene.ws.remove(IMAGE)?;
    scene.lab.put_artefact(IMAGE, &bytes)?;
    let sum: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(json!({ "url": scene.lab.artefact_url(IMAGE), "checksum": format!("sha256:{sum}") }))
}

/// What a reader gives.
fn given(scene: &Scene) -> Result<Map<String, Json>> {
    // The machines of cloud-init have no packet filter.
    let accepted: Vec<&str> = ACCEPTED.into_iter().chain(["iptables"]).collect();
    let machines = |key: &str, number| -> Result<Json> {
        Ok(Json::Object([scene.of_module("platform", key, number)?].into_iter().collect()))
    };
    let given = json!({
        "nodes": ["pve1"],
        "storage": { "disks": "local-lvm", "images": "local" },
        "image": image(scene)?,
        "seed_storage": "shared",
        "size": { "servers": { "cores": 2, "memory": 4096, "disk": "20G" }, "agents": { "disk": "20G" } },
        "network": { "bridge": "vmbr0", "cidr": format!("{}.0/24", scene.real()?.network()) },
        "ssh": { "user": "admin", "keys": [scene.real()?.client_key()?.1] },
        "servers": machines("a", 11)?,
        "agents": machines("d", 21)?,
        "artefacts": { "source": scene.releases.source("rke2"), "ca_certificate": scene.releases.ca() },
        "preflight": { "accept": accepted },
        "app_of_apps": { "repo_url": "https://git.example.com/platform/apps.git", "path": "clusters/platform" },
        "repository_credentials": { "username": "argocd", "password": "tried-once-only" },
        "repository_credentials_version": 1,
        "secret_stores": { "vault": "provider: { vault: { server: \"https://vault.example.com\", path: kv } }" },
        "token": "tried-once-only",
        "deletion_protection": false,
    });
    given.as_object().cloned().context("an object")
}

#[test]
fn the_platform_comes_from_nothing() -> Result<()> {
    let Some(mut scene) = Scene::start("the_platform_comes_from_nothing")? else { return Ok(()) };
    scene.lend_etcd()?;
    for (name, value) in given(&scene)? {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        scene.ws.set_env(&format!("TF_VAR_{name}"), text);
    }
    for file in ["versions.tf", "variables.tf"] {
        scene.ws.remove(file)?;
    }
    const STACK: &str = "examples/stacks/platform-cluster";
    for directory in [STACK, "modules/proxmox-templates", "modules/rke2-cluster", "modules/gitops-bootstrap"]
    {
        copy(&scene, directory)?;
    }
    let below = format!("-chdir={STACK}");
    let run = |arguments: &[&str]| scene.ws.run(&[&[below.as_str()], arguments].concat());
    run(&["init", "-no-color"])?.ok()?;
    run(&["validate", "-no-color"])?.ok()?;
    let applied = run(&["apply", "-no-color", "-auto-approve"])?.ok().with_context(|| scene.situation())?;
    scene.tell(&format!("the stack was applied in {:.1} s", applied.took.as_secs_f64()))?;
    let second = run(&["plan", "-no-color", "-detailed-exitcode"])?;
    ensure!(second.status.code() == Some(0), "the second plan is not empty: {second}");

    // Past Terraform: what there is.
    let machines: Json = serde_json::from_str(&run(&["output", "-json", "machines"])?.ok()?.stdout)?;
    let vmid = machines["platform-a"]["vmid"].as_u64().context("the number of the server")?;
    let server = Machine {
        name: "platform-a".to_owned(),
        vmid: u32::try_from(vmid)?,
        address: format!("{}.11", scene.real()?.network()),
        host_key: String::new(),
    };
    let members = scene.members(RKE2, &server)?;
    ensure!(members.len() == 1, "{members:?}");
    let names = |what: &str| scene.kubectl(RKE2, &server, &format!("get {what} -A -o name"));
    let charts = names("helmcharts.helm.cattle.io")?;
    for chart in ["longhorn", "external-secrets", "argo-cd"] {
        ensure!(charts.contains(chart), "{chart} is not among {charts}");
    }
    let nodes: Vec<String> = scene.nodes(RKE2, &server)?.into_keys().collect();
    ensure!(nodes == ["platform-a", "platform-d"], "{nodes:?}");
    ensure!(names("applications.argoproj.io")?.contains("root"), "there is no application of applications");

    run(&["destroy", "-no-color", "-auto-approve"])?.ok()?;
    let left = scene.lab.guests();
    ensure!(left.is_empty(), "{left:?}");
    scene.tell("the stack is gone")
}
