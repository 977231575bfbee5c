//! Several servers on one store, and several writers on one object.

use std::sync::Arc;
use std::time::Duration;

use rcgen::KeyPair;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::super::memory::MemoryStore;
use super::super::objects::{number, set, text};
use super::super::{AuthorityPem, Kube, Settings, Timings};
use super::rig::{Rig, authority};

#[tokio::test(flavor = "multi_thread")]
async fn no_write_of_many_is_lost() {
    let rig = Rig::start().await;
    let object = json!({ "apiVersion": "k3s.cattle.io/v1", "kind": "Addon", "metadata": { "name": "a" }, "spec": { "count": 0 } });
    rig.client.create("addons.k3s.cattle.io", "default", object).await.unwrap();
    let writers = (0..8).map(|_| {
        let client = rig.client.clone();
        tokio::spawn(async move {
            let mut written = 0;
            while written < 5 {
                let add = |addon: &mut serde_json::Value| {
                    let count = number(addon, &["spec", "count"]).unwrap();
                    set(addon, &["spec", "count"], json!(count + 1));
                };
                match client.modify("addons.k3s.cattle.io", "default", "a", "", add).await {
                    Ok(_) => written += 1,
                    Err(status) => assert_eq!(status.reason, "Conflict"),
                }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let found = rig.client.get("addons.k3s.cattle.io", "default", "a").await.unwrap().unwrap();
    assert_eq!(number(&found, &["spec", "count"]), Some(40));
    assert_eq!(number(&found, &["metadata", "generation"]), Some(41));
}

#[tokio::test(flavor = "multi_thread")]
async fn when_one_server_goes_the_controllers_of_the_other_take_over() {
    let (store, issuer) = (Arc::new(MemoryStore::new()), authority());
    let key = KeyPair::generate().unwrap().serialize_pem();
    let start = |name: &str| {
        let settings = Settings {
            distribution: "k3s".to_owned(),
            version: "v1.33.4+k3s1".to_owned(),
            node_name: name.to_owned(),
            client_ca: AuthorityPem { certificate: issuer.pem(), key: issuer.key().serialize_pem() },
            service_account_key: key.clone(),
            manifests: None,
            faults: "/nonexistent".into(),
            timings: Timings { leader_lease: Duration::from_secs(2), ..Timings::default() },
        };
        let stop = CancellationToken::new();
        (Kube::start(settings, Arc::clone(&store) as Arc<_>, stop.clone()).unwrap(), stop)
    };
    let (first, stop_first) = start("a");
    let holder = |kube: &Arc<Kube>| {
        let client = kube.client("test");
        async move {
            let lease =
                client.get("leases.coordination.k8s.io", "kube-system", "kube-controller-manager").await;
            lease.ok().flatten().map(|lease| text(&lease, &["spec", "holderIdentity"]).to_owned())
        }
    };
    while holder(&first).await.as_deref() != Some("a") {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (second, _stop_second) = start("b");
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(holder(&second).await.as_deref(), Some("a"), "a lease that is renewed is not taken");
    stop_first.cancel();
    let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "later" } });
    second.client("test").create("namespaces", "", namespace).await.unwrap();
    let mut made = false;
    for _ in 0..200 {
        made = second.client("test").get("serviceaccounts", "later", "default").await.unwrap().is_some();
        if made {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(made, "the second server's controllers work");
    assert_eq!(holder(&second).await.as_deref(), Some("b"));
}
