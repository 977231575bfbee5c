//! Upgrades across a minor version, with what goes wrong in them.

use std::time::Duration;

use acceptance_tests::kubernetes::{Distribution, Machine, Quorum, Scene, Wanted};
use acceptance_tests::real::Declared;
use acceptance_tests::{Output, wait_until};
use anyhow::{Result, ensure};
use hybridops_lab::{Moment, Stop, Strike};

const RKE2: Distribution = Distribution::Rke2;
const OLD: &str = "v1.32.8";
const NEW: &str = "v1.33.4";

fn scene(test: &str) -> Result<Option<Scene>> {
    Scene::with(test, Wanted { versions: vec![OLD, NEW], ..Wanted::default() })
}

fn declared(
    scene: &Scene,
    version: &str,
    servers: &[&Machine],
    agents: &[&Machine],
    patience: &str,
) -> Vec<Declared> {
    whole(scene, RKE2, version, servers, agents, patience)
}

fn whole(
    scene: &Scene,
    of: Distribution,
    version: &str,
    servers: &[&Machine],
    agents: &[&Machine],
    patience: &str,
) -> Vec<Declared> {
    let whole = scene.whole(of, version, servers, agents);
    let limit = |one: Declared| {
        let node = one.address().contains("_node.");
        if node {
            one.set("timeouts", format!("{{ update = \"{patience}\" }}"))
        } else {
            one.set("upgrade", "{ drain_timeout = \"15s\" }")
        }
    };
    whole.into_iter().map(limit).collect()
}

fn refs(declared: &[Declared]) -> Vec<&Declared> {
    declared.iter().collect()
}

fn servers_then_agents(of: Distribution) -> Result<()> {
    let versions = vec![OLD, NEW, "v1.34.1"];
    let wanted = Wanted { versions, ..Wanted::default() };
    let Some(scene) = Scene::with(&format!("{} upgrade", of.name()), wanted)? else { return Ok(()) };
    let [a, b, c, d] = scene.machines(11, ["a", "b", "c", "d"])?;
    let servers = [&a, &b, &c];
    scene.converge(&refs(&whole(&scene, of, OLD, &servers, &[&d], "5m")))?;
    scene.tell("the old version stands")?;
    let skips = whole(&scene, of, "v1.34.1", &servers, &[&d], "5m");
    scene.refused_at_plan(&refs(&skips), &["minor versions are left out", "upgrade to v1.33 first"])?;
    let quorum = Quorum::watch(&scene, of, &servers)?;
    scene.converge(&refs(&whole(&scene, of, NEW, &servers, &[&d], "5m")))?;
    scene.tell("the new version stands")?;
    let watched = quorum.end();
    watched.expect_kept(Duration::from_secs(10))?;
    scene.tell(&format!("etcd was asked: {watched:?}"))?;
    scene.expect_nodes(of, &a, NEW, &[&a, &b, &c, &d])?;
    let snapshots = scene.exec(&a, &format!("ls {}/server/db/snapshots", of.data()))?;
    ensure!(snapshots.contains("before-upgrade"), "{snapshots}");
    scene.refused_at_plan(&refs(&whole(&scene, of, OLD, &servers, &[&d], "5m")), &["cannot go back"])?;
    // What connects pods is what it was when the cluster was made.
    let (key, other) = match of {
        Distribution::Rke2 => ("cni", "cilium"),
        Distribution::K3s => ("flannel_backend", "host-gw"),
    };
    let mut another = whole(&scene, of, NEW, &servers, &[&d], "5m");
    if let Some(cluster) = another.first_mut() {
        *cluster = cluster.clone().text(&format!("config.{key}"), other);
    }
    scene.refused_at_plan(&refs(&another), &[&format!("`{key}` cannot be changed"), "make a new one"])?;
    Ok(())
}

#[test]
fn servers_then_agents_of_rke2() -> Result<()> {
    servers_then_agents(RKE2)
}

#[test]
fn servers_then_agents_of_k3s() -> Result<()> {
    servers_then_agents(Distribution::K3s)
}

/// Who had not been changed when `b` failed was left alone, and is told so. Which server comes first is nobody's promise.
fn others_were_left(scene: &Scene, through: &Machine, output: Output) -> Result<()> {
    let nodes = scene.nodes(RKE2, through)?;
    let old = RKE2.version(OLD);
    let mut output = output;
    for (name, _) in nodes.iter().filter(|(name, (_, version))| *name != "b" && *version == old) {
        output = output.says(&format!("{name} was left as it is"))?;
    }
    Ok(())
}

