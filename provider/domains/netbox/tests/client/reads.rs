//! Reads one by one, as Terraform makes them, and how few requests they take.

use std::time::Duration;

use domain_netbox::api::{Error, NetBox, Prefetch, Settings};
use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::json;
use transport_rest::Budget;
use wiremock::ResponseTemplate;

use crate::shelf::Shelf;

const KINDS: [&str; 8] = [
    "dcim/sites",
    "dcim/devices",
    "dcim/interfaces",
    "ipam/prefixes",
    "ipam/ip-addresses",
    "ipam/vlans",
    "tenancy/tenants",
    "virtualization/virtual-machines",
];

/// Ten reads in flight, in an order that has nothing to do with ids.
async fn refresh(client: &NetBox, mut objects: Vec<(&'static str, u64)>) -> usize {
    objects.sort_by_key(|(path, id)| (id * 31 + path.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let budget = &Budget::unlimited();
    let reads = objects.into_iter().map(|(path, id)| async move {
        let omit: &[&str] = if path.ends_with("devices") { &["config_context"] } else { &[] };
        let object = client.read(path, id, omit, budget).await?.expect("it exists");
        assert_eq!((object.id, &object.fields["name"]), (id, &json!(format!("{path} {id}"))));
        Ok::<_, Error>(())
    });
    let done: Vec<()> = futures::stream::iter(reads).buffer_unordered(10).try_collect().await.unwrap();
    done.len()
}

#[tokio::test]
async fn a_thousand_objects_of_eight_kinds_take_less_than_twenty_requests() {
    for version in ["4.6", "4.2"] {
        let shelf = Shelf::start(version).await;
        let mut objects = Vec::new();
        for (offset, path) in KINDS.into_iter().enumerate() {
            let first = 1 + 40 * offset as u64;
            // As many again that are not ours.
            shelf.fill(path, first..first + 250);
            objects.extend((first..first + 125).map(|id| (path, id)));
        }
        assert_eq!(refresh(&shelf.client(), objects).await, 1_000);
        let requests = shelf.taken();
        assert!(requests.len() < 20, "{version}: {} requests: {requests:#?}", requests.len());
        let of_devices: Vec<_> = requests.iter().filter(|line| line.contains("devices")).collect();
        assert!(of_devices.iter().all(|line| line.contains("exclude=config_context")), "{of_devices:?}");
    }
}

#[tokio::test]
async fn a_thousand_objects_of_one_kind_take_three_requests() {
    for version in ["4.6", "4.1"] {
        let shelf = Shelf::start(version).await;
        shelf.fill("ipam/prefixes", 501..=1_500);
        refresh(&shelf.client(), (501..=1_500).map(|id| ("ipam/prefixes", id)).collect()).await;
        let requests = shelf.taken();
        assert!(requests.len() <= 3, "{version}: {requests:#?}");
        let cursor = requests.iter().any(|line| line.contains("start="));
        assert_eq!(cursor, version == "4.6", "{requests:#?}");
    }
}

#[tokio::test]
async fn one_object_is_one_small_request() {
    let shelf = Shelf::start("4.6").await;
    shelf.fill("dcim/sites", 1..=50);
    let client = shelf.client();
    assert!(client.read("dcim/sites", 7, &[], &Budget::unlimited()).await.unwrap().is_some());
    assert_eq!(shelf.taken(), ["GET /api/dcim/sites/?id=7&limit=1000"]);
}

#[tokio::test]
async fn gone_is_said_by_the_object_s_own_address_alone() {
    let shelf = Shelf::start("4.6").await;
    shelf.fill("dcim/sites", [1, 2, 4]);
    let (client, budget) = (shelf.client(), Budget::unlimited());
    let read = |id| client.read("dcim/sites", id, &[], &budget);
    let (one, three) = tokio::join!(read(1), read(3));
    assert!(one.unwrap().is_some() && three.unwrap().is_none());
    assert!(read(2).await.unwrap().is_some());
    assert_eq!(
        shelf.taken(),
        [
            "GET /api/dcim/sites/?start=0&limit=1000".replace("start=0", "id__gte=0&ordering=id"),
            "GET /api/dcim/sites/3/".to_owned()
        ]
    );
    // Made by someone else since the page was read: the memory does not know it, the server does.
    shelf.fill("dcim/sites", [3, 9]);
    assert!(read(3).await.unwrap().is_some() && read(9).await.unwrap().is_some());
    assert_eq!(shelf.taken(), ["GET /api/dcim/sites/3/", "GET /api/dcim/sites/9/"]);
    for (answer, told) in [
        (
            ResponseTemplate::new(403)
                .set_body_json(json!({"detail": "You do not have permission to perform this action."})),
            "dcim.view_site",
        ),
        (
            ResponseTemplate::new(404).set_body_raw("<title>Page Not Found | NetBox</title>", "text/html"),
            "Page Not Found",
        ),
        (
            ResponseTemplate::new(404).set_body_json(json!({"message": "no route matched"})),
            "no route matched",
        ),
        (
            ResponseTemplate::new(301).insert_header("Location", "https://sso.example/login?next=/"),
            "sso.example",
        ),
    ] {
        shelf.state().faults.push(("GET", false, answer));
        let error = read(77).await.unwrap_err();
        assert!(error.to_string().contains(told), "{error}");
    }
}

#[tokio::test]
async fn any_write_ends_what_was_read_before() {
    let shelf = Shelf::start("4.6").await;
    shelf.fill("dcim/sites", 1..=20);
    shelf.fill("ipam/vlans", 1..=3);
    let (client, budget) = (shelf.client(), Budget::unlimited());
    let both = || async {
        tokio::join!(client.read("dcim/sites", 1, &[], &budget), client.read("dcim/sites", 2, &[], &budget))
    };
    both().await.0.unwrap();
    both().await.0.unwrap();
    assert_eq!(shelf.taken().len(), 1);
    client
        .update("ipam/vlans", 1, json!({"name": "x"}).as_object().unwrap().clone(), None, &budget)
        .await
        .unwrap();
    shelf.state().put("dcim/sites", 2, json!({"name": "changed"}));
    shelf.taken();
    assert_eq!(both().await.1.unwrap().unwrap().fields["name"], "changed");
    assert_eq!(shelf.taken().len(), 1);
    // Also one that failed: it may have taken effect.
    client.delete("ipam/vlans", 77, None, &budget).await.unwrap();
    shelf.state().put("dcim/sites", 1, json!({"name": "changed"}));
    assert_eq!(both().await.0.unwrap().unwrap().fields["name"], "changed");
}

#[tokio::test]
async fn a_read_that_begins_after_a_write_never_sees_an_older_state() {
    let shelf = Shelf::start("4.6").await;
    shelf.fill("dcim/sites", 1..=30);
    let (client, budget) = (shelf.client(), Budget::unlimited());
    let noise = |worker: u64| {
        let client = client.clone();
        async move {
            for round in 0..60_u64 {
                let id = 1 + (worker * 7 + round * 3) % 30;
                client.read("dcim/sites", id, &[], &Budget::unlimited()).await.unwrap().unwrap();
            }
        }
    };
    let writer = async {
        for round in 0..15 {
            let body = json!({"name": round}).as_object().unwrap().clone();
            client.update("dcim/sites", 5, body, None, &budget).await.unwrap();
            let seen = client.read("dcim/sites", 5, &[], &budget).await.unwrap().unwrap();
            assert_eq!(seen.fields["name"], round);
        }
    };
    tokio::join!(writer, noise(1), noise(2), noise(3), noise(4));
}

#[tokio::test]
async fn a_page_that_a_write_overtakes_serves_nobody_after_it() {
    let shelf = Shelf::start("4.6").await;
    shelf.fill("dcim/sites", 1..=30);
    let (client, budget) = (shelf.client(), Budget::unlimited());
    client.version(&budget).await.unwrap();
    shelf.state().slow = Some(("start=", Duration::from_millis(300)));
    let early = async {
        tokio::join!(client.read("dcim/sites", 1, &[], &budget), client.read("dcim/sites", 2, &[], &budget))
    };
    let late = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let body = json!({"name": "new"}).as_object().unwrap().clone();
        client.update("dcim/sites", 2, body, None, &budget).await.unwrap();
        client.read("dcim/sites", 2, &[], &budget).await.unwrap().unwrap()
    };
    let (early, late) = tokio::join!(early, late);
    assert_eq!(early.1.unwrap().unwrap().fields["name"], "dcim/sites 2", "it began before the write");
    assert_eq!(late.fields["name"], "new");
}

#[tokio::test]
async fn memory_grows_old_and_can_be_done_without() {
    let shelf = Shelf::start("4.6").await;
    shelf.fill("dcim/sites", 1..=20);
    let budget = Budget::unlimited();
    let requests = async |settings: Settings| {
        let client = NetBox::new(settings).unwrap();
        for _ in 0..2 {
            let both = tokio::join!(
                client.read("dcim/sites", 1, &[], &budget),
                client.read("dcim/sites", 2, &[], &budget)
            );
            both.0.unwrap();
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        shelf.taken().len()
    };
    let with = |prefetch| Settings { prefetch, ..shelf.settings() };
    let usual = Prefetch::default();
    assert_eq!(requests(with(usual)).await, 1);
    assert_eq!(requests(with(Prefetch { max_age: Duration::from_millis(30), ..usual })).await, 2);
    assert_eq!(requests(with(Prefetch { enabled: false, ..usual })).await, 2);
}

#[tokio::test]
async fn a_page_that_is_too_much_for_the_server_is_done_without() {
    let shelf = Shelf::start("4.6").await;
    shelf.fill("dcim/sites", 1..=20);
    let client = shelf.client();
    let budget = Budget::unlimited();
    for _ in 0..4 {
        let page = ResponseTemplate::new(504).set_body_raw("<title>Gateway Time-out</title>", "text/html");
        shelf.state().faults.push(("GET", false, page.insert_header("Retry-After", "0")));
    }
    let (one, two) =
        tokio::join!(client.read("dcim/sites", 1, &[], &budget), client.read("dcim/sites", 2, &[], &budget));
    assert!(one.unwrap().is_some() && two.unwrap().is_some());
    assert_eq!(shelf.taken().pop().unwrap(), "GET /api/dcim/sites/?id=1&id=2&limit=1000");
}

#[tokio::test]
async fn lists_are_whole_and_in_the_order_of_ids() {
    for version in ["4.6", "4.4"] {
        let shelf = Shelf::start(version).await;
        shelf.fill("dcim/sites", (1..=2_500).map(|number| number * 2));
        let (client, budget) = (shelf.client(), Budget::unlimited());
        let all = client.list("dcim/sites", &[], None, &budget).await.unwrap();
        let ids: Vec<u64> = all.iter().map(|object| object.id).collect();
        assert_eq!(ids, (1..=2_500).map(|number| number * 2).collect::<Vec<_>>());
        assert_eq!(shelf.taken().len(), 3);
        assert_eq!(client.list("dcim/sites", &[], Some(7), &budget).await.unwrap().len(), 7);
        assert!(shelf.taken()[0].contains("limit=7"));
        let query = [("ordering".to_owned(), "name".to_owned())];
        let named = client.list("dcim/sites", &query, Some(1_200), &budget).await.unwrap();
        assert_eq!(named.len(), 1_200);
        assert!(shelf.taken().iter().all(|line| !line.contains("start=")));
        let query = [("slug".to_owned(), "s10".to_owned()), ("slug".to_owned(), "s12".to_owned())];
        assert_eq!(client.list("dcim/sites", &query, None, &budget).await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn a_list_by_position_begins_again_when_objects_go_away_meanwhile() {
    let shelf = Shelf::start("4.4").await;
    shelf.fill("dcim/sites", 1..=2_500);
    let (client, budget) = (shelf.client(), Budget::unlimited());
    let listing = client.list("dcim/sites", &[], None, &budget);
    let meanwhile = async {
        while shelf.state().log.len() < 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        shelf.state().remove("dcim/sites", 3);
    };
    let (listed, ()) = tokio::join!(listing, meanwhile);
    let ids: Vec<u64> = listed.unwrap().iter().map(|object| object.id).collect();
    let there: Vec<u64> = shelf.state().tables["dcim/sites"].keys().copied().collect();
    assert_eq!(ids, there);
    assert_eq!(shelf.taken().len(), 6);
}
