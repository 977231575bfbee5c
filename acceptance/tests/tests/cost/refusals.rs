//! Everything bad has its reason code and says what to do, and nothing is allowed by default.

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use crate::scene::{Scene, scene};

type Spoil = fn(&Scene) -> Result<()>;

/// What is bad, the code of it, and what to read about it.
const BAD: &[(&str, Spoil, &str, &str)] = &[
    (
        "no artefact",
        |scene| scene.ws.remove(&Scene::place("dr-aks", "run-1")),
        "ARTIFACT_MISSING",
        "run the pipeline that emits it",
    ),
    (
        "an artefact that is cut off",
        |scene| scene.artifact("dr-aks", "run-1", 600, |text| text[..text.len() / 2].to_owned()),
        "ARTIFACT_INVALID",
        "an older file is never taken instead",
    ),
    (
        "a newer artefact that is none",
        |scene| scene.ws.write(&Scene::place("dr-aks", "run-2"), "NaN"),
        "ARTIFACT_INVALID",
        "cost-run-run-2.json",
    ),
    (
        "totals that are not the sum of the lines",
        |scene| scene.artifact("dr-aks", "run-1", 600, |text| text.replace("\"0.8419\"", "\"0.8418\"")),
        "ARTIFACT_INVALID",
        "diffTotalHourlyCost",
    ),
    (
        "an artefact of another environment",
        |scene| {
            scene.artifact("dr-aks", "run-1", 600, |text| {
                text.replace("\"cost:env\": \"prod\"", "\"cost:env\": \"test\"")
            })
        },
        "ARTIFACT_MISMATCH",
        "asked for \"prod\"",
    ),
    (
        "an artefact of the day before yesterday",
        |scene| scene.artifact("dr-aks", "run-1", 172_800, |text| text),
        "ARTIFACT_STALE",
        "run the pipeline again",
    ),
    (
        "an artefact of tomorrow",
        |scene| scene.artifact("dr-aks", "run-1", -86_400, |text| text),
        "FROM_FUTURE",
        "look at the clocks",
    ),
    (
        "two that contradict each other",
        |scene| {
            scene.artifact("dr-aks", "run-2", 600, |text| {
                text.replace("\"uncertaintyPercent\": \"20\"", "\"uncertaintyPercent\": \"0\"")
            })
        },
        "INTEGRITY",
        "remove the other",
    ),
    (
        "a symbolic link",
        |scene| {
            let place = scene.ws.path(&Scene::place("dr-aks", "run-1"));
            std::fs::rename(&place, scene.ws.path("elsewhere.json"))?;
            Ok(std::os::unix::fs::symlink(scene.ws.path("elsewhere.json"), place)?)
        },
        "ARTIFACT_INVALID",
        "symbolic link",
    ),
    (
        "a pipe that nobody writes to",
        |scene| {
            let place = scene.ws.path(&Scene::place("dr-aks", "run-1"));
            std::fs::remove_file(&place)?;
            let made = std::process::Command::new("mkfifo").arg(&place).status()?;
            ensure!(made.success(), "no pipe");
            Ok(())
        },
        "ARTIFACT_INVALID",
        "pipe",
    ),
    (
        "nothing known of what was spent",
        |scene| scene.ws.remove("cost/spend.json"),
        "SPEND_STALE",
        "publish a snapshot",
    ),
    (
        "what was spent as no JSON",
        |scene| scene.ws.write("cost/spend.json", "{"),
        "SPEND_STALE",
        "Could not be read",
    ),
    ("too much spent", |scene| scene.spend("80.00"), "BUDGET_EXCEEDED", "above the limit 100.00"),
    (
        "no budget for it",
        |scene| scene.policy(|policy| policy["budgets"][0]["match"]["env"] = json!(["test"])),
        "NO_BUDGET",
        "no budget is for dr-aks in prod (dr)",
    ),
    (
        "a budget of nothing",
        |scene| {
            scene.policy(|policy| {
                policy["budgets"][0]["limit"] = json!("0");
                policy["budgets"][0]["warnAt"] = json!("0");
            })
        },
        "BUDGET_EXCEEDED",
        "above the limit 0",
    ),
    (
        "an hour that costs too much",
        |scene| scene.policy(|policy| policy["caps"]["hourly"] = json!("1.00")),
        "HOURLY_MAX",
        "1.01028",
    ),
    (
        "too many hours",
        |scene| scene.policy(|policy| policy["caps"]["hours"] = json!("1")),
        "DURATION_MAX",
        "2 hours, more than 1",
    ),
    (
        "too much in all",
        |scene| scene.policy(|policy| policy["caps"]["activation"] = json!("20")),
        "ACTIVATION_MAX",
        "20.02056",
    ),
    (
        "a policy that has expired",
        |scene| scene.policy(|policy| policy["validUntil"] = json!("2020-01-01T00:00:00Z")),
        "POLICY_EXPIRED",
        "publish a new one",
    ),
    (
        "an action nobody priced",
        |scene| scene.policy(|policy| policy["artifact"]["requires"] = json!(["dns.switch"])),
        "COVERAGE",
        "dns.switch",
    ),
    (
        "another currency",
        |scene| scene.policy(|policy| policy["currency"] = json!("USD")),
        "CURRENCY",
        "pin a table of rates",
    ),
    (
        "signatures that are not there",
        |scene| {
            scene.policy(|policy| {
                policy["artifact"]["signers"] =
                    json!([{"keyId": "ci", "publicKey": "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="}]);
            })
        },
        "ARTIFACT_UNSIGNED",
        "not signed by a key of the policy",
    ),
];

