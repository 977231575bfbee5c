//! Ctrl-C while a task runs: what exists is in state, and the next run converges.

use std::time::Duration;

use acceptance_tests::wait_until;
use anyhow::{Context as _, Result, ensure};
use hybridops_lab::{TaskEffect, TaskFaultRule};

use crate::ready;
use crate::support::{Site, Vm};

const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn while_a_task_runs() -> Result<()> {
    ready!();
    for task in ["qmclone", "qmstart"] {
        let site = Site::start()?;
        site.declare(&Vm::clone_of_template("web", "pve1").text("power", "running"))?;
        let rule = TaskFaultRule { task: task.to_owned(), nth: 1, times: 1, effect: TaskEffect::Hang };
        site.lab.faults().add_task(rule)?;
        let running = site.ws.terraform()?.args(["apply", "-no-color", "-auto-approve"]).start()?;
        wait_until(task, PATIENCE, || Ok(site.running().iter().any(|upid| upid.contains(task))))?;
        // The answer that names the task is on its way for a moment.
        std::thread::sleep(Duration::from_millis(300));
        running.interrupt()?;
        let output = running.wait()?.fails()?;
        ensure!(output.took < PATIENCE, "{output}");
        for vmid in site.vmids() {
            let state = site.ws.state()?.json().to_string();
            ensure!(state.contains(&format!("\"vmid\":{vmid}")), "{vmid} is nowhere in the state\n{output}");
        }
        site.lab.faults().release();
        site.lab.faults().clear();
        site.ws.apply()?.ok().context(task)?;
        let vmid = site.expect_only("web").context(task)?;
        ensure!(site.guest(vmid)["running"] == true, "{task}: it does not run");
        site.ws.expect_empty_plan()?;
    }
    Ok(())
}
