//! Core against a provider over an API in memory: what goes well, and what core must notice.

#![allow(clippy::unwrap_used, clippy::panic, clippy::await_holding_lock, reason = "a test may fail")]

mod demo;

use demo::{Demo, Fault, Shared, WORLD};
use serde_json::json;
use tf_framework::rules::Rule;
use tf_framework::server::ProviderServer;
use tf_framework_testing::{Core, CoreError, MoveSource, PlannedAction, UNKNOWN};
use tf_value::Value;

type Demonstration = Core<ProviderServer<Demo>>;

async fn core() -> (Demonstration, Shared) {
    let core = Core::new(ProviderServer::<Demo>::new());
    core.configure(json!({ "endpoint": "here" })).await.unwrap();
    (core, WORLD.with(Clone::clone))
}

fn strike(world: &Shared, fault: Fault) {
    world.lock().unwrap().fault = Some(fault);
}

fn requests(world: &Shared) -> Vec<String> {
    std::mem::take(&mut world.lock().unwrap().requests)
}

#[track_caller]
fn breaks(result: Result<Value, CoreError>, rule: Rule, path: &str) {
    let error = result.unwrap_err();
    let found: Vec<_> = error.violations().iter().map(|found| (found.rule, found.path.to_string())).collect();
    assert_eq!(found, [(rule, path.to_owned())], "{error}");
}

/// The server tells of broken rules itself in debug builds; either way the breach must come out with its name.
#[track_caller]
fn noticed(result: Result<Value, CoreError>, title: &str) {
    let error = result.unwrap_err();
    assert!(error.to_string().contains(title), "{error}");
}

fn get(value: &Value, name: &str) -> Value {
    value.get(name).cloned().unwrap()
}

// === Life ===