#[test]
fn everything_bad_has_its_code_and_is_not_allowed() -> Result<()> {
    let scene = scene!("bad inputs");
    let output = "output \"it\" { value = [data.hybridops_cost_gate.dr.allowed, data.hybridops_cost_gate.dr.reason_codes] }";
    for (what, spoil, code, advice) in BAD {
        std::fs::remove_dir_all(scene.ws.path("output"))?;
        scene.policy(|_| {})?;
        scene.spend("10.00")?;
        scene.artifact("dr-aks", "run-1", 600, |text| text)?;
        spoil(&scene).context(*what)?;
        scene.configure(&format!("{}{output}", scene.gate("")))?;
        let plan = scene.ws.plan()?.ok()?.says(advice).context(*what)?;
        let told = scene.ws.saved_plan()?.json()["planned_values"]["outputs"]["it"]["value"].clone();
        ensure!(told[0] == json!(false), "{what}: {told}");
        ensure!(
            told[1].as_array().is_some_and(|codes| codes.contains(&json!(code))),
            "{what}: {told} {plan}"
        );
    }
    // The same stops a decision.
    scene.configure(&scene.decision(""))?;
    scene.ws.plan()?.fails()?.says("The cost gate blocks: ARTIFACT_UNSIGNED")?;
    ensure!(scene.records()?.is_empty(), "a plan records nothing");
    Ok(())
}

#[test]
fn a_run_is_taken_exactly() -> Result<()> {
    let scene = scene!("run_id");
    scene.artifact("dr-aks", "run-2", 60, |text| text)?;
    scene.configure(&format!(
        "{}output \"paths\" {{ value = data.hybridops_cost_gate.dr.artifacts[*].path }}",
        scene.gate("  run_id = \"run-1\"")
    ))?;
    scene.ws.apply()?.ok()?;
    ensure!(scene.ws.outputs()?["paths"] == json!(["dr-aks/cost-run-run-1.json"]));
    scene.configure(&scene.gate("  run_id = \"run-3\""))?;
    scene.ws.plan()?.ok()?.says("ARTIFACT_MISSING")?.says("cost-run-run-3.json")?;
    Ok(())
}

#[test]
fn what_is_no_question_is_refused_by_name() -> Result<()> {
    let scene = scene!("bad questions");
    for (from, to, told) in [
        ("\"failover\"", "\"Fail Over\"", "lower-case letters"),
        ("[\"dr-aks\"]", "[\"../etc\"]", "lower-case letters, digits and hyphens"),
        ("[\"dr-aks\"]", "[]", "components"),
        ("purpose      = \"dr\"", "purpose      = \"fun\"", "purpose"),
        ("hours        = \"2\"", "hours        = \"1e3\"", "without exponent"),
        ("hours        = \"2\"", "hours        = \"-1\"", "decimal number of hours"),
        ("hours        = \"2\"", "hours        = \"9000\"", "at most 8760"),
        ("hours        = \"2\"", "hours        = \"0\"", "more than 0"),
        ("window_start = \"2", "window_start = \"x2", "a time in UTC"),
        (":00:00Z\"", ":07:00Z\"", "quarter of an hour"),
        ("\"prod\"", "\"Prod\"", "env"),
    ] {
        let gate = scene.gate("");
        ensure!(gate.contains(from), "{from}");
        scene.configure(&gate.replacen(from, to, 1))?;
        scene.ws.plan()?.fails()?.says(told)?;
    }
    scene.configure(&scene.gate("  run_id = \"a..b\""))?;
    scene.ws.plan()?.fails()?.says("without `..`")?;
    scene.configure(&scene.gate("  sources = { policy = \"http://example.com/p.json\" }"))?;
    scene.ws.plan()?.fails()?.says("s3://bucket/folder")?;
    // A policy is an error and no verdict: it is what judges.
    for (text, told) in [("{", "line 1"), ("{\"schema\": \"x\"}", "hybridops.cost-policy")] {
        scene.ws.write("cost/policy.json", text)?;
        scene.configure(&scene.gate(""))?;
        scene.ws.plan()?.fails()?.says("The policy of the cost gate cannot be read")?.says(told)?;
    }
    scene.ws.remove("cost/policy.json")?;
    scene.ws.plan()?.fails()?.says("there is no such file")?;
    scene.ws.write("main.tf", &scene.gate(""))?;
    scene.ws.plan()?.fails()?.says("The cost gate has no policy")?;
    Ok(())
}
