//! Writes: conditions, stamps, blockers, repetition.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain_netbox::api::{Deleted, Error, FilePart, NetBox, Settings};
use serde_json::{Map, Value, json};
use transport_rest::Budget;
use wiremock::ResponseTemplate;

use crate::shelf::Shelf;

fn map(json: Value) -> Map<String, Value> {
    json.as_object().unwrap().clone()
}

fn page(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw("<title>502 Bad Gateway</title>", "text/html")
}

#[tokio::test]
async fn a_creation_is_one_request_and_is_never_repeated_blindly() {
    let shelf = Shelf::start("4.6").await;
    let (client, budget) = (shelf.client(), Budget::unlimited());
    let made = client.create("dcim/sites", map(json!({"name": "a"})), None, &budget).await.unwrap();
    assert_eq!((made.id, shelf.taken().len()), (1, 1));
    // The answer is lost after the effect.
    shelf.state().faults.push(("POST", true, page(502)));
    let error = client.create("dcim/sites", map(json!({"name": "b"})), None, &budget).await.unwrap_err();
    assert!(error.may_have_taken_effect() && error.to_string().contains("502 Bad Gateway"), "{error}");
    assert_eq!(shelf.taken().len(), 1);
    shelf.state().faults.push(("POST", false, ResponseTemplate::new(429).insert_header("Retry-After", "0")));
    client.create("dcim/sites", map(json!({"name": "c"})), None, &budget).await.unwrap();
    assert_eq!(shelf.taken().len(), 2, "a request turned away before any effect is repeated");
}

#[tokio::test]
async fn messages_and_stamps_go_with_every_write_where_the_server_records_them() {
    for (version, records) in [("4.6", true), ("4.4", true), ("4.3", false)] {
        let shelf = Shelf::start(version).await;
        let settings = Settings { changelog_message: Some("run 42".into()), ..shelf.settings() };
        let (client, budget) = (NetBox::new(settings).unwrap(), Budget::unlimited());
        client
            .create("dcim/sites", map(json!({"name": "a"})), Some("hybridops:3f9a"), &budget)
            .await
            .unwrap();
        client.update("dcim/sites", 1, map(json!({"name": "b"})), None, &budget).await.unwrap();
        client.delete("dcim/sites", 1, None, &budget).await.unwrap();
        let messages: Vec<Value> = shelf
            .state()
            .bodies
            .iter()
            .map(|body| body.get("changelog_message").cloned().unwrap_or_default())
            .collect();
        if records {
            assert_eq!(messages, ["run 42 hybridops:3f9a", "run 42", "run 42"], "{version}");
        } else {
            assert_eq!(messages, [Value::Null, Value::Null], "{version}: the deletion has no body");
        }
        let asked = shelf.taken().iter().filter(|line| line.contains("status")).count();
        assert_eq!(asked, 1, "the version is asked once at most");
    }
}

#[tokio::test]
async fn a_condition_follows_our_own_writes_and_stops_at_those_of_others() {
    let shelf = Shelf::start("4.6").await;
    shelf.fill("dcim/sites", [1]);
    let (client, budget) = (shelf.client(), Budget::unlimited());
    let seen = client.read("dcim/sites", 1, &[], &budget).await.unwrap().unwrap().etag().unwrap();
    let change = async |name: &str, seen| {
        client.update("dcim/sites", 1, map(json!({"name": name})), seen, &budget).await
    };
    change("a", Some(&seen)).await.unwrap();
    change("b", None).await.unwrap();
    change("c", Some(&seen)).await.unwrap();
    assert_eq!(shelf.taken().iter().filter(|line| line.starts_with("PATCH")).count(), 3);
    shelf.state().put("dcim/sites", 1, json!({"name": "by another"}));
    let error = change("d", Some(&seen)).await.unwrap_err();
    let Error::Changed { current: Some(current), .. } = &error else { panic!("{error}") };
    assert!(error.to_string().contains("changed by someone else"));
    // One who does not insist is served, but what others did is not forgotten for those who do.
    change("e", None).await.unwrap();
    assert!(matches!(change("f", Some(&seen)).await, Err(Error::Changed { .. })));
    assert!(matches!(change("f", Some(current)).await, Err(Error::Changed { .. })));
    let refused = client.delete("dcim/sites", 1, Some(&seen), &budget).await;
    assert!(matches!(refused, Err(Error::Changed { .. })));
    assert_eq!(client.delete("dcim/sites", 1, None, &budget).await.unwrap(), Deleted::Deleted);
    assert_eq!(client.delete("dcim/sites", 1, None, &budget).await.unwrap(), Deleted::WasGone);
    assert!(change("g", None).await.unwrap_err().is_gone());
}

