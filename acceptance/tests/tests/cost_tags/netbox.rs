//! Objects of NetBox: the tags of the provider by slug.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::scene::{Scene, provider, scene, tags};

const SITES: &str = "dcim/sites";
const MACHINES: &str = "virtualization/virtual-machines";
const SITE: &str = "hybridops_netbox_site.it";
const GUEST: &str = "hybridops_netbox_guest.it";

/// A site and a guest, each with these arguments.
fn declared(scene: &Scene, arguments: &str) -> Result<()> {
    scene.ws.write(
        "main.tf",
        &format!(
            "resource \"hybridops_netbox_site\" \"it\" {{\n  name = \"Amsterdam\"\n  {arguments}\n}}\n\
             resource \"hybridops_netbox_guest\" \"it\" {{\n  name = \"web\"\n  cluster = 1\n  {arguments}\n}}\n"
        ),
    )
}

/// NetBox with a cluster and tags.
fn furnished(scene: &Scene, slugs: &[&str]) -> Result<()> {
    let kind =
        scene.netbox()?.insert("virtualization/cluster-types", json!({"name": "PVE", "slug": "pve"}))?;
    scene.netbox()?.insert("virtualization/clusters", json!({"name": "pve1", "type": kind}))?;
    scene.insert_tags(slugs)
}

fn expect(scene: &Scene, slugs: &[&str]) -> Result<()> {
    for kind in [SITES, MACHINES] {
        let is = scene.slugs(kind)?;
        ensure!(is == tags(slugs.iter().copied()), "{kind}: {is:?}, not {slugs:?}");
    }
    Ok(())
}

#[test]
fn they_are_put_changed_and_taken_back() -> Result<()> {
    for arguments in ["tags = [\"web\"]", ""] {
        let scene = scene!();
        furnished(&scene, &["web", "cost-env-dev", "cost-env-prod", "cost-owner-it"])?;
        let own: &[&str] = if arguments.is_empty() { &[] } else { &["web"] };
        declared(&scene, arguments)?;
        provider(&scene.ws, &[("env", "dev"), ("owner", "it")])?;
        scene.converge()?;
        expect(&scene, &[own, &["cost-env-dev", "cost-owner-it"]].concat())?;
        provider(&scene.ws, &[("env", "prod"), ("owner", "it")])?;
        scene.ws.planned()?.expect(&[(SITE, "update"), (GUEST, "update")])?;
        scene.ws.apply_plan()?.ok()?;
        scene.ws.expect_empty_plan()?;
        expect(&scene, &[own, &["cost-env-prod", "cost-owner-it"]].concat())?;
        provider(&scene.ws, &[])?;
        scene.converge()?;
        expect(&scene, own)?;
        scene.ws.destroy()?.ok()?;
    }
    Ok(())
}

#[test]
fn tags_of_others_stay_and_own_ones_win() -> Result<()> {
    let scene = scene!();
    furnished(&scene, &["web", "others", "cost-env-prod", "cost-env-staging", "cost-owner-it"])?;
    provider(&scene.ws, &[("env", "prod"), ("owner", "it")])?;
    declared(&scene, "tags = [\"web\", \"cost-env-staging\"]")?;
    scene.converge()?;
    expect(&scene, &["web", "cost-env-staging", "cost-owner-it"])?;
    // The same word as the provider's.
    declared(&scene, "tags = [\"web\", \"cost-env-prod\"]")?;
    scene.converge()?;
    expect(&scene, &["web", "cost-env-prod", "cost-owner-it"])?;
    // Nothing declared: what others put stays, what the provider puts comes back.
    declared(&scene, "")?;
    scene.converge()?;
    for kind in [SITES, MACHINES] {
        let all = scene.netbox()?.objects(kind);
        let id = all.first().and_then(|one| one["id"].as_u64()).unwrap_or_default();
        scene.netbox()?.change(kind, id, json!({"tags": [{"slug": "others"}, {"slug": "cost-owner-it"}]}))?;
    }
    let plan = scene.ws.planned()?;
    plan.expect(&[(SITE, "update"), (GUEST, "update")])?;
    scene.ws.apply_plan()?.ok()?;
    scene.ws.expect_empty_plan()?;
    expect(&scene, &["others", "cost-env-prod", "cost-owner-it"])
}

#[test]
fn tags_that_do_not_exist_are_told_at_plan() -> Result<()> {
    let scene = scene!();
    furnished(&scene, &["web", "cost-owner-it"])?;
    provider(&scene.ws, &[("env", "prod"), ("owner", "it")])?;
    declared(&scene, "")?;
    let output = scene.ws.plan()?.fails()?;
    output
        .says("NetBox lacks tags that the provider puts on everything")?
        .says("cost-env-prod")?
        .says("depends_on")?
        .is_silent_about("cost-owner-it")?;
    ensure!(scene.netbox()?.objects(SITES).is_empty(), "a refused plan made something");
    // The same configuration makes it.
    declared(&scene, "depends_on = [hybridops_netbox_tag.env]")?;
    scene.ws.write(
        "tags.tf",
        "resource \"hybridops_netbox_tag\" \"env\" {\n  name = \"cost-env-prod\"\n  slug = \"cost-env-prod\"\n}\n",
    )?;
    scene.converge()?;
    expect(&scene, &["cost-env-prod", "cost-owner-it"])
}

#[test]
fn an_import_plans_nothing() -> Result<()> {
    let scene = scene!();
    furnished(&scene, &["web", "cost-env-prod"])?;
    provider(&scene.ws, &[("env", "prod")])?;
    declared(&scene, "tags = [\"web\"]")?;
    scene.converge()?;
    let second = scene.another_workspace()?;
    for file in ["provider.tf", "main.tf"] {
        second.write(file, &scene.ws.read(file)?)?;
    }
    for address in [SITE, GUEST] {
        let id = scene.ws.state()?.get(address, "id")?.to_string();
        second.import(address, id.trim_matches('"'))?.ok()?;
    }
    second.planned()?.expect(&[])?;
    second.expect_empty_plan().map(drop)
}
