//! `hybridops_dr_target`.

use acceptance_tests::{Provider, Workspace, terraform_or_skip};
use anyhow::{Result, ensure};
use serde_json::{Value as Json, json};

use crate::scene::{Scene, possible, workspace};

/// A configuration with two targets. `$…$` marks what tests change.
const TWO: &str = r#"
locals {
  decision = {
    for name, cost in { azure = "100.00", gcp = "80.00" } : name => jsonencode({
      schema     = "hybridops.cost-decision"
      verdict    = "allow"
      allowed    = true
      projection = { currency = "EUR", projected = cost, credits = "0" }
    })
  }
  good = { value = "0.5", age_seconds = 10 }
  all  = { value = "1", age_seconds = 10 }
}

data "hybridops_dr_target" "it" {
  now           = "2026-03-30T20:00:00Z"
  current       = "azure"
  current_since = "2026-03-01T00:00:00Z"
  candidates = {
    azure = {
      region     = "westeurope"
      decision   = local.decision.azure
      lag        = local.good
      probe      = local.all
      capacity   = true
      last_drill = "2026-03-01T00:00:00Z"
    }
    gcp = {
      region     = "europe-west4"
      decision   = local.decision.gcp
      lag        = local.good
      probe      = local.all
      capacity   = true
      last_drill = "2026-03-01T00:00:00Z"
    }
  }
  policy = { rpo_seconds = 60 }
}

output "it" { value = data.hybridops_dr_target.it }
"#;

fn told(ws: &Workspace, configuration: &str) -> Result<Json> {
    ws.write("main.tf", configuration)?;
    ws.apply()?.ok()?;
    Ok(ws.outputs()?["it"].clone())
}

#[test]
fn a_target_is_chosen_with_reasons() -> Result<()> {
    if !terraform_or_skip("a target is chosen with reasons")? {
        return Ok(());
    }
    let ws = Workspace::ready(&[Provider::hybridops()?])?;
    ws.write("provider.tf", "provider \"hybridops\" {}\n")?;
    let better = told(&ws, TWO)?;
    ensure!(better["selected"] == json!("gcp") && better["region"] == json!("europe-west4"), "{better}");
    ensure!(better["reason"] == json!("BEST"), "{better}");
    ensure!(
        better["ranking"][0]["net_cost"] == json!("80.00") && better["ranking"][1]["cost"] == json!(800),
        "{better}"
    );
    ensure!(better["explanation"].as_str().is_some_and(|text| text.contains("azure: ")), "{better}");
    // The same again is the same: nothing is left to do.
    ws.expect_empty_plan()?;

    let margin = TWO.replace("rpo_seconds = 60", "rpo_seconds = 60, margin = 200");
    ensure!(told(&ws, &margin)?["reason"] == json!("WITHIN_MARGIN"));
    let dwells = TWO.replace("2026-03-01T00:00:00Z\"\n  candidates", "2026-03-30T19:59:00Z\"\n  candidates");
    let dwells = told(&ws, &dwells)?;
    ensure!(dwells["reason"] == json!("DWELLS") && dwells["selected"] == json!("azure"), "{dwells}");

    let region = TWO.replace("rpo_seconds = 60", "rpo_seconds = 60, allowed_regions = [\"westeurope\"]");
    let region = told(&ws, &region)?;
    ensure!(region["selected"] == json!("azure"), "{region}");
    ensure!(region["rejected"]["gcp"][0]["code"] == json!("REGION_NOT_ALLOWED"), "{region}");

    let blind = TWO.replace("{ value = \"0.5\", age_seconds = 10 }", "{ value = null, fault = \"STALE\" }");
    ws.write("main.tf", &blind)?;
    ws.plan()?
        .fails()?
        .says("No target passes the filters")?
        .says("the lag of its data is not known: STALE")?;
    let report = told(&ws, &blind.replace("policy = {", "on_none = \"report\"\n  policy = {"))?;
    ensure!(report["selected"].is_null() && report["reason"] == json!("NO_TARGET"), "{report}");
    ensure!(report["rejected"]["azure"][0]["code"] == json!("SIGNAL_MISSING"), "{report}");
    Ok(())
}

#[test]
fn what_makes_no_sense_is_refused() -> Result<()> {
    if !terraform_or_skip("what makes no sense is refused")? {
        return Ok(());
    }
    let ws = Workspace::ready(&[Provider::hybridops()?])?;
    ws.write("provider.tf", "provider \"hybridops\" {}\n")?;
    let refusals = [
        ("decision   = local.decision.gcp", "decision = \"allow\"", "It is no decision"),
        ("rpo_seconds = 60", "rpo_seconds = 60, min_probe_success = \"-1\"", "is negative"),
        ("now           = \"2026-03-30T20:00:00Z\"", "now = \"yesterday\"", "a time in UTC"),
        (
            "rpo_seconds = 60",
            "rpo_seconds = 60, weights = { cost = 0, lag = 0, probe = 0, credits = 0, drill = 0 }",
            "Nothing counts",
        ),
    ];
    for (from, to, said) in refusals {
        ensure!(TWO.contains(from), "{from}");
        ws.write("main.tf", &TWO.replace(from, to))?;
        ws.plan()?.fails()?.says(said)?;
    }
    Ok(())
}

/// Signals of a real Prometheus, handed over whole.
#[test]
fn signals_are_handed_over_whole() -> Result<()> {
    if !possible("signals are handed over whole")? {
        return Ok(());
    }
    let scene =
        Scene::start("lag_seconds{target=\"azure\"} 0.5\nlag_seconds{target=\"gcp\"} 90\nprobe_success 1\n")?;
    scene.knows("probe_success", "1")?;
    let signals = r#"
data "hybridops_prometheus_query" "lag" {
  for_each = toset(["azure", "gcp"])
  query    = "lag_seconds{target=\"${each.key}\"}"
  on_fault = "report"
}

data "hybridops_prometheus_query" "probe" {
  query = "probe_success"
}
"#;
    let wired = TWO
        .replacen("lag        = local.good", "lag        = data.hybridops_prometheus_query.lag[\"azure\"]", 1)
        .replacen("lag        = local.good", "lag        = data.hybridops_prometheus_query.lag[\"gcp\"]", 1)
        .replace("probe      = local.all", "probe      = data.hybridops_prometheus_query.probe");
    let ws = workspace(&scene.centre.url(), "")?;
    let chosen = told(&ws, &format!("{signals}{wired}"))?;
    ensure!(chosen["selected"] == json!("azure"), "{chosen}");
    ensure!(chosen["rejected"]["gcp"][0]["code"] == json!("LAG_ABOVE_RPO"), "{chosen}");
    Ok(())
}
