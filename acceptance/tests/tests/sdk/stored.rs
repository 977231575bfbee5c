//! Objects that exist outside: drift, import, move, upgrade, data sources.

use std::fs;

use acceptance_tests::Workspace;
use anyhow::Result;
use serde_json::{Value as Json, json};

use crate::workspace;

const IT: &str = "probe_stored.it";

/// Points the provider at a directory of the workspace.
fn with_store(ws: &mut Workspace) -> Result<()> {
    let directory = ws.path("store");
    fs::create_dir_all(directory.join("main"))?;
    ws.set_env("PROBE_DIRECTORY", directory.display().to_string());
    Ok(())
}

fn object(content: &str) -> String {
    json!({"content": content, "created": "long ago"}).to_string()
}

#[test]
fn drift_is_seen_and_undone() -> Result<()> {
    let mut ws = workspace!();
    with_store(&mut ws)?;
    ws.write(
        "main.tf",
        r#"resource "probe_stored" "it" {
  name    = "a"
  content = "mine"
  labels  = { k = "v" }
}"#,
    )?;
    ws.apply()?.ok()?;
    ws.expect_empty_plan()?;
    assert_eq!(ws.state()?.get(IT, "size")?, 4);
    ws.write("store/main/a.json", &object("another's"))?;
    let plan = ws.planned()?;
    plan.expect(&[(IT, "update")])?;
    let change = plan.change(IT)?;
    assert_eq!((change.before("content"), change.after("content")), (&json!("another's"), &json!("mine")));
    assert_eq!(change.after("id"), "main/a");
    ws.apply_plan()?.ok()?;
    ws.expect_empty_plan()?;
    ws.destroy()?.ok()?;
    assert!(!ws.path("store/main/a.json").exists());
    Ok(())
}

#[test]
fn what_is_gone_is_made_again() -> Result<()> {
    let mut ws = workspace!();
    with_store(&mut ws)?;
    ws.write("main.tf", "resource \"probe_stored\" \"it\" { name = \"a\" }")?;
    ws.apply()?.ok()?;
    ws.remove("store/main/a.json")?;
    ws.planned()?.expect(&[(IT, "create")])?;
    ws.apply_plan()?.ok()?;
    ws.expect_empty_plan()?;
    ws.remove("store/main/a.json")?;
    ws.destroy()?.ok()?;
    Ok(())
}

#[test]
fn a_name_already_taken_is_refused() -> Result<()> {
    let mut ws = workspace!();
    with_store(&mut ws)?;
    ws.write("store/main/a.json", &object("another's"))?;
    ws.write("main.tf", "resource \"probe_stored\" \"it\" { name = \"a\" }")?;
    ws.apply()?.fails()?.says("There is an object main/a. Import it, or choose another name.")?;
    assert!(ws.state()?.addresses().is_empty());
    Ok(())
}

