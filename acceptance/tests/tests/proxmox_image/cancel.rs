//! Ctrl-C while the image is on its way.

use std::time::Duration;

use acceptance_tests::wait_until;
use anyhow::{Result, ensure};
use hybridops_lab::{TaskEffect, TaskFaultRule};

use crate::{Scene, iso, scene};

const PATIENCE: Duration = Duration::from_secs(60);

fn running_tasks(it: &Scene) -> usize {
    let state = it.lab.state();
    state["tasks"].as_array().into_iter().flatten().filter(|task| task["running"] == true).count()
}

fn hang(it: &Scene, task: &str) -> Result<()> {
    it.lab.faults().add_task(TaskFaultRule {
        task: task.to_owned(),
        nth: 1,
        times: 1,
        effect: TaskEffect::Hang,
    })?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_stops_the_download_and_leaves_no_file() -> Result<()> {
    let it = scene!("pve1");
    let sum = it.publish("tiny.iso", &iso("one"))?;
    it.declare_iso("[\"pve1\"]", &format!("checksum = \"{sum}\""))?;
    hang(&it, "download")?;
    let running = it.ws.terraform()?.args(["apply", "-no-color", "-auto-approve"]).start()?;
    wait_until("the download to begin", PATIENCE, || Ok(running_tasks(&it) == 1))?;
    running.interrupt()?;
    let output = running.wait()?.fails()?;
    ensure!(output.took < PATIENCE, "it took {:?}", output.took);
    ensure!(running_tasks(&it) == 0, "the download goes on");
    ensure!(it.files("pve1/local").is_empty(), "a file was left: {:?}", it.files("pve1/local"));
    it.lab.faults().clear();
    it.ws.apply()?.ok()?;
    it.ws.expect_empty_plan()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_a_killed_run_left_is_waited_for() -> Result<()> {
    let it = scene!("pve1");
    let sum = it.publish("tiny.iso", &iso("one"))?;
    it.declare_iso("[\"pve1\"]", &format!("checksum = \"{sum}\""))?;
    hang(&it, "download")?;
    let mut running = it.ws.terraform()?.args(["apply", "-no-color", "-auto-approve"]).start()?;
    wait_until("the download to begin", PATIENCE, || Ok(running_tasks(&it) == 1))?;
    for provider in running.providers()? {
        provider.kill()?;
    }
    running.wait_for("Error", PATIENCE)?;
    running.wait()?.fails()?;
    ensure!(running_tasks(&it) == 1, "the node goes on by itself");
    it.lab.journal().clear();
    let second = it.ws.terraform()?.args(["apply", "-no-color", "-auto-approve"]).start()?;
    let polled = || Ok(it.requests().iter().any(|request| request.contains("/tasks/{upid}/status")));
    wait_until("the running download to be watched", PATIENCE, polled)?;
    it.lab.faults().release();
    second.wait()?.ok()?;
    ensure!(it.files("pve1/local").len() == 1);
    it.ws.expect_empty_plan()?;
    Ok(())
}
