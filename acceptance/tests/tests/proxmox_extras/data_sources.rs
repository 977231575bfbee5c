//! The data sources of guests, addresses and backups.

use anyhow::{Context as _, Result};
use hybridops_lab::{LabConfig, NodeState};
use serde_json::json;

use crate::begin;
use crate::scene::Scene;

#[test]
fn guests_are_found_by_every_filter_with_one_request() -> Result<()> {
    let scene = begin!();
    scene.operator("POST", "/pools", &[("poolid", "shop")])?;
    scene.machine(101, "web-1", &[("tags", "prod;web"), ("pool", "shop")])?;
    scene.machine(102, "web-2", &[("tags", "test;web")])?;
    scene.container(201, "db-1", &[("tags", "prod")])?;
    scene.operator("POST", "/nodes/pve1/qemu/101/status/start", &[])?;
    let filters = [
        ("all", "", json!([101, 102, 201])),
        ("kind", "kind = \"lxc\"", json!([201])),
        ("name", "name_regex = \"^web-\"", json!([101, 102])),
        ("tags", "tags = { all = [\"PROD\"], none = [\"web\"] }", json!([201])),
        ("pool", "pool = \"shop\"", json!([101])),
        ("running", "status = \"running\"", json!([101])),
        ("template", "template = true", json!([])),
        ("node", "node = \"pve9\"", json!([])),
    ];
    let mut text = String::new();
    for (name, filter, _) in &filters {
        text.push_str(&format!("data \"hybridops_proxmox_guests\" \"{name}\" {{\n  {filter}\n}}\n"));
        text.push_str(&format!(
            "output \"{name}\" {{\n  value = data.hybridops_proxmox_guests.{name}.vmids\n}}\n"
        ));
    }
    scene.ws.write("main.tf", &text)?;
    scene.lab.journal().clear();
    scene.ws.apply()?.ok()?;
    let asked = scene.lab.journal().counts();
    assert_eq!(asked.values().sum::<usize>(), 1, "{asked:?}");
    let outputs = scene.ws.outputs()?;
    for (name, _, vmids) in filters {
        assert_eq!(outputs[name], vmids, "{name}");
    }
    scene.ws.write(
        "main.tf",
        "data \"hybridops_proxmox_guests\" \"it\" {\n  name = \"x\"\n  required = true\n}\n",
    )?;
    scene.ws.plan()?.fails()?.says("none of the 3 guests this account sees")?;
    Ok(())
}

#[test]
fn addresses_are_asked_for_once_and_waited_for_when_told() -> Result<()> {
    let scene = begin!();
    scene.machine(101, "web", &[("agent", "1")])?;
    let declare = |body: &str| {
        let block = format!("data \"hybridops_proxmox_guest_addresses\" \"it\" {{\n  vmid = 101\n{body}}}\n");
        scene.ws.write(
            "main.tf",
            &format!("{block}output \"it\" {{ value = data.hybridops_proxmox_guest_addresses.it }}\n"),
        )
    };
    // Stopped: no answer, and no wait.
    declare("")?;
    scene.ws.apply()?.ok()?;
    assert_eq!(scene.ws.outputs()?["it"]["answered"], false);
    declare("  wait = \"2s\"\n")?;
    let waited = scene.ws.plan()?.fails()?.says("an address of guest 101")?;
    assert!(waited.took.as_secs() < 30, "{waited}");
    declare("")?;
    scene.ws.write("more.tf", "data \"hybridops_proxmox_guest_addresses\" \"none\" { vmid = 999 }\n")?;
    scene.ws.plan()?.fails()?.says("There is no guest 999")?;
    Ok(())
}

#[test]
fn backups_are_listed_newest_first() -> Result<()> {
    let scene = begin!(LabConfig { nodes: vec!["pve1".into(), "pve2".into()], ..Scene::pair() });
    scene.container(201, "db", &[])?;
    let form =
        [("vmid", "201"), ("storage", "shared"), ("compress", "zstd"), ("notes-template", "{{guestname}}")];
    for seconds in [0, 60] {
        scene.lab.set_clock_offset(seconds);
        scene.operator("POST", "/nodes/pve1/vzdump", &form)?;
    }
    scene.ws.write(
        "main.tf",
        "data \"hybridops_proxmox_backups\" \"it\" {\n  storage = \"shared\"\n  vmid = 201\n}\noutput \"it\" {\n  value = \
         data.hybridops_proxmox_backups.it\n}\n",
    )?;
    scene.ws.apply()?.ok()?;
    let told = scene.ws.outputs()?["it"].clone();
    let backups = told["backups"].as_array().context("a list")?;
    assert_eq!(backups.len(), 2, "{told:#}");
    assert_eq!((&backups[0]["kind"], &backups[0]["notes"]), (&"lxc".into(), &"db".into()));
    assert!(backups[0]["created"].as_u64() >= backups[1]["created"].as_u64(), "{told:#}");
    assert_eq!(told["newest"]["201"], backups[0]);
    // A node that is off makes no difference for a shared storage, and is said for a local one.
    scene.lab.set_node("pve2", NodeState::Offline);
    scene.ws.apply()?.ok()?;
    scene.ws.write("main.tf", "data \"hybridops_proxmox_backups\" \"it\" { storage = \"nowhere\" }\n")?;
    scene.ws.plan()?.fails()?.says("No node has storage nowhere")?;
    Ok(())
}
