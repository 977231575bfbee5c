//! The provider is killed after each command over SSH; the next apply goes on from there.
//!
//! Each command is in one of so many parts, in every laboratory the same. A test strikes at those of its part, so that all
//! tests of a family together strike at every command, and each of them is short.

use std::time::Instant;

use acceptance_tests::kubernetes::{Distribution, Machine, Scene, Wanted};
use acceptance_tests::real::{Declared, Kills};
use anyhow::{Result, ensure};

const RKE2: Distribution = Distribution::Rke2;
const OLD: &str = "v1.33.4";
const NEW: &str = "v1.34.1";

/// A cluster that may be destroyed.
fn declared(scene: &Scene, version: &str, servers: &[&Machine], agents: &[&Machine]) -> Vec<Declared> {
    let open = |one: Declared| match one.address().contains("_cluster.") {
        true => one.set("deletion_protection", "false"),
        false => one,
    };
    scene.whole(RKE2, version, servers, agents).into_iter().map(open).collect()
}

/// Applies though the provider is killed again and again; a second plan is empty. How often it was.
fn converge(scene: &Scene, what: &str, part: (u64, u64), declared: &[Declared]) -> Result<usize> {
    let began = Instant::now();
    let declared: Vec<&Declared> = declared.iter().collect();
    let count = scene.converge_though_struck(&declared, &Kills { part, ..Kills::default() })?;
    scene.tell(&format!("{what}: killed {count} times, in {} s", began.elapsed().as_secs()))?;
    Ok(count)
}

/// What no other cluster has.
fn identity(scene: &Scene, server: &Machine) -> Result<serde_json::Value> {
    let identity =
        scene.kube_json(RKE2, server, "/api/v1/namespaces/kube-system")?["metadata"]["uid"].clone();
    ensure!(identity.is_string(), "a cluster has an identity");
    Ok(identity)
}

fn nothing_left(scene: &Scene, machine: &Machine) -> Result<()> {
    let left = scene.exec(
        machine,
        "ls -d /var/lib/rancher/rke2 /etc/rancher/rke2 /usr/local/bin/rke2 2>/dev/null; true",
    )?;
    ensure!(left.is_empty(), "left on {}: {left}", machine.name);
    Ok(())
}

/// A server and an agent are made and upgraded, and the agent leaves.
fn made_upgraded_and_left(test: &str, part: (u64, u64)) -> Result<()> {
    let wanted = Wanted { versions: vec![OLD, NEW], ..Wanted::default() };
    let Some(scene) = Scene::with(test, wanted)? else { return Ok(()) };
    let [a, d] = scene.machines(11, ["a", "d"])?;
    scene.tell("machines are there")?;
    let mut kills = converge(&scene, "made", part, &declared(&scene, OLD, &[&a], &[&d]))?;
    scene.expect_voters(RKE2, &a, &[&a])?;
    scene.expect_nodes(RKE2, &a, OLD, &[&a, &d])?;
    let before = identity(&scene, &a)?;

    kills += converge(&scene, "upgraded", part, &declared(&scene, NEW, &[&a], &[&d]))?;
    scene.expect_nodes(RKE2, &a, NEW, &[&a, &d])?;

    kills += converge(&scene, "left by the agent", part, &declared(&scene, NEW, &[&a], &[]))?;
    ensure!(kills > 0, "nothing was struck: this proves nothing");
    scene.expect_nodes(RKE2, &a, NEW, &[&a])?;
    nothing_left(&scene, &d)?;
    ensure!(identity(&scene, &a)? == before, "it is another cluster");
    Ok(())
}

/// Two servers join a third one, and leave it again.
fn joined_and_left(test: &str, part: (u64, u64)) -> Result<()> {
    let Some(scene) = Scene::start(test)? else { return Ok(()) };
    let [a, b, c] = scene.machines(11, ["a", "b", "c"])?;
    let all = [&a, &b, &c];
    scene.tell("machines are there")?;
    scene.converge(&declared(&scene, OLD, &[&a], &[]).iter().collect::<Vec<_>>())?;
    scene.tell("one server stands")?;
    let before = identity(&scene, &a)?;
    let mut kills = converge(&scene, "joined by two servers", part, &declared(&scene, OLD, &all, &[]))?;
    scene.expect_voters(RKE2, &a, &all)?;
    scene.expect_nodes(RKE2, &b, OLD, &all)?;

    kills += converge(&scene, "left by two servers", part, &declared(&scene, OLD, &[&a], &[]))?;
    ensure!(kills > 0, "nothing was struck: this proves nothing");
    scene.expect_voters(RKE2, &a, &[&a])?;
    scene.expect_nodes(RKE2, &a, OLD, &[&a])?;
    nothing_left(&scene, &b)?;
    nothing_left(&scene, &c)?;
    ensure!(identity(&scene, &a)? == before, "it is another cluster");
    Ok(())
}

/// One test for each part.
macro_rules! parts {
    ($family:ident, $work:path, $parts:literal: $($name:ident = $part:literal),+) => {
        mod $family {
            $(#[test]
            fn $name() -> anyhow::Result<()> {
                let test = concat!("killed::", stringify!($family), "::", stringify!($name));
                $work(test, ($part, $parts))
            })+
        }
    };
}

parts!(create_upgrade_removal, super::made_upgraded_and_left, 10:
    part_0 = 0, part_1 = 1, part_2 = 2, part_3 = 3, part_4 = 4, part_5 = 5, part_6 = 6, part_7 = 7, part_8 = 8, part_9 = 9);
parts!(join_and_leave, super::joined_and_left, 10:
    part_0 = 0, part_1 = 1, part_2 = 2, part_3 = 3, part_4 = 4, part_5 = 5, part_6 = 6, part_7 = 7, part_8 = 8, part_9 = 9);
