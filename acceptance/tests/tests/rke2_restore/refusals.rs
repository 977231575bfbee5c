//! What must not be restored is refused before anything is stopped.

use acceptance_tests::kubernetes::Scene;
use anyhow::{Result, ensure};

use super::place::{RKE2, SNAPSHOTS, VERSION, file, restoring, snapshot, starts};

/// Wrong token, torn file, file of another cluster, no file, no server: each is named, and the cluster goes on.
#[test]
fn what_cannot_be_restored_is_refused_while_the_cluster_runs() -> Result<()> {
    let Some(scene) = Scene::start("what_cannot_be_restored_is_refused_while_the_cluster_runs")? else {
        return Ok(());
    };
    let [a] = scene.machines(11, ["a"])?;
    scene.cluster_by_hand(RKE2, VERSION, &[&a])?;
    let cluster = scene.cluster(RKE2, VERSION, &[&a]);
    scene.converge(&[&cluster, &snapshot("mine")])?;
    let file = file(&scene, "mine")?;
    let before = starts(&scene, &[&a])?;
    let torn = "torn-a-1763778000";
    let changed = "changed-a-1763778001";
    scene.exec(
        &a,
        &format!(
            "cd {SNAPSHOTS} && head -c 20001 {file} >{torn} && : >empty-a-1763778002 && cp {file} {changed} && \
             printf x | dd of={changed} bs=1 seek=9000 conv=notrunc status=none"
        ),
    )?;
    let back = |name: &str| restoring(cluster.clone(), 1, name);
    let untouched = "Nothing was stopped or changed";
    let mine = snapshot("mine");
    let wrong = back(&file).set("restore.token", "var.token");
    scene.refused(&[&wrong, &mine], &["must not be restored", "the token does not open it", untouched])?;
    scene.refused(&[&back(torn), &mine], &["cannot be restored", "was cut off", untouched])?;
    scene.refused(&[&back("empty-a-1763778002"), &mine], &["it is empty", untouched])?;
    scene.refused(&[&back(changed), &mine], &["not what was written", untouched])?;
    let other = back(&file).text("restore.snapshot.cluster_id", "00000000-0000-4000-8000-000000000000");
    scene.refused(&[&other, &mine], &["a snapshot of another cluster", untouched])?;
    scene.refused(&[&back("none-a-1763778003"), &mine], &["there is no snapshot", untouched])?;
    let nobody = back(&file).text("restore.server", "z");
    scene.refused(&[&nobody, &mine], &["There is no such server"])?;
    ensure!(starts(&scene, &[&a])? == before, "the server was stopped");
    let left = scene.exec(&a, "ls -a /var/lib/hybridops/rke2 2>/dev/null; true")?;
    ensure!(!left.contains("restore"), "{left}");
    Ok(())
}
