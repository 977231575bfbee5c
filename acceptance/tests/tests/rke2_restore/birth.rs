//! A cluster that comes back on new machines after all of its servers were lost.

use acceptance_tests::kubernetes::{CommandLines, Machine, Scene, Wanted};
use acceptance_tests::real::Declared;
use anyhow::{Context as _, Result, ensure};

use super::place::{RKE2, VERSION, has, leave, state};

const FOLDER: &str = "platform";

/// The cluster and its servers, which take their snapshots to S3 and were given their token. `turn` tells machines from those
/// that were in their place before.
fn whole(scene: &Scene, servers: &[&Machine], turn: u32) -> Result<Vec<Declared>> {
    let mut whole = scene.whole(RKE2, VERSION, servers, &[]);
    let (cluster, nodes) = whole.split_first_mut().context("a cluster and nodes")?;
    *cluster = cluster.clone().set("etcd_snapshots.s3", scene.s3_block(FOLDER)?);
    for (node, machine) in nodes.iter_mut().zip(servers) {
        let identity = format!("{}-{turn}", machine.vmid);
        *node = node.clone().set("token", "var.token").text("machine_id", &identity);
    }
    Ok(whole)
}

/// The same with a restore of this snapshot.
fn restoring(mut whole: Vec<Declared>, snapshot: &str) -> Result<Vec<Declared>> {
    let cluster = whole.first_mut().context("a cluster")?;
    *cluster = cluster.clone().set("restore.epoch", "1").text("restore.snapshot.name", snapshot);
    Ok(whole)
}

fn all(whole: &[Declared]) -> Vec<&Declared> {
    whole.iter().collect()
}

/// Takes a snapshot, which goes to S3, between something that is in it and something that is not; its name there.
fn save(scene: &Scene, server: &Machine) -> Result<String> {
    leave(scene, server, "before")?;
    scene.exec(server, "rke2 etcd-snapshot save --name etcd-snapshot 2>&1")?;
    leave(scene, server, "after")?;
    let stored = scene.store()?.list(&format!("{FOLDER}/"))?;
    let names = stored.iter().filter_map(|(key, _)| key.rsplit('/').next());
    let name = names.filter(|name| name.starts_with("etcd-snapshot-")).max();
    Ok(name.with_context(|| format!("{stored:?}"))?.to_owned())
}

/// Snapshots are in S3 and every server is lost with its disks. A second, empty cluster is not made in place of the first; the
/// first comes back on new machines, with all its servers.
#[test]
fn a_lost_cluster_is_born_again_from_s3() -> Result<()> {
    let name = "a_lost_cluster_is_born_again_from_s3";
    let Some(scene) = Scene::with(name, Wanted { store: true, ..Wanted::default() })? else { return Ok(()) };
    let machines = scene.machines(11, ["a", "b", "c"])?;
    let servers: Vec<_> = machines.iter().collect();
    scene.converge(&all(&whole(&scene, &servers, 1)?))?;
    let [a, ..] = &machines;
    save(&scene, a)?;

    // Their disks are empty, and that is seen: they leave without the cluster, and S3 knows it.
    for machine in &machines {
        scene.exec(
            machine,
            "rke2-uninstall.sh >/dev/null 2>&1; rm -rf /var/lib/hybridops; ! test -e /var/lib/rancher",
        )?;
    }
    let refused = scene.refused(
        &all(&whole(&scene, &servers, 2)?),
        &[
            "is lost: a leaves without it",
            "has no database of the cluster",
            "lived before",
            "restore = { epoch = 1",
        ],
    )?;
    refused.says("has no cluster to join")?;

    let seen = CommandLines::begin();
    let anew: Vec<_> = machines.iter().map(|machine| scene.replace(machine)).collect::<Result<_>>()?;
    let servers: Vec<_> = anew.iter().collect();
    let output = scene.converge(&all(&restoring(whole(&scene, &servers, 3)?, "latest")?))?;
    output.says("platform was restored")?;
    let [a, ..] = anew.as_slice() else { return Ok(()) };
    ensure!(has(&scene, a, "before") && !has(&scene, a, "after"));
    scene.expect_voters(RKE2, a, &servers)?;
    scene.expect_nodes(RKE2, a, VERSION, &servers)?;
    // What the first node noted is read back.
    scene.ws.apply()?.ok()?;
    let it = |place: &str| state(&scene, "hybridops_rke2_cluster.it", &format!("restored.{place}"));
    scene.tell(&format!("RTO {} ms, RPO {} s", it("rto_milliseconds")?, it("rpo_seconds")?))?;
    ensure!(it("rto_milliseconds")?.as_u64() > Some(0));
    scene.ws.expect_empty_plan()?;
    let secrets = scene.kept_secrets(RKE2, a)?;
    scene.expect_no_secret(&seen.end(), &secrets, &servers)
}

/// The only server is lost and another machine answers in its place, which proves nothing: only with a restore may it go. A
/// snapshot that is not the right one is refused before anything is made of it.
#[test]
fn a_cluster_is_not_born_from_the_wrong_snapshot() -> Result<()> {
    let name = "a_cluster_is_not_born_from_the_wrong_snapshot";
    let Some(scene) = Scene::with(name, Wanted { store: true, ..Wanted::default() })? else { return Ok(()) };
    let [a] = scene.machines(11, ["a"])?;
    scene.converge(&all(&whole(&scene, &[&a], 1)?))?;
    let file = save(&scene, &a)?;
    let store = scene.store()?;
    let bytes = store.object(&format!("{FOLDER}/{file}"))?;
    let torn = "torn-a-1763778000";
    store.put(&format!("{FOLDER}/{torn}"), bytes.get(..20_001).context("a larger snapshot")?.to_vec())?;

    let a = scene.replace(&a)?;
    let lost = whole(&scene, &[&a], 2)?;
    scene.refused_at_plan(&all(&lost), &["The only server of \"platform\" would be replaced"])?;
    let nothing = "No database was made, and nothing was started";
    let back = |snapshot: &str| restoring(lost.clone(), snapshot);
    // With a restore the node of the old machine goes. Its own snapshot is refused in each of these.
    let refused =
        scene.refused(&all(&back(torn)?), &["is lost: a leaves without it", "was cut off", nothing])?;
    refused.says("Restore 1 of the cluster is planned")?;
    scene.refused(&all(&back("none-a-1763778003")?), &["there is no snapshot", nothing])?;
    let mut other = back(&file)?;
    if let Some(cluster) = other.first_mut() {
        let id = "00000000-0000-4000-8000-000000000000";
        *cluster = cluster.clone().text("restore.snapshot.cluster_id", id);
    }
    scene.refused(&all(&other), &["a snapshot of another cluster", nothing])?;
    let mut wrong = back(&file)?;
    if let Some(node) = wrong.last_mut() {
        *node = node.clone().set("token", "var.registry_password");
    }
    scene.refused(&all(&wrong), &["the token does not open it", nothing])?;
    let left = scene
        .exec(&a, "ls -d /var/lib/rancher/rke2/server /etc/rancher/rke2/config.yaml.d/* 2>/dev/null; true")?;
    ensure!(left.is_empty(), "{left}");
    let unit = scene.unit(&a, "rke2-server")?;
    ensure!(unit.get("ActiveState") != "active" && unit.get("InvocationID").is_empty(), "it was started");

    let output = scene.converge(&all(&back(&file)?))?;
    output.says("platform was restored")?;
    ensure!(has(&scene, &a, "before") && !has(&scene, &a, "after"));
    scene.expect_voters(RKE2, &a, &[&a])
}
