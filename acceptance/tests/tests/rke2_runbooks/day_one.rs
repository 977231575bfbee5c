//! Bring-up, and the loss of a node.

use acceptance_tests::kubernetes::{Scene, Wanted};
use acceptance_tests::runbook::{Runbook, give};
use anyhow::Result;

use crate::{RKE2, bring_up, identities, machines};

#[test]
fn servers_and_an_agent_are_brought_up() -> Result<()> {
    let test = "servers_and_an_agent_are_brought_up";
    let Some(mut scene) = Scene::with(test, Wanted::default())? else { return Ok(()) };
    let [a, b, c, d] = scene.machines(11, ["a", "b", "c", "d"])?;
    let runbook = bring_up(&mut scene, &[&a, &b, &c])?;
    give(&mut scene.ws, &[("agents", machines(&[&d]))]);
    runbook.part(&scene.ws, "3. Add an agent")?;
    scene.expect_nodes(RKE2, &a, "v1.33.4", &[&a, &b, &c, &d])?;
    scene.tell("bring-up ran as it stands")
}

#[test]
fn a_lost_node_is_replaced() -> Result<()> {
    let Some(mut scene) = Scene::with("a_lost_node_is_replaced", Wanted::default())? else { return Ok(()) };
    let [a, b, c] = scene.machines(11, ["a", "b", "c"])?;
    bring_up(&mut scene, &[&a, &b, &c])?;
    let lost = scene.members(RKE2, &a)?;
    scene.remove(&c)?;
    scene.tell("c was lost with all that was on it")?;
    let loss = Runbook::read("rke2-node-loss.md")?;
    loss.part(&scene.ws, "Look")?;
    let c = scene.machine("c", 13)?;
    give(&mut scene.ws, &[("machine_ids", identities(&[(&a, 1), (&b, 1), (&c, 2)]))]);
    loss.part(&scene.ws, "Put another machine in its place")?;
    scene.expect_voters(RKE2, &a, &[&a, &b, &c])?;
    scene.expect_nodes(RKE2, &a, "v1.33.4", &[&a, &b, &c])?;
    let kept = scene.members(RKE2, &a)?.iter().filter(|member| lost.contains(member)).count();
    anyhow::ensure!(kept == 2, "{kept} members are those of before");
    scene.tell("node loss ran as it stands")
}
