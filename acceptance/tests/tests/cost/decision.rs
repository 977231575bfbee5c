//! `hybridops_cost_decision`: what it reserves, seals, accepts, and gives back.

use std::thread;
use std::time::{Duration, Instant};

use acceptance_tests::{Provider, Workspace};
use anyhow::{Result, ensure};
use serde_json::json;

use crate::scene::{Scene, TWO_HOURS, open_in, records_in, scene};

const AT: &str = "hybridops_cost_decision.dr";

#[test]
fn a_decision_lives() -> Result<()> {
    let scene = scene!("a decision's life");
    let gate = scene.gate("");
    let by_gate = "resource \"hybridops_cost_decision\" \"dr\" {\n  request = data.hybridops_cost_gate.dr.request\n  \
                   pin     = data.hybridops_cost_gate.dr.pin\n}\n";
    scene.configure(&format!("{gate}{by_gate}"))?;
    let plan = scene.ws.planned()?;
    let pin = plan.change(AT)?.after("pin");
    ensure!(pin["projected"] == json!(TWO_HOURS), "the plan tells what it costs: {pin:#}");
    scene.ws.apply_plan()?.ok()?;
    // The gate sees what was reserved, and does not count it against itself. What it says later is no change.
    scene.ws.expect_empty_plan()?;
    scene.spend("11.00")?;
    scene.ws.expect_empty_plan()?;
    scene.spend("10.00")?;
    let records = scene.records()?;
    ensure!(records.len() == 1 && records[0]["ledger"]["seq"] == json!(1), "{records:#?}");
    ensure!(records[0]["reserves"][0]["amount"] == json!(TWO_HOURS), "{records:#?}");
    let id = scene.ws.state()?.get(AT, "decision_id")?.clone();
    ensure!(records[0]["decisionId"] == id && *scene.ws.state()?.get(AT, "ledger_seq")? == json!(1));
    // Another request is another decision, in the same place.
    scene.ws.write(
        "main.tf",
        &scene.ws.read("main.tf")?.replace("hours        = \"2\"", "hours        = \"3\""),
    )?;
    let plan = scene.ws.planned()?;
    plan.expect(&[(AT, "update")])?;
    scene.ws.apply_plan()?.ok()?;
    scene.ws.expect_empty_plan()?;
    let records = scene.records()?;
    ensure!(records.len() == 2 && records[1]["supersedes"] == id, "{records:#?}");
    ensure!(open_in(&records).len() == 1);
    // The chain holds.
    ensure!(records[1]["ledger"]["prev"] == records[0]["ledger"]["hash"]);
    // A destroy closes the window with the hours it was, not with those that were asked for.
    scene.ws.destroy()?.ok()?;
    let records = scene.records()?;
    ensure!(records.len() == 3 && open_in(&records).is_empty(), "{records:#?}");
    let hours: f64 = records[2]["actualHours"].as_str().unwrap_or("x").parse()?;
    ensure!((0.0..=1.5).contains(&hours), "{hours}");
    Ok(())
}

