//! The examples of the registry, with what they ask for.

use std::fs;
use std::path::Path;

use acceptance_tests::{Provider, Workspace};
use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use crate::gate;
use crate::scene::{Scene, possible, workspace};

const METRICS: &str = "pg_replication_lag_seconds{cluster=\"db-01\",site=\"azure\"} 0.5\n\
                       pg_replication_lag_seconds{cluster=\"db-01\",site=\"gcp\"} 0.25\n\
                       probe_success{site=\"azure\"} 1\n\
                       probe_success{site=\"gcp\"} 1\n\
                       last_metric 1\n";

fn example(name: &str) -> Result<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data-sources");
    let path = root.join(name).join("data-source.tf");
    fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))
}

#[test]
fn the_example_of_the_query_applies() -> Result<()> {
    if !possible("the example of the query")? {
        return Ok(());
    }
    let scene = Scene::start(METRICS)?;
    scene.knows("last_metric", "1")?;
    let ws = workspace(&scene.centre.url(), &example("hybridops_prometheus_query")?)?;
    // The second vantage point of the example does not exist, which is a signal, too.
    ws.apply()?.ok()?.says("UNREACHABLE")?;
    let replica = ws.outputs()?["replica"].clone();
    ensure!(replica.as_str().is_some_and(|text| text.starts_with("0.5, from samples")), "{replica}");
    Ok(())
}

#[test]
fn the_example_of_the_target_applies() -> Result<()> {
    if !possible("the example of the target")? {
        return Ok(());
    }
    let scene = Scene::start(METRICS)?;
    scene.knows("last_metric", "1")?;
    let Some(mut gate) = gate::Scene::new("the example of the target")? else { return Ok(()) };
    for component in ["dr-azure", "dr-gcp"] {
        gate.artifact(component, "run-1", 600, |text| text)?;
    }
    let yesterday = (gate.now - jiff::SignedDuration::from_hours(24)).round(jiff::Unit::Second)?.to_string();
    gate.ws.set_env("TF_VAR_window_start", gate.window_start());
    gate.ws.set_env("TF_VAR_last_drill", json!({ "azure": yesterday, "gcp": yesterday }).to_string());
    gate.ws.set_env("HYBRIDOPS_PROMETHEUS_URL", scene.centre.url());
    gate.ws.write("provider.tf", &gate.provider())?;
    gate.ws.write("main.tf", &example("hybridops_dr_target")?)?;
    gate.ws.apply()?.ok()?;
    let told = gate.ws.outputs()?;
    // Both cost the same; credits pay for one of them.
    ensure!(told["failover_to"] == json!("gcp"), "{told:#}");
    ensure!(told["why"].as_str().is_some_and(|why| why.contains("azure: ")), "{told:#}");

    // What the gate blocks is out, however well it does.
    gate.spend("90.00")?;
    gate.ws.plan()?.fails()?.says("No target passes the filters")?.says("the cost gate blocks it")?;
    Ok(())
}

/// The table of the provider's sections, as a user without any meets it.
#[test]
fn without_a_server_it_says_what_to_set() -> Result<()> {
    if !possible("without a server")? {
        return Ok(());
    }
    let ws = Workspace::ready(&[Provider::hybridops()?])?;
    ws.write("main.tf", "data \"hybridops_prometheus_query\" \"it\" {\n  query = \"up\"\n}\n")?;
    ws.plan()?.fails()?.says("No Prometheus to ask")?.says("`prometheus` section")?;
    Ok(())
}
