//! All servers are gone, or what is in the database is wrong.

use acceptance_tests::kubernetes::{Scene, Wanted};
use acceptance_tests::runbook::{Runbook, give};
use anyhow::{Result, ensure};

use crate::{RKE2, bring_up, identities, machines};

#[test]
fn restore() -> Result<()> {
    let wanted = Wanted { store: true, ..Wanted::default() };
    let Some(mut scene) = Scene::with("restore", wanted)? else { return Ok(()) };
    let [a, b, c] = scene.machines(21, ["a", "b", "c"])?;
    let store = scene.s3_block("platform")?;
    give(&mut scene.ws, &[("snapshots_store", store)]);
    bring_up(&mut scene, &[&a, &b, &c])?;
    // Something to come back, and a snapshot of it that outlives the servers.
    scene.kubectl(RKE2, &a, "create namespace kept")?;
    scene.exec(&a, "rke2 etcd-snapshot save --name etcd-snapshot 2>&1")?;
    scene.kubectl(RKE2, &a, "create namespace lost")?;

    for machine in [&a, &b, &c] {
        scene.remove(machine)?;
    }
    let [a, b, c] = scene.machines(21, ["a", "b", "c"])?;
    give(&mut scene.ws, &[("servers", machines(&[&a, &b, &c]))]);
    give(&mut scene.ws, &[("machine_ids", identities(&[(&a, 2), (&b, 2), (&c, 2)]))]);
    let runbook = Runbook::read("rke2-restore.md")?;
    runbook.part(&scene.ws, "Look at what there is")?;
    runbook.part(&scene.ws, "Onto new machines")?;
    let there = scene.kubectl(RKE2, &a, "get namespaces -o name")?;
    ensure!(there.contains("namespace/kept") && !there.contains("namespace/lost"), "{there}");
    scene.expect_voters(RKE2, &a, &[&a, &b, &c])?;

    scene.kubectl(RKE2, &a, "create namespace lost")?;
    runbook.part(&scene.ws, "In place")?;
    let there = scene.kubectl(RKE2, &a, "get namespaces -o name")?;
    ensure!(there.contains("namespace/kept") && !there.contains("namespace/lost"), "{there}");
    scene.expect_voters(RKE2, &a, &[&a, &b, &c])?;
    scene.tell("restore ran as it stands")
}
