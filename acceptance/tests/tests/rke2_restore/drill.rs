//! Restores that are tried on a machine of their own.

use std::thread;
use std::time::Duration;

use acceptance_tests::kubernetes::{CommandLines, Distribution, Machine, Scene, Wanted};
use acceptance_tests::real::Declared;
use anyhow::{Context as _, Result, ensure};

use super::place::{RKE2, SNAPSHOTS, VERSION, leave, starts, state};

/// All that a drill could leave on a machine: files where clusters have any, units, whom it listens for.
const LEFT: &str = "{ find /etc/rancher /etc/cni /opt/cni /var/lib/rancher /var/lib/hybridops /var/lib/kubelet /usr/local \
     /etc/systemd/system /run/systemd/system /run/hybridops /etc/default -not -type d 2>/dev/null; \
     find /var/lib/rancher /var/lib/hybridops /etc/rancher /run/hybridops 2>/dev/null; \
     systemctl list-units --all --plain --no-legend 'hybridops*' 'rke2*' 'k3s*'; \
     awk '$4 == \"0A\"' /proc/net/tcp /proc/net/tcp6 | wc -l; pgrep -c 'etcd|rke2|k3s'; } | sort";

fn drill(distribution: Distribution, machine: &Machine) -> Declared {
    let name = distribution.name();
    Declared::new(&format!("hybridops_{name}_restore_drill"), "weekly")
        .text("name", "weekly")
        .set("cluster", format!("hybridops_{name}_cluster.it.spec"))
        .set("machine", machine.block())
        .text("snapshot.name", "latest")
        .text("snapshot.server", "a")
        .text("max_age", "8d")
        .set("objectives", "{ rpo = \"6h\", rto = \"1ms\" }")
        .set("depends_on", format!("[hybridops_{name}_node.a]"))
}

/// The newest snapshot is restored beside the cluster, compared and measured, and nothing of it stays; the cluster does not
/// notice. What is not in it, and a machine that is not for it, are refused.
#[test]
fn a_snapshot_is_tried_on_a_machine_of_its_own() -> Result<()> {
    let name = "a_snapshot_is_tried_on_a_machine_of_its_own";
    let Some(scene) = Scene::with(name, Wanted::default())? else { return Ok(()) };
    let [a, spare] = scene.machines(11, ["a", "spare"])?;
    let mut whole = scene.whole(RKE2, VERSION, &[&a], &[]);
    let (cluster, nodes) = whole.split_first_mut().context("a cluster")?;
    *cluster = cluster.clone().set("artefacts.images", "[\"core\"]");
    let node = nodes.first().context("a node")?.clone();
    let all = |drill: &Declared| [cluster.clone(), node.clone(), drill.clone()];
    scene.converge(&[cluster, &node])?;
    leave(&scene, &a, "before")?;
    scene.exec(&a, "rke2 etcd-snapshot save --name etcd-snapshot 2>&1")?;
    let empty = scene.exec(&spare, LEFT)?;
    let before = starts(&scene, &[&a])?;

    // A machine that is something else, and a snapshot that has not what it should have.
    let refused = all(&drill(RKE2, &a));
    scene.refused_at_plan(
        &refused.each_ref(),
        &["The machine is a server of the cluster", "It is a of the cluster"],
    )?;
    let demanding = drill(RKE2, &spare).set("checks.objects", "{ deployments = 99 }");
    let refused = all(&demanding);
    scene.refused(&refused.each_ref(), &["not what it should be", "has 0 deployments", "wants 99"])?;
    let left = scene.exec(&spare, LEFT)?;
    ensure!(left == empty, "left behind:\n{left}\nbefore:\n{empty}");

    // What a drill that was killed left goes first.
    scene.exec(&spare, "mkdir -p /var/lib/hybridops/rke2 /var/lib/rancher/rke2/server/db/etcd && echo x >/var/lib/hybridops/rke2/drill")?;
    let seen = CommandLines::begin();
    let good = all(&drill(RKE2, &spare).set("checks.objects", "{ configmaps = 1 }"));
    scene.converge(&good.each_ref())?.says("The restore took too long for its objective")?;
    let it = |place: &str| state(&scene, "hybridops_rke2_restore_drill.weekly", &format!("result.{place}"));
    let id = scene.kubectl(RKE2, &a, "get namespace kube-system -o jsonpath={.metadata.uid}")?;
    ensure!(it("cluster_id")? == id.trim(), "{} is not {id}", it("cluster_id")?);
    ensure!(it("nodes")? == serde_json::json!(["a"]), "{}", it("nodes")?);
    ensure!(it("counted.secrets")?.as_u64() >= Some(1) && it("objects")?.as_u64() > Some(5));
    let file = it("snapshot")?.as_str().context("a name")?.to_owned();
    ensure!(scene.exec(&a, &format!("ls {SNAPSHOTS}"))?.contains(&file), "{file}");
    let (rto, rpo) = (it("rto_milliseconds")?, it("rpo_seconds")?);
    scene.tell(&format!(
        "drill: RTO {rto} ms, the snapshot was {rpo} s old, all of it {} ms",
        it("milliseconds")?
    ))?;
    ensure!(rto.as_u64() > Some(0) && it("milliseconds")?.as_u64() > rto.as_u64());
    let left = scene.exec(&spare, LEFT)?;
    ensure!(left == empty, "left behind:\n{left}\nbefore:\n{empty}");
    // The cluster is as it was: it was not restarted, and nobody joined it.
    ensure!(starts(&scene, &[&a])? == before, "the cluster was restarted");
    scene.expect_voters(RKE2, &a, &[&a])?;
    scene.expect_nodes(RKE2, &a, VERSION, &[&a])?;
    let at = it("at")?;
    // Another text is another drill.
    let again = all(&drill(RKE2, &spare).set("checks.objects", "{ configmaps = 1 }").text("run", "2"));
    scene.converge(&again.each_ref())?;
    ensure!(it("at")? != at, "it was not run again");
    let secrets = scene.kept_secrets(RKE2, &a)?;
    scene.expect_no_secret(&seen.end(), &secrets, &[&a, &spare])
}