#[test]
fn import_by_command() -> Result<()> {
    let mut ws = workspace!();
    with_store(&mut ws)?;
    ws.write("store/main/a.json", &object("found"))?;
    ws.write("main.tf", "resource \"probe_stored\" \"it\" {\n  name = \"a\"\n  content = \"found\"\n}")?;
    ws.import(IT, "main/nothing")?.fails()?.says(r#"There is no object "nothing" on shelf "main"."#)?;
    ws.import(IT, "main/a")?.ok()?;
    ws.expect_empty_plan()?;
    assert_eq!(ws.state()?.get(IT, "created")?, "long ago");
    Ok(())
}

#[test]
fn import_by_block_and_generated_configuration() -> Result<()> {
    let mut ws = workspace!();
    with_store(&mut ws)?;
    ws.write("store/main/a.json", &object("found"))?;
    fs::create_dir_all(ws.path("store/upper"))?;
    ws.write(
        "store/upper/b.json",
        &json!({"content": "b", "labels": {"x": "y"}, "created": "now"}).to_string(),
    )?;
    let imports = |provider: &str| {
        let block =
            |to: &str, id: &str| format!("import {{\n  to = {to}\n  id = \"{id}\"\n  {provider}\n}}\n");
        block(IT, "a") + &block("probe_stored.other", "upper/b")
    };
    // Newer cores take the provider from the block while there is no resource, and refuse it there once there is one.
    ws.write("imports.tf", &imports("provider = probe"))?;
    ws.plan_with(&["-generate-config-out=generated.tf"])?.ok()?.says("2 to import, 0 to add, 0 to change")?;
    ws.write("imports.tf", &imports(""))?;
    let generated = ws.read("generated.tf")?;
    assert!(generated.contains("content = \"found\""), "{generated}");
    ws.apply()?.ok()?;
    ws.expect_empty_plan()?;
    ws.remove("imports.tf")?;
    ws.expect_empty_plan()?;
    assert_eq!(ws.state()?.addresses(), [IT, "probe_stored.other"]);
    Ok(())
}

#[test]
fn import_is_refused_where_there_is_none() -> Result<()> {
    let ws = workspace!();
    ws.write("main.tf", "resource \"probe_null\" \"it\" {}")?;
    ws.import("probe_null.it", "x")?.fails()?.says("Import is not supported")?;
    Ok(())
}

#[test]
fn moved_from_other_types() -> Result<()> {
    let mut ws = workspace!();
    with_store(&mut ws)?;
    ws.write(
        "main.tf",
        r#"
resource "terraform_data" "old" { input = "a" }
resource "probe_null" "old" { input = "b" }
resource "probe_everything" "old" { text = "c" }
"#,
    )?;
    ws.apply()?.ok()?;
    ws.write("store/main/a.json", &object("x"))?;
    ws.write("store/main/b.json", &object("y"))?;
    ws.write(
        "main.tf",
        r#"
resource "probe_everything" "old" { text = "c" }
resource "probe_stored" "it" {
  name    = "a"
  content = "x"
}
resource "probe_stored" "other" {
  name    = "b"
  content = "y"
}
moved {
  from = terraform_data.old
  to   = probe_stored.it
}
moved {
  from = probe_null.old
  to   = probe_stored.other
}
"#,
    )?;
    let plan = ws.planned()?;
    plan.expect(&[])?;
    ws.apply_plan()?.ok()?;
    ws.expect_empty_plan()?;
    assert_eq!(ws.state()?.get(IT, "created")?, "long ago");

    ws.write(
        "main.tf",
        r#"
resource "probe_stored" "it" { name = "c" }
moved {
  from = probe_everything.old
  to   = probe_stored.it
}
"#,
    )?;
    ws.run(&["state", "rm", IT, "probe_stored.other"])?.ok()?;
    ws.plan()?.fails()?.says("Move is not supported")?.says("cannot take over a probe_everything")?;
    Ok(())
}

/// A state file with one stored object as an older provider wrote it.
fn old_state(version: u32, attributes: &Json) -> Json {
    json!({
        "version": 4,
        "terraform_version": "1.8.0",
        "serial": 1,
        "lineage": "6c2e9a4e-3a1d-4c1e-9d0b-1f2e3d4c5b6a",
        "outputs": {},
        "resources": [{
            "mode": "managed",
            "type": "probe_stored",
            "name": "it",
            "provider": "provider[\"registry.terraform.io/hybridops-studio/probe\"]",
            "instances": [{"schema_version": version, "attributes": attributes}],
        }],
    })
}

#[test]
fn old_state_is_upgraded() -> Result<()> {
    for (version, attributes) in [
        (0, json!({"name": "a", "body": "x", "attribute_of_old": [1, 2]})),
        (1, json!({"shelf": "MAIN", "name": "a", "content": "x"})),
        (
            2,
            json!({"id": "main/a", "shelf": "main", "name": "a", "content": "x", "labels": null, "size": 1,
                   "created": "long ago", "attribute_of_another_time": {"x": 1}}),
        ),
    ] {
        let mut ws = workspace!();
        with_store(&mut ws)?;
        ws.write("store/main/a.json", &object("x"))?;
        ws.write("main.tf", "resource \"probe_stored\" \"it\" {\n  name = \"a\"\n  content = \"x\"\n}")?;
        ws.write_state(&old_state(version, &attributes))?;
        ws.planned()?.expect(&[])?;
        ws.run(&["apply", "-auto-approve", "-refresh-only"])?.ok()?;
        let state = ws.state()?;
        assert_eq!(state.instance(IT)?["schema_version"], 2);
        assert_eq!(state.get(IT, "id")?, "main/a");
        ws.expect_empty_plan()?;
    }
    Ok(())
}

#[test]
fn state_that_cannot_be_upgraded_is_refused() -> Result<()> {
    let mut ws = workspace!();
    with_store(&mut ws)?;
    ws.write("main.tf", "resource \"probe_stored\" \"it\" { name = \"a\" }")?;
    ws.write_state(&old_state(1, &json!({"name": "a"})))?;
    ws.plan()?.fails()?.says("Upgrading the state failed")?.says("it names no shelf")?;
    ws.write_state(&old_state(1, &json!({"name": ["a"]})))?;
    ws.plan()?.fails()?.says("Stored state cannot be read")?;
    ws.write_state(&old_state(3, &json!({"name": "a"})))?;
    ws.plan()?.fails()?.says("newer provider version")?;
    Ok(())
}

#[test]
fn data_sources() -> Result<()> {
    let mut ws = workspace!();
    with_store(&mut ws)?;
    ws.write("store/main/a.json", &object("x"))?;
    ws.write(
        "main.tf",
        r#"
data "probe_objects" "all" {}
data "probe_stored" "a" { name = "a" }
output "names" { value = data.probe_objects.all.objects[*].name }
output "a" { value = data.probe_stored.a }
"#,
    )?;
    ws.apply()?.ok()?;
    ws.expect_empty_plan()?;
    let outputs = ws.outputs()?;
    assert_eq!(outputs["names"], json!(["a"]));
    assert_eq!(outputs["a"], json!({"shelf": "main", "name": "a", "content": "x", "timeouts": null}));
    ws.write("main.tf", "data \"probe_stored\" \"b\" {\n  name = \"b\"\n}")?;
    let output = ws.plan()?.fails()?.says("There is no such object")?;
    output.says("on main.tf line 2, in data \"probe_stored\" \"b\": 2: name = \"b\"")?;
    Ok(())
}

#[test]
fn a_provider_that_lacks_its_configuration_says_so() -> Result<()> {
    let ws = workspace!();
    ws.write(
        "main.tf",
        "resource \"probe_stored\" \"it\" { name = \"a\" }\nresource \"probe_null\" \"it\" {}",
    )?;
    ws.validate()?.ok()?;
    ws.plan()?.fails()?.says("No directory is configured")?.says("or PROBE_DIRECTORY in the environment")?;
    ws.write("main.tf", "resource \"probe_null\" \"it\" {}")?;
    ws.apply()?.ok()?;
    Ok(())
}

#[test]
fn a_provider_may_be_configured_by_what_is_not_known_yet() -> Result<()> {
    let ws = workspace!();
    let store = ws.path("store");
    let config = format!(
        "resource \"terraform_data\" \"place\" {{ input = \"{}\" }}\n\
         provider \"probe\" {{ directory = terraform_data.place.output }}\n\
         resource \"probe_stored\" \"it\" {{ name = \"a\" }}\n",
        store.display()
    );
    ws.write("main.tf", &config)?;
    ws.apply()?.ok()?;
    assert!(store.join("main/a.json").exists());
    ws.expect_empty_plan()?;
    Ok(())
}
