//! The actions, which Terraform has from 1.14 on.

use std::time::Duration;

use acceptance_tests::{Output, named_or_skip, wait_until};
use anyhow::{Context as _, Result};
use hybridops_lab::{Effect, LabConfig, Release, TaskEffect, TaskFaultRule};

use crate::scene::{Scene, ready};

const TERRAFORM: &str = "HYBRIDOPS_TERRAFORM_NEXT";
const PATIENCE: Duration = Duration::from_secs(30);

/// Begins a test with the newer program, or ends it where there is none.
macro_rules! next {
    ($config:expr) => {{
        fn here() {}
        let name = std::any::type_name_of_val(&here);
        if !ready(name)? {
            return Ok(());
        }
        match named_or_skip(TERRAFORM, name)? {
            Some(program) => Scene::start($config, Some(program))?,
            None => return Ok(()),
        }
    }};
    () => {
        next!(LabConfig::default())
    };
}

impl Scene {
    /// Declares an action.
    fn action(&self, kind: &str, body: &str) -> Result<()> {
        self.ws.write(
            "main.tf",
            &format!("action \"hybridops_proxmox_{kind}\" \"it\" {{\n  config {{\n{body}\n  }}\n}}\n"),
        )
    }

    /// Declares and invokes it.
    fn invoke(&self, kind: &str, body: &str) -> Result<Output> {
        self.action(kind, body)?;
        let address = format!("-invoke=action.hybridops_proxmox_{kind}.it");
        self.ws.run(&["apply", "-no-color", "-auto-approve", &address])
    }
}

#[test]
fn power_is_changed_and_what_is_so_is_left_alone() -> Result<()> {
    let scene = next!();
    scene.machine(101, "web", &[])?;
    scene.container(201, "db", &[])?;
    for (vmid, kind) in [(101, "qemu"), (201, "lxc")] {
        let power = |action: &str| scene.invoke("power", &format!("vmid = {vmid}\naction = \"{action}\""));
        power("start")?.ok()?.says("start of")?.says("task UPID:")?;
        assert_eq!(scene.status(kind, vmid)?, "running");
        power("start")?.ok()?.says("is running already")?;
        power("reboot")?.ok()?;
        assert_eq!(scene.status(kind, vmid)?, "running");
        scene
            .invoke(
                "power",
                &format!("vmid = {vmid}\naction = \"shutdown\"\ngrace = \"20s\"\nforce_stop = true"),
            )?
            .ok()?;
        assert_eq!(scene.status(kind, vmid)?, "stopped");
        power("stop")?.ok()?.says("is stopped already")?;
    }
    let power =
        |vmid: u32, action: &str| scene.invoke("power", &format!("vmid = {vmid}\naction = \"{action}\""));
    power(101, "start")?.ok()?;
    power(101, "suspend")?.ok()?;
    power(101, "resume")?.ok()?;
    power(101, "reset")?.ok()?;
    power(201, "reset")?.fails()?.says("A container cannot be reset")?;
    power(999, "start")?.fails()?.says("There is no guest 999")?;
    scene
        .invoke("power", "vmid = 101\naction = \"stop\"\ngrace = \"5s\"")?
        .fails()?
        .says("`grace` cannot be set")?;
    // An action that follows a change of a resource.
    scene.ws.expect_no_processes()
}

#[test]
fn a_power_task_that_fails_is_told_with_its_log() -> Result<()> {
    let scene = next!();
    scene.machine(101, "web", &[])?;
    let effect = TaskEffect::Fail { text: "start failed: QEMU exited with code 1".to_owned() };
    scene.lab.faults().add_task(TaskFaultRule { task: "qmstart".into(), nth: 1, times: 1, effect })?;
    let failed = scene.invoke("power", "vmid = 101\naction = \"start\"")?.fails()?;
    failed.says("Start of guest web (101 on pve1) failed")?.says("QEMU exited with code 1")?;
    Ok(())
}

