//! Null, unknown, default, computed, replace: one kind of attribute at a time.

use anyhow::Result;
use serde_json::{Value as Json, json};

use crate::workspace;

const IT: &str = "probe_everything.it";

fn resource(body: &str) -> String {
    format!("resource \"probe_everything\" \"it\" {{\n{body}\n}}\n")
}

#[test]
fn nothing_configured() -> Result<()> {
    let ws = workspace!();
    ws.write("main.tf", &resource(""))?;
    let plan = ws.planned()?;
    let change = plan.change(IT)?;
    for unknown in ["id", "revision", "either", "either_or_null", "password_hash"] {
        assert!(change.is_unknown(unknown), "{unknown}");
    }
    assert_eq!(change.after("usual"), "usual", "a default is known at plan");
    ws.apply_plan()?.ok()?;
    let state = ws.state()?;
    for null in
        ["text", "number", "list", "map", "nested_single", "nested_list", "anything", "either_or_null"]
    {
        assert_eq!(state.get(IT, null)?, &Json::Null, "{null}");
    }
    assert_eq!(state.get(IT, "either")?, "made up");
    assert_eq!(state.get(IT, "step")?, &json!([]));
    assert_eq!(state.get(IT, "last")?, &Json::Null);
    ws.expect_empty_plan()?;
    Ok(())
}

#[test]
fn empty_is_not_null() -> Result<()> {
    let ws = workspace!();
    let empty = "text = \"\"\nlist = []\nset = []\nmap = {}\nnested_list = []\nnested_map = {}\nnested_set = []\nanything = {}";
    ws.write("main.tf", &resource(empty))?;
    ws.apply()?.ok()?;
    ws.expect_empty_plan()?;
    let state = ws.state()?;
    assert_eq!(state.get(IT, "text")?, "");
    for (name, value) in
        [("list", json!([])), ("set", json!([])), ("map", json!({})), ("nested_map", json!({}))]
    {
        assert_eq!(state.get(IT, name)?, &value, "{name}");
    }
    Ok(())
}

#[test]
fn taking_attributes_away() -> Result<()> {
    let ws = workspace!();
    let full = "text = \"x\"\nusual = \"y\"\neither = \"z\"\nlist = [\"a\"]\nnested_map = { k = { name = \"n\" } }\nstep { command = \"c\" }";
    ws.write("main.tf", &resource(full))?;
    ws.apply()?.ok()?;
    ws.write("main.tf", &resource(""))?;
    let plan = ws.planned()?;
    plan.expect(&[(IT, "update")])?;
    let change = plan.change(IT)?;
    assert_eq!(change.after("usual"), "usual", "the default comes back");
    assert_eq!(change.after("text"), &Json::Null);
    assert!(change.is_unknown("revision"), "computed and not stable");
    ws.apply_plan()?.ok()?;
    ws.expect_empty_plan()?;
    let state = ws.state()?;
    assert_eq!(state.get(IT, "revision")?, 2);
    assert_eq!(state.get(IT, "step")?, &json!([]));
    Ok(())
}

#[test]
fn unknown_until_apply() -> Result<()> {
    let ws = workspace!();
    let config = r#"
resource "terraform_data" "source" { input = "known later" }
resource "probe_everything" "it" {
  text          = terraform_data.source.output
  list          = ["a", terraform_data.source.output]
  map           = { for key in [terraform_data.source.output] : "k" => length(key) }
  nested_list   = [{ name = terraform_data.source.output }]
  nested_set    = [{ name = terraform_data.source.output }]
  nested_single = { name = "n", size = length(terraform_data.source.output) }
  anything      = { deep = [terraform_data.source.output] }
  usual         = terraform_data.source.output
  either        = terraform_data.source.output
  document      = jsonencode({ x = terraform_data.source.output })
  step { command = terraform_data.source.output }
  aside { command = terraform_data.source.output }
}
"#;
    ws.write("main.tf", config)?;
    let plan = ws.planned()?;
    let change = plan.change(IT)?;
    for unknown in ["text", "usual", "either", "/list/1", "/nested_list/0/name", "/step/0/command"] {
        assert!(change.is_unknown(unknown), "{unknown}");
    }
    ws.apply_plan()?.ok()?;
    ws.expect_empty_plan()?;
    let state = ws.state()?;
    for known in
        ["text", "usual", "either", "/list/1", "/nested_list/0/name", "/step/0/command", "/aside/0/command"]
    {
        assert_eq!(state.get(IT, known)?, "known later", "{known}");
    }
    assert_eq!(state.get(IT, "/nested_single/size")?, 11);
    Ok(())
}

