//! The SDK through cores newer than the one on the machine: what Terraform does from 1.12, 1.14, 1.15 and 1.16 on, and
//! OpenTofu from 1.12 on. `HYBRIDOPS_TERRAFORM_NEXT` and `HYBRIDOPS_TOFU` name the programs; without them the tests are
//! skipped aloud. The tests of `sdk` run with the same programs when `HYBRIDOPS_TERRAFORM` names them.

use std::fs;

use acceptance_tests::{Debugged, Provider, Workspace, named_or_skip};
use anyhow::{Context as _, Result};
use serde_json::{Value as Json, json};

const TERRAFORM: &str = "HYBRIDOPS_TERRAFORM_NEXT";
const TOFU: &str = "HYBRIDOPS_TOFU";
const SCHEMAS: &str = "/provider_schemas/registry.terraform.io~1hybridops-studio~1probe";

/// Begins a test: a workspace for the named program, or the end of the test where none is named.
macro_rules! workspace {
    ($variable:expr) => {{
        fn here() {}
        match named_or_skip($variable, std::any::type_name_of_val(&here))? {
            Some(program) => {
                let mut ws = Workspace::ready_for(program, &[Provider::probe()?])?;
                let store = ws.path("store").to_string_lossy().into_owned();
                ws.set_env("PROBE_DIRECTORY", store);
                ws
            }
            None => return Ok(()),
        }
    }};
}

/// Puts objects on shelves as if somebody else had made them.
fn stored(ws: &Workspace, objects: &[(&str, &str)]) -> Result<()> {
    for (shelf, name) in objects {
        fs::create_dir_all(ws.path("store").join(shelf))?;
        let object = json!({"content": format!("in {name}"), "labels": null, "created": "then"});
        ws.write(&format!("store/{shelf}/{name}.json"), &object.to_string())?;
    }
    Ok(())
}

/// The identity of the only instance, as the state holds it.
fn identity(ws: &Workspace, kind: &str) -> Result<Json> {
    let state: Json = serde_json::from_str(&ws.read("terraform.tfstate")?)?;
    let resources = state["resources"].as_array().context("no resources")?;
    let found = resources.iter().find(|resource| resource["type"] == kind).context("no such resource")?;
    Ok(found["instances"][0]["identity"].clone())
}

const ANNOUNCEMENT: &str = r#"
variable "fail" { default = false }
variable "lines" { default = ["ready", "steady"] }
action "probe_announce" "it" {
  config {
    lines = var.lines
    fail  = var.fail
  }
}
resource "probe_null" "it" {
  input = var.fail
  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.probe_announce.it]
    }
  }
}
"#;

const EVERYTHING: &str = r#"resource "probe_everything" "it" { text = "x" }"#;

