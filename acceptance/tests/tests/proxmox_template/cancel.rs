//! Ctrl-C at every step: what exists is tracked, what runs is stopped, the next run converges.

use std::time::Duration;

use acceptance_tests::wait_until;
use anyhow::{Context as _, Result};
use hybridops_lab::{Effect, TaskEffect};

use crate::image;
use crate::support::{ADDRESS, Site};

const PATIENCE: Duration = Duration::from_secs(30);

/// Interrupts an apply while a task hangs.
fn interrupted(site: &Site, task: &str, whole_group: bool) -> Result<()> {
    site.task_fault(task, TaskEffect::Hang)?;
    let running = site.ws.terraform()?.args(["apply", "-no-color", "-auto-approve"]).start()?;
    wait_until(task, PATIENCE, || Ok(site.running().iter().any(|upid| upid.contains(task))))?;
    // The answer that names the task is on its way for a moment.
    std::thread::sleep(Duration::from_millis(300));
    // A terminal sends it to the whole group, a supervisor to Terraform alone.
    if whole_group {
        running.interrupt()?;
    } else {
        running.interrupt_alone()?;
    };
    let output = running.wait()?.fails()?;
    assert!(output.took < PATIENCE, "{output}");
    // What takes long is stopped; what is short ends by itself, since half done it would be worse.
    if ["download", "imgcopy", "qmcreate"].contains(&task) {
        site.expect_idle().with_context(|| output.to_string())?;
    }
    for (vmid, guest) in site.guests() {
        let state = site.ws.state()?;
        let tracked = state.json().to_string().contains(&format!("\"vmid\":{vmid}"));
        assert!(tracked, "{vmid} is nowhere in the state: {guest:#}\n{output}");
    }
    site.lab.faults().clear();
    Ok(())
}

#[test]
fn while_creating() -> Result<()> {
    let image = image!();
    for (number, task) in ["download", "qmcreate", "resize", "qmtemplate", "imgdel"].into_iter().enumerate() {
        let site = Site::start(image)?;
        site.declare(&site.template().set("disk", "{ storage = \"local\", size = \"2M\" }"))?;
        interrupted(&site, task, number.is_multiple_of(2)).context(task)?;
        site.ws.apply()?.ok().context(task)?;
        site.expect_only("debian", "disk.qcow2").context(task)?;
        site.ws.expect_empty_plan()?;
        site.ws.expect_no_processes()?;
    }
    Ok(())
}

#[test]
fn while_uploading() -> Result<()> {
    let site = Site::start(image!())?;
    site.declare(&site.template().set("image", site.image_of("disk.raw.gz")))?;
    interrupted(&site, "imgcopy", true)?;
    site.ws.apply()?.ok()?;
    site.expect_only("debian", "disk.raw")?;
    Ok(())
}

#[test]
fn while_making_a_new_version() -> Result<()> {
    let site = Site::start(image!())?;
    let version = |version: &str| {
        site.template().text("version", version).set("disk", "{ storage = \"local\", size = \"2M\" }")
    };
    site.converge(&version("0"))?;
    for (number, task) in
        ["download", "qmcreate", "resize", "qmtemplate", "qmdestroy"].into_iter().enumerate()
    {
        site.declare(&version(&(number + 1).to_string()))?;
        interrupted(&site, task, number.is_multiple_of(2)).context(task)?;
        assert_eq!(site.ws.state()?.addresses(), [ADDRESS], "{task}");
        site.ws.apply()?.ok().context(task)?;
        site.expect_only("debian", "disk.qcow2").context(task)?;
        site.ws.expect_empty_plan()?;
    }
    // A new version that is given up goes with the rest.
    site.declare(&version("given-up"))?;
    interrupted(&site, "resize", true)?;
    assert_eq!(site.vmids().len(), 2);
    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}

#[test]
fn while_destroying() -> Result<()> {
    let site = Site::start(image!())?;
    site.converge(&site.template())?;
    site.task_fault("qmdestroy", TaskEffect::Hang)?;
    let running = site.ws.terraform()?.args(["destroy", "-no-color", "-auto-approve"]).start()?;
    wait_until("qmdestroy", PATIENCE, || Ok(!site.running().is_empty()))?;
    running.interrupt()?;
    running.wait()?.fails()?;
    assert_eq!(site.ws.state()?.addresses(), [ADDRESS], "still tracked");
    site.lab.faults().clear();
    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}

#[test]
fn while_the_answer_is_out() -> Result<()> {
    let site = Site::start(image!())?;
    site.declare(&site.template())?;
    site.fault("POST", "/qemu$", Effect::Delay { millis: 2500 })?;
    site.task_fault("qmcreate", TaskEffect::Hang)?;
    let running = site.ws.terraform()?.args(["apply", "-no-color", "-auto-approve"]).start()?;
    let asked = || {
        site.lab.journal().all().iter().any(|entry| entry.method == "POST" && entry.path.ends_with("/qemu"))
    };
    wait_until("the creation", PATIENCE, || Ok(asked()))?;
    running.interrupt()?;
    running.wait()?.fails()?;
    // The task that was started afterwards is known, and stopped.
    site.expect_idle()?;
    assert!(site.vmids().is_empty(), "{:?}", site.guests());
    site.lab.faults().clear();
    site.ws.apply()?.ok()?;
    site.expect_only("debian", "disk.qcow2")?;
    Ok(())
}
