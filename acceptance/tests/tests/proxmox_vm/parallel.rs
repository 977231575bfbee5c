//! Many at once.

use std::collections::BTreeSet;

use acceptance_tests::Workspace;
use anyhow::{Result, ensure};
use hybridops_lab::{Effect, RequestFault};

use crate::ready;
use crate::support::{Site, Vm};

#[test]
fn thirty_clones_of_one_template() -> Result<()> {
    ready!();
    let site = Site::start()?;
    let clones: String = (0..30)
        .map(|n| {
            Vm::clone_of_template(&format!("c{n}"), "pve1").label(&format!("c{n}")).set("memory", "128").hcl()
        })
        .collect();
    site.ws.write("main.tf", &clones)?;
    site.ws.run(&["apply", "-auto-approve", "-parallelism=30"])?.ok()?;
    ensure!(site.vmids().len() == 30, "{} guests", site.vmids().len());
    site.ws.expect_empty_plan()?;
    site.ws.run(&["destroy", "-auto-approve", "-parallelism=30"])?.ok()?;
    site.expect_nothing()
}

/// Asking for a number reserves nothing. Here every creation takes a while to arrive, so that whoever asked at the same time
/// has the same number: in each round one of all wins, and the last has lost far more often than a few times.
#[test]
fn workspaces_at_once_never_share_a_number() -> Result<()> {
    const EACH: u32 = 8;
    ready!();
    let site = Site::start()?;
    let others = [site.second_workspace()?, site.second_workspace()?];
    let all: Vec<&Workspace> = std::iter::once(&site.ws).chain(&others).collect();
    // The same names in each: each makes its own.
    let guests: String =
        (0..EACH).map(|n| Vm::bare(&format!("g{n}"), "pve1").label(&format!("g{n}")).hcl()).collect();
    for ws in &all {
        ws.write("main.tf", &guests)?;
    }
    let method = "POST".to_owned();
    let path = "/nodes/pve1/qemu$".to_owned();
    let effect = Effect::Delay { millis: 100 };
    site.lab.faults().add(RequestFault { method, path, nth: 1, times: 0, effect })?;
    std::thread::scope(|scope| -> Result<()> {
        let runs: Vec<_> = all.iter().map(|ws| scope.spawn(|| ws.apply()?.ok().map(drop))).collect();
        runs.into_iter().try_for_each(|run| run.join().expect("no panic"))
    })?;
    site.lab.faults().clear();
    let mut numbers = BTreeSet::new();
    for ws in &all {
        let state = ws.state()?;
        for n in 0..EACH {
            let vmid = state.get(&format!("hybridops_proxmox_vm.g{n}"), "vmid")?.as_u64();
            ensure!(
                vmid.is_some_and(|vmid| numbers.insert(vmid)),
                "{vmid:?} is nobody's or two guests' number"
            );
        }
        ws.expect_empty_plan()?;
    }
    ensure!(numbers.len() == all.len() * EACH as usize, "{numbers:?}");
    ensure!(site.vmids().len() == numbers.len(), "{:?}", site.vmids());
    Ok(())
}
