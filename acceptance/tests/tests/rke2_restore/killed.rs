//! The provider is killed after each command over SSH of a restore; the next apply goes on, and it is restored once. Each test
//! strikes at the commands of its part: all of them together strike at every one.

use acceptance_tests::kubernetes::Scene;
use acceptance_tests::real::Kills;
use anyhow::{Result, ensure};

use super::place::{RKE2, VERSION, expect_clean, file, has, leave, restoring, snapshot};

fn restored(test: &str, part: u64) -> Result<()> {
    let Some(scene) = Scene::start(test)? else { return Ok(()) };
    let [a, b, c] = scene.machines(11, ["a", "b", "c"])?;
    let all = [&a, &b, &c];
    scene.cluster_by_hand(RKE2, VERSION, &all)?;
    leave(&scene, &a, "before")?;
    let cluster = scene.cluster(RKE2, VERSION, &all);
    scene.converge(&[&cluster, &snapshot("mine")])?;
    let file = file(&scene, "mine")?;
    leave(&scene, &a, "after")?;
    scene.tell("there is a snapshot")?;
    let back = restoring(cluster, 1, &file);
    let kills = Kills { part: (part, PARTS), ..Kills::default() };
    let count = scene.converge_though_struck(&[&back, &snapshot("mine")], &kills)?;
    scene.tell(&format!("restored though it was killed {count} times"))?;
    for server in all {
        ensure!(has(&scene, server, "before") && !has(&scene, server, "after"), "{}", server.name);
    }
    scene.expect_voters(RKE2, &a, &all)?;
    expect_clean(&scene, &all)
}

/// One test for each part.
macro_rules! parts {
    ($parts:literal: $($name:ident = $part:literal),+) => {
        const PARTS: u64 = $parts;
        $(#[test]
        fn $name() -> Result<()> {
            restored(concat!("killed::", stringify!($name)), $part)
        })+
    };
}

parts!(8: part_0 = 0, part_1 = 1, part_2 = 2, part_3 = 3, part_4 = 4, part_5 = 5, part_6 = 6, part_7 = 7);
