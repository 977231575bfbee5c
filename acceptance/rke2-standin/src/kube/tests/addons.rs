//! Manifests on disk.

use std::path::PathBuf;

use super::super::objects::text;
use super::rig::Rig;

fn config_map(name: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: default\ndata:\n  k: v\n"
    )
}

fn file(rig: &Rig, name: &str) -> PathBuf {
    rig.folder.path().join("manifests").join(name)
}

async fn exists(rig: &Rig, name: &str) -> bool {
    rig.client.get("configmaps", "default", name).await.unwrap().is_some()
}

async fn reasons(rig: &Rig) -> Vec<String> {
    let events = rig.client.list("events", Some("kube-system"), "").await.unwrap();
    events.iter().map(|event| text(event, &["reason"]).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_applied_pruned_and_outlived_by_their_objects() {
    let rig = Rig::start().await;
    let path = file(&rig, "site.extra.yaml");
    let both = format!("{}---\n{}", config_map("a"), config_map("b"));
    std::fs::write(&path, &both).unwrap();
    rig.until("both objects", || async { exists(&rig, "a").await && exists(&rig, "b").await }).await;
    rig.until("the checksum", || async {
        let addon = rig.client.get("addons.k3s.cattle.io", "kube-system", "site").await.unwrap().unwrap();
        use sha2::Digest as _;
        let digest: String = sha2::Sha256::digest(&both).iter().map(|byte| format!("{byte:02x}")).collect();
        text(&addon, &["spec", "checksum"]) == digest
            && text(&addon, &["spec", "source"]) == path.to_string_lossy()
    })
    .await;
    // What is taken out of the file goes; what nobody took out stays, though the file is gone.
    std::fs::write(&path, config_map("a")).unwrap();
    rig.until("the second object to be pruned", || async { !exists(&rig, "b").await }).await;
    std::fs::remove_file(&path).unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert!(exists(&rig, "a").await);
    // Words alone take everything away.
    std::fs::write(&path, "# nothing any more\n").unwrap();
    rig.until("the rest to be pruned", || async { !exists(&rig, "a").await }).await;
    assert!(reasons(&rig).await.contains(&"AppliedManifest".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_applied_is_an_event_and_skip_is_left_alone() {
    let rig = Rig::start().await;
    std::fs::write(file(&rig, "left.yaml.skip"), "").unwrap();
    std::fs::write(file(&rig, "left.yaml"), config_map("left")).unwrap();
    std::fs::write(
        file(&rig, "broken.yaml"),
        "apiVersion: nobody.knows/v1\nkind: Thing\nmetadata:\n  name: x\n",
    )
    .unwrap();
    rig.until("the event", || async { reasons(&rig).await.contains(&"ApplyManifestFailed".to_owned()) })
        .await;
    let addon = rig.client.get("addons.k3s.cattle.io", "kube-system", "broken").await.unwrap().unwrap();
    assert!(text(&addon, &["spec", "checksum"]).is_empty());
    assert!(!exists(&rig, "left").await);
}