#[test]
fn what_changes_between_plan_and_apply() -> Result<()> {
    let scene = scene!("between plan and apply");
    let begin = |more: &str| -> Result<()> {
        let _ = std::fs::remove_file(scene.ws.path("terraform.tfstate"));
        let _ = std::fs::remove_dir_all(scene.ws.path("ledger"));
        scene.spend("10.00")?;
        scene.artifact("dr-aks", "run-1", 600, |text| text)?;
        scene.configure(&scene.pinned(more))?;
        scene.ws.plan()?.ok().map(drop)
    };
    let no_margin =
        |text: String| text.replace("\"uncertaintyPercent\": \"20\"", "\"uncertaintyPercent\": \"10\"");
    let more_margin =
        |text: String| text.replace("\"uncertaintyPercent\": \"20\"", "\"uncertaintyPercent\": \"30\"");
    // Other facts that are no worse.
    begin("")?;
    scene.spend("20.00")?;
    scene.artifact("dr-aks", "run-2", 60, no_margin)?;
    scene.ws.apply_plan()?.ok()?;
    ensure!(*scene.ws.state()?.get(AT, "projected")? == json!("18.35218"));
    scene.ws.remove(&Scene::place("dr-aks", "run-2"))?;
    // Dearer than planned, though there is money for it.
    begin("")?;
    scene.artifact("dr-aks", "run-2", 60, more_margin)?;
    scene.ws.apply_plan()?.fails()?.says("It costs more than was planned")?.says("20.02056 was planned")?;
    scene.ws.remove(&Scene::place("dr-aks", "run-2"))?;
    // No other facts at all.
    begin("  on_change = \"fail\"")?;
    scene.spend("11.00")?;
    scene.ws.apply_plan()?.fails()?.says("The facts of the decision have changed since the plan")?;
    begin("  on_change = \"fail\"")?;
    scene.ws.apply_plan()?.ok()?;
    // The one that was looked at, or none.
    let id = scene.ws.state()?.get(AT, "decision_id")?.as_str().unwrap_or_default().to_owned();
    begin(&format!("  expected_decision_id = \"{id}\""))?;
    scene.ws.apply_plan()?.ok()?;
    begin("")?;
    scene.spend("11.00")?;
    scene.configure(&scene.pinned(&format!("  expected_decision_id = \"{id}\"")))?;
    scene.ws.plan()?.fails()?.says("The decision is not the expected one")?;
    // Money that somebody else took meanwhile.
    begin("")?;
    let other = scene
        .decision("")
        .replace("\"dr\" {", "\"other\" {")
        .replace("hours        = \"2\"", "hours        = \"60\"");
    let rival = Workspace::ready(&[Provider::hybridops()?])?;
    let absolute = |text: &str| {
        let place = |name: &str| format!("\"{}\"", scene.ws.path(name).display());
        text.replace("\"cost/policy.json\"", &place("cost/policy.json"))
            .replace("\"cost/spend.json\"", &place("cost/spend.json"))
            .replace("\"ledger\"", &place("ledger"))
            .replace(
                "  cost = {",
                &format!("  cost = {{\n    artifacts = {}", place("output/artifacts/cost")),
            )
    };
    rival.write("main.tf", &absolute(&format!("{}{other}", scene.provider())))?;
    rival.apply()?.ok()?;
    scene.ws.apply_plan()?.fails()?.says("BUDGET_EXCEEDED")?.says("reserved")?;
    rival.destroy()?.ok()?;
    Ok(())
}

#[test]
fn two_at_once_never_take_the_same_money() -> Result<()> {
    let scene = scene!("two at once");
    scene.spend("0")?;
    // Each takes 35.17272, and 100 is there: two of five fit.
    let mut rivals = Vec::new();
    for rival in 0..5 {
        let ws = Workspace::ready(&[Provider::hybridops()?])?;
        let place = |name: &str| format!("\"{}\"", scene.ws.path(name).display());
        let decision = scene.decision("").replace(
            "hours        = \"2\"",
            &format!("hours        = \"17\"\n  requested_by = \"rival-{rival}\""),
        );
        let provider = scene
            .provider()
            .replace("\"cost/policy.json\"", &place("cost/policy.json"))
            .replace("\"cost/spend.json\"", &place("cost/spend.json"))
            .replace("\"ledger\"", &place("ledger"))
            .replace(
                "  cost = {",
                &format!("  cost = {{\n    artifacts = {}", place("output/artifacts/cost")),
            );
        ws.write("main.tf", &format!("{provider}{decision}"))?;
        ws.plan()?.ok()?;
        rivals.push(ws);
    }
    let ended: Vec<bool> = thread::scope(|scope| {
        let runs: Vec<_> = rivals.iter().map(|ws| scope.spawn(|| ws.apply_plan())).collect();
        runs.into_iter()
            .map(|run| run.join().is_ok_and(|run| run.is_ok_and(|run| run.status.success())))
            .collect()
    });
    ensure!(ended.iter().filter(|won| **won).count() == 2, "{ended:?}");
    let records = scene.records()?;
    ensure!(open_in(&records).len() == 2, "{records:#?}");
    for (ws, won) in rivals.iter().zip(&ended) {
        if !won {
            // Terraform plans before it destroys, and to make what was never decided is not allowed.
            ws.run(&["destroy", "-no-color", "-auto-approve", "-refresh=false"])?.ok()?;
        }
    }
    for (ws, _) in rivals.iter().zip(&ended).filter(|(_, won)| **won) {
        ws.destroy()?.ok()?;
    }
    ensure!(open_in(&scene.records()?).is_empty());
    Ok(())
}

