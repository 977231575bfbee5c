//! `hybridops_prometheus_query`.

use acceptance_tests::{Provider, Workspace};
use anyhow::{Result, ensure};
use serde_json::json;

use crate::scene::{Prometheus, Scene, possible, wait, workspace};

const LAG: &str = "pg_lag_seconds{cluster=\"db-01\"} 0.5\n";

fn query(rest: &str) -> String {
    format!(
        "data \"hybridops_prometheus_query\" \"it\" {{\n{rest}\n}}\n\noutput \"it\" {{ value = data.hybridops_prometheus_query.it }}\n"
    )
}

/// The outputs of an apply.
fn told(ws: &Workspace) -> Result<serde_json::Value> {
    ws.apply()?.ok()?;
    Ok(ws.outputs()?["it"].clone())
}

#[test]
fn a_dead_source_is_noticed() -> Result<()> {
    if !possible("a dead source is noticed")? {
        return Ok(());
    }
    let mut scene = Scene::start(LAG)?;
    scene.knows("pg_lag_seconds", "0.5")?;
    let strict = query("  query = \"pg_lag_seconds{cluster=\\\"db-01\\\"}\"\n  max_age_seconds = 8");
    let ws = workspace(&scene.centre.url(), &strict)?;
    let alive = told(&ws)?;
    ensure!(alive["value"] == json!("0.5") && alive["healthy"] == json!(true), "{alive}");
    ensure!(alive["fault"].is_null() && alive["sources_found"] == json!(1), "{alive}");
    ensure!(alive["labels"]["cluster"] == json!("db-01"), "{alive}");

    // The site is gone, and with it all that measured. The centre goes on telling what it was told last.
    scene.site.take();
    std::thread::sleep(std::time::Duration::from_secs(10));
    ensure!(
        scene.centre.naive("pg_lag_seconds")?.as_deref() == Some("0.5"),
        "the series lasts longer than its source"
    );
    ws.plan()?.fails()?.says("The signal may not be believed")?.says("STALE")?.says("has stopped")?;

    // To report it is to give no value, and to say why.
    ws.write(
        "main.tf",
        &strict.replace("max_age_seconds = 8", "max_age_seconds = 8\n  on_fault = \"report\""),
    )?;
    let dead = told(&ws)?;
    ensure!(dead["value"].is_null() && dead["healthy"] == json!(false), "{dead}");
    ensure!(dead["fault"] == json!("STALE"), "{dead}");
    ensure!(dead["age_seconds"].as_u64().is_some_and(|age| age > 8), "{dead}");

    // A computed signal is as old as what it is computed from.
    let computed = query(
        "  query = \"max(pg_lag_seconds) * 2\"\n  source = \"pg_lag_seconds\"\n  max_age_seconds = 8\n  on_fault = \"report\"",
    );
    ws.write("main.tf", &computed)?;
    let computed = told(&ws)?;
    ensure!(computed["fault"] == json!("STALE") && computed["value"].is_null(), "{computed}");
    Ok(())
}

#[test]
fn an_exporter_that_dies_is_noticed() -> Result<()> {
    if !possible("an exporter that dies is noticed")? {
        return Ok(());
    }
    let scene = Scene::start(LAG)?;
    scene.knows("pg_lag_seconds", "0.5")?;
    let ws = workspace(
        &scene.centre.url(),
        &query("  query = \"pg_lag_seconds\"\n  max_age_seconds = 8\n  on_fault = \"report\""),
    )?;
    scene.exporter.die();
    // Its own Prometheus sees it at once; what federates it keeps the value.
    let site = scene.site.as_ref().expect("it runs");
    wait("the site to notice", || Ok(site.naive("pg_lag_seconds")?.is_none()))?;
    std::thread::sleep(std::time::Duration::from_secs(10));
    ensure!(scene.centre.naive("pg_lag_seconds")?.as_deref() == Some("0.5"));
    let dead = told(&ws)?;
    ensure!(dead["fault"] == json!("STALE") && dead["value"].is_null(), "{dead}");
    Ok(())
}

