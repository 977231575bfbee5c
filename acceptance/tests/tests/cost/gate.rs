//! `hybridops_cost_gate`: what it tells, and what each `enforce` makes of it.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::scene::{TWO_HOURS, scene};

#[test]
fn a_plan_tells_every_rule_while_the_site_is_down() -> Result<()> {
    let scene = scene!("the gate");
    let outputs = r#"
output "gate" {
  value = {
    allowed = data.hybridops_cost_gate.dr.allowed, verdict = data.hybridops_cost_gate.dr.verdict
    id = data.hybridops_cost_gate.dr.decision_id, digest = data.hybridops_cost_gate.dr.input_digest
    projection = data.hybridops_cost_gate.dr.projection, rules = data.hybridops_cost_gate.dr.rules
    explanation = data.hybridops_cost_gate.dr.explanation, decision = data.hybridops_cost_gate.dr.decision
    request = data.hybridops_cost_gate.dr.request, open = data.hybridops_cost_gate.dr.open_decision_id
  }
}
"#;
    scene.configure(&format!("{}{outputs}", scene.gate("")))?;
    scene
        .ws
        .plan()?
        .ok()?
        .says("The cost gate allows it")?
        .says("Nothing enforces this here")?
        .says("hourly.max 1.01028 EUR/Hour, at most 5.00")?
        .says("30.02056 EUR, warns from 90.00 on, at most 100.00")?;
    scene.ws.apply()?.ok()?;
    let told = scene.ws.outputs()?["gate"].clone();
    ensure!(told["allowed"] == json!(true) && told["verdict"] == json!("allow"), "{told:#}");
    ensure!(told["projection"]["projected"] == json!(TWO_HOURS), "{told:#}");
    let digest = told["digest"].as_str().unwrap_or_default().trim_start_matches("sha256:").to_owned();
    ensure!(told["id"] == json!(format!("cd_{}", &digest[..32])), "{told:#}");
    ensure!(told["request"]["components"] == json!(["dr-aks"]), "{told:#}");
    // Ages are other ones at each plan: nothing of them may be in what is compared.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    scene.ws.expect_empty_plan()?;
    scene.ws.destroy()?.ok()?;
    Ok(())
}

#[test]
fn each_enforce_makes_its_own_of_a_verdict() -> Result<()> {
    let scene = scene!("enforce");
    // (spent, enforce, fails, shows)
    for (spent, enforce, fails, shows) in [
        ("10.00", "report", false, true),
        ("10.00", "warn", false, false),
        ("10.00", "error", false, false),
        ("10.00", "error_on_warn", false, false),
        ("70.00", "report", false, true),
        ("70.00", "warn", false, true),
        ("70.00", "error", false, true),
        ("70.00", "error_on_warn", true, true),
        ("90.00", "report", false, true),
        ("90.00", "warn", false, true),
        ("90.00", "error", true, true),
        ("90.00", "error_on_warn", true, true),
    ] {
        scene.spend(spent)?;
        scene.configure(&scene.gate(&format!("  enforce = \"{enforce}\"")))?;
        let plan = scene.ws.plan()?;
        ensure!(plan.status.success() != fails, "{spent} {enforce}: {plan}");
        ensure!(plan.text().contains("The cost gate") == shows, "{spent} {enforce}: {plan}");
        let code = match spent {
            "70.00" => "BUDGET_WARN",
            "90.00" => "BUDGET_EXCEEDED",
            _ => continue,
        };
        if shows {
            plan.says(code)?.says("20.02056 projected")?;
        }
    }
    Ok(())
}

#[test]
fn spending_less_is_never_gated() -> Result<()> {
    let scene = scene!("spending less");
    // No policy, no artefact, and a ledger that cannot be one.
    scene.ws.remove("cost/policy.json")?;
    scene.ws.write("ledger", "a file where a directory is meant")?;
    for action in ["none", "failback", "scale_down", "stop"] {
        let gate = scene.gate("  enforce = \"error_on_warn\"").replace("failover", action);
        let decision = scene.decision("").replace("failover", action);
        scene.configure(&format!(
            "{gate}{decision}output \"reasons\" {{ value = hybridops_cost_decision.dr.reason_codes }}"
        ))?;
        scene.ws.apply()?.ok()?;
        ensure!(scene.ws.outputs()?["reasons"] == json!(["NOT_COSTLY"]), "{action}");
        scene.ws.expect_empty_plan()?;
    }
    scene.ws.destroy()?.ok()?;
    Ok(())
}

#[test]
fn a_simulation_allows_nothing_and_may_set_the_clock() -> Result<()> {
    let scene = scene!("a simulation");
    let output = "output \"allowed\" { value = [data.hybridops_cost_gate.dr.allowed, data.hybridops_cost_gate.dr.next] }";
    scene.configure(&format!("{}{output}", scene.gate("  mode = \"simulate\"")))?;
    scene.ws.apply()?.ok()?.says("The cost gate would allow it")?;
    ensure!(scene.ws.outputs()?["allowed"] == json!([false, "simulated"]));
    scene.configure(&scene.gate("  mode = \"simulate\"\n  now = \"2099-01-01T00:00:00Z\""))?;
    scene.ws.plan()?.ok()?.says("POLICY_EXPIRED")?;
    scene.configure(&scene.gate("  now = \"2099-01-01T00:00:00Z\""))?;
    scene.ws.plan()?.fails()?.says("The clock can be set in a simulation only")?;
    Ok(())
}

#[test]
fn what_was_decided_is_written_once() -> Result<()> {
    let scene = scene!("record_dir");
    scene.configure(&scene.gate("  record_dir = \"record\""))?;
    for _ in 0..2 {
        scene.ws.plan()?.ok()?;
    }
    let written = std::fs::read_dir(scene.ws.path("record"))?.collect::<std::io::Result<Vec<_>>>()?;
    ensure!(written.len() == 1, "{written:?}");
    ensure!(scene.records()?.is_empty(), "the gate writes no ledger");
    Ok(())
}
