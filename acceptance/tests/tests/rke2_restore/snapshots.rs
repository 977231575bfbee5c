//! Snapshots as a resource, as data, and pruned.

use acceptance_tests::kubernetes::{Scene, TOKEN, Wanted};
use acceptance_tests::real::{CommandLines, Declared};
use acceptance_tests::{Provider, Workspace, named_or_skip};
use anyhow::{Result, ensure};

use super::place::{RKE2, SNAPSHOTS, VERSION, file, snapshot, state};

/// Taken, told exactly, listed, and gone with its resource.
#[test]
fn a_snapshot_lives_as_long_as_its_resource() -> Result<()> {
    let Some(scene) = Scene::start("a_snapshot_lives_as_long_as_its_resource")? else { return Ok(()) };
    let [a] = scene.machines(11, ["a"])?;
    scene.cluster_by_hand(RKE2, VERSION, &[&a])?;
    let seen = CommandLines::begin();
    let cluster = scene.cluster(RKE2, VERSION, &[&a]);
    let list = Declared::data("hybridops_rke2_snapshots", "all")
        .set("servers", "hybridops_rke2_cluster.it.servers")
        .set("retention", "{ keep_last = 1, on_demand = true }")
        .set("depends_on", "[hybridops_rke2_etcd_snapshot.one, hybridops_rke2_etcd_snapshot.two]");
    let two = snapshot("two").set("depends_on", "[hybridops_rke2_etcd_snapshot.one]");
    scene.converge(&[&cluster, &snapshot("one"), &two, &list])?;
    for name in ["one", "two"] {
        let file = file(&scene, name)?;
        ensure!(file.starts_with(&format!("{name}-a-")), "{file}");
        let size = scene.exec(&a, &format!("stat -c %s {SNAPSHOTS}/{file}"))?;
        let address = format!("hybridops_rke2_etcd_snapshot.{name}");
        let told = state(&scene, &address, "size")?.to_string();
        ensure!(told == size, "the size is {size}, not {told}");
        ensure!(state(&scene, &address, "token_hash")?.as_str().is_some_and(|hash| hash.len() == 12));
    }
    let newest = state(&scene, "data.hybridops_rke2_snapshots.all", "newest")?;
    let expired = state(&scene, "data.hybridops_rke2_snapshots.all", "expired")?;
    ensure!(newest == file(&scene, "two")?.as_str(), "{newest}");
    ensure!(expired == serde_json::json!([file(&scene, "one")?]), "{expired}");
    let gone = file(&scene, "one")?;
    scene.converge(&[&cluster, &snapshot("two")])?;
    let left = scene.exec(&a, &format!("ls {SNAPSHOTS}"))?;
    ensure!(!left.contains(&gone) && left.contains(&file(&scene, "two")?), "{left}");
    // Somebody deletes the file: the resource is gone, and is made again.
    scene.exec(&a, &format!("rke2 etcd-snapshot delete {} 2>&1", file(&scene, "two")?))?;
    let before = file(&scene, "two")?;
    scene.converge(&[&cluster, &snapshot("two")])?;
    ensure!(file(&scene, "two")? != before, "it was not taken again");
    scene.ws.destroy()?.ok()?;
    let left = scene.exec(&a, &format!("ls {SNAPSHOTS}"))?;
    ensure!(!left.contains("two-a-"), "{left}");
    let mut secrets = scene.kept_secrets(RKE2, &a)?;
    // The token of clusters made by hand stands in command lines of tests.
    secrets.retain(|secret| secret != TOKEN);
    scene.expect_no_secret(&seen.end(), &secrets, &[&a])
}

/// Actions need Terraform 1.14.
const NEXT: &str = "HYBRIDOPS_TERRAFORM_NEXT";

/// In the store, without any cluster: what has expired is told, and only that goes, in a second step.
#[test]
fn snapshots_are_pruned_in_two_steps() -> Result<()> {
    let name = "snapshots_are_pruned_in_two_steps";
    let Some(program) = named_or_skip(NEXT, name)? else { return Ok(()) };
    let Some(scene) = Scene::with(name, Wanted { store: true, ..Wanted::default() })? else { return Ok(()) };
    let put = |file: &str, bytes: usize| scene.store()?.put(&format!("platform/{file}"), vec![1; bytes]);
    for hour in 0..4 {
        put(&format!("etcd-snapshot-a-{}", 1_763_778_000 + hour * 3600), 100)?;
    }
    put("mine-a-1763778000", 100)?;
    put("etcd-snapshot-b-1763778000", 0)?;
    put("README", 10)?;
    let mut ws = Workspace::ready_for(program, &[Provider::hybridops()?])?;
    ws.set_env("AWS_ACCESS_KEY_ID", "id");
    ws.set_env("AWS_SECRET_ACCESS_KEY", "secret");
    ws.write(
        "main.tf",
        &format!(
            r#"
locals {{
  s3        = {}
  retention = {{ keep_last = 2 }}
}}
data "hybridops_rke2_snapshots" "all" {{
  s3        = local.s3
  retention = local.retention
}}
action "hybridops_rke2_snapshot_prune" "expired" {{
  config {{
    s3         = local.s3
    cluster_id = "7d1c"
    retention  = local.retention
    names      = data.hybridops_rke2_snapshots.all.expired
  }}
}}
output "expired" {{ value = data.hybridops_rke2_snapshots.all.expired }}
output "newest" {{ value = data.hybridops_rke2_snapshots.all.newest }}
"#,
            scene.s3_block("platform")?
        ),
    )?;
    ws.apply()?.ok()?;
    let outputs = ws.outputs()?;
    let expired = serde_json::json!([
        "etcd-snapshot-a-1763778000",
        "etcd-snapshot-b-1763778000",
        "etcd-snapshot-a-1763781600"
    ]);
    ensure!(outputs["expired"] == expired, "{outputs}");
    ensure!(outputs["newest"] == "etcd-snapshot-a-1763788800", "{outputs}");
    ensure!(scene.store()?.list("platform/")?.len() == 7, "the data source deleted something");
    let invoke = "-invoke=action.hybridops_rke2_snapshot_prune.expired";
    ws.run(&["apply", "-auto-approve", "-no-color", "-input=false", invoke])?.ok()?;
    let left: Vec<String> = scene.store()?.list("platform/")?.into_iter().map(|(key, _)| key).collect();
    let stays = ["README", "etcd-snapshot-a-1763785200", "etcd-snapshot-a-1763788800", "mine-a-1763778000"];
    ensure!(
        left.len() == stays.len() && stays.iter().all(|one| left.iter().any(|key| key.ends_with(one))),
        "{left:?}"
    );
    Ok(())
}