#[tokio::test]
async fn an_answer_lost_after_the_effect_is_not_taken_for_a_change_by_others() {
    let shelf = Shelf::start("4.6").await;
    shelf.fill("dcim/sites", [1]);
    let (client, budget) = (shelf.client(), Budget::unlimited());
    let seen = client.read("dcim/sites", 1, &[], &budget).await.unwrap().unwrap().etag().unwrap();
    shelf.state().faults.push(("PATCH", true, page(502)));
    let done = client.update("dcim/sites", 1, map(json!({"name": "a"})), Some(&seen), &budget).await.unwrap();
    assert_eq!(done.fields["name"], "a");
    client.update("dcim/sites", 1, map(json!({"name": "b"})), Some(&seen), &budget).await.unwrap();
    shelf.state().faults.push(("DELETE", true, page(502)));
    assert_eq!(client.delete("dcim/sites", 1, Some(&seen), &budget).await.unwrap(), Deleted::Deleted);
}

#[tokio::test]
async fn writers_of_one_object_queue() {
    let shelf = Shelf::start("4.6").await;
    shelf.fill("dcim/sites", [1]);
    let (client, budget) = (shelf.client(), Budget::unlimited());
    let seen = client.read("dcim/sites", 1, &[], &budget).await.unwrap().unwrap().etag().unwrap();
    let writers = (0..20).map(|number| {
        let body = map(json!({format!("field{number}"): number}));
        client.update("dcim/sites", 1, body, Some(&seen), &budget)
    });
    futures::future::try_join_all(writers).await.unwrap();
    let state = shelf.state();
    let row = &state.tables["dcim/sites"][&1];
    assert!((0..20).all(|number| row[&format!("field{number}")] == number));
}

#[tokio::test]
async fn a_deadlock_is_tried_once_more_but_not_for_a_creation() {
    let shelf = Shelf::start("4.6").await;
    shelf.fill("dcim/sites", [1]);
    let (client, budget) = (shelf.client(), Budget::unlimited());
    let deadlock = || {
        let body = json!({"error": "deadlock detected\nDETAIL: x", "exception": "OperationalError"});
        ResponseTemplate::new(500).set_body_json(body)
    };
    shelf.state().faults.push(("PATCH", false, deadlock()));
    client.update("dcim/sites", 1, map(json!({"name": "a"})), None, &budget).await.unwrap();
    shelf.state().faults.extend([("PATCH", false, deadlock()), ("PATCH", false, deadlock())]);
    let error = client.update("dcim/sites", 1, map(json!({"name": "b"})), None, &budget).await.unwrap_err();
    assert!(error.to_string().contains("deadlock detected"), "{error}");
    shelf.taken();
    shelf.state().faults.push(("POST", false, deadlock()));
    assert!(client.create("dcim/sites", map(json!({})), None, &budget).await.is_err());
    assert_eq!(shelf.taken().len(), 1);
}

fn blocked(names: &[&str]) -> ResponseTemplate {
    let list: Vec<String> = names.iter().enumerate().map(|(id, name)| format!("{name} ({id})")).collect();
    let detail =
        format!("Unable to delete object. {} dependent objects were found: {}", names.len(), list.join(", "));
    ResponseTemplate::new(409).set_body_json(json!({"detail": detail}))
}

