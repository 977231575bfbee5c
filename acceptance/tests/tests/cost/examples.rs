//! The examples of the registry, the artefact, the functions, and the stack in which a saved plan is stopped.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use acceptance_tests::{Provider, Workspace};
use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use crate::scene::{Scene, TWO_HOURS, open_in, records_in, scene};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn example(place: &str) -> Result<String> {
    let path = repository().join("examples").join(place);
    fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))
}

#[test]
fn the_examples_of_gate_and_decision_apply() -> Result<()> {
    let mut scene = scene!("examples of the gate");
    scene.ws.set_env("TF_VAR_window_start", scene.window_start());
    scene.configure(&example("data-sources/hybridops_cost_gate/data-source.tf")?)?;
    scene.ws.apply()?.ok()?;
    ensure!(scene.ws.outputs()?["cost"]["projected"] == json!(TWO_HOURS));
    scene.ws.expect_empty_plan()?;
    scene.configure(&example("resources/hybridops_cost_decision/resource.tf")?)?;
    scene.ws.apply()?.ok()?;
    scene.ws.expect_empty_plan()?;
    scene.ws.set_env("TF_VAR_active_site", "onprem");
    scene.ws.apply()?.ok()?;
    ensure!(open_in(&scene.records()?).is_empty());
    Ok(())
}

#[test]
fn functions_spell_and_tell() -> Result<()> {
    let scene = scene!("functions");
    scene.configure(&example("functions/cost_tags/function.tf")?)?;
    scene.ws.apply()?.ok()?;
    let told = scene.ws.outputs()?;
    ensure!(told["azure"]["cost:env"] == json!("prod"), "{told:#}");
    ensure!(
        told["proxmox"].as_array().is_some_and(|tags| tags.contains(&json!("cost-env.prod"))),
        "{told:#}"
    );
    scene.ws.expect_empty_plan()?;
    scene.configure(&example("functions/explain/function.tf")?)?;
    scene.ws.apply()?.ok()?;
    let why = scene.ws.outputs()?["why"].as_str().unwrap_or_default().to_owned();
    ensure!(why.contains("FROM_FUTURE") && why.contains("look at the clocks"), "{why}");
    for (call, told) in [
        ("cost_tags(\"mars\", { env = \"prod\" })", "no target of cost tags"),
        ("cost_tags(\"aws\", { colour = \"red\" })", "no cost tag"),
        ("cost_tags(\"netbox\", { env = \"prod\", \"cost:env\" = \"test\" })", "given twice"),
        ("explain(\"{}\")", "no decision"),
        ("explain(\"{\")", "no decision"),
    ] {
        scene.configure(&format!("output \"it\" {{ value = provider::hybridops::{call} }}"))?;
        scene.ws.plan()?.fails()?.says(told)?;
    }
    Ok(())
}

#[test]
fn an_artefact_is_written_once_and_stays() -> Result<()> {
    let mut scene = scene!("an artefact");
    let text = example("resources/hybridops_cost_artifact/resource.tf")?;
    scene.ws.set_env("TF_VAR_run_id", "tf-1");
    scene.configure(&text)?;
    scene.ws.apply()?.ok()?;
    let at = "hybridops_cost_artifact.dr";
    ensure!(
        *scene.ws.state()?.get(at, "hourly")? == json!("0.751"),
        "{:?}",
        scene.ws.state()?.get(at, "hourly")?
    );
    ensure!(*scene.ws.state()?.get(at, "path")? == json!("dr-aks/cost-run-tf-1.json"));
    scene.ws.expect_empty_plan()?;
    // The gate reads it.
    let gate = Workspace::ready(&[Provider::hybridops()?])?;
    let place = |name: &str| format!("\"{}\"", scene.ws.path(name).display());
    gate.write(
        "main.tf",
        &format!(
            "provider \"hybridops\" {{\n  cost = {{\n    artifacts = {}\n    policy = {}\n    spend = {}\n  }}\n}}\n{}",
            place("output/artifacts/cost"),
            place("cost/policy.json"),
            place("cost/spend.json"),
            scene.gate("  run_id = \"tf-1\"\n  enforce = \"error_on_warn\"")
        ),
    )?;
    gate.plan()?.ok()?;
    // As if the apply had ended before it could say so: the same is taken over.
    let file = scene.ws.path(&Scene::place("dr-aks", "tf-1"));
    let before = fs::read(&file)?;
    scene.ws.remove("terraform.tfstate")?;
    std::thread::sleep(std::time::Duration::from_millis(1100));
    scene.ws.apply()?.ok()?;
    ensure!(fs::read(&file)? == before);
    // Something else needs another run id.
    scene.configure(&text.replace("\"0.4100\"", "\"0.5100\""))?;
    scene.ws.plan()?.fails()?.says("A run id is used once")?;
    scene.ws.remove("terraform.tfstate")?;
    scene.ws.apply()?.fails()?.says("says something else; a run id is used once")?;
    scene.ws.set_env("TF_VAR_run_id", "tf-2");
    scene.ws.apply()?.ok()?;
    // What somebody changed is told, and what is removed is written again.
    let second = Scene::place("dr-aks", "tf-2");
    let whole = scene.ws.read(&second)?;
    scene.ws.write(&second, "{}")?;
    scene.ws.plan()?.ok()?.says("is not the one that was written")?;
    scene.ws.write(&second, &whole)?;
    scene.ws.expect_empty_plan()?;
    scene.ws.destroy()?.ok()?;
    ensure!(scene.ws.path(&second).is_file(), "decisions refer to it");
    // A line without a price is no line for nothing.
    scene.ws.set_env("TF_VAR_run_id", "tf-3");
    scene.configure(&text.replacen("price    = \"0.4100\"", "", 1))?;
    scene.ws.apply()?.ok()?;
    gate.write("main.tf", &gate.read("main.tf")?.replace("tf-1", "tf-3"))?;
    gate.plan()?.fails()?.says("COVERAGE")?;
    Ok(())
}

