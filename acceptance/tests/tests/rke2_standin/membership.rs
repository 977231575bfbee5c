//! Members that come and go (facts §2.11).

use std::time::Duration;

use acceptance_tests::kubernetes::{Config, Distribution, Quorum, Scene, TOKEN};
use acceptance_tests::wait_until;
use anyhow::{Result, ensure};

const RKE2: Distribution = Distribution::Rke2;
const SERVER: &str = "rke2-server";
const PATIENCE: Duration = Duration::from_secs(180);

/// A server is asked to leave by an annotation, and does (k3s: pkg/etcd/metadata_controller.go and member controller); a
/// Node that is deleted takes the member and the node's password with it (k3s: pkg/etcd/controller).
#[test]
fn leaving_by_annotation_and_by_deletion() -> Result<()> {
    let Some(scene) = Scene::start("leaving_by_annotation_and_by_deletion")? else { return Ok(()) };
    let [a, b, c] = scene.machines(11, ["a", "b", "c"])?;
    scene.cluster_by_hand(RKE2, "v1.33.4", &[&a, &b, &c])?;
    let quorum = Quorum::watch(&scene, RKE2, &[&a, &b])?;

    scene.kubectl(RKE2, &a, "annotate node c etcd.rke2.cattle.io/remove=true")?;
    wait_until("c to be removed", PATIENCE, || {
        std::thread::sleep(Duration::from_millis(300));
        let node = scene.kube_json(RKE2, &a, "/api/v1/nodes/c")?;
        Ok(node["metadata"]["annotations"]["etcd.rke2.cattle.io/removed-node-name"].is_string())
    })?;
    scene.expect_voters(RKE2, &a, &[&a, &b])?;
    scene.exec(&c, "systemctl disable --now rke2-server; rke2-killall.sh >/dev/null 2>&1; true")?;
    scene.kubectl(RKE2, &a, "delete node c --wait=true")?;
    wait_until("the password of c to go", PATIENCE, || {
        Ok(scene.kubectl(RKE2, &a, "-n kube-system get secret c.node-password.rke2").is_err())
    })?;

    let seen = quorum.end();
    scene.tell(&format!("{seen:?}"))?;
    ensure!(seen.fewest_voters == 2 && seen.most_voters == 3, "{seen:?}");
    seen.expect_kept(Duration::from_secs(15))?;

    // One of two goes without a word: the watch must see that nothing is written any more.
    let quorum = Quorum::watch(&scene, RKE2, &[&a, &b])?;
    std::thread::sleep(Duration::from_secs(3));
    b.stop(&scene.lab)?;
    std::thread::sleep(Duration::from_secs(12));
    let seen = quorum.end();
    ensure!(seen.written > 1 && seen.expect_kept(Duration::from_secs(8)).is_err(), "{seen:?}");
    Ok(())
}

/// Joiners that come at the same time: one learner at a time, the other is refused and comes back (k3s#4335).
#[test]
fn one_learner_at_a_time() -> Result<()> {
    let Some(scene) = Scene::start("one_learner_at_a_time")? else { return Ok(()) };
    let [a, b, c] = scene.machines(11, ["a", "b", "c"])?;
    scene.cluster_by_hand(RKE2, "v1.33.4", &[&a])?;
    for machine in [&b, &c] {
        scene.install_by_hand(RKE2, machine, "v1.33.4")?;
        let config = Config::default().set("server", &scene.join_address(RKE2, &a)).set("token", TOKEN);
        scene.configure_by_hand(RKE2, machine, &config)?;
    }
    let quorum = Quorum::watch(&scene, RKE2, &[&a, &b, &c])?;
    for machine in [&b, &c] {
        scene.start_unit(machine, SERVER)?;
    }
    let refused = wait_until("one of them to be refused", PATIENCE, || {
        std::thread::sleep(Duration::from_millis(200));
        let said = |machine| {
            Ok::<_, anyhow::Error>(scene.journal(machine, SERVER)?.contains("too many learner members"))
        };
        Ok(said(&b)? || said(&c)?)
    });
    for machine in [&b, &c] {
        scene.wait_voter(RKE2, &a, machine)?;
    }
    refused?;
    let seen = quorum.end();
    scene.tell(&format!("{seen:?}"))?;
    seen.expect_kept(Duration::from_secs(15))?;
    scene.expect_voters(RKE2, &a, &[&a, &b, &c])
}

/// A host that was made anew has another password: it is refused until the Secret goes (k3s: pkg/nodepassword).
#[test]
fn a_host_made_anew_is_refused() -> Result<()> {
    let Some(scene) = Scene::start("a_host_made_anew_is_refused")? else { return Ok(()) };
    let [a, agent] = scene.machines(11, ["a", "worker"])?;
    scene.cluster_by_hand(RKE2, "v1.33.4", &[&a])?;
    let config = Config::default().set("server", &scene.join_address(RKE2, &a)).set("token", TOKEN);
    let join = |agent| -> Result<()> {
        scene.install_by_hand(RKE2, agent, "v1.33.4")?;
        scene.configure_by_hand(RKE2, agent, &config)?;
        scene.start_unit(agent, "rke2-agent")
    };
    join(&agent)?;
    scene.wait_active(&agent, "rke2-agent")?;
    let again = scene.replace(&agent)?;
    join(&again)?;
    scene.wait_journal(&again, "rke2-agent", "Node password rejected, duplicate hostname", PATIENCE)?;
    scene.kubectl(RKE2, &a, "-n kube-system delete secret worker.node-password.rke2")?;
    scene.wait_active(&again, "rke2-agent")?;
    scene.expect_nodes(RKE2, &a, "v1.33.4", &[&a, &again])
}
