//! Members come and go: added, removed, replaced with their machines, all at once.

use std::time::Duration;

use acceptance_tests::kubernetes::{Distribution, Machine, Quorum, Scene};
use acceptance_tests::real::Declared;
use anyhow::{Result, ensure};

const RKE2: Distribution = Distribution::Rke2;

fn with<'a>(scene: &Scene, servers: &[&'a Machine], agents: &[&'a Machine]) -> Vec<Declared> {
    scene.whole(RKE2, "v1.33.4", servers, agents)
}

/// Another machine for each node: the same names and addresses, and something else that names it.
fn renewed(declared: Vec<Declared>, generation: &str) -> Vec<Declared> {
    let mark = |one: Declared| {
        let node = one.address().contains("_node.");
        if node { one.text("machine_id", generation) } else { one }
    };
    declared.into_iter().map(mark).collect()
}

fn converge(scene: &Scene, declared: &[Declared]) -> Result<()> {
    scene.converge(&declared.iter().collect::<Vec<_>>()).map(drop)
}

fn servers_and_agents_come_and_go(of: Distribution) -> Result<()> {
    let Some(scene) = Scene::start(&format!("{} membership", of.name()))? else { return Ok(()) };
    let [a, b, c, d] = scene.machines(11, ["a", "b", "c", "d"])?;
    let whole = |servers: &[&Machine], agents: &[&Machine]| scene.whole(of, "v1.33.4", servers, agents);
    converge(&scene, &whole(&[&a], &[]))?;
    scene.tell("one server stands")?;
    let quorum = Quorum::watch(&scene, of, &[&a, &b, &c])?;
    converge(&scene, &whole(&[&a, &b, &c], &[&d]))?;
    scene.tell("two servers and an agent came")?;
    scene.expect_voters(of, &a, &[&a, &b, &c])?;
    converge(&scene, &whole(&[&a, &b, &c], &[]))?;
    scene.tell("the agent left")?;
    scene.expect_nodes(of, &a, "v1.33.4", &[&a, &b, &c])?;
    let places = format!("{} {} /var/lib/hybridops/{2} /usr/local/bin/{2}", of.etc(), of.data(), of.name());
    let left = scene.exec(&d, &format!("ls -d {places} 2>/dev/null; true"))?;
    ensure!(left.is_empty(), "left on d: {left}");
    // The one that made the cluster is nobody special.
    converge(&scene, &whole(&[&b], &[]))?;
    scene.tell("two servers left, the first among them")?;
    scene.expect_voters(of, &b, &[&b])?;
    scene.expect_nodes(of, &b, "v1.33.4", &[&b])?;
    let watched = quorum.end();
    scene.tell(&format!("etcd was asked: {watched:?}"))?;
    Ok(())
}

#[test]
fn servers_and_agents_of_rke2_come_and_go() -> Result<()> {
    servers_and_agents_come_and_go(RKE2)
}

#[test]
fn servers_and_agents_of_k3s_come_and_go() -> Result<()> {
    servers_and_agents_come_and_go(Distribution::K3s)
}

#[test]
fn all_servers_are_replaced_at_once() -> Result<()> {
    let Some(scene) = Scene::start("rke2 replacement of all servers")? else { return Ok(()) };
    let [a, b, c] = scene.machines(11, ["a", "b", "c"])?;
    let servers = [&a, &b, &c];
    converge(&scene, &renewed(with(&scene, &servers, &[]), "1"))?;
    scene.tell("three servers stand")?;
    let before = scene.members(RKE2, &a)?;
    let quorum = Quorum::watch(&scene, RKE2, &servers)?;
    converge(&scene, &renewed(with(&scene, &servers, &[]), "2"))?;
    let watched = quorum.end();
    scene.tell(&format!("all were replaced; etcd was asked: {watched:?}"))?;
    watched.expect_kept(Duration::from_secs(10))?;
    ensure!(watched.fewest_voters >= 2, "{watched:?}");
    scene.expect_voters(RKE2, &a, &servers)?;
    let after = scene.members(RKE2, &a)?;
    ensure!(before.iter().all(|old| after.iter().all(|new| new.id != old.id)), "{before:?} {after:?}");
    Ok(())
}

#[test]
fn a_dead_server_is_taken_out_and_comes_back() -> Result<()> {
    let Some(scene) = Scene::start("rke2 dead server")? else { return Ok(()) };
    let [a, b, c] = scene.machines(11, ["a", "b", "c"])?;
    converge(&scene, &renewed(with(&scene, &[&a, &b, &c], &[]), "1"))?;
    scene.tell("three servers stand")?;
    let c = scene.replace(&c)?;
    scene.tell("c was lost with all that was on it")?;
    let mut declared = with(&scene, &[&a, &b, &c], &[]);
    let last = declared.pop().map(|one| one.text("machine_id", "2"));
    declared = renewed(declared, "1");
    declared.extend(last);
    converge(&scene, &declared)?;
    scene.expect_voters(RKE2, &a, &[&a, &b, &c])?;
    scene.expect_nodes(RKE2, &a, "v1.33.4", &[&a, &b, &c])
}

#[test]
fn the_last_server_stays() -> Result<()> {
    let Some(scene) = Scene::start("rke2 last server")? else { return Ok(()) };
    let [a] = scene.machines(11, ["a"])?;
    converge(&scene, &with(&scene, &[&a], &[]))?;
    scene.ws.destroy()?.fails()?.says("deletion_protection")?;
    scene.expect_voters(RKE2, &a, &[&a])?;
    let unprotected = |declared: Vec<Declared>| -> Vec<Declared> {
        let free = |one: Declared| {
            let cluster = one.address().contains("_cluster.");
            if cluster { one.set("deletion_protection", "false") } else { one }
        };
        declared.into_iter().map(free).collect()
    };
    converge(&scene, &unprotected(with(&scene, &[&a], &[])))?;
    scene.ws.destroy()?.ok()?;
    let left = scene.exec(&a, "ls -d /etc/rancher/rke2 /var/lib/rancher/rke2 /var/lib/hybridops/rke2 /usr/local/bin/rke2 2>/dev/null; true")?;
    ensure!(left.is_empty(), "{left}");
    Ok(())
}
