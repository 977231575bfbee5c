//! Allocators and setters.

use serde_json::{Value as Json, json};
use tf_framework::Value;
use tf_framework_testing::PlannedAction;

use super::lab::lab;
use super::table::{SEAT, WIDGET};

fn json(value: Option<&Value>) -> Json {
    value.map_or(Json::Null, catalogue::json::from_value)
}

#[tokio::test]
async fn seats_are_taken_topped_up_and_given_back() {
    let (core, server) = lab().await;
    let seat = core.resource("lab_free_seat", json!({"pool": "hall", "key": "a", "description": "x"}));
    let state = seat.apply().await.unwrap();
    assert_eq!(json(state.get("number")), json!(1));
    let more = json!({"pool": "hall", "key": "a", "description": "y", "quantity": 3});
    let state = seat.with(more).apply().await.unwrap();
    assert_eq!(state.get("allocated").unwrap().as_list().unwrap().len(), 3);
    let seats = || server.objects().values().filter(|object| object.path == SEAT.path).count();
    assert_eq!(seats(), 3);
    assert!(
        server.objects().values().filter(|o| o.path == SEAT.path).all(|o| o.fields["description"] == "y")
    );
    let fewer = seat.with(json!({"pool": "hall", "key": "a", "description": "y", "quantity": 1}));
    fewer.apply().await.unwrap();
    assert_eq!(seats(), 1);
    let error = core
        .resource("lab_free_seat", json!({"pool": "hall", "key": "b", "quantity": 9}))
        .named("b")
        .apply()
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("five seats"), "{error}");
    fewer.destroy().await.unwrap();
    assert_eq!(seats(), 0);
}

#[tokio::test]
async fn a_lost_seat_is_found_by_its_key() {
    let (core, server) = lab().await;
    let seat = core.resource("lab_free_seat", json!({"pool": "hall", "key": "a"}));
    *server.lose_answer.lock().unwrap() = true;
    seat.unsettled().apply().await.unwrap_err();
    assert_eq!(server.objects().values().filter(|object| object.path == SEAT.path).count(), 1);
}

#[tokio::test]
async fn two_allocations_must_not_have_one_key() {
    let (core, server) = lab().await;
    let config = json!({"pool": "hall", "key": "a"});
    core.resource("lab_free_seat", config.clone()).named("one").apply().await.unwrap();
    let error = core.resource("lab_free_seat", config).named("two").apply().await.unwrap_err().to_string();
    assert!(error.contains("one key"), "{error}");
    assert_eq!(server.objects().values().filter(|object| object.path == SEAT.path).count(), 1);
}

#[tokio::test]
async fn a_setter_touches_one_field() {
    let (core, server) = lab().await;
    let id = server.insert(&WIDGET, json!({"name": "W", "slug": "w", "owner": null}));
    let setter = core.resource("lab_widget_owner", json!({"widget": "w", "owner": "acme"}));
    setter.apply().await.unwrap();
    assert_eq!(server.objects()[&id].fields["owner"], json!(1));
    setter.with(json!({"widget": id, "owner": 1})).plan().await.unwrap().expect(PlannedAction::NoOp).unwrap();
    setter.with(json!({"widget": "w", "owner": "globex"})).apply().await.unwrap();
    assert_eq!(server.writes().last().unwrap(), r#"PATCH lab/widgets {"owner":{"slug":"globex"}}"#);
    setter.destroy().await.unwrap();
    assert_eq!(server.objects()[&id].fields["owner"], Json::Null);
    assert!(server.objects().contains_key(&id));
}