#[test]
fn snapshots_are_taken_and_gone_back_to() -> Result<()> {
    let scene = next!();
    scene.machine(101, "web", &[])?;
    let taken =
        scene.invoke("snapshot", "vmid = 101\nname = \"before\"\ndescription = \"by an action\"")?.ok()?;
    taken.says("snapshot before was taken")?;
    assert_eq!(scene.snapshots("qemu", 101)?, ["before"]);
    scene.invoke("snapshot", "vmid = 101\nname = \"before\"")?.fails()?.says("already used")?;
    scene.invoke("snapshot", "vmid = 101")?.ok()?.says("auto-20")?;
    scene.operator("POST", "/nodes/pve1/qemu/101/config", &[("memory", "1024")])?;
    scene
        .invoke("rollback", "vmid = 101\nname = \"before\"")?
        .ok()?
        .says("is as it was at snapshot before")?;
    assert!(scene.guest(101)["config"].get("memory").is_none_or(|memory| memory != "1024"));
    scene.invoke("rollback", "vmid = 101\nname = \"never\"")?.fails()?.says("It has auto-20")?;
    Ok(())
}

#[test]
fn guests_are_backed_up_and_the_backups_tested() -> Result<()> {
    let scene = next!();
    scene.container(201, "db", &[("net0", "name=eth0,bridge=vmbr0,ip=dhcp")])?;
    let body = "vmids = [201]\nstorage = \"shared\"\nnotes_template = \"{{guestname}}\"\nprotected = true";
    let done = scene.invoke("backup", body)?.ok()?;
    done.says("INFO: creating vzdump archive")?.says("backed up 201 on pve1")?;
    let listed = scene.operator("GET", "/nodes/pve1/storage/shared/content", &[("content", "backup")])?;
    assert_eq!((&listed[0]["notes"], &listed[0]["protected"]), (&"db".into(), &1.into()), "{listed}");
    scene.invoke("backup", "vmids = [201]\nstorage = \"local-lvm\"")?.fails()?.says("backup")?;
    scene
        .invoke("backup", "vmids = [201, 999]\nstorage = \"shared\"")?
        .fails()?
        .says("There is no guest 999")?;

    let test = "vmid = 201\nstorage = \"shared\"\ntarget_storage = \"local-lvm\"\nwithin = \"30s\"";
    let before = scene.lab.state()["volumes"].clone();
    let tested = scene.invoke("restore_test", test)?.ok()?;
    tested.says("restored as guest 100 in")?.says("came up")?.says("guest 100 was removed")?;
    assert_eq!(scene.vmids(), [201]);
    assert_eq!(scene.lab.state()["volumes"], before);
    scene
        .invoke("restore_test", "vmid = 999\nstorage = \"shared\"")?
        .fails()?
        .says("There is no backup to test")?;
    scene.invoke("restore_test", "backup = \"local:iso/x.iso\"")?.fails()?.says("This is no backup")?;
    Ok(())
}

#[test]
fn a_guest_that_does_not_come_up_is_removed_all_the_same() -> Result<()> {
    let scene = next!();
    scene.container(201, "db", &[])?;
    scene.operator("POST", "/nodes/pve1/vzdump", &[("vmid", "201"), ("storage", "shared")])?;
    let effect = TaskEffect::Fail { text: "startup for container '100' failed".to_owned() };
    scene.lab.faults().add_task(TaskFaultRule { task: "vzstart".into(), nth: 1, times: 1, effect })?;
    let body = "vmid = 201\nstorage = \"shared\"\ntarget_storage = \"local-lvm\"";
    let failed = scene.invoke("restore_test", body)?.fails()?;
    failed
        .says("The restore test of shared:backup/vzdump-lxc-201")?
        .says("startup for container '100' failed")?;
    assert_eq!(scene.vmids(), [201]);
    // Killed on its way: the next test finds the guest by its mark and removes it.
    for (method, path) in [("POST", "/status/start$"), ("PUT", "/lxc/100/config$"), ("DELETE", "/lxc/100$")] {
        scene.fault(method, path, Effect::KillClientAfter)?;
        scene.invoke("restore_test", body)?.fails()?;
        scene.lab.faults().clear();
        scene.invoke("restore_test", body)?.ok().context(path)?;
        assert_eq!(scene.vmids(), [201], "{path}");
    }
    Ok(())
}

