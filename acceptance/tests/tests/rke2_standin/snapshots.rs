//! Snapshots and resets (facts §2.13).

use acceptance_tests::kubernetes::{Distribution, Scene};
use anyhow::{Context as _, Result, ensure};

const RKE2: Distribution = Distribution::Rke2;

/// A snapshot is a file of etcd with the name of the node and the time; a reset from it brings back what it had, on one
/// server alone (rke2: docs/backup_restore, k3s: pkg/etcd/snapshot.go, etcd.go Reset).
#[test]
fn a_snapshot_is_restored() -> Result<()> {
    let Some(scene) = Scene::start("a_snapshot_is_restored")? else { return Ok(()) };
    let [a, b, c] = scene.machines(11, ["a", "b", "c"])?;
    scene.cluster_by_hand(RKE2, "v1.33.4", &[&a, &b, &c])?;
    scene.kubectl(RKE2, &a, "create configmap before --from-literal=k=v")?;
    scene.exec(&a, "rke2 etcd-snapshot save --name mine 2>&1")?;
    let files = scene.exec(&a, "ls /var/lib/rancher/rke2/server/db/snapshots")?;
    let file = files.lines().find(|name| name.starts_with("mine-a-")).context(files.clone())?.to_owned();
    let status = scene.exec(
        &a,
        &format!(
            "ETCDCTL_API=3 etcdctl snapshot status -w json /var/lib/rancher/rke2/server/db/snapshots/{file}"
        ),
    )?;
    ensure!(status.contains("totalKey"), "{status}");
    scene.kubectl(RKE2, &a, "create configmap after --from-literal=k=v")?;

    for machine in [&a, &b, &c] {
        scene.exec(machine, "systemctl stop rke2-server; rke2-killall.sh >/dev/null 2>&1; true")?;
    }
    let reset = format!(
        "timeout 120 rke2 server --cluster-reset --cluster-reset-restore-path=/var/lib/rancher/rke2/server/db/snapshots/{file} 2>&1"
    );
    let said = scene.exec(&a, &reset)?;
    ensure!(
        said.contains("membership has been reset") && said.contains("restart without --cluster-reset"),
        "{said}"
    );
    scene.start_unit(&a, "rke2-server")?;
    scene.wait_active(&a, "rke2-server")?;
    scene.expect_voters(RKE2, &a, &[&a])?;
    scene.kubectl(RKE2, &a, "get configmap before")?;
    ensure!(scene.kubectl(RKE2, &a, "get configmap after").is_err(), "what came after the snapshot is there");
    for machine in [&b, &c] {
        scene.exec(machine, "rm -rf /var/lib/rancher/rke2/server/db")?;
        scene.start_unit(machine, "rke2-server")?;
        scene.wait_active(machine, "rke2-server")?;
        scene.wait_voter(RKE2, &a, machine)?;
    }
    scene.expect_voters(RKE2, &a, &[&a, &b, &c])
}

/// A reset is refused while the configuration joins somebody (k3s#10459).
#[test]
fn a_reset_is_refused_where_a_server_is_set() -> Result<()> {
    let Some(scene) = Scene::start("a_reset_is_refused_where_a_server_is_set")? else { return Ok(()) };
    let [a, b] = scene.machines(11, ["a", "b"])?;
    scene.cluster_by_hand(RKE2, "v1.33.4", &[&a, &b])?;
    scene.exec(&b, "systemctl stop rke2-server; rke2-killall.sh >/dev/null 2>&1; true")?;
    let said = scene.exec(&b, "timeout 60 rke2 server --cluster-reset 2>&1 || echo ended with $?")?;
    ensure!(said.contains("cannot perform cluster-reset while server URL is set"), "{said}");
    ensure!(said.contains("ended with 1"), "{said}");
    Ok(())
}
