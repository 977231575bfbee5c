//! Objects: references, tags, custom fields, adoption, interruption, refusals.

use catalogue::description::Version;
use catalogue::store::Defaults;
use serde_json::{Value as Json, json};
use tf_framework::Value;
use tf_framework_testing::{MoveSource, PlannedAction};

use super::lab::{lab, lab_with};
use super::table::WIDGET;

const WIDGET_TYPE: &str = "lab_widget";

fn json(value: Option<&Value>) -> Json {
    value.map_or(Json::Null, catalogue::json::from_value)
}

#[tokio::test]
async fn every_form_of_a_reference_means_the_same_object() {
    let (core, server) = lab().await;
    let widget = |owner: Json| core.resource(WIDGET_TYPE, json!({"name": "W", "owner": owner}));
    widget(json!("acme")).apply().await.unwrap();
    let writes = server.writes().len();
    for form in [json!(1), json!("1"), json!({"slug": "acme"}), json!({"name": "ACME"}), json!("acme")] {
        widget(form.clone())
            .plan()
            .await
            .unwrap()
            .expect(PlannedAction::NoOp)
            .unwrap_or_else(|e| panic!("{form} {e}"));
    }
    assert_eq!(server.writes().len(), writes);
    let state = widget(json!("globex")).apply().await.unwrap();
    assert_eq!(json(state.get("owner")), json!("globex"));
    assert_eq!(server.writes().last().unwrap(), r#"PATCH lab/widgets {"owner":{"slug":"globex"}}"#);
    // Someone else changes it: the plan tells in the words of the configuration.
    let id =
        server.objects().iter().find(|(_, object)| object.path == WIDGET.path).map(|(id, _)| *id).unwrap();
    server.objects().get_mut(&id).unwrap().fields.insert("owner".into(), json!(3));
    let state = widget(json!("globex")).refresh().await.unwrap().unwrap();
    assert_eq!(json(state.get("owner")), json!("initech"));
}

#[tokio::test]
async fn references_that_match_nothing_or_several_are_refused_at_plan() {
    let (core, server) = lab().await;
    server.insert(&super::table::OWNER, json!({"name": "ACME", "slug": "acme-2"}));
    for (field, value, expected) in [
        ("owner", json!("nobody"), "matches nothing"),
        ("owner", json!({"name": "ACME"}), "matches several"),
        ("friends", json!(["acme", "nobody"]), "matches nothing"),
        ("scope", json!({"tag": "mauve"}), "matches nothing"),
        ("tags", json!(["mauve"]), "matches nothing"),
        ("custom_fields", json!({"nope": 1}), "no custom field"),
        ("custom_fields", json!({"amount": "many"}), "takes a whole number"),
        ("custom_fields", json!({"several": ["c"]}), "takes a list of some of a, b"),
        ("status", json!("imagined"), "It takes: active, planned, local"),
        ("face", json!("left"), "It takes: front, rear"),
    ] {
        let widget = core.resource(WIDGET_TYPE, json!({"name": "W", field: value}));
        let error = widget.plan().await.err().unwrap_or_else(|| panic!("{field} was planned")).to_string();
        assert!(error.contains(expected), "{field}: {error}");
        assert!(error.contains(field), "{field}: {error}");
    }
    assert!(server.writes().is_empty());
    // A choice that the administrator has added is fine.
    core.resource(WIDGET_TYPE, json!({"name": "W", "status": "local"})).apply().await.unwrap();
}

#[tokio::test]
async fn what_a_server_does_not_have_is_refused_and_defaults_stay_away_from_it() {
    let (core, server) = lab_with(Version::new(4, 2), Defaults::default()).await;
    let plain = core.resource(WIDGET_TYPE, json!({"name": "W"}));
    plain.apply().await.unwrap();
    for (field, value) in [("modern", json!("x")), ("face", json!("rear"))] {
        let error = plain.with(json!({"name": "W", field: value})).plan().await.unwrap_err().to_string();
        assert!(error.contains("since 4.6") && error.contains("version 4.2"), "{error}");
    }
    assert_eq!(server.writes().len(), 1);
}

#[tokio::test]
async fn tags_are_exact_or_added() {
    let (core, server) = lab().await;
    let widget = core.resource(WIDGET_TYPE, json!({"name": "W", "tags": ["red", "blue"]}));
    let state = widget.apply().await.unwrap();
    assert_eq!(json(state.get("tags_all")), json!(["blue", "red"]));
    let state = widget.with(json!({"name": "W", "tags": []})).apply().await.unwrap();
    assert_eq!(json(state.get("tags")), json!([]));
    let added = core.resource(WIDGET_TYPE, json!({"name": "X", "add_tags": ["red"]})).named("x");
    let state = added.apply().await.unwrap();
    let id = state.get("id").unwrap().as_number().unwrap().as_u64().unwrap();
    server.objects().get_mut(&id).unwrap().fields.insert("tags".into(), json!(["red", "green"]));
    added.plan().await.unwrap().expect(PlannedAction::NoOp).unwrap();
    added.with(json!({"name": "X", "add_tags": ["blue"]})).apply().await.unwrap();
    assert_eq!(server.objects()[&id].fields["tags"], json!(["green", "blue"]));
    assert!(
        server.writes().last().unwrap().contains(r#""add_tags":[{"slug":"blue"}]"#),
        "{:?}",
        server.writes()
    );
}

#[tokio::test]
async fn the_providers_defaults_are_put_on_everything() {
    let mut defaults =
        Defaults { tags: vec!["red".into()], ignored_tags: vec!["green".into()], ..Defaults::default() };
    defaults.fields.insert("owner".into(), Value::from("acme"));
    defaults.custom_fields.insert("site_code".into(), json!("A"));
    let (core, server) = lab_with(Version::new(4, 6), defaults).await;
    let widget = core.resource(WIDGET_TYPE, json!({"name": "W", "tags": ["blue"]}));
    let state = widget.apply().await.unwrap();
    let id = state.get("id").unwrap().as_number().unwrap().as_u64().unwrap();
    assert_eq!(json(state.get("tags_all")), json!(["blue", "red"]));
    assert_eq!(server.objects()[&id].fields["custom_fields"], json!({"site_code": "A"}));
    server.objects().get_mut(&id).unwrap().fields.insert("tags".into(), json!(["green", "blue"]));
    widget.refresh().await.unwrap();
    widget.plan().await.unwrap().expect(PlannedAction::Update).unwrap();
    widget.apply().await.unwrap();
    let mut tags: Vec<String> =
        server.objects()[&id].fields["tags"].as_array().unwrap().iter().map(ToString::to_string).collect();
    tags.sort();
    assert_eq!(tags, ["\"blue\"", "\"green\"", "\"red\""], "tags of others stay");
}

#[tokio::test]
async fn custom_fields_belong_to_whoever_sets_them() {
    let (core, server) = lab().await;
    let widget =
        core.resource(WIDGET_TYPE, json!({"name": "W", "custom_fields": {"site_code": "A", "amount": 0}}));
    let state = widget.apply().await.unwrap();
    let id = state.get("id").unwrap().as_number().unwrap().as_u64().unwrap();
    let fields = || server.objects()[&id].fields["custom_fields"].clone();
    assert_eq!(fields(), json!({"site_code": "A", "amount": 0}));
    server.objects().get_mut(&id).unwrap().fields["custom_fields"]["ready"] = json!(true);
    widget.plan().await.unwrap().expect(PlannedAction::NoOp).unwrap();
    widget.with(json!({"name": "W", "custom_fields": {"amount": 0}})).apply().await.unwrap();
    assert_eq!(fields(), json!({"site_code": null, "amount": 0, "ready": true}));
    widget.with(json!({"name": "W"})).apply().await.unwrap();
    assert_eq!(fields(), json!({"site_code": null, "amount": null, "ready": true}));
}

#[tokio::test]
async fn import_and_then_the_plan_is_empty() {
    let (core, server) = lab().await;
    let config = json!({
        "name": "W", "owner": "acme", "tags": ["red"], "custom_fields": {"site_code": "A"}, "scope": {"tag": "blue"},
        "friends": ["globex", "1"],
    });
    let made = core.resource(WIDGET_TYPE, config.clone());
    let id = made.apply().await.unwrap().get("id").unwrap().as_number().unwrap().to_string();
    server.objects().get_mut(&id.parse().unwrap()).unwrap().fields["custom_fields"]["ready"] = json!(true);
    for name in [id.as_str(), "w", "slug=w", "name=W"] {
        let imported = core.resource(WIDGET_TYPE, config.clone()).named(format!("by {name}"));
        let plan = imported.import_and_plan(name).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        plan.expect(PlannedAction::NoOp).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let wrong = core.resource(WIDGET_TYPE, config).named("wrong");
    for (id, expected) in
        [("99", "no widget"), ("colour=red", "needs an id or a key"), ("nobody", "no widget")]
    {
        let error = wrong.import(id).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{id}: {error}");
    }
}

#[tokio::test]
async fn an_interrupted_creation_is_found_again() {
    let (core, server) = lab().await;
    let widget = core.resource(WIDGET_TYPE, json!({"name": "W", "owner": "acme"}));
    *server.lose_answer.lock().unwrap() = true;
    widget.apply().await.unwrap_err();
    widget.apply().await.unwrap();
    let count = server.objects().values().filter(|object| object.path == WIDGET.path).count();
    assert_eq!(count, 1);
    assert_eq!(server.writes().len(), 1, "{:?}", server.writes());
}

#[tokio::test]
async fn what_exists_is_adopted_where_that_is_wanted() {
    let (core, server) = lab().await;
    let id = server.insert(&WIDGET, json!({"name": "Old", "slug": "w", "description": "of old"}));
    let config = |adopt: &str| json!({"name": "W", "slug": "w", "adopt": adopt});
    let error = core.resource(WIDGET_TYPE, config("never")).apply().await.unwrap_err().to_string();
    assert!(error.contains("adopt = \"if_exists\""), "{error}");
    let state = core.resource(WIDGET_TYPE, config("if_exists")).apply().await.unwrap();
    assert_eq!(state.get("id"), Some(&Value::from(id)));
    assert_eq!(server.objects()[&id].fields["description"], json!(""));
    let none = core.resource(WIDGET_TYPE, json!({"name": "N", "adopt": "required"})).named("none");
    let error = none.apply().await.unwrap_err().to_string();
    assert!(error.contains("adopt"), "{error}");
}

#[tokio::test]
async fn a_change_of_someone_else_is_reported_and_not_overwritten() {
    let (core, server) = lab().await;
    let widget = core.resource(WIDGET_TYPE, json!({"name": "W", "description": "ours"}));
    let state = widget.apply().await.unwrap();
    let id = state.get("id").unwrap().as_number().unwrap().as_u64().unwrap();
    let next = widget.with(json!({"name": "W", "description": "ours again"}));
    let plan = next.plan().await.unwrap();
    {
        let mut objects = server.objects();
        let object = objects.get_mut(&id).unwrap();
        object.fields.insert("description".into(), json!("theirs"));
        object.changes += 1;
    }
    let config = json!({"name": "W", "description": "ours again"});
    let error = next.apply_plan(plan, config).await.unwrap_err().to_string();
    assert!(error.contains("theirs") && error.contains("Plan"), "{error}");
    // A change elsewhere in the object is nobody's loss.
    next.refresh().await.unwrap();
    let plan = next.plan().await.unwrap();
    {
        let mut objects = server.objects();
        let object = objects.get_mut(&id).unwrap();
        object.fields.insert("serial".into(), json!("theirs"));
        object.changes += 1;
    }
    let config = json!({"name": "W", "description": "ours again"});
    next.unsettled().apply_plan(plan, config).await.unwrap();
    assert_eq!(server.objects()[&id].fields["serial"], json!("theirs"));
}

#[tokio::test]
async fn secrets_are_sent_and_kept_nowhere() {
    let (core, server) = lab().await;
    let config = |version: u64| json!({"name": "W", "password": "canary-7", "password_version": version});
    let widget = core.resource(WIDGET_TYPE, config(1));
    let state = widget.apply().await.unwrap();
    assert!(!format!("{state:?}").contains("canary-7"));
    let sent =
        |server: &super::server::Server| server.writes().iter().filter(|w| w.contains("canary-7")).count();
    assert_eq!(sent(&server), 1);
    widget.with(config(2)).apply().await.unwrap();
    assert_eq!(sent(&server), 2);
}

#[tokio::test]
async fn a_secret_that_cannot_change_makes_the_object_again_but_not_after_an_import() {
    let (core, server) = lab().await;
    let config = |version: u64| json!({"name": "W", "seal": "canary-8", "seal_version": version});
    let widget = core.resource(WIDGET_TYPE, config(1));
    let state = widget.apply().await.unwrap();
    let id = state.get("id").unwrap().as_number().unwrap().as_u64().unwrap();
    widget.with(config(2)).plan().await.unwrap().expect(PlannedAction::Replace).unwrap();
    let sent =
        |server: &super::server::Server| server.writes().iter().filter(|w| w.contains("canary-8")).count();
    assert_eq!(sent(&server), 1);
    let imported = core.resource(WIDGET_TYPE, config(1)).named("imported");
    imported.import_and_plan(&id.to_string()).await.unwrap().expect(PlannedAction::Update).unwrap();
    imported.apply().await.unwrap();
    assert_eq!(sent(&server), 1, "what cannot be changed is not sent");
    imported.with(config(1)).plan().await.unwrap().expect(PlannedAction::NoOp).unwrap();
}

#[tokio::test]
async fn sources_answer_and_refuse() {
    let (core, _server) = lab().await;
    let owner = core.data("lab_owner", json!({"slug": "acme"})).await.unwrap();
    assert_eq!(json(owner.get("name")), json!("ACME"));
    let owners = core.data("lab_owners", json!({})).await.unwrap();
    assert_eq!(json(owners.get("ids")), json!([1, 2, 3]));
    let none = core.data("lab_owners", json!({"filters": {"name": ["nobody"]}})).await.unwrap();
    assert_eq!(json(none.get("objects")), json!([]));
    for (kind, config, expected) in [
        ("lab_owner", json!({"slug": "nobody"}), "no owner"),
        ("lab_owner", json!({}), "at least one of"),
        ("lab_owners", json!({"filters": {"naem": ["x"]}}), "Did you mean"),
    ] {
        let error = core.data(kind, config).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn the_state_of_another_provider_is_taken_over() {
    let (core, server) = lab().await;
    let id = server.insert(&WIDGET, json!({
        "name": "W", "slug": "w", "owner": 1, "tags": ["red"], "enabled": false, "weight": 1000, "status": "active",
    }));
    let config = json!({"name": "W", "slug": "w", "owner": "acme", "tags": ["red"]});
    let widget = core.resource(WIDGET_TYPE, config);
    let source = |type_name: &str, id: Json| MoveSource {
        provider: "registry.terraform.io/old/lab".into(),
        type_name: type_name.into(),
        version: 1,
        state: json!({"id": id, "colour": "x"}),
    };
    widget.take_over(source("old_widget", json!(id.to_string()))).await.unwrap();
    widget.refresh().await.unwrap();
    widget.plan().await.unwrap().expect(PlannedAction::NoOp).unwrap();
    assert!(server.writes().is_empty());
    assert!(widget.take_over(source("old_owner", json!(1))).await.is_err());
    assert!(widget.take_over(source("old_widget", json!("no number"))).await.is_err());
}