#[test]
fn many_are_started_and_shut_down_at_once() -> Result<()> {
    for release in [Release::V8_4, Release::V9] {
        let scene = next!(LabConfig { release, ..LabConfig::default() });
        scene.machine(101, "web-1", &[])?;
        scene.machine(102, "web-2", &[])?;
        let bulk =
            |action: &str| scene.invoke("bulk_power", &format!("vmids = [101, 102]\naction = \"{action}\""));
        bulk("start")?.ok()?;
        assert_eq!(
            (scene.status("qemu", 101)?, scene.status("qemu", 102)?),
            ("running".into(), "running".into())
        );
        bulk("shutdown")?.ok()?;
        assert_eq!(
            (scene.status("qemu", 101)?, scene.status("qemu", 102)?),
            ("stopped".into(), "stopped".into())
        );
        scene
            .invoke("bulk_power", "vmids = [101, 999]\naction = \"start\"")?
            .fails()?
            .says("sees no guest 999")?;
    }
    Ok(())
}

#[test]
fn guests_move_to_another_node() -> Result<()> {
    let scene = next!(Scene::pair());
    scene.machine(101, "web", &[])?;
    let moved =
        |node: &str, more: &str| scene.invoke("migrate", &format!("vmid = 101\nnode = \"{node}\"\n{more}"));
    moved("pve2", "")?.ok()?.says("guest 101 is on pve2")?;
    assert_eq!(scene.guest(101)["node"], "pve2");
    moved("pve2", "")?.ok()?.says("is there already")?;
    scene.operator("POST", "/nodes/pve2/qemu/101/status/start", &[])?;
    moved("pve1", "mode = \"offline\"")?.ok()?.says("starting it again")?;
    assert_eq!(
        (scene.guest(101)["node"].clone(), scene.status("qemu", 101)?),
        ("pve1".into(), "running".into())
    );
    moved("pve9", "")?.fails()?.says("There is no node pve9")?;
    Ok(())
}

#[test]
fn an_interrupt_stops_a_backup_and_names_what_goes_on() -> Result<()> {
    let scene = next!();
    scene.machine(101, "web", &[])?;
    for (kind, body, task, stops) in [
        ("backup", "vmids = [101]\nstorage = \"shared\"", "vzdump", true),
        ("power", "vmid = 101\naction = \"start\"", "qmstart", false),
    ] {
        scene.lab.faults().add_task(TaskFaultRule {
            task: task.into(),
            nth: 1,
            times: 1,
            effect: TaskEffect::Hang,
        })?;
        scene.action(kind, body)?;
        let address = format!("-invoke=action.hybridops_proxmox_{kind}.it");
        let running =
            scene.ws.terraform()?.args(["apply", "-no-color", "-auto-approve", &address]).start()?;
        let hangs = || {
            let state = scene.lab.state();
            let tasks = state["tasks"].as_array().into_iter().flatten();
            tasks
                .filter(|task| task["running"] == true)
                .filter_map(|task| task["upid"].as_str())
                .any(|upid| upid.contains(task))
        };
        wait_until(task, PATIENCE, || Ok(hangs()))?;
        std::thread::sleep(Duration::from_millis(300));
        running.interrupt()?;
        let output = running.wait()?.fails()?;
        assert_eq!(hangs(), !stops, "{task}\n{output}");
        assert!(output.text().contains("UPID:"), "{output}");
        scene.lab.faults().release();
        scene.lab.faults().clear();
    }
    Ok(())
}

/// A resource's change triggers an action.
#[test]
fn an_action_follows_a_change() -> Result<()> {
    let scene = next!();
    scene.machine(101, "web", &[])?;
    scene.ws.write(
        "main.tf",
        r#"
action "hybridops_proxmox_power" "start" {
  config {
    vmid   = 101
    action = "start"
  }
}
resource "hybridops_proxmox_snapshot" "it" {
  vmid = 101
  name = "before"
  lifecycle {
    action_trigger {
      events  = [after_create]
      actions = [action.hybridops_proxmox_power.start]
    }
  }
}
"#,
    )?;
    scene.ws.apply()?.ok()?.says("Actions: 1 invoked")?;
    assert_eq!(
        (scene.status("qemu", 101)?, scene.snapshots("qemu", 101)?),
        ("running".into(), vec!["before".into()])
    );
    scene.ws.expect_empty_plan()?;
    Ok(())
}