/// A fault on one server: the apply says what it is, the others keep the majority, and the next apply goes on.
fn faulty(test: &str, fault: (&str, &str), patience: &str, says: &[&str]) -> Result<()> {
    let Some(scene) = scene(test)? else { return Ok(()) };
    let [a, b, c] = scene.machines(11, ["a", "b", "c"])?;
    let servers = [&a, &b, &c];
    scene.converge(&refs(&declared(&scene, OLD, &servers, &[], "5m")))?;
    scene.tell("the old version stands")?;
    scene.fault(&b, fault.0, fault.1)?;
    let quorum = Quorum::watch(&scene, RKE2, &[&a, &b, &c])?;
    let output = scene.refused(&refs(&declared(&scene, NEW, &servers, &[], patience)), says)?;
    others_were_left(&scene, &a, output)?;
    scene.tell("the upgrade was stopped")?;
    scene.heal(&b, "")?;
    scene.converge(&refs(&declared(&scene, NEW, &servers, &[], "5m")))?;
    scene.tell("the next apply went on")?;
    let watched = quorum.end();
    scene.tell(&format!("etcd was asked: {watched:?}"))?;
    watched.expect_kept(Duration::from_secs(10))?;
    scene.expect_nodes(RKE2, &a, NEW, &servers)
}

#[test]
fn a_crash_loop() -> Result<()> {
    let line = "critical configuration value mismatch between servers: ClusterCIDR";
    faulty(
        "rke2 upgrade with a crash loop",
        ("crash-loop", line),
        "4m",
        &["b does not start", "configured differently from the others", "before-upgrade"],
    )
}

#[test]
fn a_stuck_static_pod() -> Result<()> {
    faulty(
        "rke2 upgrade with a stuck static pod",
        ("stale-static-pod", ""),
        "70s",
        &["b did not become ready in time", "It still waits for its API server to be v1.33"],
    )
}

#[test]
fn a_hung_start_is_restarted_once() -> Result<()> {
    let Some(scene) = scene("rke2 upgrade with a hung start")? else { return Ok(()) };
    let [a] = scene.machines(11, ["a"])?;
    scene.converge(&refs(&declared(&scene, OLD, &[&a], &[], "5m")))?;
    scene.fault(&a, "hang-reconcile", "once")?;
    scene.converge(&refs(&declared(&scene, NEW, &[&a], &[], "5m")))?;
    scene.expect_nodes(RKE2, &a, NEW, &[&a])
}

/// A workload on `b` that a budget does not let go, in namespace `web`.
const HELD: &str = r#"
apiVersion: v1
kind: Namespace
metadata: { name: web }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: shop, namespace: web }
spec:
  replicas: 1
  selector: { matchLabels: { app: shop } }
  template:
    metadata: { labels: { app: shop } }
    spec:
      nodeSelector: { kubernetes.io/hostname: b }
      containers: [{ name: shop, image: shop:1 }]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: always-one, namespace: web }
spec:
  minAvailable: 1
  selector: { matchLabels: { app: shop } }
"#;

#[test]
fn a_disruption_budget_that_blocks() -> Result<()> {
    let Some(scene) = scene("rke2 upgrade with a disruption budget")? else { return Ok(()) };
    let [a, b, c] = scene.machines(11, ["a", "b", "c"])?;
    let servers = [&a, &b, &c];
    scene.converge(&refs(&declared(&scene, OLD, &servers, &[], "5m")))?;
    scene.write(&a, "/root/held.yaml", HELD)?;
    scene.kubectl(RKE2, &a, "apply --validate=false -f /root/held.yaml")?;
    let ready = "get deployment shop -n web -o jsonpath={.status.readyReplicas}";
    wait_until(
        "the workload to run",
        Duration::from_secs(60),
        || Ok(scene.kubectl(RKE2, &a, ready)? == "1"),
    )?;
    scene.tell("the old version stands, with a workload")?;
    let quorum = Quorum::watch(&scene, RKE2, &servers)?;
    let says = [
        "b cannot be emptied",
        "PodDisruptionBudget web/always-one",
        "web/shop-",
        "Its version was not changed",
    ];
    let output = scene.refused(&refs(&declared(&scene, NEW, &servers, &[], "5m")), &says)?;
    others_were_left(&scene, &a, output)?;
    scene.tell("the upgrade was stopped")?;
    let nodes = scene.nodes(RKE2, &a)?;
    ensure!(nodes.get("b") == Some(&(true, RKE2.version(OLD))), "b was touched: {nodes:?}");
    let cordoned = scene.kube_json(RKE2, &a, "/api/v1/nodes/b")?["spec"]["unschedulable"] == true;
    ensure!(!cordoned, "b takes no pods, though it was not changed");
    ensure!(scene.kubectl(RKE2, &a, ready)? == "1", "the workload was harmed");
    scene.kubectl(RKE2, &a, "delete poddisruptionbudget always-one -n web")?;
    scene.converge(&refs(&declared(&scene, NEW, &servers, &[], "5m")))?;
    scene.tell("without the budget the next apply went on")?;
    let watched = quorum.end();
    scene.tell(&format!("etcd was asked: {watched:?}"))?;
    watched.expect_kept(Duration::from_secs(10))?;
    scene.expect_nodes(RKE2, &a, NEW, &servers)
}

/// Ends the machine's SSH server with all its connections when the journal is at a step, as if the way to it was cut.
fn cut_at(scene: &Scene, machine: &Machine, step: &str) -> Result<()> {
    let wait = format!(
        "until grep -q '\"step\":\"{step}\"' /var/lib/hybridops/rke2/journal.json; do sleep 0.05; done"
    );
    let cut = "systemctl stop ssh.socket ssh; pkill -x sshd; touch /root/cut";
    scene.write(machine, "/root/cut.sh", &format!("{wait}\n{cut}\n"))?;
    scene.exec(machine, "nohup setsid sh /root/cut.sh >/dev/null 2>&1 &").map(drop)
}

