//! The provider is killed while the container is made and while the instance is made in it; the next apply goes on with
//! what there is, and never makes a second container.

use std::time::Instant;

use acceptance_tests::postgresql::{Scene, query};
use anyhow::{Context as _, Result, ensure};
use hybridops_lab::{Effect, Moment, RequestFault, Stop, Strike};

use crate::support::{ADDRESS, expect_one_container, identifier, machine, on_host, scene};

/// Requests of the making of a container that are worth a kill: each kind once, before it and after it.
const REQUESTS: [(&str, &str); 3] =
    [("POST", "/nodes/pve1/lxc$"), ("PUT", "/lxc/[0-9]+/config$"), ("POST", "/status/start$")];

fn expect_converges(scene: &Scene, number: u8) -> Result<()> {
    let first: Vec<u32> = scene.lab.guests().iter().map(|guest| guest.vmid).collect();
    ensure!(first.len() <= 1, "{first:?}");
    scene.ws.apply()?.ok()?;
    scene.ws.expect_empty_plan()?;
    let inside = machine(scene, number)?;
    expect_one_container(scene, inside.vmid)?;
    ensure!(query(&[&inside.address], "SELECT 1")? == ["1"], "the role cannot log in");
    identifier(scene).map(drop)
}

#[test]
fn killed_while_the_container_is_made() -> Result<()> {
    let Some(scene) = scene("killed_while_the_container_is_made")? else { return Ok(()) };
    let (mut cases, began) = (0, Instant::now());
    let it = on_host(&scene, 61)?;
    for (method, path) in REQUESTS {
        for effect in [Effect::KillClientBefore, Effect::KillClientAfter] {
            scene.declare(&[&it])?;
            let told = format!("{effect:?} at {method} {path}");
            let fault =
                RequestFault { method: method.to_owned(), path: path.to_owned(), nth: 1, times: 1, effect };
            scene.lab.faults().add(fault)?;
            let output = scene.ws.apply()?;
            scene.lab.faults().clear();
            if output.status.success() {
                // No such request is made for this container.
                scene.tell(&format!("{told}: not asked"))?;
            } else {
                cases += 1;
                expect_converges(&scene, 61).with_context(|| told.clone())?;
                scene.tell(&format!("{told}: converged"))?;
            }
            scene.ws.destroy()?.ok()?;
            ensure!(scene.lab.guests().is_empty(), "{told}: a container is left");
        }
    }
    ensure!(cases >= 4, "the provider was killed only {cases} times");
    scene.tell(&format!("{cases} kills at the hypervisor's API in {:.0} s", began.elapsed().as_secs_f64()))
}

#[test]
fn killed_at_commands_of_the_node() -> Result<()> {
    let Some(scene) = scene("killed_at_commands_of_the_node")? else { return Ok(()) };
    let it = on_host(&scene, 62)?;
    let (mut cases, began) = (0_u32, Instant::now());
    // By how the scripts begin: the directory is looked at by the plan and by the apply before it is prepared.
    for (what, nth, moment) in [
        ("Looks at the directory of a node", 3, Moment::After),
        ("Waits until the container has come up", 1, Moment::Before),
        ("pct exec", 3, Moment::After),
        ("pct exec", 4, Moment::Before),
    ] {
        scene.declare(&[&it])?;
        let doors = scene.real()?.doors();
        doors.arm(Stop {
            target: "pve1".to_owned(),
            command: what.to_owned(),
            nth,
            moment,
            strike: Strike::KillClient,
            ..Stop::default()
        })?;
        let output = scene.ws.apply()?;
        doors.release();
        output.fails()?;
        cases += 1;
        expect_converges(&scene, 62).with_context(|| format!("killed {moment:?} {what:?} {nth}"))?;
        scene.tell(&format!("killed {moment:?} {what:?} {nth}: converged"))?;
        scene.ws.destroy()?.ok()?;
    }
    // The instance is what it was: made again on the data of the last run.
    scene.converge(&[&it])?;
    ensure!(scene.ws.state()?.get(ADDRESS, "running")? == true);
    scene.tell(&format!("{cases} kills at the node in {:.0} s", began.elapsed().as_secs_f64()))?;
    scene.ws.destroy()?.ok()?;
    Ok(())
}
