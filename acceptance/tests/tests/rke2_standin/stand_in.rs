//! The stand-in itself, set up by hand: three servers with a real etcd, an agent, both distributions.

use acceptance_tests::kubernetes::{Distribution, Quorum, Scene};
use anyhow::{Result, ensure};

use crate::rows;
use crate::server::{Server, Shell};

#[test]
fn three_servers_of_rke2() -> Result<()> {
    let Some(scene) = Scene::start("three_servers_of_rke2")? else { return Ok(()) };
    let [a, b, c] = scene.machines(11, ["a", "b", "c"])?;
    scene.tell("three machines")?;
    scene.cluster_by_hand(Distribution::Rke2, "v1.33.4", &[&a, &b, &c])?;
    scene.tell("a cluster of three")?;
    scene.expect_voters(Distribution::Rke2, &a, &[&a, &b, &c])?;
    scene.expect_nodes(Distribution::Rke2, &b, "v1.33.4", &[&a, &b, &c])?;
    let quorum = Quorum::watch(&scene, Distribution::Rke2, &[&a, &b, &c])?;
    for machine in [&a, &b] {
        rows::look(&Server { distribution: Distribution::Rke2, shell: Shell::Lab(&scene, machine) })?;
    }
    // As a real server is looked at.
    scene.ws.write("known_hosts", &format!("{} {}\n", c.address, c.host_key))?;
    let (known, (key, _)) = (scene.ws.path("known_hosts"), scene.real()?.client_key()?);
    let (target, key, known) =
        (format!("root@{}", c.address), key.display().to_string(), known.display().to_string());
    rows::look(&Server { distribution: Distribution::Rke2, shell: Shell::Ssh(&target, &key, Some(&known)) })?;
    scene.tell("every row holds")?;
    let seen = quorum.end();
    ensure!(seen.most_voters == 3 && seen.written == seen.asked, "{seen:?}");
    Ok(())
}

#[test]
fn a_server_of_k3s() -> Result<()> {
    let Some(scene) = Scene::start("a_server_of_k3s")? else { return Ok(()) };
    let [a, b, c] = scene.machines(11, ["a", "b", "c"])?;
    scene.cluster_by_hand(Distribution::K3s, "v1.33.4", &[&a, &b, &c])?;
    scene.expect_voters(Distribution::K3s, &a, &[&a, &b, &c])?;
    rows::look(&Server { distribution: Distribution::K3s, shell: Shell::Lab(&scene, &a) }).map(drop)
}
