//! Starts that must not succeed, and the lines that say why (facts §2.10).

use std::time::Duration;

use acceptance_tests::kubernetes::{Config, Distribution, Machine, Scene, TOKEN};
use anyhow::{Context as _, Result, ensure};

const RKE2: Distribution = Distribution::Rke2;
const SERVER: &str = "rke2-server";
const PATIENCE: Duration = Duration::from_secs(180);

/// Starts a server with this configuration, waits for the line, stops it again and removes what it wrote.
fn refused(scene: &Scene, machine: &Machine, config: &Config, line: &str) -> Result<()> {
    scene.configure_by_hand(RKE2, machine, config)?;
    scene.start_unit(machine, SERVER)?;
    scene
        .wait_journal(machine, SERVER, line, PATIENCE)
        .with_context(|| format!("with\n{}", config.yaml()))?;
    ensure!(!scene.unit(machine, SERVER)?.is_active(), "it is up although {line:?}");
    scene.exec(
        machine,
        "systemctl stop rke2-server; rke2-killall.sh >/dev/null 2>&1 || true; rm -rf /var/lib/rancher/rke2 \
         /etc/rancher/rke2/rke2.yaml; journalctl --rotate --vacuum-time=1s >/dev/null 2>&1; true",
    )?;
    Ok(())
}

/// One server, and a machine that tries to join it in wrong ways.
#[test]
fn joins_that_are_refused() -> Result<()> {
    let Some(scene) = Scene::start("joins_that_are_refused")? else { return Ok(()) };
    let [a, b] = scene.machines(11, ["a", "b"])?;
    scene.cluster_by_hand(RKE2, "v1.33.4", &[&a])?;
    scene.install_by_hand(RKE2, &b, "v1.33.4")?;
    let joins = || Config::default().set("server", &scene.join_address(RKE2, &a)).set("token", TOKEN);

    // k3s: pkg/clientaccess/token.go
    let foreign = format!("K10{}::server:{TOKEN}", "ab".repeat(32));
    refused(&scene, &b, &joins().set("token", &foreign), "token CA hash does not match")?;
    // k3s: pkg/cluster/managed.go, CriticalControlArgs
    refused(
        &scene,
        &b,
        &joins().set("cluster-cidr", "10.99.0.0/16"),
        "critical configuration value mismatch",
    )?;
    // k3s: pkg/etcd/etcd.go, duplicate names
    refused(&scene, &b, &joins().set("node-name", "a"), "duplicate node name found")?;
    scene.expect_voters(RKE2, &a, &[&a])
}

/// Fatal errors end the process with 1, and systemd starts it again every five seconds (facts §2.3).
#[test]
fn a_crash_loop_counts_up() -> Result<()> {
    let Some(scene) = Scene::start("a_crash_loop_counts_up")? else { return Ok(()) };
    let [a] = scene.machines(11, ["a"])?;
    scene.install_by_hand(RKE2, &a, "v1.33.4")?;
    scene.fault(&a, "crash-loop", "starting kubernetes: preparing server: bootstrap data is broken")?;
    scene.configure_by_hand(RKE2, &a, &Config::default().set("token", TOKEN))?;
    scene.start_unit(&a, SERVER)?;
    acceptance_tests::wait_until("two restarts", PATIENCE, || {
        std::thread::sleep(Duration::from_millis(200));
        Ok(scene.unit(&a, SERVER)?.restarts() >= 2)
    })?;
    // While it is started again there is no status.
    acceptance_tests::wait_until("an end with 1", PATIENCE, || {
        std::thread::sleep(Duration::from_millis(100));
        Ok(scene.unit(&a, SERVER)?.get("ExecMainStatus") == "1")
    })?;
    scene.heal(&a, "crash-loop")?;
    scene.wait_active(&a, SERVER)
}

/// `key+` appends, the last file wins otherwise (rke2: pkg/configfilearg).
#[test]
fn configuration_is_merged() -> Result<()> {
    let Some(scene) = Scene::start("configuration_is_merged")? else { return Ok(()) };
    let [a] = scene.machines(11, ["a"])?;
    scene.install_by_hand(RKE2, &a, "v1.33.4")?;
    scene.configure_by_hand(
        RKE2,
        &a,
        &Config::default().set("token", TOKEN).set("node-label", "[first=1]").set("node-name", "wrong"),
    )?;
    scene.write(
        &a,
        "/etc/rancher/rke2/config.yaml.d/50-more.yaml",
        "node-label+: [second=2]\nnode-name: right\n",
    )?;
    scene.start_unit(&a, SERVER)?;
    scene.wait_active(&a, SERVER)?;
    let node = scene.kube_json(RKE2, &a, "/api/v1/nodes/right")?;
    let labels = &node["metadata"]["labels"];
    ensure!(labels["first"] == "1" && labels["second"] == "2", "{labels}");
    Ok(())
}
