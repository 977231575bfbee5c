//! Answers lost, late or refused, tasks that fail, Terraform itself killed.

use std::time::Duration;

use acceptance_tests::wait_until;
use anyhow::{Context as _, Result};
use hybridops_lab::{Effect, TaskEffect};

use crate::image;
use crate::support::{ADDRESS, Image, Site, Template};

const PATIENCE: Duration = Duration::from_secs(30);

fn growing(site: &Site) -> Template {
    site.template().set("disk", "{ storage = \"local\", size = \"2M\" }").set("cloud_init", "{}")
}

/// The calls that do something when a template is created.
const STEPS: [(&str, &str); 5] = [
    ("POST", "/download-url$"),
    ("POST", "/qemu$"),
    ("PUT", "/resize$"),
    ("POST", "/template$"),
    ("DELETE", "/content/"),
];

/// Creates with a fault armed. Whether that run succeeds or not, the next must converge.
fn creates_despite(image: &'static Image, arm: impl FnOnce(&Site) -> Result<u64>) -> Result<bool> {
    let site = Site::start(image)?;
    site.declare(&growing(&site))?;
    arm(&site)?;
    let first = site.ws.apply()?;
    site.lab.faults().clear();
    let succeeded = first.status.success();
    let mend = || -> Result<()> {
        site.ws.apply()?.ok()?;
        site.expect_only("debian", "disk.qcow2")?;
        site.ws.expect_empty_plan()?;
        site.ws.destroy()?.ok()?;
        site.expect_nothing()
    };
    mend().with_context(|| format!("after {first}"))?;
    Ok(succeeded)
}

#[test]
fn answers_are_lost() -> Result<()> {
    let image = image!();
    for (method, path) in STEPS {
        creates_despite(image, |site| site.fault(method, path, Effect::DropAfter))
            .with_context(|| format!("{method} {path}"))?;
    }
    Ok(())
}

#[test]
fn requests_are_lost() -> Result<()> {
    let image = image!();
    for (method, path) in STEPS {
        creates_despite(image, |site| site.fault(method, path, Effect::DropBefore))
            .with_context(|| format!("{method} {path}"))?;
    }
    Ok(())
}

#[test]
fn nodes_are_silent_for_a_moment() -> Result<()> {
    let image = image!();
    for (method, path) in STEPS {
        let after = Effect::StatusAfter { status: 596, message: "Connection timed out".into() };
        creates_despite(image, |site| site.fault(method, path, after))
            .with_context(|| format!("{method} {path} after the work"))?;
        let before = Effect::Status { status: 595, message: "No route to host".into() };
        creates_despite(image, |site| site.fault(method, path, before))
            .with_context(|| format!("{method} {path} before the work"))?;
    }
    Ok(())
}

#[test]
fn reads_are_repeated_until_they_succeed() -> Result<()> {
    let image = image!();
    for path in ["/cluster/resources$", "/cluster/nextid$", "/status$", "/config$", "/cluster/tasks$"] {
        for effect in [Effect::DropBefore, Effect::DropAfter, Effect::Truncate, Effect::Delay { millis: 300 }]
        {
            let what = format!("GET {path} {effect:?}");
            let succeeded =
                creates_despite(image, |site| site.fault("GET", path, effect)).context(what.clone())?;
            assert!(succeeded, "{what} was no reason to fail");
        }
    }
    Ok(())
}

#[test]
fn tasks_that_waited_for_a_lock_in_vain_are_started_again() -> Result<()> {
    let image = image!();
    let text = "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout";
    for task in ["download", "qmcreate", "resize", "qmtemplate", "imgdel"] {
        let effect = TaskEffect::Fail { text: text.to_owned() };
        let succeeded = creates_despite(image, |site| site.task_fault(task, effect)).context(task)?;
        assert!(succeeded, "{task} was not started again");
    }
    let site = Site::start(image)?;
    site.converge(&growing(&site))?;
    site.task_fault("qmconfig", TaskEffect::Fail { text: text.to_owned() })?;
    site.converge(&growing(&site).set("memory", "512"))?;
    site.task_fault("qmdestroy", TaskEffect::Fail { text: text.to_owned() })?;
    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}

