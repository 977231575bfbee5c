//! What others do to the files, and what only looks like it.

use anyhow::Result;
use hybridops_lab::NodeState;
use serde_json::json;

use crate::{IT, Scene, iso, scene};

/// An image on two nodes.
fn made(it: &Scene) -> Result<String> {
    let sum = it.publish("tiny.iso", &iso("one"))?;
    it.declare_iso("[\"pve1\", \"pve2\"]", &format!("checksum = \"{sum}\""))?;
    it.ws.apply()?.ok()?;
    it.volume()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_file_is_brought_again() -> Result<()> {
    let it = scene!("pve1", "pve2");
    let volume = made(&it)?;
    it.steal("pve2", &volume)?;
    let plan = it.ws.planned()?;
    plan.expect(&[(IT, "update")])?;
    assert_eq!(plan.change(IT)?.before("volumes"), &json!({"pve1": volume}));
    it.lab.journal().clear();
    it.ws.apply_plan()?.ok()?;
    assert_eq!(it.writes(), ["POST /nodes/{node}/storage/{storage}/download-url"]);
    assert_eq!(it.content("pve2", &volume)?, iso("one"));
    it.ws.expect_empty_plan()?;
    it.steal("pve1", &volume)?;
    it.steal("pve2", &volume)?;
    it.ws.planned()?.expect(&[(IT, "create")])?;
    it.ws.apply_plan()?.ok()?;
    it.ws.expect_empty_plan()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_is_removed_and_brought_again() -> Result<()> {
    let it = scene!("pve1", "pve2");
    let volume = made(&it)?;
    it.smuggle("pve2", &volume, b"something else")?;
    let plan = it.ws.plan()?.ok()?;
    plan.says("was changed")?;
    it.ws.saved_plan()?.expect(&[(IT, "update")])?;
    it.ws.apply_plan()?.ok()?;
    assert_eq!(it.content("pve2", &volume)?, iso("one"));
    it.ws.expect_empty_plan()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_not_absence() -> Result<()> {
    let it = scene!("pve1", "pve2");
    made(&it)?;
    it.lab.set_node("pve2", NodeState::Offline);
    it.ws.expect_empty_plan()?.says("node pve2 is offline")?;
    it.lab.set_node("pve2", NodeState::Online);
    it.lab.set_storage_broken("local", true);
    it.ws.expect_empty_plan()?.says("The state is kept as it was")?;
    it.lab.set_storage_broken("local", false);
    it.ws.expect_empty_plan()?.is_silent_about("The state is kept")?;
    // Destroying what cannot be seen would lose track of it.
    it.lab.set_node("pve2", NodeState::Offline);
    it.ws.destroy()?.fails()?.says("node pve2 is offline")?;
    assert_eq!(it.ws.state()?.get(IT, "volumes")?.as_object().map(serde_json::Map::len), Some(1));
    it.lab.set_node("pve2", NodeState::Online);
    it.ws.destroy()?.ok()?;
    assert!(it.files("pve1/local").is_empty() && it.files("pve2/local").is_empty());
    Ok(())
}
