//! Null, empty and zero are three things: any configuration, then any other, ends as it is written.

use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};
use tf_framework_testing::PlannedAction;

use super::lab::lab;
use super::table::WIDGET;

/// What a field may be configured as; null is leaving it out.
fn values(field: &str) -> Vec<Json> {
    match field {
        "description" | "dns_name" => vec![Json::Null, json!(""), json!("0"), json!("a b")],
        "serial" => vec![Json::Null, json!("0"), json!("x")],
        "enabled" | "flag" => vec![Json::Null, json!(false), json!(true)],
        "count_of" => vec![Json::Null, json!(0), json!(7)],
        "weight" => vec![Json::Null, json!(0), json!(-5), json!(1000)],
        "ratio" => vec![Json::Null, json!(0), json!(0.5), json!(-1)],
        "status" => vec![Json::Null, json!("active"), json!("planned")],
        "face" => vec![Json::Null, json!("front"), json!("rear")],
        "width" => vec![Json::Null, json!(10), json!(19)],
        "data" => {
            vec![Json::Null, json!("{}"), json!("[]"), json!("{\"a\": 0}"), json!("false"), json!("\"\"")]
        }
        "mac" => vec![Json::Null, json!("02:00:00:aa:bb:cc"), json!("0200.00AA.BBCD")],
        "network" => vec![Json::Null, json!(""), json!("10.0.0.0/24")],
        "owner" => vec![Json::Null, json!(1), json!("acme"), json!({"slug": "globex"}), json!("3")],
        "friends" => vec![Json::Null, json!([]), json!(["acme"]), json!(["2", "initech"])],
        "scope" => vec![Json::Null, json!({"owner": "acme"}), json!({"tag": 4}), json!({"owner": 2})],
        "words" => vec![Json::Null, json!([]), json!(["a"]), json!(["b", "a"])],
        "ports" => vec![Json::Null, json!([]), json!([0]), json!([80, 22])],
        "ranges" => vec![Json::Null, json!([]), json!([{"start": 0, "end": 0}])],
        "parts" => vec![Json::Null, json!([]), json!([{"name": "a"}]), json!([{"name": "a", "size": 0}])],
        "tags" => vec![json!([]), json!(["red"]), json!(["blue", "green"])],
        "custom_fields" => vec![
            Json::Null,
            json!({"site_code": "A"}),
            json!({"amount": 0, "ready": false}),
            json!({"several": ["a", "b"], "amount": 5}),
        ],
        other => panic!("no values for {other}"),
    }
}

const FIELDS: [&str; 21] = [
    "description",
    "serial",
    "enabled",
    "flag",
    "count_of",
    "weight",
    "ratio",
    "status",
    "face",
    "width",
    "data",
    "mac",
    "network",
    "owner",
    "friends",
    "scope",
    "words",
    "ports",
    "ranges",
    "parts",
    "tags",
];

fn configuration() -> impl Strategy<Value = Json> {
    let fields: Vec<_> = FIELDS
        .iter()
        .chain(&["custom_fields"])
        .map(|field| {
            proptest::sample::select(values(field)).prop_map(move |value| ((*field).to_owned(), value))
        })
        .collect();
    fields.prop_map(|pairs| {
        let mut config: Map<String, Json> = pairs.into_iter().filter(|(_, value)| !value.is_null()).collect();
        config.insert("name".into(), json!("W"));
        Json::Object(config)
    })
}

/// What the server must hold for a configured value.
fn stored(field: &str, configured: &Json) -> Option<Json> {
    Some(match (field, configured) {
        ("owner" | "friends" | "scope" | "mac" | "custom_fields" | "tags", _) => return None,
        ("description" | "dns_name" | "network", Json::Null) => json!(""),
        ("enabled", Json::Null) => json!(false),
        ("weight", Json::Null) => json!(1000),
        ("status", Json::Null) => json!("active"),
        ("words" | "ports" | "ranges" | "parts", Json::Null) => json!([]),
        ("data", Json::String(text)) => serde_json::from_str(text).unwrap(),
        ("ranges", Json::Array(items)) => {
            items.iter().map(|item| json!([item["start"], item["end"]])).collect()
        }
        (_, value) => value.clone(),
    })
}

fn same(field: &str, wanted: &Json, actual: &Json) -> bool {
    let list = |json: &Json| json.as_array().cloned().unwrap_or_default();
    match field {
        "words" => {
            let sorted = |json: &Json| {
                let mut texts: Vec<String> = list(json).iter().map(ToString::to_string).collect();
                texts.sort();
                texts
            };
            sorted(wanted) == sorted(actual)
        }
        _ => {
            catalogue::json::same(wanted, actual)
                || (list(wanted).is_empty() && wanted.is_array() && actual.is_null())
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn any_configuration_and_then_any_other(first in configuration(), second in configuration()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (core, server) = lab().await;
            let widget = core.resource("lab_widget", first.clone());
            for config in [first, second.clone(), second] {
                let widget = widget.with(config.clone());
                let state = widget.apply().await.unwrap_or_else(|error| panic!("{config}: {error}"));
                let id = state.get("id").unwrap().as_number().unwrap().as_u64().unwrap();
                for field in FIELDS {
                    let configured = config.get(field).unwrap_or(&Json::Null);
                    let Some(wanted) = stored(field, configured) else { continue };
                    let objects = server.objects();
                    let actual = objects[&id].fields.get(field).unwrap_or(&Json::Null);
                    let blank = wanted == json!("") || wanted == json!([]) || wanted.is_null();
                    assert!(
                        same(field, &wanted, actual) || (blank && actual.is_null()),
                        "{field}: wanted {wanted}, the server has {actual}"
                    );
                }
                widget.refresh().await.unwrap();
                widget.plan().await.unwrap().expect(PlannedAction::NoOp).unwrap();
                let imported = core.resource("lab_widget", config.clone()).named("imported");
                let plan = imported.import_and_plan(&id.to_string()).await.unwrap();
                let without_tags_or_empty = plan.differences();
                let only_spelling = without_tags_or_empty.iter().all(|difference| {
                    // An explicit empty text, list or JSON object is null after an import: nothing on the server tells
                    // them apart.
                    FIELDS.iter().any(|field| {
                        let empty = config.get(field).is_some_and(|value| *value == json!("") || *value == json!([]) || *value == json!("{}"));
                        difference.contains(field) && empty
                    }) || difference.contains("owned") || difference.contains("tags_all")
                });
                assert!(only_spelling, "after import: {without_tags_or_empty:?} for {config}");
                core.set_instance("lab_widget.imported", None);
                assert_eq!(server.objects().values().filter(|object| object.path == WIDGET.path).count(), 1);
            }
        });
    }
}
