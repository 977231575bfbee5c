//! Virtual machines, containers and templates: the provider's tags beside their own.

use anyhow::{Result, ensure};
use hybridops_lab::{Effect, RequestFault};
use serde_json::json;

use crate::scene::{CARRIERS, Scene, expect_tags_only, provider, scene};

/// All three resources, each with one tag of its own.
fn declared(scene: &Scene, tags: Option<&str>) -> Result<()> {
    let all: String = CARRIERS.iter().map(|carrier| carrier.hcl(tags)).collect();
    scene.ws.write("main.tf", &all)
}

#[test]
fn they_are_put_changed_and_taken_back() -> Result<()> {
    let scene = scene!();
    declared(&scene, Some("[\"App\"]"))?;
    provider(&scene.ws, &[("env", "dev"), ("owner", "it"), ("component", "db-01"), ("purpose", "baseline")])?;
    scene.converge()?;
    let words = ["cost-component.db-01", "cost-env.dev", "cost-owner.it", "cost-purpose.baseline"];
    for carrier in CARRIERS {
        scene.expect_tags(carrier, &[&["app"], words.as_slice()].concat())?;
        scene.expect_cost_tags(carrier, &words)?;
        ensure!(scene.ws.state()?.get(carrier.address, "tags")? == &json!(["App"]), "its own tags");
    }
    // Another value: tags change in place, and nothing else.
    provider(&scene.ws, &[("env", "prod"), ("owner", "it")])?;
    let plan = scene.ws.planned()?;
    for carrier in CARRIERS {
        expect_tags_only(&plan.change(carrier.address)?)?;
    }
    scene.lab.journal().clear();
    scene.ws.apply_plan()?.ok()?;
    ensure!(scene.power_requests().is_empty(), "{:?}", scene.power_requests());
    scene.ws.expect_empty_plan()?;
    for carrier in CARRIERS {
        scene.expect_tags(carrier, &["app", "cost-env.prod", "cost-owner.it"])?;
    }
    // The section is removed.
    provider(&scene.ws, &[])?;
    let plan = scene.ws.planned()?;
    for carrier in CARRIERS {
        expect_tags_only(&plan.change(carrier.address)?)?;
    }
    scene.ws.apply_plan()?.ok()?;
    scene.ws.expect_empty_plan()?;
    for carrier in CARRIERS {
        scene.expect_tags(carrier, &["app"])?;
        scene.expect_cost_tags(carrier, &[])?;
    }
    scene.ws.destroy()?.ok().map(drop)
}

#[test]
fn a_tag_of_their_own_wins() -> Result<()> {
    let scene = scene!();
    provider(&scene.ws, &[("env", "prod"), ("owner", "it")])?;
    declared(&scene, Some("[\"app\", \"cost-env.staging\"]"))?;
    scene.converge()?;
    for carrier in CARRIERS {
        scene.expect_tags(carrier, &["app", "cost-env.staging", "cost-owner.it"])?;
        scene.expect_cost_tags(carrier, &["cost-owner.it"])?;
    }
    // The same word is the guest's own, too.
    declared(&scene, Some("[\"app\", \"cost-env.prod\"]"))?;
    scene.converge()?;
    for carrier in CARRIERS {
        scene.expect_tags(carrier, &["app", "cost-env.prod", "cost-owner.it"])?;
        scene.expect_cost_tags(carrier, &["cost-owner.it"])?;
    }
    // It says nothing of it any more.
    declared(&scene, Some("[\"app\"]"))?;
    scene.converge()?;
    for carrier in CARRIERS {
        scene.expect_tags(carrier, &["app", "cost-env.prod", "cost-owner.it"])?;
        scene.expect_cost_tags(carrier, &["cost-env.prod", "cost-owner.it"])?;
    }
    // And says it again, otherwise.
    declared(&scene, Some("[\"app\", \"cost-env.drill\"]"))?;
    scene.converge()?;
    for carrier in CARRIERS {
        scene.expect_tags(carrier, &["app", "cost-env.drill", "cost-owner.it"])?;
    }
    Ok(())
}

#[test]
fn what_others_take_away_comes_back() -> Result<()> {
    let scene = scene!();
    provider(&scene.ws, &[("env", "prod"), ("owner", "it")])?;
    for tags in [Some("[\"app\"]"), None] {
        declared(&scene, tags)?;
        scene.converge()?;
        for carrier in CARRIERS {
            let own = [&["cost-owner.it", "app"], carrier.own].concat();
            scene.retag(carrier, &own.join(";"))?;
        }
        let plan = scene.ws.planned()?;
        for carrier in CARRIERS {
            expect_tags_only(&plan.change(carrier.address)?)?;
        }
        scene.ws.apply_plan()?.ok()?;
        scene.ws.expect_empty_plan()?;
        for carrier in CARRIERS {
            scene.expect_tags(carrier, &["app", "cost-env.prod", "cost-owner.it"])?;
        }
    }
    // A tag about the same fact that nobody declared gives way.
    for carrier in CARRIERS {
        let own = [&["cost-env.prod", "cost-env.else", "cost-owner.it", "app"], carrier.own].concat();
        scene.retag(carrier, &own.join(";"))?;
    }
    scene.converge()?;
    for carrier in CARRIERS {
        scene.expect_tags(carrier, &["app", "cost-env.prod", "cost-owner.it"])?;
    }
    Ok(())
}

#[test]
fn a_run_that_is_killed_is_gone_on_with() -> Result<()> {
    let scene = scene!();
    for tags in [Some("[\"app\"]"), None] {
        for effect in [Effect::KillClientBefore, Effect::KillClientAfter] {
            declared(&scene, tags)?;
            provider(&scene.ws, &[("env", "dev")])?;
            scene.converge()?;
            for method in ["POST", "PUT"] {
                let (method, path) = (method.to_owned(), "/config$".to_owned());
                let fault = RequestFault { method, path, nth: 1, times: 9, effect: effect.clone() };
                scene.lab.faults().add(fault)?;
            }
            provider(&scene.ws, &[("env", "prod"), ("owner", "it")])?;
            scene.ws.apply()?.fails()?;
            scene.lab.faults().clear();
            scene.converge()?;
            for carrier in CARRIERS {
                scene.expect_tags(carrier, &["app", "cost-env.prod", "cost-owner.it"])?;
                scene.expect_cost_tags(carrier, &["cost-env.prod", "cost-owner.it"])?;
            }
        }
    }
    Ok(())
}

#[test]
fn an_import_plans_nothing() -> Result<()> {
    let scene = scene!();
    provider(&scene.ws, &[("env", "prod"), ("owner", "it")])?;
    declared(&scene, Some("[\"app\"]"))?;
    scene.converge()?;
    let second = scene.another_workspace()?;
    for file in ["provider.tf", "main.tf"] {
        second.write(file, &scene.ws.read(file)?)?;
    }
    for carrier in CARRIERS {
        second.import(carrier.address, &scene.vmid(carrier)?.to_string())?.ok()?;
        let state = second.state()?;
        ensure!(state.get(carrier.address, "tags")? == &json!(["app"]), "tags");
        ensure!(
            state.get(carrier.address, "cost_tags")? == &json!(["cost-env.prod", "cost-owner.it"]),
            "cost"
        );
    }
    second.expect_empty_plan().map(drop)
}