#[test]
fn tasks_that_fail_say_why() -> Result<()> {
    let image = image!();
    let text = "copy failed: No space left on device";
    for task in ["download", "qmcreate", "resize", "qmtemplate"] {
        let site = Site::start(image)?;
        site.declare(&growing(&site))?;
        site.task_fault(task, TaskEffect::Fail { text: text.to_owned() })?;
        let failed = site.ws.apply()?.fails()?;
        failed
            .says(text)?
            .says("\"debian\"")?
            .says("The storage is full")
            .with_context(|| task.to_owned())?;
        for vmid in site.vmids() {
            assert_eq!(site.vmid()?, vmid, "{task}: what exists is tracked");
        }
        site.ws.apply()?.ok().with_context(|| task.to_owned())?;
        site.expect_only("debian", "disk.qcow2").with_context(|| task.to_owned())?;
    }
    Ok(())
}

/// Kills Terraform itself while a task hangs, and lets the next run converge.
fn terraform_killed(site: &Site, task: &str, arguments: &[&str]) -> Result<()> {
    site.task_fault(task, TaskEffect::Hang)?;
    let running = site.ws.terraform()?.args(arguments).start()?;
    wait_until(task, PATIENCE, || Ok(site.running().iter().any(|upid| upid.contains(task))))?;
    running.kill()?;
    wait_until("the providers to end", PATIENCE, || Ok(site.ws.provider_processes()?.is_empty()))?;
    // The task goes on by itself a little later, when the next run is under way.
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(1500));
            site.lab.faults().clear();
        });
        site.ws.run(arguments)?.ok().map(drop)
    })
}

#[test]
fn terraform_is_killed_in_each_phase() -> Result<()> {
    let site = Site::start(image!())?;
    let apply = ["apply", "-no-color", "-auto-approve"];
    for (version, task) in [("1", "download"), ("2", "qmcreate"), ("3", "qmtemplate"), ("4", "qmdestroy")] {
        site.declare(&growing(&site).text("version", version))?;
        terraform_killed(&site, task, &apply).with_context(|| format!("killed while {task} ran"))?;
        site.expect_only("debian", "disk.qcow2").with_context(|| format!("killed while {task} ran"))?;
        site.ws.expect_empty_plan()?;
    }
    terraform_killed(&site, "qmdestroy", &["destroy", "-no-color", "-auto-approve"])?;
    site.expect_nothing()?;
    // The very first creation, too, while the guest is being made.
    site.declare(&growing(&site).set("vmid", "700"))?;
    terraform_killed(&site, "qmcreate", &apply)?;
    assert_eq!(site.expect_only("debian", "disk.qcow2")?, 700);
    Ok(())
}

#[test]
fn killed_while_an_upload_is_copied() -> Result<()> {
    let site = Site::start(image!())?;
    site.declare(&site.template().set("image", site.image_of("disk.raw.xz")))?;
    terraform_killed(&site, "imgcopy", &["apply", "-no-color", "-auto-approve"])?;
    site.expect_only("debian", "disk.raw")?;
    let copies = site.lab.journal().counts()["POST /nodes/{node}/storage/{storage}/upload"];
    assert_eq!(copies, 1, "what was under way is waited for");
    Ok(())
}

#[test]
fn a_node_that_goes_away_keeps_the_state() -> Result<()> {
    let site = Site::pair(image!())?;
    site.converge(&site.template().text("node", "pve2"))?;
    let before = site.ws.state()?.json()["resources"].clone();
    site.lab.set_node("pve2", hybridops_lab::NodeState::Offline);
    site.ws.plan()?.ok()?.says("was not read")?;
    site.ws.run(&["apply", "-no-color", "-auto-approve", "-refresh-only"])?.ok()?;
    assert_eq!(site.ws.state()?.json()["resources"], before);
    site.lab.set_node("pve2", hybridops_lab::NodeState::Online);
    site.ws.expect_empty_plan()?;
    assert_eq!(site.ws.state()?.get(ADDRESS, "current_node")?, "pve2");
    Ok(())
}

#[test]
fn what_a_killed_run_with_other_settings_left_is_named() -> Result<()> {
    let site = Site::start(image!())?;
    site.declare(&growing(&site).text("version", "1"))?;
    site.fault("PUT", "/resize$", Effect::KillClientBefore)?;
    site.ws.apply()?.fails()?;
    let [left] = site.vmids()[..] else { panic!("one guest was expected: {:?}", site.vmids()) };
    site.declare(&growing(&site).text("version", "2"))?;
    let output = site.ws.apply()?.ok()?;
    output
        .says(&format!("Guest {left} was never finished"))?
        .says("version \"1\"")?
        .says(&format!("qm destroy {left}"))?;
    assert_eq!(site.vmids().len(), 2, "whether it is still in the making only a person knows");
    Ok(())
}
