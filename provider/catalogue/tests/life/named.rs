//! Objects that are known by a text, objects inside objects, and objects that are always there.

use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};
use tf_framework::Value;
use tf_framework_testing::PlannedAction;

use super::lab::lab;
use super::server::Server;
use super::table::{ALIAS, SETTINGS};

const ALIAS_TYPE: &str = "lab_alias";
const SETTINGS_TYPE: &str = "lab_settings";

fn json(value: Option<&Value>) -> Json {
    value.map_or(Json::Null, catalogue::json::from_value)
}

fn stored(server: &Server, path: &str) -> Vec<Json> {
    let objects = server.objects();
    objects.values().filter(|object| object.path == path).map(|object| object.fields.clone().into()).collect()
}

#[tokio::test]
async fn the_id_is_made_of_its_parts_and_known_at_plan() {
    let (core, server) = lab().await;
    let alias = core.resource(ALIAS_TYPE, json!({"vault": 7, "name": "web"}));
    let plan = alias.plan().await.unwrap().expect(PlannedAction::Create).unwrap();
    assert_eq!(json(plan.planned.get("id")), json!("7/web"));
    let state = alias.apply().await.unwrap();
    assert_eq!(json(state.get("id")), json!("7/web"));
    // Another name is another object.
    let renamed = alias.with(json!({"vault": 7, "name": "mail"}));
    renamed.plan().await.unwrap().expect(PlannedAction::Replace).unwrap();
    let state = renamed.apply().await.unwrap();
    assert_eq!(json(state.get("id")), json!("7/mail"));
    assert_eq!(stored(&server, ALIAS.path).len(), 1);
    renamed.destroy().await.unwrap();
    assert!(stored(&server, ALIAS.path).is_empty());
}

#[tokio::test]
async fn import_takes_the_text_of_the_id() {
    let (core, server) = lab().await;
    server.insert(
        &ALIAS,
        json!({"vault": 7, "name": "a/b", "comment": "x", "keep": {"last": 3, "all": false}}),
    );
    let config = json!({"vault": 7, "name": "a/b", "comment": "x", "keep": {"last": 3, "all": false}});
    let alias = core.resource(ALIAS_TYPE, config.clone());
    alias.import_and_plan("7/a/b").await.unwrap().expect(PlannedAction::NoOp).unwrap();
    // A member that is left out and has a default means the same as the default.
    let short = json!({"vault": 7, "name": "a/b", "comment": "x", "keep": {"last": 3}});
    let other = core.resource(ALIAS_TYPE, short).named("short");
    other.import_and_plan("7/a/b").await.unwrap().expect(PlannedAction::NoOp).unwrap();
    let wrong = core.resource(ALIAS_TYPE, config).named("wrong");
    for (id, expected) in [("7", "<vault>/<name>"), ("seven/web", "<vault>/<name>"), ("7/none", "no alias")] {
        let error = wrong.import(id).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{id}: {error}");
    }
}

#[tokio::test]
async fn an_id_is_a_lock_and_a_twin_is_what_an_interrupted_run_made() {
    let (core, server) = lab().await;
    let config =
        json!({"vault": 1, "name": "web", "comment": "x", "password": "canary", "password_version": 1});
    let alias = core.resource(ALIAS_TYPE, config.clone());
    *server.lose_answer.lock().unwrap() = true;
    alias.apply().await.unwrap_err();
    alias.apply().await.unwrap();
    assert_eq!(stored(&server, ALIAS.path).len(), 1);
    let sent = server.writes().iter().filter(|write| write.contains("canary")).count();
    assert_eq!(
        sent,
        3,
        "a secret that may not be the one that is there is sent again: {:?}",
        server.writes()
    );
    // Nobody else's object is taken, be it in this run or of another form.
    let error = core.resource(ALIAS_TYPE, config).named("again").apply().await.unwrap_err().to_string();
    assert!(error.contains("already exists") && error.contains("Import"), "{error}");
    server.insert(&ALIAS, json!({"vault": 2, "name": "web", "comment": "theirs"}));
    let other = core.resource(ALIAS_TYPE, json!({"vault": 2, "name": "web"})).named("other");
    let error = other.apply().await.unwrap_err().to_string();
    assert!(error.contains("adopt = \"if_exists\""), "{error}");
    let adopted = other.with(json!({"vault": 2, "name": "web", "adopt": "if_exists"}));
    adopted.apply().await.unwrap();
    assert_eq!(stored(&server, ALIAS.path)[1]["comment"], Json::Null);
}

#[tokio::test]
async fn what_is_always_there_is_managed_as_far_as_it_is_configured() {
    let (core, server) = lab().await;
    let settings = core.resource(SETTINGS_TYPE, json!({"count_of": 3}));
    let state = settings.apply().await.unwrap();
    assert_eq!(json(state.get("id")), json!("settings"));
    assert_eq!(json(state.get("comment")), Json::Null);
    assert_eq!(stored(&server, SETTINGS.path)[0]["comment"], json!("of the house"));
    let more = settings.with(json!({"count_of": 3, "keep": {"last": 1}}));
    more.apply().await.unwrap();
    settings.with(json!({"keep": {"last": 1}})).apply().await.unwrap();
    assert_eq!(stored(&server, SETTINGS.path)[0]["count_of"], Json::Null);
    let imported = json!({"comment": "of the house", "keep": {"last": 1}});
    let other = core.resource(SETTINGS_TYPE, imported).named("imported");
    other.import_and_plan("settings").await.unwrap().expect(PlannedAction::NoOp).unwrap();
    settings.destroy().await.unwrap();
    let now = &stored(&server, SETTINGS.path)[0];
    assert_eq!((&now["keep"], &now["comment"]), (&Json::Null, &json!("of the house")));
}