/// Copies the files of a directory into a workspace.
fn copy(from: &Path, ws: &Workspace, to: &str) -> Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            let name = entry.file_name().to_string_lossy().into_owned();
            ws.write(&format!("{to}{name}"), &fs::read_to_string(entry.path())?)?;
        }
    }
    Ok(())
}

#[test]
fn the_stack_in_which_a_saved_plan_is_stopped() -> Result<()> {
    let scene = scene!("the stack of the cost gate");
    let stack = repository().join("examples/stacks/cost-gate");
    let documents = scene.ws.path("stack");
    fs::create_dir_all(documents.join("output"))?;
    fs::copy(stack.join("policy.json"), documents.join("policy.json"))?;
    let spend = |amount: &str| -> Result<()> {
        let done = Command::new(stack.join("spend")).arg(amount).current_dir(&documents).status()?;
        ensure!(done.success(), "spend");
        Ok(())
    };
    let root = |name: &str| -> Result<Workspace> {
        let mut ws = Workspace::new(&[Provider::hybridops()?])?;
        ws.remove("versions.tf")?;
        let text = fs::read_to_string(stack.join(name).join("main.tf"))?;
        ws.write("main.tf", &text.replace("../../../../modules/cost-guardrail", "./guardrail"))?;
        copy(&repository().join("modules/cost-guardrail"), &ws, "guardrail/")?;
        ws.set_env("TF_VAR_artifacts", documents.join("output/artifacts/cost").display().to_string());
        ws.set_env("TF_VAR_documents", documents.display().to_string());
        ws.set_env("TF_VAR_run_id", "run-1");
        ws.init()?.ok()?;
        Ok(ws)
    };
    spend("312.40")?;
    root("estimate")?.apply()?.ok()?;
    let mut ws = root("failover")?;
    ws.set_env("TF_VAR_active_site", "azure");
    ws.set_env("TF_VAR_window_start", scene.window_start());
    ws.plan()?.ok()?;
    spend("470.00")?;
    let stopped = ws.apply_plan()?.fails()?;
    stopped.says("BUDGET_EXCEEDED")?.says("470.00 spent + 0 reserved + 49.4496 projected = 519.4496")?;
    ensure!(
        !ws.path("terraform.tfstate").is_file()
            || ws.state()?.addresses().iter().all(|at| !at.contains("pool"))
    );
    spend("312.40")?;
    ws.plan()?.ok()?;
    ws.apply_plan()?.ok()?;
    ws.expect_empty_plan()?;
    // What was decided stands, whatever the gate would say now.
    spend("470.00")?;
    ws.expect_empty_plan()?;
    ensure!(open_in(&records_in(&documents.join("output/ledger/prod"))?).len() == 1);
    ws.set_env("TF_VAR_active_site", "onprem");
    ws.apply()?.ok()?;
    ensure!(open_in(&records_in(&documents.join("output/ledger/prod"))?).is_empty());
    Ok(())
}