/// K3s is one process, and has no images of its own: a drill needs nothing of them.
#[test]
fn a_snapshot_of_k3s_is_tried_likewise() -> Result<()> {
    const K3S: Distribution = Distribution::K3s;
    let Some(scene) = Scene::start("a_snapshot_of_k3s_is_tried_likewise")? else { return Ok(()) };
    let [a, spare] = scene.machines(11, ["a", "spare"])?;
    let whole = scene.whole(K3S, VERSION, &[&a], &[]);
    scene.converge(&whole.iter().collect::<Vec<_>>())?;
    scene.exec(&a, "k3s etcd-snapshot save --name etcd-snapshot 2>&1")?;
    let empty = scene.exec(&spare, LEFT)?;
    let drill = drill(K3S, &spare);
    scene.converge(&whole.iter().chain([&drill]).collect::<Vec<_>>())?;
    let it = |place: &str| state(&scene, "hybridops_k3s_restore_drill.weekly", &format!("result.{place}"));
    ensure!(it("nodes")? == serde_json::json!(["a"]), "{}", it("nodes")?);
    scene.tell(&format!("drill: RTO {} ms", it("rto_milliseconds")?))?;
    let left = scene.exec(&spare, LEFT)?;
    ensure!(left == empty, "left behind:\n{left}\nbefore:\n{empty}");
    scene.expect_nodes(K3S, &a, VERSION, &[&a])?;

    // One that is too old is told, refused or run again, as it is wished.
    let old = |when| drill.clone().text("max_age", "2m").text("when_old", when);
    let (told, refused, again) = (old("warn"), old("fail"), old("run"));
    let with = |drill| whole.iter().chain([drill]).collect::<Vec<_>>();
    let at = it("at")?;
    thread::sleep(Duration::from_secs(121));
    scene.converge(&with(&told))?.says("The last restore drill \"weekly\" is too old")?;
    scene.refused_at_plan(
        &with(&refused),
        &["The last restore drill \"weekly\" is too old", "Change `run`"],
    )?;
    ensure!(it("at")? == at, "it was run though nobody asked");
    scene.converge(&with(&again))?;
    ensure!(it("at")? != at, "it was not run again");
    Ok(())
}
