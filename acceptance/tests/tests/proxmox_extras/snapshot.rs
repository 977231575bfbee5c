//! `hybridops_proxmox_snapshot`, the resource.

use anyhow::{Context as _, Result};
use hybridops_lab::Effect;

use crate::begin;
use crate::scene::Scene;

const ADDRESS: &str = "hybridops_proxmox_snapshot.it";

fn declare(scene: &Scene, body: &str) -> Result<()> {
    scene.ws.write("main.tf", &format!("resource \"hybridops_proxmox_snapshot\" \"it\" {{\n{body}}}\n"))
}

fn of(vmid: u32, more: &str) -> String {
    format!("  vmid = {vmid}\n  name = \"before\"\n{more}")
}

#[test]
fn it_lives_and_dies_on_both_kinds_of_guests() -> Result<()> {
    let scene = begin!();
    scene.machine(101, "web", &[])?;
    scene.container(102, "db", &[])?;
    for (vmid, kind) in [(101, "qemu"), (102, "lxc")] {
        declare(&scene, &of(vmid, "  description = \"first\"\n"))?;
        scene.ws.apply()?.ok()?;
        scene.ws.expect_empty_plan()?;
        assert_eq!(scene.snapshots(kind, vmid)?, ["before"]);
        let taken = scene.ws.state()?.get(ADDRESS, "taken")?.as_u64().context("a time")?;
        assert!(taken > 1_600_000_000, "{taken}");
        // Described anew in place, then without a description.
        declare(&scene, &of(vmid, "  description = \"second\"\n"))?;
        let planned = scene.ws.planned()?;
        planned.expect(&[(ADDRESS, "update")])?;
        scene.ws.apply()?.ok()?;
        scene.ws.expect_empty_plan()?;
        declare(&scene, &of(vmid, ""))?;
        scene.ws.apply()?.ok()?;
        scene.ws.expect_empty_plan()?;
        // Another name is another snapshot.
        declare(&scene, &of(vmid, "").replace("before", "after"))?;
        scene.ws.apply()?.ok()?;
        assert_eq!(scene.snapshots(kind, vmid)?, ["after"]);
        scene.ws.expect_empty_plan()?;
        scene.ws.destroy()?.ok()?;
        assert_eq!(scene.snapshots(kind, vmid)?, Vec::<String>::new());
    }
    scene.ws.expect_no_processes()
}

#[test]
fn drift_is_seen_and_mended() -> Result<()> {
    let scene = begin!();
    scene.machine(101, "web", &[])?;
    declare(&scene, &of(101, "  description = \"ours\"\n"))?;
    scene.ws.apply()?.ok()?;
    let path = "/nodes/pve1/qemu/101/snapshot/before";
    scene.operator("PUT", &format!("{path}/config"), &[("description", "theirs")])?;
    scene.ws.planned()?.expect(&[(ADDRESS, "update")])?;
    scene.ws.apply()?.ok()?;
    scene.ws.expect_empty_plan()?;
    scene.operator("DELETE", path, &[])?;
    scene.ws.planned()?.expect(&[(ADDRESS, "create")])?;
    scene.ws.apply()?.ok()?;
    assert_eq!(scene.snapshots("qemu", 101)?, ["before"]);
    // Deleted by hand before it is destroyed.
    scene.operator("DELETE", path, &[])?;
    scene.ws.destroy()?.ok()?;
    Ok(())
}

#[test]
fn an_import_plans_nothing() -> Result<()> {
    let scene = begin!();
    scene.machine(101, "web", &[])?;
    let form = [("snapname", "before"), ("description", "by hand")];
    scene.operator("POST", "/nodes/pve1/qemu/101/snapshot", &form)?;
    declare(&scene, &of(101, "  description = \"by hand\"\n"))?;
    scene.ws.apply()?.fails()?.says("Guest 101 has a snapshot before already")?;
    scene.ws.import(ADDRESS, "101/before")?.ok()?;
    scene.ws.expect_empty_plan()?;
    scene.ws.run(&["state", "rm", ADDRESS])?.ok()?;
    scene.ws.import(ADDRESS, "101/other")?.fails()?.says("no snapshot of this name")?;
    scene.ws.import(ADDRESS, "101")?.fails()?.says("The import id names no snapshot")?;
    Ok(())
}

#[test]
fn what_cannot_be_taken_is_refused_at_plan() -> Result<()> {
    let scene = begin!();
    scene.machine(101, "web", &[("scsi1", "local:1,format=raw")])?;
    scene.container(102, "db", &[])?;
    declare(&scene, &of(101, ""))?;
    scene.ws.plan()?.fails()?.says("Guest 101 cannot have snapshots")?;
    declare(&scene, &of(102, "  vmstate = true\n"))?;
    scene.ws.plan()?.fails()?.says("A container has no memory to keep")?;
    declare(&scene, &of(101, "").replace("before", "current"))?;
    scene.ws.validate()?.fails()?.says("The name is taken")?;
    declare(&scene, &of(101, "").replace("before", "1st"))?;
    scene.ws.validate()?.fails()?.says("a letter, then")?;
    Ok(())
}

/// The provider is killed before and after every request of a creation and a destruction; the next run mends it.
#[test]
fn a_kill_at_any_request_is_mended() -> Result<()> {
    let scene = begin!();
    scene.machine(101, "web", &[])?;
    declare(&scene, &of(101, "  description = \"first\"\n"))?;
    let mut kills = 0;
    for effect in [Effect::KillClientBefore, Effect::KillClientAfter] {
        for destroying in [false, true] {
            for nth in 1..40 {
                let path = "^/(access|cluster)/|^/nodes/[^/]+/(qemu|tasks)".to_owned();
                let fault = hybridops_lab::RequestFault {
                    method: String::new(),
                    path,
                    nth,
                    times: 1,
                    effect: effect.clone(),
                };
                if destroying {
                    scene.ws.apply()?.ok()?;
                }
                scene.lab.faults().add(fault)?;
                let ran = if destroying { scene.ws.destroy()? } else { scene.ws.apply()? };
                scene.lab.faults().clear();
                let whole = ran.ok().is_ok();
                kills += u32::from(!whole);
                if destroying {
                    scene.ws.destroy()?.ok()?;
                    assert_eq!(scene.snapshots("qemu", 101)?, Vec::<String>::new(), "{effect:?} {nth}");
                } else {
                    scene.ws.apply()?.ok().with_context(|| format!("{effect:?} {nth}"))?;
                    assert_eq!(scene.snapshots("qemu", 101)?, ["before"], "{effect:?} {nth}");
                    scene.ws.expect_empty_plan()?;
                    scene.ws.destroy()?.ok()?;
                }
                if whole {
                    break;
                }
            }
        }
    }
    assert!(kills >= 12, "only {kills} requests were met");
    Ok(())
}