/// An identity that is known after apply only.
fn identity_lives(ws: &Workspace) -> Result<()> {
    ws.write("main.tf", EVERYTHING)?;
    ws.apply()?
        .ok()?
        .says(r#"+ resource "probe_everything" "it" {"#)?
        .is_silent_about("Failed to marshal")?;
    let made = identity(ws, "probe_everything")?;
    assert!(made["id"].is_string(), "{made}");
    ws.write("main.tf", &EVERYTHING.replace("\"x\"", "\"y\""))?;
    let planned = ws.planned()?;
    assert_eq!(planned.json()["resource_changes"][0]["change"]["after_identity"], made);
    ws.apply()?.ok()?;
    assert_eq!(identity(ws, "probe_everything")?, made);
    ws.write("main.tf", &EVERYTHING.replace("\"it\"", "\"moved\""))?;
    ws.write("moved.tf", "moved {\n  from = probe_everything.it\n  to = probe_everything.moved\n}\n")?;
    ws.apply()?.ok()?;
    assert_eq!(identity(ws, "probe_everything")?, made);
    ws.terraform()?.args(["apply", "-auto-approve", "-replace=probe_everything.moved"]).run()?.ok()?;
    assert_ne!(identity(ws, "probe_everything")?, made);
    ws.destroy()?.ok()?;
    ws.expect_no_processes()
}

#[test]
fn terraform_keeps_identities() -> Result<()> {
    identity_lives(&workspace!(TERRAFORM))
}

#[test]
fn tofu_keeps_identities() -> Result<()> {
    identity_lives(&workspace!(TOFU))
}

fn imports_by_identity(ws: &Workspace) -> Result<()> {
    stored(ws, &[("side", "b"), ("main", "a")])?;
    let import = |identity: &str, shelf: &str, name: &str| {
        ws.write(
            "main.tf",
            &format!(
                "import {{\n  to = probe_stored.it\n  identity = {identity}\n}}\nresource \"probe_stored\" \"it\" {{\n  \
                 shelf = \"{shelf}\"\n  name = \"{name}\"\n  content = \"in {name}\"\n}}\n"
            ),
        )
    };
    import(r#"{ name = "nobody" }"#, "main", "nobody")?;
    ws.plan()?.fails()?.says("There is no such object")?;
    import(r#"{ name = "a" }"#, "main", "a")?;
    ws.plan()?.ok()?.says("1 to import, 0 to add, 0 to change, 0 to destroy")?;
    import(r#"{ shelf = "side", name = "b" }"#, "side", "b")?;
    ws.apply()?.ok()?.says("1 imported, 0 added, 0 changed, 0 destroyed")?;
    assert_eq!(identity(ws, "probe_stored")?, json!({"shelf": "side", "name": "b"}));
    ws.expect_empty_plan()?;
    Ok(())
}

#[test]
fn terraform_imports_by_identity() -> Result<()> {
    imports_by_identity(&workspace!(TERRAFORM))
}

#[test]
fn tofu_imports_by_identity() -> Result<()> {
    imports_by_identity(&workspace!(TOFU))
}

const NARROW: &str = r#"resource "probe_validated" "it" {
  file = "f"
  mail = "m"
  doors = {
    back = { width = 80 }
    front = {
      width = 20
    }
  }
}
"#;

#[test]
fn terraform_shows_the_line_of_a_nested_attribute() -> Result<()> {
    let ws = workspace!(TERRAFORM);
    ws.write("main.tf", NARROW)?;
    ws.validate()?.fails()?.says(r#"7: width = 20 `doors["front"].width` must be between 60 and 200"#)?;
    Ok(())
}

#[test]
fn tofu_shows_the_line_of_the_element() -> Result<()> {
    let ws = workspace!(TOFU);
    ws.write("main.tf", NARROW)?;
    ws.validate()?.fails()?.says(r#"6: front = { `doors["front"].width` must be between 60 and 200"#)?;
    Ok(())
}

#[test]
fn a_query_finds_what_exists_and_writes_its_configuration() -> Result<()> {
    let ws = workspace!(TERRAFORM);
    stored(&ws, &[("main", "a"), ("main", "b"), ("side", "c")])?;
    ws.write("main.tf", "provider \"probe\" {}\n")?;
    let list = |body: &str| {
        ws.write(
            "all.tfquery.hcl",
            &format!("list \"probe_stored\" \"all\" {{\n  provider = probe\n{body}}}\n"),
        )
    };
    list("")?;
    let all = ws.run(&["query", "-no-color"])?.ok()?;
    all.says("name=a,shelf=main a on main")?.says("name=c,shelf=side c on side")?;
    list("  limit = 1\n  include_resource = true\n  config { shelf = \"side\" }\n")?;
    let limited = ws.run(&["query", "-json"])?.ok()?;
    let events = limited.stdout.lines().map(serde_json::from_str).collect::<Result<Vec<Json>, _>>()?;
    let found: Vec<_> = events.iter().filter(|event| event["type"] == "list_resource_found").collect();
    assert_eq!(found.len(), 1, "{limited}");
    assert_eq!(found[0]["list_resource_found"]["resource_object"]["content"], "in c");

    list("")?;
    ws.run(&["query", "-no-color", "-generate-config-out=found.tf"])?.ok()?;
    ws.remove("all.tfquery.hcl")?;
    ws.apply()?.ok()?.says("3 imported, 0 added, 0 changed, 0 destroyed")?;
    ws.expect_empty_plan()?;
    ws.expect_no_processes()
}

#[test]
fn actions_run_after_changes_and_by_hand() -> Result<()> {
    let ws = workspace!(TERRAFORM);
    ws.write("main.tf", ANNOUNCEMENT)?;
    let made = ws.apply()?.ok()?;
    made.says("action.probe_announce.it (triggered by probe_null.it): ready")?.says("Actions: 1 invoked")?;
    ws.expect_empty_plan()?;
    let invoke = |variable: &str| {
        let invoke =
            ["apply", "-no-color", "-auto-approve", "-invoke=action.probe_announce.it", "-var", variable];
        ws.run(&invoke)
    };
    invoke("fail=false")?.ok()?.says("(triggered by CLI): steady")?;
    let failed = invoke("fail=true")?.fails()?;
    failed.says("(triggered by CLI): steady")?.says("Error: The announcement failed")?;
    ws.write("main.tf", &ANNOUNCEMENT.replace(r#"default = ["ready", "steady"]"#, "default = []"))?;
    let refused = ws.terraform()?.args(["plan", "-no-color", "-replace=probe_null.it"]).run()?.fails()?;
    refused.says("6: lines = var.lines")?.says("Give at least one line.")?;
    ws.expect_no_processes()
}

#[test]
fn schemas_tell_of_lists_actions_and_identities() -> Result<()> {
    let ws = workspace!(TERRAFORM);
    ws.write("main.tf", "")?;
    let schemas = ws.providers_schema()?;
    let probe = schemas.pointer(SCHEMAS).context("no schema of the probe")?;
    let list = &probe["list_resource_schemas"]["probe_stored"]["block"]["attributes"]["shelf"];
    assert_eq!(list["optional"], true, "{list}");
    assert_eq!(probe["action_schemas"]["probe_announce"]["block"]["attributes"]["lines"]["required"], true);
    let identity = &probe["resource_identity_schemas"]["probe_stored"]["attributes"];
    assert_eq!(identity["name"]["required_for_import"], true, "{identity}");
    assert_eq!(identity["shelf"]["optional_for_import"], true, "{identity}");
    let old = &probe["resource_schemas"]["probe_everything"]["block"]["attributes"]["old_text"];
    assert_eq!(old["deprecation_message"], "Use `text` instead.", "{old}");
    Ok(())
}

/// The host left out of an address is another one than Terraform's.
#[test]
fn tofu_attaches_to_a_debugged_provider() -> Result<()> {
    let mut ws = workspace!(TOFU);
    let provider = Provider::probe()?;
    let debugged = Debugged::start(&provider, &ws.temporary(), &ws.path("provider.log"))?;
    let (name, document) = debugged.variable();
    ws.set_env(name, document);
    ws.write(
        "versions.tf",
        "terraform {\n  required_providers {\n    probe = { source = \"hybridops-studio/probe\" }\n  }\n}\n",
    )?;
    ws.remove(".terraform.lock.hcl")?;
    ws.write(
        "main.tf",
        "resource \"probe_null\" \"it\" {}\noutput \"it\" { value = provider::probe::reverse(\"ab\") }",
    )?;
    ws.apply()?.ok()?.says("it = \"ba\"")?;
    Ok(())
}