#[tokio::test]
async fn a_resource_lives_from_create_to_destroy() {
    let (core, world) = core().await;
    let config = json!({ "name": "a", "size": "1G", "slots": { "x": { "size": "1024M" } } });
    let disk = core.resource("demo_disk", config);
    let created = disk.apply().await.unwrap();
    assert_eq!((get(&created, "id"), get(&created, "generation")), ("disk-1".into(), 1.into()));
    assert_eq!(get(&created, "kind"), "ssd".into(), "the default");
    let slot = created.get("slots").unwrap().get("x").unwrap();
    assert_eq!(
        (get(slot, "size"), get(slot, "volume")),
        ("1024M".into(), "volume-x".into()),
        "spelled as planned"
    );
    assert_eq!(requests(&world), ["create a with None", "read disk-1"]);

    let resized =
        json!({ "name": "a", "size": "2048M", "slots": { "x": { "size": "1G" }, "y": { "size": "1G" } } });
    let updated = disk.with(resized.clone()).apply().await.unwrap();
    assert_eq!((get(&updated, "id"), get(&updated, "generation")), ("disk-1".into(), 2.into()));
    let slots = updated.get("slots").unwrap();
    assert_eq!(get(slots.get("x").unwrap(), "size"), "1024M".into(), "means the same, so nothing changes");
    assert_eq!(get(slots.get("y").unwrap(), "volume"), "volume-y".into());
    let private = core.instance("demo_disk.test").unwrap().private;
    assert_eq!(String::from_utf8(private).unwrap(), r#"{"data":["created","updated"]}"#);

    disk.with(
        json!({ "name": "a", "size": "2G", "slots": { "x": { "size": "1G" }, "y": { "size": "1G" } } }),
    )
    .plan()
    .await
    .unwrap()
    .expect(PlannedAction::NoOp)
    .unwrap();
    requests(&world);
    disk.destroy().await.unwrap();
    assert_eq!(disk.state(), None);
    assert_eq!(requests(&world), ["read disk-1", "delete a"]);
    assert!(world.lock().unwrap().disks.is_empty());
}

#[tokio::test]
async fn a_replacement_destroys_and_creates() {
    let (core, world) = core().await;
    let disk = core.resource("demo_disk", json!({ "name": "a", "size": "1G" }));
    disk.apply().await.unwrap();
    let renamed = disk.with(json!({ "name": "b", "size": "1G" }));
    let plan = renamed.plan().await.unwrap().expect(PlannedAction::Replace).unwrap();
    assert_eq!(plan.requires_replace.iter().map(ToString::to_string).collect::<Vec<_>>(), ["name"]);
    assert!(plan.planned.get("id").unwrap().is_unknown(), "planned as new");
    requests(&world);
    let state = renamed.apply_plan(plan, json!({ "name": "b", "size": "1G" })).await.unwrap();
    assert_eq!((get(&state, "id"), get(&state, "generation")), ("disk-2".into(), 1.into()));
    assert_eq!(requests(&world), ["delete a", "create b with None", "read disk-2"]);
    let private = core.instance("demo_disk.test").unwrap().private;
    assert_eq!(String::from_utf8(private).unwrap(), r#"{"data":["created"]}"#, "of the new object only");
}

#[tokio::test]
async fn a_plan_with_unknowns_is_applied_when_they_are_known() {
    let (core, _) = core().await;
    let disk = core.resource("demo_disk", json!({ "name": "a", "size": UNKNOWN, "slots": { "x": UNKNOWN } }));
    let plan = disk.plan().await.unwrap().expect(PlannedAction::Create).unwrap();
    assert!(plan.planned.get("size").unwrap().is_unknown());
    let known = json!({ "name": "a", "size": "1G", "slots": { "x": { "size": "1G" } } });
    let refused = disk.apply_plan(plan.clone(), json!({ "name": "a", "size": UNKNOWN })).await;
    assert!(matches!(refused, Err(CoreError::Answer { .. })));
    assert_eq!(get(&disk.apply_plan(plan, known).await.unwrap(), "size"), "1G".into());

    let unknown = disk.with(json!({ "name": "a", "size": UNKNOWN, "slots": { "x": { "size": "1G" } } }));
    let plan = unknown.plan().await.unwrap().expect(PlannedAction::Update).unwrap();
    let same = json!({ "name": "a", "size": "1024M", "slots": { "x": { "size": "1G" } } });
    let state = unknown.apply_plan(plan, same).await.unwrap();
    assert_eq!(get(&state, "generation"), 1.into(), "it turned out that nothing was to do");
}

#[tokio::test]
async fn a_write_only_value_reaches_the_api_and_nothing_else() {
    let (core, world) = core().await;
    let config =
        |version: u32| json!({ "name": "a", "size": "1G", "password": "hush", "password_version": version });
    let disk = core.resource("demo_disk", config(1));
    let state = disk.apply().await.unwrap();
    assert!(!state.to_string().contains("hush"));
    disk.with(config(2)).apply().await.unwrap();
    let sent = requests(&world);
    let expected = [r#"create a with Some("hush")"#, r#"update a with Some("hush")"#];
    assert!(expected.iter().all(|request| sent.iter().any(|sent| sent == request)), "{sent:?}");

    let old = Core::new(ProviderServer::<Demo>::new()).without_write_only();
    old.configure(json!({ "endpoint": "here" })).await.unwrap();
    let refused = old.resource("demo_disk", config(1)).validate().await.unwrap_err();
    assert!(refused.diagnostics().is_some_and(|found| found.to_string().contains("password")), "{refused}");
}

#[tokio::test]
async fn an_object_that_is_gone_is_created_again() {
    let (core, world) = core().await;
    let disk = core.resource("demo_disk", json!({ "name": "a", "size": "1G" }));
    disk.apply().await.unwrap();
    world.lock().unwrap().disks.clear();
    assert_eq!(disk.refresh().await.unwrap(), None);
    disk.plan().await.unwrap().expect(PlannedAction::Create).unwrap();
}

// === Failure ===

#[tokio::test]
async fn a_failed_create_leaves_nothing_or_a_tainted_object() {
    let (core, world) = core().await;
    let disk = core.resource("demo_disk", json!({ "name": "a", "size": "1G" }));
    strike(&world, Fault::BeforeCreate);
    noticed(disk.apply().await, "No room");
    assert_eq!(core.addresses(), [""; 0]);

    strike(&world, Fault::AfterCreate);
    noticed(disk.apply().await, "Power failure");
    let kept = core.instance("demo_disk.test").unwrap();
    assert!(kept.tainted);
    assert_eq!(get(&kept.value, "id"), "disk-1".into());

    disk.plan().await.unwrap().expect(PlannedAction::Replace).unwrap();
    requests(&world);
    disk.apply().await.unwrap();
    assert_eq!(requests(&world), ["read disk-1", "delete a", "create a with None", "read disk-2"]);
    assert!(!core.instance("demo_disk.test").unwrap().tainted);
}

#[tokio::test]
async fn a_failed_destroy_keeps_the_object() {
    let (core, world) = core().await;
    let disk = core.resource("demo_disk", json!({ "name": "a", "size": "1G" }));
    let state = disk.apply().await.unwrap();
    strike(&world, Fault::Delete);
    assert!(disk.destroy().await.unwrap_err().to_string().contains("Disk is busy"));
    assert_eq!(disk.state(), Some(state));
    disk.destroy().await.unwrap();
    assert_eq!(disk.state(), None);
}

// === Broken rules ===

#[tokio::test]
async fn a_plan_other_than_configured_is_noticed() {
    let (core, world) = core().await;
    strike(&world, Fault::Plan);
    let disk = core.resource("demo_disk", json!({ "name": "a", "size": "1G" }));
    noticed(disk.apply().await, "Provider produced invalid plan");
}

#[tokio::test]
async fn a_second_plan_other_than_the_first_is_noticed() {
    let (core, world) = core().await;
    strike(&world, Fault::Fickle);
    let disk = core.resource("demo_disk", json!({ "name": "a", "size": "1G" }));
    breaks(disk.apply().await, Rule::FinalValue, "generation");
}

#[tokio::test]
async fn a_result_other_than_planned_is_noticed() {
    let (core, world) = core().await;
    strike(&world, Fault::WrongSize);
    let disk = core.resource("demo_disk", json!({ "name": "a", "size": "1G" }));
    noticed(disk.apply().await, "Provider produced inconsistent result after apply");
    assert!(core.instance("demo_disk.test").is_some(), "the object exists all the same");
}

#[tokio::test]
async fn a_gap_in_a_result_is_noticed_and_stored_as_null() {
    let (core, world) = core().await;
    strike(&world, Fault::LeavesGap);
    let disk =
        core.resource("demo_disk", json!({ "name": "a", "size": "1G", "slots": { "x": { "size": "1G" } } }));
    noticed(disk.apply().await, r#"slots["x"].volume was left unknown"#);
    let kept = core.instance("demo_disk.test").unwrap();
    assert_eq!(kept.value.get("slots").unwrap().get("x").unwrap().get("volume"), Some(&Value::Null));
}

#[tokio::test]
async fn work_left_after_an_apply_is_noticed() {
    let (core, world) = core().await;
    strike(&world, Fault::Drift);
    let disk = core.resource("demo_disk", json!({ "name": "a", "size": "1G" }));
    let error = disk.apply().await.unwrap_err();
    let CoreError::Unexpected { found, differences, .. } = &error else { panic!("{error}") };
    assert_eq!(*found, PlannedAction::Update);
    assert!(differences.iter().any(|difference| difference.starts_with("size ")), "{differences:?}");
    disk.unsettled().apply().await.unwrap();
}

// === Other ways into the state ===

#[tokio::test]
async fn an_import_reads_the_object_and_plans_nothing() {
    let (core, _) = core().await;
    let config = json!({ "name": "a", "size": "1G", "slots": { "x": { "size": "1G" } } });
    let state = core.resource("demo_disk", config.clone()).apply().await.unwrap();
    let by_id = core.resource("demo_disk", config.clone()).named("by_id");
    assert_eq!(by_id.import("disk-1").await.unwrap(), state);
    let by_identity = core.resource("demo_disk", config.clone()).named("by_identity");
    assert_eq!(by_identity.import_identity(json!({ "id": "disk-1" })).await.unwrap(), state);
    let twice = by_identity.import("disk-1").await.unwrap_err();
    assert!(twice.to_string().contains("already"), "{twice}");
    let other = core.resource("demo_disk", json!({ "name": "a", "size": "2G" })).named("other");
    assert!(matches!(other.import("disk-1").await, Err(CoreError::Unexpected { .. })));
    let missing = core.resource("demo_disk", config).named("missing").import("disk-9").await.unwrap_err();
    assert!(missing.diagnostics().is_some(), "{missing}");
    assert_eq!(core.addresses().len(), 4);
}

#[tokio::test]
async fn old_state_is_upgraded_and_foreign_state_taken_over() {
    let (core, _) = core().await;
    let upgraded = core.upgrade("demo_disk", 1, &json!({ "id": "disk-7", "title": "old" })).await.unwrap();
    assert_eq!((get(&upgraded, "name"), get(&upgraded, "size")), ("old".into(), "1G".into()));
    assert!(core.upgrade("demo_disk", 1, &json!({ "id": "disk-7", "title": "" })).await.is_err());
    assert!(core.upgrade("demo_disk", 0, &json!({})).await.is_err());
    assert!(core.upgrade("demo_disk", 3, &json!({})).await.is_err());

    let moved = |type_name: &str| MoveSource {
        provider: "registry.terraform.io/other/other".to_owned(),
        type_name: type_name.to_owned(),
        version: 0,
        state: json!({ "id": "disk-7", "title": "moved" }),
    };
    let disk = core.resource("demo_disk", json!({ "name": "moved", "size": "1G" }));
    assert!(disk.take_over(moved("other_disk")).await.is_err());
    assert_eq!(get(&disk.take_over(moved("old_disk")).await.unwrap(), "name"), "moved".into());
    assert_eq!(disk.state().unwrap().get("id"), Some(&"disk-7".into()));
}

#[tokio::test]
async fn a_generated_configuration_describes_the_object() {
    let (core, _) = core().await;
    let disk =
        core.resource("demo_disk", json!({ "name": "a", "size": "1G", "slots": { "x": { "size": "1G" } } }));
    disk.apply().await.unwrap();
    let config = disk.generate_config().await.unwrap();
    assert_eq!((get(&config, "name"), get(&config, "id")), ("a".into(), Value::Null));
}

// === Everything else a provider has ===

#[tokio::test]
async fn data_sources_functions_lists_actions_and_ephemerals_answer() {
    let (core, world) = core().await;
    for name in ["ant", "asp", "bee"] {
        core.resource("demo_disk", json!({ "name": name, "size": "1G" })).named(name).apply().await.unwrap();
    }
    let names = core.data("demo_disks", json!({ "prefix": "a" })).await.unwrap();
    assert_eq!(names.get("names"), Some(&Value::List(vec!["ant".into(), "asp".into()])));
    assert!(core.data("demo_disks", json!({ "prefix": UNKNOWN })).await.is_err());

    assert_eq!(core.call("shout", &[json!("a")]).await.unwrap(), "A!".into());
    assert_eq!(core.call("shout", &[json!(UNKNOWN)]).await.unwrap(), Value::UNKNOWN);
    let failed = core.call("shout", &[json!("")]).await.unwrap_err();
    assert!(matches!(failed, CoreError::Function { argument: Some(0), .. }), "{failed}");
    for arguments in [&[json!(null)][..], &[], &[json!("a"), json!("b")]] {
        assert!(core.call("shout", arguments).await.is_err());
    }

    let listed = core.list("demo_disk", json!({ "kind": "ssd" }), 2).await.unwrap();
    assert_eq!(listed.iter().map(|listed| listed.display_name.as_str()).collect::<Vec<_>>(), ["ant", "asp"]);
    assert_eq!(listed[0].identity, Value::object([("id", Value::from("disk-1"))]));

    assert_eq!(core.invoke("demo_trim", json!({ "name": "ant" })).await.unwrap().progress, ["trimming ant"]);
    assert!(core.invoke("demo_trim", json!({ "name": "stuck" })).await.is_err());

    requests(&world);
    let mut ticket = core.open("demo_ticket", json!({ "user": "root" })).await.unwrap();
    assert_eq!(get(&ticket.value, "ticket"), "ticket of root".into());
    ticket.renew().await.unwrap();
    ticket.close().await.unwrap();
    assert_eq!(requests(&world), ["open", "close ticket of root"]);
}

#[tokio::test]
async fn warnings_of_a_list_come_before_core_stops_listening() {
    let (core, _) = core().await;
    let config = json!({ "name": "old", "size": "1G", "kind": "hdd" });
    core.resource("demo_disk", config).apply().await.unwrap();
    let listed = core.list("demo_disk", json!({ "kind": "hdd" }), 1).await.unwrap();
    let warnings: Vec<_> = listed[0].warnings.iter().map(|warning| warning.summary.as_str()).collect();
    assert_eq!(warnings, ["Slow disks"]);
}

#[tokio::test]
async fn an_identity_that_is_not_known_is_not_planned() {
    let (core, _) = core().await;
    let disk = core.resource("demo_disk", json!({ "name": "a", "size": "1G" }));
    // The rule on identities is part of every plan; see `rules::assert_identity`.
    disk.plan().await.unwrap().expect(PlannedAction::Create).unwrap();
    disk.apply().await.unwrap();
    let made = core.instance("demo_disk.test").unwrap().identity;
    assert_eq!(made, Some(Value::object([("id", Value::from("disk-1"))])));
}

#[tokio::test]
async fn a_variadic_function_takes_the_rest() {
    let (core, _) = core().await;
    assert_eq!(core.call("join", &[json!("-"), json!("a"), json!("b")]).await.unwrap(), "a-b".into());
    assert_eq!(core.call("join", &[json!("-"), json!(UNKNOWN)]).await.unwrap(), Value::UNKNOWN);
    let failed = core.call("join", &[json!("-")]).await.unwrap_err();
    assert!(matches!(failed, CoreError::Function { argument: Some(1), .. }), "{failed}");
    assert!(core.call("join", &[json!(null), json!("a")]).await.is_err());
}

#[tokio::test]
async fn what_is_wrong_is_refused_with_reasons() {
    let core = Core::new(ProviderServer::<Demo>::new());
    assert!(
        core.configure(json!({}))
            .await
            .unwrap_err()
            .to_string()
            .contains("endpoint: this argument is required")
    );
    assert!(
        core.configure(json!({ "endpoint": "nowhere" })).await.unwrap_err().to_string().contains("no place")
    );
    core.configure(json!({ "endpoint": "here" })).await.unwrap();
    let disk = core.resource("demo_disk", json!({ "name": "a", "size": "1G", "kind": "tape" }));
    let refused = disk.validate().await.unwrap_err();
    assert!(
        refused.to_string().contains(r#"`kind` must be one of "ssd", "hdd", but is "tape""#),
        "{refused}"
    );
    let computed = disk.with(json!({ "name": "a", "size": "1G", "id": "x" })).validate().await.unwrap_err();
    assert!(computed.to_string().contains("decided by the provider"), "{computed}");
    assert!(matches!(core.resource("demo_nope", json!({})).plan().await, Err(CoreError::NoSuch { .. })));
    assert!(core.schemas().await.unwrap().plan_destroy);
    core.stop().await.unwrap();
}
