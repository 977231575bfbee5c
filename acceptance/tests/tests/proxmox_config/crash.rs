//! The provider is killed before and after each write: the next run puts everything right, and nothing is twice.

use anyhow::{Context as _, Error, Result, ensure};
use hybridops_lab::{Effect, Release, RequestFault};
use serde_json::json;

use crate::scene::Scene;

/// Objects of folders with different habits: made by POST and by PUT, at once and by tasks, read by themselves and in
/// lists, known by a name, by several parts, and by nothing.
const MADE: &str = r#"
resource "hybridops_proxmox_user" "it" {
  userid = "tf@pve"
}
resource "hybridops_proxmox_acl" "it" {
  path   = "/vms"
  type   = "user"
  ugid   = hybridops_proxmox_user.it.userid
  roleid = "PVEVMUser"
}
resource "hybridops_proxmox_storage_dir" "it" {
  storage = "tfs"
  path    = "/srv/tfs"
}
resource "hybridops_proxmox_sdn_zone_simple" "it" {
  zone = "tfz"
}
resource "hybridops_proxmox_acme_account" "it" {
  name    = "tfa"
  contact = ["a@example.com"]
}
resource "hybridops_proxmox_firewall_rules" "it" {
  rules = [
    { action = "ACCEPT", type = "in", comment = "a" },
    { action = "DROP", type = "in", comment = "b" },
  ]
}
"#;

const CHANGED: &str = r#"
resource "hybridops_proxmox_user" "it" {
  userid  = "tf@pve"
  comment = "changed"
}
resource "hybridops_proxmox_acl" "it" {
  path      = "/vms"
  type      = "user"
  ugid      = hybridops_proxmox_user.it.userid
  roleid    = "PVEVMUser"
  propagate = false
}
resource "hybridops_proxmox_storage_dir" "it" {
  storage = "tfs"
  path    = "/srv/tfs"
  content = ["iso"]
}
resource "hybridops_proxmox_sdn_zone_simple" "it" {
  zone = "tfz"
  mtu  = 1400
}
resource "hybridops_proxmox_acme_account" "it" {
  name    = "tfa"
  contact = ["b@example.com"]
}
resource "hybridops_proxmox_firewall_rules" "it" {
  rules = [
    { action = "DROP", type = "in", comment = "b" },
    { action = "ACCEPT", type = "in", comment = "c" },
    { action = "ACCEPT", type = "in", comment = "a" },
  ]
}
"#;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Create,
    Update,
    Delete,
}

const PHASES: [Phase; 3] = [Phase::Create, Phase::Update, Phase::Delete];

#[test]
fn killed_before_a_write() -> Result<()> {
    matrix(&Effect::KillClientBefore)
}

#[test]
fn killed_after_a_write() -> Result<()> {
    matrix(&Effect::KillClientAfter)
}

/// One life for each number of write: in every phase the provider is killed there.
fn matrix(effect: &Effect) -> Result<()> {
    let it = Scene::start(Release::V8_4)?;
    let before = it.lab.config();
    let mut writes = Vec::new();
    for phase in PHASES {
        it.lab.journal().clear();
        run(&it, phase)?;
        let log = it.lab.journal().all();
        let sent = log.into_iter().filter(|entry| entry.method != "GET");
        writes.push(numbered(sent.map(|entry| entry.method)));
        check(&it, phase, &before)?;
    }
    let lives = writes.iter().map(Vec::len).max().unwrap_or_default();
    let mut kills = 0;
    for life in 0..lives {
        for (phase, writes) in PHASES.into_iter().zip(&writes) {
            if let Some((method, nth)) = writes.get(life) {
                let here = format!("{phase:?}: {effect:?} at {method} {nth}");
                let fault = RequestFault {
                    method: method.clone(),
                    path: String::new(),
                    nth: *nth,
                    times: 1,
                    effect: effect.clone(),
                };
                it.lab.faults().add(fault)?;
                let struck = run(&it, phase);
                it.lab.faults().clear();
                ensure!(struck.is_err(), "{here} did not strike");
                kills += 1;
                run(&it, phase).with_context(|| here.clone())?;
                check(&it, phase, &before).context(here)?;
            } else {
                run(&it, phase)?;
            }
        }
    }
    println!("{effect:?}: killed {kills} times");
    Ok(())
}

/// Each method with its number among those of the same method.
fn numbered(methods: impl Iterator<Item = String>) -> Vec<(String, u64)> {
    let mut numbered: Vec<(String, u64)> = Vec::new();
    for method in methods {
        let nth = numbered.iter().filter(|(other, _)| *other == method).count() as u64 + 1;
        numbered.push((method, nth));
    }
    numbered
}

/// One after another, so that the n-th write is the same in every run.
fn run(it: &Scene, phase: Phase) -> Result<()> {
    let verb = match phase {
        Phase::Create => {
            it.ws.write("main.tf", MADE)?;
            "apply"
        }
        Phase::Update => {
            it.ws.write("main.tf", CHANGED)?;
            "apply"
        }
        Phase::Delete => "destroy",
    };
    it.ws.run(&[verb, "-no-color", "-auto-approve", "-parallelism=1"])?.ok().map(drop)
}

fn check(it: &Scene, phase: Phase, before: &serde_json::Value) -> Result<()> {
    let rules = it.lab.call("GET", "/cluster/firewall/rules", &json!({})).map_err(Error::msg)?;
    let count = rules.as_array().map_or(0, Vec::len);
    let wanted = match phase {
        Phase::Create => 2,
        Phase::Update => 3,
        Phase::Delete => 0,
    };
    ensure!(count == wanted, "there are {count} rules, not {wanted}");
    if phase == Phase::Delete {
        ensure!(it.lab.config() == *before, "something is left behind");
        return Ok(());
    }
    it.expect_nothing_to_do("a run that was killed")
}
