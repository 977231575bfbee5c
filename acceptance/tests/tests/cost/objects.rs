//! Documents and ledger in an object store, with credentials that must be found nowhere.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use acceptance_tests::Sweep;
use anyhow::{Result, ensure};
use hybridops_lab::{RealError, S3};
use serde_json::{Value as Json, json};

use crate::scene::{Scene, TWO_HOURS, open_in, scene};
use crate::skipped;

const CANARY: &str = "canary-of-the-gate-0815";

fn ledger(runtime: &tokio::runtime::Runtime, s3: &S3) -> Result<Vec<Json>> {
    let mut records = Vec::new();
    for (key, _) in runtime.block_on(s3.list("cost", "ledger/prod/"))? {
        let bytes = runtime.block_on(s3.object("cost", &key))?.unwrap_or_default();
        records.push(serde_json::from_slice(&bytes)?);
    }
    Ok(records)
}

#[test]
fn everything_may_lie_in_a_bucket() -> Result<()> {
    let mut scene = scene!("the gate on S3");
    let cache = std::env::var_os("HYBRIDOPS_LAB_CACHE").unwrap_or_else(|| "/var/cache/hybridops-lab".into());
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let s3 = match runtime.block_on(S3::start(&PathBuf::from(cache), Ipv4Addr::LOCALHOST)) {
        Ok(s3) => s3,
        Err(RealError::Needs(what)) => return skipped("the gate on S3", &what),
        Err(error) => return Err(error.into()),
    };
    runtime.block_on(s3.make_bucket("cost"))?;
    let artifact = Scene::place("dr-aks", "run-1");
    for (key, file) in [
        ("policy.json", "cost/policy.json"),
        ("spend.json", "cost/spend.json"),
        ("artifacts/dr-aks/cost-run-run-1.json", artifact.as_str()),
    ] {
        runtime.block_on(s3.put("cost", key, scene.ws.read(file)?))?;
        scene.ws.remove(file)?;
    }
    scene.ws.set_env("AWS_ACCESS_KEY_ID", "lab");
    scene.ws.set_env("AWS_SECRET_ACCESS_KEY", CANARY);
    let body = format!(
        r#"
provider "hybridops" {{
  cost = {{
    artifacts = "s3://cost/artifacts"
    policy    = "s3://cost/policy.json"
    spend     = "s3://cost/spend.json"
    approvals = "s3://cost/approvals"
    ledger    = "s3://cost/ledger"
    s3        = {{ endpoint = "{}", force_path_style = true }}
  }}
}}
{}{}
"#,
        s3.endpoint(),
        scene.gate(""),
        scene.decision("")
    );
    scene.ws.write("main.tf", &body)?;
    let mut sweep = Sweep::new(&[CANARY]);
    for arguments in [&["plan", "-no-color", "-out", "tfplan"][..], &["apply", "-no-color", "tfplan"]] {
        let output = scene.ws.terraform()?.args(arguments).log("trace").watched().run()?.ok()?;
        sweep.output(&output);
    }
    scene.ws.expect_empty_plan()?;
    ensure!(*scene.ws.state()?.get("hybridops_cost_decision.dr", "projected")? == json!(TWO_HOURS));
    ensure!(open_in(&ledger(&runtime, &s3)?).len() == 1);
    let output =
        scene.ws.terraform()?.args(["destroy", "-no-color", "-auto-approve"]).log("trace").watched().run()?;
    sweep.output(&output.ok()?);
    ensure!(open_in(&ledger(&runtime, &s3)?).is_empty());
    sweep.workspace(&scene.ws)?;
    sweep.clean()?;
    // Without credentials it says which, and opens nothing.
    scene.ws.set_env("AWS_SECRET_ACCESS_KEY", "");
    scene.ws.set_env("AWS_ACCESS_KEY_ID", "");
    scene.ws.plan()?.fails()?.says("`access_key_id` and `secret_access_key`")?;
    Ok(())
}