#[test]
fn lists_maps_and_sets_change_member_by_member() -> Result<()> {
    let ws = workspace!();
    let before = r#"
  nested_list = [{ name = "a" }, { name = "b", size = 1 }]
  nested_map  = { x = { name = "x" }, y = { name = "y" } }
  nested_set  = [{ name = "m" }, { name = "n", weight = 1 }]
  aside { command = "p" }
  aside { command = "q" }"#;
    ws.write("main.tf", &resource(before))?;
    ws.apply()?.ok()?;
    let after = r#"
  nested_list = [{ name = "a" }, { name = "b", size = 2 }, { name = "c" }]
  nested_map  = { x = { name = "x" }, z = { name = "z" } }
  nested_set  = [{ name = "n", weight = 2 }, { name = "m" }]
  aside { command = "q" }
  aside { command = "r" }"#;
    ws.write("main.tf", &resource(after))?;
    let plan = ws.planned()?;
    plan.expect(&[(IT, "update")])?;
    let change = plan.change(IT)?;
    assert_eq!(change.after("/nested_list/1/fingerprint"), "fp-b", "stable inside a list");
    assert_eq!(change.after("/nested_map/x/fingerprint"), "fp-x", "stable inside a map");
    assert!(change.is_unknown("/nested_map/z/fingerprint"));
    ws.apply_plan()?.ok()?;
    ws.expect_empty_plan()?;
    let state = ws.state()?;
    assert_eq!(state.get(IT, "/nested_map/z/fingerprint")?, "fp-z");
    assert_eq!(
        state.get(IT, "nested_set")?,
        &json!([{"name": "m", "weight": null}, {"name": "n", "weight": 2}])
    );
    Ok(())
}

#[test]
fn the_type_of_a_dynamic_value_may_change() -> Result<()> {
    let ws = workspace!();
    for value in ["\"text\"", "7", "[1, true]", "{ a = { b = null } }", "null", "toset([\"x\"])"] {
        ws.write("main.tf", &resource(&format!("anything = {value}")))?;
        ws.apply()?.ok()?;
        ws.expect_empty_plan()?;
    }
    Ok(())
}

#[test]
fn what_replaces() -> Result<()> {
    let ws = workspace!();
    ws.write("main.tf", &resource("shape = \"round\"\ncapacity = 5\nplace = \"here\""))?;
    ws.apply()?.ok()?;
    let id = ws.state()?.get(IT, "id")?.clone();
    for (config, actions, path) in [
        ("shape = \"square\"\ncapacity = 5\nplace = \"here\"", "delete/create", json!([["shape"]])),
        ("shape = \"round\"\ncapacity = 4\nplace = \"here\"", "delete/create", json!([["capacity"]])),
        ("shape = \"round\"\ncapacity = 6\nplace = \"here\"", "update", Json::Null),
        ("shape = \"round\"\ncapacity = 5\nplace = \"there\"", "delete/create", json!([["place"]])),
        ("shape = \"round\"\ncapacity = 5", "no-op", Json::Null),
    ] {
        ws.write("main.tf", &resource(config))?;
        let plan = ws.planned()?;
        let change = plan.change(IT)?;
        assert_eq!(change.actions(), actions, "{config}");
        assert_eq!(change.replace_paths(), &path, "{config}");
        assert_eq!(change.is_unknown("id"), actions == "delete/create", "{config}");
    }
    ws.write("main.tf", &resource("shape = \"square\"\ncapacity = 5"))?;
    ws.apply()?.ok()?;
    ws.expect_empty_plan()?;
    assert_ne!(ws.state()?.get(IT, "id")?, &id, "a new object");
    Ok(())
}

#[test]
fn write_only_is_sent_again_by_its_version() -> Result<()> {
    let ws = workspace!();
    ws.write("main.tf", &resource("password = \"first\"\npassword_version = 1"))?;
    ws.apply()?.ok()?;
    let first = ws.state()?.get(IT, "password_hash")?.clone();
    assert!(first.is_string());
    ws.write("main.tf", &resource("password = \"second\"\npassword_version = 1"))?;
    ws.expect_empty_plan()?;
    ws.write("main.tf", &resource("password = \"second\"\npassword_version = 2"))?;
    ws.apply()?.ok()?;
    let second = ws.state()?.get(IT, "password_hash")?.clone();
    assert!(second.is_string() && second != first);
    ws.write("main.tf", &resource("password_version = 2"))?;
    ws.expect_empty_plan()?;
    assert_eq!(ws.state()?.get(IT, "password")?, &Json::Null);
    Ok(())
}

#[test]
fn the_deprecated_warns() -> Result<()> {
    let ws = workspace!();
    ws.write("main.tf", &resource("old_text = \"x\""))?;
    ws.validate()?.ok()?.says("deprecated")?;
    Ok(())
}

#[test]
fn only_timeouts_change() -> Result<()> {
    let ws = workspace!();
    ws.write("main.tf", &resource("timeouts = { create = \"1m\" }"))?;
    ws.apply()?.ok()?;
    ws.write("main.tf", &resource("timeouts = { create = \"60s\" }"))?;
    ws.expect_empty_plan()?;
    ws.write("main.tf", &resource("timeouts = { create = \"2m\", read = \"5s\" }"))?;
    ws.planned()?.expect(&[(IT, "update")])?;
    ws.apply_plan()?.ok()?;
    ws.expect_empty_plan()?;
    Ok(())
}
