//! What the stand-in does wrong when it is told to, each as it was seen upstream.

use std::time::Duration;

use acceptance_tests::kubernetes::{Config, Distribution, Machine, Scene, TOKEN, Wanted};
use acceptance_tests::wait_until;
use anyhow::{Result, ensure};

const RKE2: Distribution = Distribution::Rke2;
const SERVER: &str = "rke2-server";
const PATIENCE: Duration = Duration::from_secs(180);

/// Images that the static pods of a machine run with, as the API tells.
fn running(scene: &Scene, ask: &Machine, machine: &Machine) -> Result<Vec<String>> {
    let pods = scene.kube_json(RKE2, ask, "/api/v1/namespaces/kube-system/pods")?;
    let of_machine = pods["items"].as_array().into_iter().flatten().filter(|pod| {
        pod["spec"]["nodeName"] == machine.name.as_str()
            && pod["metadata"]["annotations"]["kubernetes.io/config.mirror"].is_string()
    });
    let image = |pod: &serde_json::Value| pod["spec"]["containers"][0]["image"].as_str().map(str::to_owned);
    Ok(of_machine.filter_map(image).filter(|image| image.contains("kubernetes")).collect())
}

#[test]
fn each_fault_is_what_it_mirrors() -> Result<()> {
    let wanted = Wanted { versions: vec!["v1.33.4", "v1.33.5"], ..Wanted::default() };
    let Some(scene) = Scene::with("each_fault_is_what_it_mirrors", wanted)? else { return Ok(()) };
    let [a, b] = scene.machines(11, ["a", "b"])?;
    slow_start(&scene, &a)?;
    scene.tell("a slow start is no start")?;
    stalled_learner(&scene, &a, &b)?;
    scene.tell("a stalled learner stays one")?;
    hanging_restart(&scene, &b)?;
    scene.tell("a restart hangs, and the next does not")?;
    stale_static_pods(&scene, &a, &b)?;
    scene.tell("static pods stay old")?;
    node_not_ready(&scene, &a, &b)
}

/// A server that is slow is not up while its unit starts (facts §2.9).
fn slow_start(scene: &Scene, a: &Machine) -> Result<()> {
    scene.install_by_hand(RKE2, a, "v1.33.4")?;
    scene.fault(a, "slow-ready", "6")?;
    scene.configure_by_hand(RKE2, a, &Config::default().set("token", TOKEN))?;
    scene.start_unit(a, SERVER)?;
    std::thread::sleep(Duration::from_secs(4));
    ensure!(scene.unit(a, SERVER)?.get("ActiveState") == "activating", "it is up too early");
    scene.heal(a, "slow-ready")?;
    scene.wait_active(a, SERVER)
}

/// A learner that is not promoted stays a learner, and does not count (facts §2.11).
fn stalled_learner(scene: &Scene, a: &Machine, b: &Machine) -> Result<()> {
    scene.fault(a, "stalled-learner", "")?;
    scene.install_by_hand(RKE2, b, "v1.33.4")?;
    let config = Config::default().set("server", &scene.join_address(RKE2, a)).set("token", TOKEN);
    scene.configure_by_hand(RKE2, b, &config)?;
    scene.start_unit(b, SERVER)?;
    let is_learner =
        || Ok(scene.members(RKE2, a)?.iter().any(|member| member.is_learner && member.node() == "b"));
    wait_until("a learner", PATIENCE, is_learner)?;
    std::thread::sleep(Duration::from_secs(5));
    ensure!(is_learner()?, "it was promoted although it is stalled");
    scene.heal(a, "stalled-learner")?;
    scene.wait_voter(RKE2, a, b)?;
    scene.wait_active(b, SERVER)
}

/// rke2#9785: a restart stops with this line and goes no further; another start does.
fn hanging_restart(scene: &Scene, b: &Machine) -> Result<()> {
    scene.fault(b, "hang-reconcile", "")?;
    scene.exec(b, "systemctl restart --no-block rke2-server")?;
    let last = "Reconciling bootstrap data between datastore and disk";
    let hangs = || {
        std::thread::sleep(Duration::from_millis(300));
        let journal = scene.journal(b, SERVER)?;
        Ok(journal.lines().next_back().is_some_and(|line| line.contains(last)))
    };
    wait_until("the line after which nothing comes", PATIENCE, hangs)?;
    std::thread::sleep(Duration::from_secs(3));
    ensure!(hangs()? && !scene.unit(b, SERVER)?.is_active(), "it went on");
    scene.heal(b, "hang-reconcile")?;
    scene.exec(b, "systemctl restart --no-block rke2-server")?;
    scene.wait_active(b, SERVER)
}

/// rke2#4221: the unit and the kubelet are new, the static pods are not.
fn stale_static_pods(scene: &Scene, a: &Machine, b: &Machine) -> Result<()> {
    let before = running(scene, a, b)?;
    ensure!(!before.is_empty(), "there are no static pods");
    scene.fault(b, "stale-static-pod", "")?;
    scene.install_by_hand(RKE2, b, "v1.33.5")?;
    scene.exec(b, "systemctl restart --no-block rke2-server")?;
    let is_new = || {
        std::thread::sleep(Duration::from_millis(300));
        Ok(scene.nodes(RKE2, a)?.get("b").is_some_and(|(_, version)| version == "v1.33.5+rke2r1"))
    };
    wait_until("the new kubelet", PATIENCE, is_new)?;
    ensure!(running(scene, a, b)? == before, "the static pods are new");
    scene.heal(b, "stale-static-pod")?;
    scene.exec(b, "systemctl restart --no-block rke2-server")?;
    wait_until("new static pods", PATIENCE, || {
        std::thread::sleep(Duration::from_millis(300));
        Ok(running(scene, a, b)?.iter().all(|image| image.contains("v1.33.5-rke2r1")))
    })
}

fn node_not_ready(scene: &Scene, a: &Machine, b: &Machine) -> Result<()> {
    let ready = |wanted: bool| {
        wait_until("the condition of the node", PATIENCE, || {
            std::thread::sleep(Duration::from_millis(300));
            Ok(scene.nodes(RKE2, a)?.get("b").is_some_and(|(ready, _)| *ready == wanted))
        })
    };
    scene.fault(b, "node-not-ready", "")?;
    ready(false)?;
    scene.heal(b, "node-not-ready")?;
    ready(true)
}
