//! Look-ups by slug or name.

use futures::future::join_all;
use serde_json::json;
use transport_rest::Budget;

use crate::shelf::Shelf;

fn values(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

#[tokio::test]
async fn look_ups_are_merged_kept_and_ended_by_writes() {
    let shelf = Shelf::start("4.6").await;
    shelf.fill("extras/tags", 1..=50);
    shelf.fill("dcim/sites", 1..=3);
    let (client, budget) = (shelf.client(), Budget::unlimited());
    let ids = async |slugs: &[&str]| {
        let found = client.look_up("extras/tags", "slug", &values(slugs), &budget).await.unwrap();
        found.iter().map(|object| object.id).collect::<Vec<_>>()
    };
    let (one, two, none) = tokio::join!(ids(&["s1", "s2"]), ids(&["s2", "s3"]), ids(&["nope"]));
    assert_eq!((one, two, none), (vec![1, 2], vec![2, 3], vec![]));
    assert_eq!(shelf.taken(), ["GET /api/extras/tags/?slug=nope&slug=s1&slug=s2&slug=s3&brief=1&limit=1000"]);
    assert_eq!((ids(&["s3", "nope"]).await, shelf.taken().len()), (vec![3], 0));
    // A write elsewhere may have made what was not found, but what was found stays.
    let body = json!({"name": "x"}).as_object().unwrap().clone();
    client.update("dcim/sites", 1, body.clone(), None, &budget).await.unwrap();
    shelf.taken();
    assert_eq!((ids(&["s3", "nope"]).await, shelf.taken().len()), (vec![3], 1));
    // A write there ends all of it.
    client
        .create("extras/tags", json!({"slug": "nope"}).as_object().unwrap().clone(), None, &budget)
        .await
        .unwrap();
    shelf.taken();
    assert_eq!((ids(&["s3", "nope"]).await, shelf.taken().len()), (vec![51, 3], 1));
}

#[tokio::test]
async fn a_thousand_values_are_split_by_the_length_of_the_request_line() {
    let shelf = Shelf::start("4.6").await;
    shelf.fill("extras/tags", 1..=1_000);
    let (client, budget) = (shelf.client(), Budget::unlimited());
    let all = (1..=1_000).map(|id| vec![format!("s{id}")]);
    let found = join_all(all.map(|value| {
        let (client, budget) = (&client, &budget);
        async move { client.look_up("extras/tags", "slug", &value, budget).await.unwrap().len() }
    }));
    assert_eq!(found.await.into_iter().sum::<usize>(), 1_000);
    let requests = shelf.taken();
    assert!(requests.len() <= 4, "{} requests", requests.len());
}

#[tokio::test]
async fn values_that_objects_do_not_tell_are_asked_one_by_one() {
    let shelf = Shelf::start("4.6").await;
    shelf.fill("ipam/ip-addresses", 1..=1);
    let (client, budget) = (shelf.client(), Budget::unlimited());
    // The double ignores a filter whose field it does not have: every object comes, and none tells why.
    let nets = values(&["10.0.0.0/8", "10.1.0.0/16"]);
    let found = client.look_up("ipam/ip-addresses", "parent", &nets, &budget).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(shelf.taken().len(), 3);
}
