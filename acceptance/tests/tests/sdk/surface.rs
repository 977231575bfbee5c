//! Schemas, functions, ephemeral resources, `terraform test`.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value as Json, json};

use crate::workspace;

#[test]
fn schemas_as_json() -> Result<()> {
    let ws = workspace!();
    ws.write("main.tf", "")?;
    let schemas = ws.providers_schema()?;
    let provider = &schemas["provider_schemas"]["registry.terraform.io/hybridops-studio/probe"];
    let names = |kind: &str| -> Vec<String> {
        provider[kind].as_object().map(|types| types.keys().cloned().collect()).unwrap_or_default()
    };
    assert_eq!(
        names("resource_schemas"),
        ["probe_everything", "probe_fault", "probe_null", "probe_stored", "probe_validated"]
    );
    assert_eq!(names("data_source_schemas"), ["probe_objects", "probe_stored"]);
    assert_eq!(names("ephemeral_resource_schemas"), ["probe_token"]);
    assert_eq!(names("functions"), ["describe", "echo", "explode", "is_set", "join_all", "reverse"]);

    let everything = &provider["resource_schemas"]["probe_everything"]["block"];
    let attribute = |name: &str| &everything["attributes"][name];
    assert_eq!(
        attribute("id"),
        &json!({"type": "string", "computed": true, "description_kind": "markdown",
        "description": "Made up when the object is created."})
    );
    assert_eq!(attribute("password")["write_only"], true);
    assert_eq!(attribute("password")["sensitive"], true);
    assert_eq!(attribute("secret")["sensitive"], true);
    assert_eq!(attribute("anything")["type"], "dynamic");
    assert_eq!(attribute("map_of_lists")["type"], json!(["map", ["list", "bool"]]));
    assert_eq!(attribute("old_text")["deprecated"], true);
    assert_eq!(attribute("usual")["computed"], true);
    for (name, nesting) in [("single", "single"), ("list", "list"), ("set", "set"), ("map", "map")] {
        assert_eq!(attribute(&format!("nested_{name}"))["nested_type"]["nesting_mode"], nesting);
    }
    for (name, nesting) in [("step", "list"), ("last", "single"), ("aside", "set")] {
        assert_eq!(everything["block_types"][name]["nesting_mode"], nesting);
    }
    assert_eq!(everything["block_types"]["step"]["max_items"], 3);
    assert_eq!(provider["resource_schemas"]["probe_stored"]["version"], 2);
    described(provider, "")
}

/// Every attribute and block has a description.
fn described(json: &Json, path: &str) -> Result<()> {
    let Some(object) = json.as_object() else { return Ok(()) };
    for (name, member) in object {
        let path = format!("{path}/{name}");
        if path.ends_with(&format!("/attributes/{name}")) || path.ends_with("/block") {
            let text = member["description"].as_str().unwrap_or_default();
            // Terraform's own copy of a single provider block has none of our making.
            anyhow::ensure!(!text.is_empty(), "{path} has no description");
        }
        described(member, &path)?;
    }
    Ok(())
}

#[test]
fn functions_as_json() -> Result<()> {
    let ws = workspace!();
    ws.write("main.tf", "")?;
    let schemas = ws.providers_schema()?;
    let functions = &schemas["provider_schemas"]["registry.terraform.io/hybridops-studio/probe"]["functions"];
    let join = &functions["join_all"];
    assert_eq!(join["summary"], "Joins texts");
    assert_eq!(join["return_type"], "string");
    assert_eq!(join["parameters"][0]["name"], "separator");
    assert_eq!(join["variadic_parameter"]["name"], "parts");
    assert_eq!(functions["is_set"]["parameters"][0]["is_nullable"], true);
    // Terraform's own list is of its built-in functions; ours must not disturb it.
    ws.run(&["metadata", "functions", "-json"])?.ok()?;
    Ok(())
}

#[test]
fn functions_compute() -> Result<()> {
    let ws = workspace!();
    ws.write(
        "main.tf",
        r#"
output "reverse"  { value = provider::probe::reverse("añb🎈") }
output "join"     { value = provider::probe::join_all("-", "a", "b", "c") }
output "join_one" { value = provider::probe::join_all("-") }
output "echo"     { value = provider::probe::echo({ a = [1, true, null], b = "x" }) }
output "is_set"   { value = [provider::probe::is_set(null), provider::probe::is_set("")] }
output "describe" { value = provider::probe::describe({ to = "you", grams = 12 }) }
"#,
    )?;
    ws.apply()?.ok()?;
    assert_eq!(
        ws.outputs()?,
        json!({"reverse": "🎈bña", "join": "a-b-c", "join_one": "", "echo": {"a": [1, true, null], "b": "x"},
               "is_set": [false, true], "describe": "12 g to you"})
    );
    Ok(())
}

