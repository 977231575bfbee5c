//! The runbooks of clusters, executed as they stand in `docs/runbooks`, with the stand-in for RKE2.

mod change;
mod day_one;
mod restore;

use std::fmt::Write as _;

use acceptance_tests::kubernetes::{ACCEPTED, Distribution, JOIN_TOKEN, Machine, Scene};
use acceptance_tests::runbook::{Runbook, give};
use anyhow::Result;

pub(crate) const RKE2: Distribution = Distribution::Rke2;

/// Machines as a reader would give them.
pub(crate) fn machines(machines: &[&Machine]) -> String {
    let mut text = String::from("{ ");
    for machine in machines {
        let _ = write!(text, "{} = {}, ", machine.name, machine.block());
    }
    text + "}"
}

/// What names the machines themselves.
pub(crate) fn identities(machines: &[(&Machine, u32)]) -> String {
    let one = |(machine, turn): &(&Machine, u32)| format!("{} = \"{}.{turn}\"", machine.name, machine.vmid);
    format!("{{ {} }}", machines.iter().map(one).collect::<Vec<_>>().join(", "))
}

/// What a reader gives for every runbook.
pub(crate) fn usual(scene: &Scene, servers: &[&Machine]) -> Result<Vec<(&'static str, String)>> {
    // The variables are the runbook's.
    scene.ws.remove("variables.tf")?;
    let accepted = ACCEPTED.map(|code| format!("\"{code}\"")).join(", ");
    let ca = scene.releases.ca().trim().replace('\n', "\\n");
    Ok(vec![
        ("servers", machines(servers)),
        ("accepted", format!("[{accepted}]")),
        (
            "releases",
            format!("{{ source = \"{}\", ca_certificate = \"{ca}\\n\" }}", scene.releases.source("rke2")),
        ),
        ("token", JOIN_TOKEN.to_owned()),
    ])
}

/// A cluster brought up as its runbook says; the other runbooks begin there.
pub(crate) fn bring_up(scene: &mut Scene, servers: &[&Machine]) -> Result<Runbook> {
    let given = usual(scene, servers)?;
    give(&mut scene.ws, &given);
    let numbered: Vec<(&Machine, u32)> = servers.iter().map(|machine| (*machine, 1)).collect();
    give(&mut scene.ws, &[("machine_ids", identities(&numbered))]);
    let runbook = Runbook::read("rke2-bring-up.md")?;
    runbook.part(&scene.ws, "1. Declare it")?;
    runbook.part(&scene.ws, "2. Bring it up")?;
    if let Some(first) = servers.first() {
        scene.expect_voters(RKE2, first, servers)?;
    }
    scene.tell("the cluster was brought up as its runbook says")?;
    Ok(runbook)
}
