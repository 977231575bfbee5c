//! State written before there were cost tags: nothing changes for who does not use them.

use anyhow::{Context as _, Result};

use crate::scene::{CARRIERS, Scene, provider, scene};

/// Takes the attribute out of the state, as an earlier version of the provider would have written it.
fn of_an_earlier_version(scene: &Scene) -> Result<()> {
    let mut state = scene.ws.state()?.json().clone();
    for resource in state["resources"].as_array_mut().context("resources")? {
        for instance in resource["instances"].as_array_mut().context("instances")? {
            let attributes = instance["attributes"].as_object_mut().context("attributes")?;
            attributes.remove("cost_tags").context("the attribute is in state")?;
        }
    }
    let serial = state["serial"].as_u64().unwrap_or_default();
    state["serial"] = (serial + 1).into();
    scene.ws.write_state(&state)
}

#[test]
fn nothing_is_planned() -> Result<()> {
    let scene = scene!();
    let guest = "resource \"hybridops_netbox_guest\" \"it\" {\n  name = \"web\"\n  cluster = \"pve1\"\n}\n";
    let kind = scene
        .netbox()?
        .insert("virtualization/cluster-types", serde_json::json!({"name": "PVE", "slug": "pve"}))?;
    scene.netbox()?.insert("virtualization/clusters", serde_json::json!({"name": "pve1", "type": kind}))?;
    provider(&scene.ws, &[])?;
    for tags in [Some("[\"app\"]"), None] {
        let guests: String = CARRIERS.iter().map(|carrier| carrier.hcl(tags)).collect();
        scene.ws.write("main.tf", &format!("{guests}{guest}"))?;
        scene.converge()?;
        of_an_earlier_version(&scene)?;
        for arguments in [&["-refresh=false"][..], &["-refresh-only"], &[]] {
            let output = scene.ws.plan_with(arguments)?.ok()?;
            output.says("No changes")?.is_silent_about("cost_tags")?;
        }
        scene.ws.expect_empty_plan()?;
    }
    // Used, they are put.
    scene.insert_tags(&["cost-env-prod"])?;
    provider(&scene.ws, &[("env", "prod")])?;
    scene.converge()?;
    for carrier in CARRIERS {
        scene.expect_tags(carrier, &["app", "cost-env.prod"])?;
    }
    Ok(())
}
