//! Create, change, replace, destroy.

use anyhow::Result;

use crate::workspace;

#[test]
fn trivial_object() -> Result<()> {
    let ws = workspace!();
    ws.write("main.tf", r#"resource "probe_null" "it" {}"#)?;
    let plan = ws.planned()?;
    plan.expect(&[("probe_null.it", "create")])?;
    assert!(plan.change("probe_null.it")?.is_unknown("id"));
    ws.apply_plan()?.ok()?;
    ws.expect_empty_plan()?;
    let id = ws.state()?.get("probe_null.it", "id")?.clone();
    assert!(id.is_string());

    ws.write("main.tf", r#"resource "probe_null" "it" { input = "more" }"#)?;
    let plan = ws.planned()?;
    plan.expect(&[("probe_null.it", "update")])?;
    assert_eq!(plan.change("probe_null.it")?.after("id"), &id, "a stable attribute stays known");
    ws.apply_plan()?.ok()?;
    ws.expect_empty_plan()?;
    assert_eq!(ws.state()?.get("probe_null.it", "id")?, &id);

    ws.destroy()?.ok()?;
    assert!(ws.state()?.addresses().is_empty());
    ws.expect_no_processes()
}

/// Everything that can be configured, at once.
const EVERYTHING: &str = r#"
resource "probe_everything" "it" {
  text           = "Grüße, 世界 🎈 e\u0301 $${x}\n\"quoted\""
  number         = 12345678901234567890123456789012345678.9
  integer        = -9007199254740993
  fraction       = 0.1
  flag           = false
  list           = ["b", "a", "b", ""]
  set            = ["b", "a", "c"]
  map            = { one = 1, "two words" = 2 }
  map_of_lists   = { x = [true, false], y = [] }
  nested_single  = { name = "only", size = 3 }
  nested_list    = [{ name = "first", times = 2 }, { name = "second" }]
  nested_set     = [{ name = "m1", weight = 1 }, { name = "m2" }]
  nested_map     = { a = { name = "of a" }, b = { name = "of b", size = 0 } }
  anything       = { name = "dynamic", list = [1, "two", null], deep = { flag = true } }
  either         = "configured"
  either_or_null = "configured too"
  usual          = "unusual"
  secret         = "stored secret"
  password         = "written only"
  password_version = 1
  document       = jsonencode({ b = [1, 2], a = { c = null } })
  documents      = ["{\"x\": 1}", "[]"]
  network        = "10.0.0.0/8"
  host           = "Example.ORG"
  hardware       = "BC:24:11:00:00:01"
  volume         = "2G"
  patience       = "90s"
  colour         = "dark-green"
  shape          = "round"
  capacity       = 10
  place          = "here"
  type           = "reserved word"
  step {
    command = "make"
    retries = 2
  }
  step { command = "make install" }
  last { command = "rm" }
  aside { command = "b" }
  aside { command = "a" }
  timeouts = { create = "5m", delete = "1h30m" }
}
"#;

#[test]
fn everything_is_stored_as_written() -> Result<()> {
    let ws = workspace!();
    ws.write("main.tf", EVERYTHING)?;
    ws.apply()?.ok()?;
    ws.expect_empty_plan()?;
    let state = ws.state()?;
    let get = |place: &str| state.get("probe_everything.it", place).cloned();
    assert_eq!(get("text")?, "Grüße, 世界 🎈 \u{e9} ${x}\n\"quoted\"", "core normalises to NFC");
    // As text: parsed as JSON it would lose its digits here.
    let digits = "\"number\": 12345678901234567890123456789012345678.9,";
    assert!(ws.read("terraform.tfstate")?.contains(digits), "every digit is kept");
    assert_eq!(get("integer")?.to_string(), "-9007199254740993");
    assert_eq!(get("fraction")?.to_string(), "0.1");
    assert_eq!(get("flag")?, false);
    assert_eq!(get("list")?, serde_json::json!(["b", "a", "b", ""]));
    assert_eq!(get("set")?, serde_json::json!(["a", "b", "c"]));
    assert_eq!(get("/nested_list/0/times")?, 2);
    assert_eq!(get("/nested_list/1/times")?, 1, "a default inside a list");
    assert_eq!(get("/nested_map/b/fingerprint")?, "fp-of b");
    assert_eq!(get("/anything/value/list/1")?, "two");
    assert_eq!(get("usual")?, "unusual");
    assert_eq!(get("usual_number")?, 7);
    assert_eq!(get("usual_list")?, serde_json::json!(["a", "b"]));
    assert_eq!(get("password")?, serde_json::Value::Null);
    let hash = "44925e1a987dd53592d1ebb26d25cb48389173d28380db510660025c63c02ca3";
    assert_eq!(get("password_hash")?, hash, "SHA-256 of the password: it arrived");
    assert_eq!(get("/step/1/command")?, "make install");
    assert_eq!(get("/last/command")?, "rm");
    assert_eq!(get("/aside/0/command")?, "a");
    assert_eq!(get("/timeouts/delete")?, "1h30m");
    ws.destroy()?.ok()?;
    ws.expect_no_processes()
}