#[test]
fn functions_fail_at_their_argument() -> Result<()> {
    let ws = workspace!();
    let call = |call: &str| ws.write("main.tf", &format!("output \"it\" {{\n  value = {call}\n}}\n"));
    call(r#"provider::probe::join_all("-", "a", "")"#)?;
    ws.plan()?.fails()?.says("Invalid value for \"parts\" parameter: The text is empty.")?;
    call(r#"provider::probe::describe({ to = "you", grams = 1.5 })"#)?;
    ws.plan()?.fails()?.says("Invalid value for \"parcel\" parameter: grams: 1.5 is not a whole number")?;
    call(r#"provider::probe::explode("last words")"#)?;
    let output = ws.plan()?.fails()?.says("last words")?.says("This is a bug in the provider")?;
    output.is_silent_about("Plugin did not respond")?;
    ws.expect_no_processes()
}

#[test]
fn ephemeral_resources_open_renew_and_close() -> Result<()> {
    let ws = workspace!();
    ws.write(
        "main.tf",
        r#"
ephemeral "probe_token" "it" {
  seed        = "s"
  renew_after = 200
  journal     = "${path.module}/journal"
}
resource "probe_everything" "it" {
  password         = ephemeral.probe_token.it.token
  password_version = 1
}
resource "terraform_data" "slow" {
  provisioner "local-exec" { command = "sleep 1" }
  depends_on = [ephemeral.probe_token.it]
}
"#,
    )?;
    ws.apply()?.ok()?;
    let journal = ws.read("journal")?;
    let lines: Vec<&str> = journal.lines().collect();
    assert_eq!(
        lines.iter().filter(|line| **line == "opened").count(),
        2,
        "once to plan, once to apply: {lines:?}"
    );
    assert_eq!(lines.iter().filter(|line| line.starts_with("closed")).count(), 2, "{lines:?}");
    assert!(lines.iter().filter(|line| **line == "renewed").count() >= 2, "{lines:?}");
    let hash = "c57aa3667ef93cea976ad0ab51c2d81089305f78aed17dbdc5611e8b37e47439";
    assert_eq!(ws.state()?.get("probe_everything.it", "password_hash")?, hash, "SHA-256 of the token");
    assert_eq!(ws.state()?.addresses(), ["probe_everything.it", "terraform_data.slow"]);
    Ok(())
}

#[test]
fn terraform_test_with_the_provider_and_with_a_mock() -> Result<()> {
    let ws = workspace!();
    ws.write(
        "main.tf",
        r#"
resource "probe_null" "it" { input = "x" }
resource "probe_everything" "it" { nested_single = { name = "n" } }
output "id" { value = probe_null.it.id }
"#,
    )?;
    ws.write(
        "tests/real.tftest.hcl",
        r#"
run "real" {
  assert {
    condition     = length(output.id) > 8 && probe_everything.it.nested_single.fingerprint == "fp-n"
    error_message = "the provider did not fill in its values"
  }
}
"#,
    )?;
    ws.write(
        "tests/mock.tftest.hcl",
        r#"
mock_provider "probe" {
  mock_resource "probe_null" { defaults = { id = "mocked" } }
}
run "mocked" {
  assert {
    condition     = output.id == "mocked"
    error_message = "the mock was not used"
  }
}
"#,
    )?;
    let output = ws.run(&["test", "-no-color"])?.ok()?;
    output.says("Success! 2 passed, 0 failed.")?;
    ws.expect_no_processes()
}

#[test]
fn a_thousand_objects_of_two_kinds() -> Result<()> {
    let ws = workspace!();
    ws.write(
        "main.tf",
        r#"
resource "probe_null" "it" { count = 500 }
resource "probe_everything" "it" {
  count = 50
  text  = probe_null.it[count.index].id
}
"#,
    )?;
    ws.apply()?.ok()?;
    let output = ws.expect_empty_plan()?;
    assert!(output.took < Duration::from_secs(60), "{:?}", output.took);
    assert_eq!(ws.state()?.addresses().len(), 550);
    Ok(())
}