#[test]
fn a_killed_apply_reserves_once() -> Result<()> {
    let scene = scene!("a killed apply");
    let slow = "resource \"terraform_data\" \"slow\" {\n  depends_on = [hybridops_cost_decision.dr]\n  \
                provisioner \"local-exec\" { command = \"sleep 30\" }\n}\n";
    scene.configure(&format!("{}{slow}", scene.decision("")))?;
    for round in 0..3 {
        let _ = std::fs::remove_file(scene.ws.path(".terraform.tfstate.lock.info"));
        let running =
            scene.ws.terraform()?.args(["apply", "-no-color", "-auto-approve", "-lock=false"]).start()?;
        let until = Instant::now() + Duration::from_secs(30);
        // The first is killed when its record is there; the others while they wait for what comes after.
        while scene.records()?.is_empty() && Instant::now() < until {
            thread::sleep(Duration::from_millis(5));
        }
        if round > 0 {
            thread::sleep(Duration::from_millis(700));
        }
        running.kill()?;
        scene.ws.expect_no_processes().or_else(|_| scene.ws.expect_no_processes())?;
        ensure!(open_in(&scene.records()?).len() == 1, "round {round}: {:#?}", scene.records()?);
    }
    // As if nothing of the state had been written either.
    let _ = std::fs::remove_file(scene.ws.path("terraform.tfstate"));
    scene.configure(&scene.decision(""))?;
    scene.ws.apply()?.ok()?;
    ensure!(open_in(&scene.records()?).len() == 1, "{:#?}", scene.records()?);
    scene.ws.expect_empty_plan()?;
    scene.ws.destroy()?.ok()?;
    ensure!(open_in(&scene.records()?).is_empty());
    Ok(())
}

#[test]
fn a_ledger_that_is_gone_or_changed_never_stops_a_destroy() -> Result<()> {
    let scene = scene!("a ledger that is gone");
    scene.configure(&scene.decision(""))?;
    for spoil in ["remove", "change", "block"] {
        let _ = std::fs::remove_dir_all(scene.ws.path("ledger"));
        let _ = std::fs::remove_file(scene.ws.path("ledger"));
        scene.ws.apply()?.ok()?;
        let record = "ledger/prod/000000000001.json";
        match spoil {
            "change" => {
                let text = scene.ws.read(record)?.replace("\"20.02056\"", "\"10.02056\"");
                scene.ws.write(record, &text)?;
                // It is said at each plan, and what costs is not allowed on such a ledger.
                scene.ws.plan()?.ok()?.says("changed after it was sealed")?;
                let _ =
                    scene.ws.run(&["plan", "-no-color", "-replace=hybridops_cost_decision.dr"])?.fails()?;
            }
            _ => {
                std::fs::remove_dir_all(scene.ws.path("ledger"))?;
                if spoil == "block" {
                    scene.ws.write("ledger", "a file where a directory is meant")?;
                }
            }
        }
        scene.ws.destroy()?.ok()?;
    }
    // Nothing is allowed that cannot be reserved.
    scene.ws.apply()?.fails()?.says("ledger")?;
    scene.ws.write("main.tf", &scene.ws.read("main.tf")?.replace("    ledger = \"ledger\"\n", ""))?;
    scene.ws.plan()?.fails()?.says("The decision has no ledger")?;
    Ok(())
}

#[test]
fn a_decision_closed_elsewhere_is_made_again() -> Result<()> {
    let scene = scene!("closed elsewhere");
    scene.configure(&scene.decision(""))?;
    scene.ws.apply()?.ok()?;
    let state = scene.ws.read("terraform.tfstate")?;
    scene.ws.destroy()?.ok()?;
    scene.ws.write("terraform.tfstate", &state)?;
    scene.ws.plan()?.ok()?.says("is not open any more")?;
    scene.ws.saved_plan()?.expect(&[(AT, "create")])?;
    scene.ws.apply()?.ok()?;
    ensure!(open_in(&records_in(&scene.ws.path("ledger/prod"))?).len() == 1);
    Ok(())
}

#[test]
fn an_extension_counts_the_hours_before_it() -> Result<()> {
    let scene = scene!("an extension");
    scene.spend("0")?;
    scene.policy(|policy| policy["caps"]["hours"] = json!("5"))?;
    scene.configure(&scene.decision(""))?;
    scene.ws.apply()?.ok()?;
    // Four more hours from when the two end make six.
    let later =
        (scene.window_start().parse::<jiff::Timestamp>()? + jiff::SignedDuration::from_hours(2)).to_string();
    let more = |hours: &str| {
        scene
            .decision("")
            .replace("hours        = \"2\"", &format!("hours        = \"{hours}\""))
            .replace(&scene.window_start(), &later)
    };
    scene.configure(&more("4"))?;
    scene.ws.plan()?.fails()?.says("DURATION_MAX")?.says("2 of them used already")?;
    scene.configure(&more("3"))?;
    scene.ws.apply()?.ok()?;
    ensure!(*scene.ws.state()?.get(AT, "hours_used")? == json!("2"));
    scene.ws.expect_empty_plan()?;
    // A decision without a window is none.
    let open = scene.decision("").replace("window_start", "# window_start");
    scene.configure(&open)?;
    scene.ws.plan()?.fails()?.says("The window of a decision has no beginning")?;
    Ok(())
}