#[tokio::test]
async fn a_deletion_waits_while_what_is_in_its_way_becomes_less() {
    let shelf = Shelf::start("4.6").await;
    shelf.fill("dcim/sites", [1, 2]);
    let settings = Settings { delete_patience: Duration::from_millis(300), ..shelf.settings() };
    let (client, budget) = (NetBox::new(settings).unwrap(), Budget::unlimited());
    for names in [&["r1"][..], &["r1", "r2"], &["r1", "r2", "r3"]] {
        shelf.state().faults.push(("DELETE", false, blocked(names)));
    }
    assert_eq!(client.delete("dcim/sites", 1, None, &budget).await.unwrap(), Deleted::Deleted);
    let start = Instant::now();
    shelf.state().faults.extend((0..50).map(|_| ("DELETE", false, blocked(&["rack, left", "r2 (x)"]))));
    let error = client.delete("dcim/sites", 2, None, &budget).await.unwrap_err();
    let Error::Blocked(found) = &error else { panic!("{error}") };
    let names: Vec<_> = found.blockers.iter().map(|blocker| blocker.name.as_str()).collect();
    assert_eq!(names, ["rack, left", "r2 (x)"]);
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}

#[tokio::test]
async fn pools_are_asked_one_at_a_time_and_tell_when_they_are_empty() {
    use wiremock::matchers::{method, path};
    use wiremock::{Mock, MockServer, Request};
    let server = MockServer::start().await;
    let taken = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let counter = taken.clone();
    let broken_off = std::sync::atomic::AtomicBool::new(false);
    let answer = move |request: &Request| {
        let row = || {
            let id = counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
            json!({"id": id, "url": format!("http://h/api/ipam/ip-addresses/{id}/"), "last_updated": "2026-01-01T00:00:00Z"})
        };
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let answer = match &body {
            Value::Array(items) => items.iter().map(|_| row()).collect(),
            _ => row(),
        };
        let ids = answer.as_array().map_or(1, Vec::len);
        if ids == 2 && !broken_off.swap(true, std::sync::atomic::Ordering::SeqCst) {
            return ResponseTemplate::new(500).set_body_json(json!({"error": "deadlock detected"}));
        }
        if ids > 3 {
            let detail = "Insufficient resources are available to satisfy the request";
            return ResponseTemplate::new(409).set_body_json(json!({ "detail": detail }));
        }
        ResponseTemplate::new(201).set_body_json(answer)
    };
    Mock::given(method("POST"))
        .and(path("/api/ipam/prefixes/7/available-ips/"))
        .respond_with(answer)
        .mount(&server)
        .await;
    let client = NetBox::new(Settings::new(server.uri().parse().unwrap())).unwrap();
    let budget = Budget::unlimited();
    let take = |count: usize| {
        client.allocate("ipam/prefixes", 7, "available-ips", vec![Map::new(); count], None, &budget)
    };
    let calls = futures::future::try_join_all((0..20).map(|_| take(1)));
    let mut ids: Vec<u64> = calls.await.unwrap().into_iter().flatten().map(|object| object.id).collect();
    ids.sort_unstable();
    assert_eq!(ids, (1..=20).collect::<Vec<_>>());
    assert_eq!(take(3).await.unwrap().len(), 3);
    assert_eq!(take(2).await.unwrap().len(), 2, "a deadlock takes nothing");
    assert!(matches!(take(4).await, Err(Error::Exhausted { .. })));
    assert!(matches!(take(0).await, Err(Error::Argument(_))));
}