#[tokio::test]
async fn sources_of_named_objects() {
    let (core, server) = lab().await;
    for (vault, name, comment) in [(1, "web", "x"), (1, "mail", "y"), (2, "web", "z")] {
        server.insert(&ALIAS, json!({"vault": vault, "name": name, "comment": comment}));
    }
    let one = core.data(ALIAS_TYPE, json!({"vault": 1, "name": "mail"})).await.unwrap();
    assert_eq!((json(one.get("comment")), json(one.get("id"))), (json!("y"), json!("1/mail")));
    let one = core.data(ALIAS_TYPE, json!({"id": "2/web"})).await.unwrap();
    assert_eq!((json(one.get("comment")), json(one.get("vault"))), (json!("z"), json!(2)));
    let many = core.data("lab_aliases", json!({"vault": 1})).await.unwrap();
    assert_eq!(json(many.get("ids")), json!(["1/mail", "1/web"]));
    let many = core.data("lab_aliases", json!({"vault": 1, "filters": {"comment": ["x"]}})).await.unwrap();
    assert_eq!(json(many.get("ids")), json!(["1/web"]));
    let settings = core.data(SETTINGS_TYPE, json!({})).await.unwrap();
    assert_eq!(json(settings.get("comment")), json!("of the house"));
    for (kind, config, expected) in [
        (ALIAS_TYPE, json!({"vault": 1}), "Which alias"),
        (ALIAS_TYPE, json!({"id": "nonsense"}), "<vault>/<name>"),
        (ALIAS_TYPE, json!({"vault": 9, "name": "web"}), "no alias"),
        ("lab_aliases", json!({"vault": 1, "filters": {"coment": ["x"]}}), "Did you mean"),
    ] {
        let error = core.data(kind, config).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

fn values(field: &str) -> Vec<Json> {
    let keep = [
        json!({"last": 0}),
        json!({"last": 0, "all": false, "note": "x"}),
        json!({"last": 9, "all": true, "days": ["mon", "fri"]}),
    ];
    match field {
        "comment" => vec![Json::Null, json!("0"), json!("a b")],
        "count_of" => vec![Json::Null, json!(0), json!(7)],
        "flag" => vec![Json::Null, json!(false), json!(true)],
        "words" => vec![Json::Null, json!(["a"]), json!(["b", "a"])],
        "keep" => [Json::Null].into_iter().chain(keep).collect(),
        "ranges" => vec![Json::Null, json!([keep[0]]), json!([keep[2], keep[1]])],
        other => panic!("no values for {other}"),
    }
}

fn configuration(fields: &'static [&'static str], base: Json) -> impl Strategy<Value = Json> {
    let fields: Vec<_> = fields
        .iter()
        .map(|field| {
            proptest::sample::select(values(field)).prop_map(move |value| ((*field).to_owned(), value))
        })
        .collect();
    fields.prop_map(move |pairs| {
        let mut config: Map<String, Json> = pairs.into_iter().filter(|(_, value)| !value.is_null()).collect();
        config.extend(base.as_object().unwrap().clone());
        Json::Object(config)
    })
}

const ALIAS_FIELDS: &[&str] = &["comment", "count_of", "flag", "words", "keep", "ranges"];
const SETTINGS_FIELDS: &[&str] = &["count_of", "keep"];

/// Applies one configuration after another; each ends as it is written, and an import finds it so.
fn lives(
    kind: &'static str,
    path: &'static str,
    id: &'static str,
    configs: [Json; 3],
    fields: &'static [&'static str],
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (core, server) = lab().await;
        let object = core.resource(kind, configs[0].clone());
        for config in configs {
            let object = object.with(config.clone());
            object.apply().await.unwrap_or_else(|error| panic!("{config}: {error}"));
            let there = stored(&server, path).pop().unwrap();
            for field in fields {
                let (wanted, actual) = (config.get(field), there.get(field));
                let sorted = |json: Option<&Json>| match (*field, json) {
                    (_, None) => Json::Null,
                    (_, Some(Json::Array(items))) if items.is_empty() => Json::Null,
                    ("words", Some(Json::Array(items))) => {
                        let mut items: Vec<String> = items.iter().map(ToString::to_string).collect();
                        items.sort();
                        items.into()
                    }
                    (_, Some(json)) => json.clone(),
                };
                assert_eq!(sorted(wanted), sorted(actual), "{field} of {config}");
            }
            object.refresh().await.unwrap();
            object.plan().await.unwrap().expect(PlannedAction::NoOp).unwrap();
            if kind == ALIAS_TYPE {
                let imported = core.resource(kind, config.clone()).named("imported");
                imported.import_and_plan(id).await.unwrap().expect(PlannedAction::NoOp).unwrap();
                core.set_instance(&format!("{kind}.imported"), None);
            }
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn any_named_object_and_then_any_other(
        first in configuration(ALIAS_FIELDS, json!({"vault": 3, "name": "web"})),
        second in configuration(ALIAS_FIELDS, json!({"vault": 3, "name": "web"})),
    ) {
        lives(ALIAS_TYPE, ALIAS.path, "3/web", [first, second.clone(), second], ALIAS_FIELDS);
    }

    #[test]
    fn any_settings_and_then_any_others(
        first in configuration(SETTINGS_FIELDS, json!({})),
        second in configuration(SETTINGS_FIELDS, json!({})),
    ) {
        lives(SETTINGS_TYPE, SETTINGS.path, "settings", [first, second.clone(), second], SETTINGS_FIELDS);
    }
}