#[test]
fn a_lost_connection() -> Result<()> {
    let Some(scene) = scene("rke2 upgrade with a lost connection")? else { return Ok(()) };
    let [a, b, c] = scene.machines(11, ["a", "b", "c"])?;
    let servers = [&a, &b, &c];
    scene.converge(&refs(&declared(&scene, OLD, &servers, &[], "5m")))?;
    scene.tell("the old version stands")?;
    let quorum = Quorum::watch(&scene, RKE2, &servers)?;
    // One connection is cut while a service restarts: it is made again, and nobody need know.
    let doors = scene.real()?.doors();
    doors.arm(Stop {
        target: "a".to_owned(),
        command: "Tells how a service does".to_owned(),
        moment: Moment::Before,
        strike: Strike::Drop,
        ..Stop::default()
    })?;
    cut_at(&scene, &b, "gates")?;
    let says = [
        "b was not reached any more while it was waited for",
        "goes on without this connection",
        "before-upgrade",
    ];
    let output = scene.refused(&refs(&declared(&scene, NEW, &servers, &[], "5m")), &says)?;
    others_were_left(&scene, &a, output)?;
    scene.tell("the upgrade was stopped")?;
    ensure!(scene.exec(&b, "ls /root/cut")?.contains("cut"), "nothing was cut");
    scene.exec(&b, "systemctl start ssh")?;
    b.wait_reached(scene.real()?)?;
    scene.converge(&refs(&declared(&scene, NEW, &servers, &[], "5m")))?;
    let struck = doors.commands().iter().any(|command| command.struck && command.target == "a");
    doors.release();
    ensure!(struck, "no connection to a was cut");
    scene.tell("the next apply went on")?;
    let watched = quorum.end();
    scene.tell(&format!("etcd was asked: {watched:?}"))?;
    watched.expect_kept(Duration::from_secs(10))?;
    scene.expect_nodes(RKE2, &a, NEW, &servers)
}

/// A server is ready when what it brought with it is applied: its manifests, and the charts among them.
#[test]
fn manifests_and_charts_that_stay_behind() -> Result<()> {
    const NEWER: &str = "v1.34.1";
    let wanted = Wanted { versions: vec![OLD, NEW, NEWER], ..Wanted::default() };
    let Some(scene) = Scene::with("rke2 upgrade with manifests and charts", wanted)? else { return Ok(()) };
    let [a] = scene.machines(11, ["a"])?;
    scene.write(&a, "/etc/rke2-standin/settings.yaml", "charts: [rke2-coredns, rke2-metrics-server]\n")?;
    // Somebody's own that was never well is no concern of an upgrade.
    let bad = "apiVersion: example.com/v1\nkind: Unknown\nmetadata: { name: x }\n";
    let installed = |version: &str| -> Result<()> {
        let chart = scene.kube_json(
            RKE2,
            &a,
            "/apis/helm.cattle.io/v1/namespaces/kube-system/helmcharts/rke2-coredns",
        )?;
        ensure!(chart["spec"]["version"] == format!("{}-rke2r1", version.trim_start_matches('v')), "{chart}");
        let job = scene.kube_json(
            RKE2,
            &a,
            "/apis/batch/v1/namespaces/kube-system/jobs/helm-install-rke2-coredns",
        )?;
        ensure!(job["status"]["succeeded"] == 1, "{job}");
        Ok(())
    };
    let go = |version: &str, patience: &str| declared(&scene, version, &[&a], &[], patience);
    scene.converge(&refs(&go(OLD, "5m")))?;
    installed(OLD)?;
    scene.write(&a, "/var/lib/rancher/rke2/server/manifests/own.yaml", bad)?;
    scene.tell("the old version stands with its charts")?;

    scene.fault(&a, "manifests-left", "")?;
    let says = [
        "a did not become ready in time",
        "the manifest /var/lib/rancher/rke2/server/manifests/rke2-coredns.yaml to be applied",
    ];
    scene.refused(&refs(&go(NEW, "90s")), &says)?;
    scene.heal(&a, "")?;
    scene.converge(&refs(&go(NEW, "5m")))?;
    installed(NEW)?;
    scene.tell("manifests that were not applied were waited for")?;

    scene.fault(&a, "broken-chart", "rke2-coredns")?;
    let says = ["a did not become ready in time", "the chart rke2-coredns to be installed", "before-upgrade"];
    scene.refused(&refs(&go(NEWER, "90s")), &says)?;
    scene.heal(&a, "")?;
    // As somebody who repairs it by hand would.
    scene.exec(&a, "sed -i s/-broken// /var/lib/rancher/rke2/server/manifests/rke2-coredns.yaml")?;
    scene.converge(&refs(&go(NEWER, "5m")))?;
    installed(NEWER)?;
    scene.tell("a chart that could not be installed was told, and waited for")?;
    scene.expect_nodes(RKE2, &a, NEWER, &[&a])
}