#[tokio::test]
async fn files_go_as_a_form() {
    use wiremock::matchers::{body_string_contains, method, path};
    use wiremock::{Mock, MockServer};
    let server = MockServer::start().await;
    let file = std::env::temp_dir().join(format!("netbox-client-{}", std::process::id()));
    std::fs::write(&file, "IMAGE").unwrap();
    Mock::given(method("PATCH"))
        .and(path("/api/dcim/device-types/3/"))
        .and(body_string_contains("name=\"front_image\"; filename=\"f.png\""))
        .and(body_string_contains("IMAGE"))
        .and(body_string_contains("name=\"changelog_message\"\r\n\r\ns:1"))
        .respond_with(
            ResponseTemplate::new(200).insert_header("API-Version", "4.6").set_body_json(json!({"id": 3})),
        )
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"netbox-version": "4.6.8-Docker"})))
        .mount(&server)
        .await;
    let client = NetBox::new(Settings::new(server.uri().parse().unwrap())).unwrap();
    let part = FilePart { field: "front_image".into(), file_name: "f.png".into(), path: file };
    let budget = Budget::unlimited();
    let done = client.upload("dcim/device-types", Some(3), vec![], vec![part], Some("s:1"), &budget).await;
    assert_eq!(done.unwrap().id, 3);
    assert_eq!(client.known_version().map(|version| version.to_string()).as_deref(), Some("4.6"));
}

#[tokio::test]
async fn leftovers_of_an_interrupted_run_are_found_by_their_stamp() {
    let shelf = Shelf::start("4.6").await;
    let change = |id: u64, model: &str, object: u64, message: &str| {
        shelf.state().put(
            "core/object-changes",
            id,
            json!({"changed_object_type": model, "changed_object_id": object, "message": message}),
        );
    };
    change(1, "dcim.site", 7, "run 41 hybridops:aa");
    change(2, "dcim.site", 8, "");
    change(3, "ipam.vlan", 7, "hybridops:aa");
    let (client, budget) = (shelf.client(), Budget::unlimited());
    let day = Duration::from_secs(86_400);
    let found = client.leftovers(day, &budget).await.unwrap();
    assert!(found.known);
    assert_eq!(
        (found.find("dcim.site", "hybridops:aa"), found.find("dcim.site", "hybridops:bb")),
        (&[7][..], &[][..])
    );
    client.leftovers(day, &budget).await.unwrap();
    let asked = shelf.taken();
    assert_eq!(asked.iter().filter(|line| line.contains("object-changes")).count(), 1, "{asked:?}");
    assert!(asked.iter().any(|line| line.contains("action=create&time_after=")), "{asked:?}");
    let refused = shelf.client();
    refused.version(&budget).await.unwrap();
    shelf.state().faults.push((
        "GET",
        false,
        ResponseTemplate::new(403)
            .set_body_json(json!({"detail": "You do not have permission to perform this action."})),
    ));
    assert!(!refused.leftovers(day, &budget).await.unwrap().known);
}

#[tokio::test]
async fn custom_fields_are_asked_once_until_one_is_written() {
    let shelf = Shelf::start("4.6").await;
    shelf.state().put(
        "extras/custom-fields",
        1,
        json!({"name": "tier", "label": "", "type": {"value": "select", "label": "Selection"},
        "object_types": ["dcim.site"], "required": true, "choice_set": {"id": 4}, "validation_minimum": 3}),
    );
    shelf.state().put(
        "extras/custom-field-choice-sets",
        4,
        json!({"name": "t", "base_choices": null, "extra_choices": [["t1", "Tier 1"], ["t2", null]]}),
    );
    let (client, budget) = (shelf.client(), Budget::unlimited());
    let fields = client.custom_fields(&budget).await.unwrap();
    let field = &fields[0];
    assert_eq!(
        (field.name.as_str(), field.kind.as_str(), field.required, field.unique),
        ("tier", "select", true, false)
    );
    assert!(field.applies_to("dcim.site") && !field.applies_to("dcim.rack"));
    assert_eq!(field.choices, Some(vec![("t1".into(), "Tier 1".into()), ("t2".into(), "t2".into())]));
    assert_eq!(field.minimum, Some(json!(3)));
    shelf.taken();
    client.custom_fields(&budget).await.unwrap();
    assert_eq!(shelf.taken().len(), 0);
    let more = map(json!({"name": "more", "type": {"value": "text"}}));
    client.create("extras/custom-fields", more, None, &budget).await.unwrap();
    assert_eq!(client.custom_fields(&budget).await.unwrap().len(), 2);
}
