//! Watches: order, selection, bookmarks, revisions that are too old.

use futures::StreamExt;
use serde_json::{Value, json};

use super::rig::Rig;

/// Reads events until the watch ends.
async fn events(rig: &Rig, query: &str) -> Vec<(String, Value)> {
    let url = format!("{}/api/v1/namespaces/default/configmaps?watch=true&{query}", rig.url);
    let mut body = rig.admin().get(url).send().await.unwrap().bytes_stream();
    let mut text = Vec::new();
    while let Some(chunk) = body.next().await {
        text.extend_from_slice(&chunk.unwrap());
    }
    String::from_utf8(text)
        .unwrap()
        .lines()
        .map(|line| {
            let mut event: Value = serde_json::from_str(line).unwrap();
            (event["type"].as_str().unwrap().to_owned(), event["object"].take())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_leaves_the_selection_is_deleted_for_the_watcher() {
    let rig = Rig::start().await;
    let object = |name: &str| json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name, "labels": { "x": "1" } } });
    let first = rig.client.create("configmaps", "default", object("a")).await.unwrap();
    let from = first["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    rig.client.create("configmaps", "default", object("b")).await.unwrap();
    rig.client.merge_patch("configmaps", "default", "a", "", &json!({ "data": { "k": "v" } })).await.unwrap();
    rig.client
        .merge_patch("configmaps", "default", "a", "", &json!({ "metadata": { "labels": { "x": "2" } } }))
        .await
        .unwrap();
    rig.client.delete("configmaps", "default", "b").await.unwrap();
    let seen = events(
        &rig,
        &format!("labelSelector=x%3D1&resourceVersion={from}&timeoutSeconds=1&allowWatchBookmarks=true"),
    )
    .await;
    let short: Vec<(&str, &str)> = seen
        .iter()
        .map(|(kind, object)| (kind.as_str(), object["metadata"]["name"].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(
        short,
        [("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "a"), ("DELETED", "b"), ("BOOKMARK", "")]
    );
    let revisions: Vec<u64> = seen
        .iter()
        .map(|(_, object)| object["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap())
        .collect();
    assert!(revisions.is_sorted(), "{revisions:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_revision_what_is_there_comes_first() {
    let rig = Rig::start().await;
    let object = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "a" } });
    rig.client.create("configmaps", "default", object).await.unwrap();
    let seen = events(&rig, "timeoutSeconds=1&fieldSelector=metadata.name%3Da").await;
    assert_eq!(seen.len(), 1);
    assert_eq!((seen[0].0.as_str(), &seen[0].1["metadata"]["name"]), ("ADDED", &json!("a")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revision_from_before_the_cache_is_gone() {
    let rig = Rig::start().await;
    let url = format!("{}/api/v1/nodes?watch=true&resourceVersion=0&timeoutSeconds=1", rig.url);
    assert_eq!(rig.admin().get(url).send().await.unwrap().status().as_u16(), 200);
    rig.kube.hub.catch_up(1).await;
    let url = format!("{}/api/v1/nodes?watch=true&resourceVersion=-5&timeoutSeconds=1", rig.url);
    let gone = rig.admin().get(url).send().await.unwrap();
    assert_eq!(gone.status().as_u16(), 410);
    assert_eq!(gone.json::<Value>().await.unwrap()["reason"], "Expired");
}