#[test]
fn what_is_not_one_number_is_a_fault() -> Result<()> {
    if !possible("what is not one number is a fault")? {
        return Ok(());
    }
    let scene = Scene::start(
        "pg_lag_seconds{cluster=\"a\"} 1\npg_lag_seconds{cluster=\"b\"} 2\nprobe_success NaN\nqueue_length +Inf\n",
    )?;
    scene.knows("queue_length", "+Inf")?;
    let ws = workspace(&scene.centre.url(), "")?;
    let fault = |rest: &str| -> Result<serde_json::Value> {
        ws.write("main.tf", &query(&format!("{rest}\n  on_fault = \"report\"")))?;
        let told = told(&ws)?;
        ensure!(told["value"].is_null() != told["fault"].is_null(), "{told}");
        Ok(told["fault"].clone())
    };
    ensure!(fault("  query = \"pg_lag_seconds\"")? == json!("MANY_SERIES"));
    ensure!(fault("  query = \"pg_lag_seconds{cluster=\\\"c\\\"}\"")? == json!("NO_SERIES"));
    ensure!(fault("  query = \"probe_success\"")? == json!("NOT_A_NUMBER"));
    ensure!(fault("  query = \"queue_length\"")? == json!("NOT_A_NUMBER"));
    let both = "  query = \"max(pg_lag_seconds)\"\n  source = \"pg_lag_seconds\"";
    ensure!(fault(both)?.is_null());
    ensure!(fault(&format!("{both}\n  source_count = 2"))?.is_null());
    ensure!(fault(&format!("{both}\n  source_count = 3"))? == json!("SOURCES_MISSING"));
    ensure!(fault("  query = \"vector(1)\"\n  source = \"nothing\"")? == json!("NO_AGE"));
    ensure!(fault("  query = \"pg_lag_seconds\"\n  time = \"2020-01-01T00:00:00Z\"")? == json!("NO_SERIES"));
    ensure!(
        fault("  query = \"pg_lag_seconds\"\n  url = \"http://127.0.0.1:1\"\n  timeout_seconds = 3")?
            == json!("UNREACHABLE")
    );

    // What is wrong with the question is an error, whatever is asked for.
    ws.write(
        "main.tf",
        &query("  query = \"max(\"\n  source = \"pg_lag_seconds\"\n  on_fault = \"report\""),
    )?;
    ws.plan()?.fails()?.says("The query is not understood")?;
    ws.write("main.tf", &query("  query = \"max(pg_lag_seconds)\""))?;
    ws.validate()?.fails()?.says("The age of the signal cannot be told")?;
    ws.write("main.tf", &query("  query = \"up\"\n  source = \"up) or (up\""))?;
    ws.validate()?.fails()?.says("is no selector")?;
    Ok(())
}

/// What is not known before the apply is checked then: nothing slips through by being late.
#[test]
fn a_late_query_is_checked_late() -> Result<()> {
    if !possible("a late query is checked late")? {
        return Ok(());
    }
    let scene = Scene::start(LAG)?;
    scene.knows("pg_lag_seconds", "0.5")?;
    let late = "resource \"terraform_data\" \"q\" {\n  input = \"sum(pg_lag_seconds)\"\n}\n\n";
    let ws =
        workspace(&scene.centre.url(), &format!("{late}{}", query("  query = terraform_data.q.output")))?;
    ws.apply()?.fails()?.says("The age of the signal cannot be told")?;
    Ok(())
}

/// The password of the section opens its server, and is given to no other.
#[test]
fn credentials_go_to_the_configured_server_only() -> Result<()> {
    if !possible("credentials go to the configured server only")? {
        return Ok(());
    }
    const PASSWORD: &str = "canary-of-the-lint";
    let web = "basic_auth_users: { ops: \"$2b$04$GFyu.jsZ6CQkNRXRae7ree6x4djazpB6xlgPvtkVxIiBxEKFiVH3G\" }\n";
    let itself = "  - job_name: none\n    static_configs: []\n";
    let (one, other) = (Prometheus::start(itself, Some(web))?, Prometheus::start(itself, Some(web))?);
    let mut ws = Workspace::ready(&[Provider::hybridops()?])?;
    ws.set_env("HYBRIDOPS_PROMETHEUS_PASSWORD", PASSWORD);
    ws.write(
        "provider.tf",
        &format!(
            "variable \"password\" {{\n  sensitive = true\n}}\n\nprovider \"hybridops\" {{\n  prometheus = {{ url = \"{}\", username = \"ops\", password = var.password }}\n}}\n",
            one.url()
        ),
    )?;
    ws.set_env("TF_VAR_password", PASSWORD);
    let report = "  query = \"up\"\n  on_fault = \"report\"";
    ws.write("main.tf", &query(report))?;
    // It is let in, and there is nothing to see.
    ensure!(told(&ws)?["fault"] == json!("NO_SERIES"));
    ws.write("main.tf", &query(&format!("{report}\n  url = \"{}\"", other.url())))?;
    let refused = told(&ws)?;
    ensure!(refused["fault"] == json!("UNREACHABLE"), "{refused}");
    ensure!(refused["explanation"].as_str().is_some_and(|text| text.contains("401")), "{refused}");
    ensure!(!ws.read("terraform.tfstate")?.contains(PASSWORD));
    Ok(())
}
