//! `terraform query`: an estate is found, its configuration written, and adopted without a change.

use acceptance_tests::named_or_skip;
use anyhow::Result;
use hybridops_lab::LabConfig;
use serde_json::Value as Json;

use crate::scene::{Scene, ready};

const TERRAFORM: &str = "HYBRIDOPS_TERRAFORM_NEXT";

fn start(test: &str) -> Result<Option<Scene>> {
    if !ready(test)? {
        return Ok(None);
    }
    match named_or_skip(TERRAFORM, test)? {
        Some(program) => Scene::start(LabConfig::default(), Some(program)).map(Some),
        None => Ok(None),
    }
}

fn query(scene: &Scene, kind: &str, body: &str) -> Result<()> {
    scene.ws.write("main.tf", "provider \"hybridops\" {}\n")?;
    scene.ws.write(
        "all.tfquery.hcl",
        &format!("list \"hybridops_proxmox_{kind}\" \"all\" {{\n  provider = hybridops\n{body}}}\n"),
    )
}

/// Names of what a query finds.
fn found(scene: &Scene) -> Result<Vec<String>> {
    let output = scene.ws.run(&["query", "-json"])?.ok()?;
    let events = output.stdout.lines().map(serde_json::from_str).collect::<Result<Vec<Json>, _>>()?;
    let found = events.iter().filter(|event| event["type"] == "list_resource_found");
    Ok(found
        .filter_map(|event| event["list_resource_found"]["display_name"].as_str())
        .map(str::to_owned)
        .collect())
}

/// An estate as people make it by hand.
fn estate(scene: &Scene) -> Result<()> {
    scene.machine(
        101,
        "web-1",
        &[
            ("tags", "prod;web"),
            ("net0", "virtio,bridge=vmbr0"),
            ("memory", "1024"),
            ("agent", "1"),
            ("onboot", "1"),
        ],
    )?;
    scene.machine(102, "web-2", &[("tags", "test"), ("cores", "2"), ("ide2", "none,media=cdrom")])?;
    scene.machine(103, "template", &[])?;
    scene.operator("POST", "/nodes/pve1/qemu/103/template", &[])?;
    scene.container(
        201,
        "db-1",
        &[("net0", "name=eth0,bridge=vmbr0,ip=dhcp"), ("tags", "prod"), ("cores", "1")],
    )?;
    scene.container(202, "db-2", &[("mp0", "local-lvm:1,mp=/data"), ("memory", "256")])?;
    scene.operator("POST", "/nodes/pve1/qemu/101/status/start", &[])?;
    Ok(())
}

#[test]
fn guests_are_listed_by_kind_and_filter() -> Result<()> {
    let Some(scene) = start("query::guests_are_listed_by_kind_and_filter")? else { return Ok(()) };
    estate(&scene)?;
    query(&scene, "vm", "")?;
    scene.lab.journal().clear();
    assert_eq!(found(&scene)?, ["web-1 (101 on pve1)", "web-2 (102 on pve1)"]);
    let asked = scene.lab.journal().counts();
    assert_eq!(asked.values().sum::<usize>(), 1, "{asked:?}");
    query(&scene, "lxc", "")?;
    assert_eq!(found(&scene)?, ["db-1 (201 on pve1)", "db-2 (202 on pve1)"]);
    for (filter, name) in [
        ("tags = { all = [\"PROD\"] }", "web-1"),
        ("name_regex = \"2$\"", "web-2"),
        ("status = \"running\"", "web-1"),
    ] {
        query(&scene, "vm", &format!("  config {{\n    {filter}\n  }}\n"))?;
        let found = found(&scene)?;
        assert!(found.len() == 1 && found[0].starts_with(name), "{filter}: {found:?}");
    }
    Ok(())
}

fn adopted(kind: &str, test: &str) -> Result<()> {
    let Some(scene) = start(test)? else { return Ok(()) };
    estate(&scene)?;
    query(&scene, kind, "")?;
    scene.ws.run(&["query", "-no-color", "-generate-config-out=found.tf"])?.ok()?;
    scene.ws.remove("all.tfquery.hcl")?;
    let before = scene.lab.state()["guests"].clone();
    let written = scene.ws.read("found.tf")?;
    let applied = scene.ws.apply()?;
    let applied = applied.ok().map_err(|error| error.context(written))?;
    applied.says("2 imported, 0 added, 0 changed, 0 destroyed")?;
    assert_eq!(scene.lab.state()["guests"], before);
    scene.ws.expect_empty_plan()?;
    scene.ws.expect_no_processes()
}

#[test]
fn machines_are_adopted_without_a_change() -> Result<()> {
    adopted("vm", "query::machines_are_adopted_without_a_change")
}

#[test]
fn containers_are_adopted_without_a_change() -> Result<()> {
    adopted("lxc", "query::containers_are_adopted_without_a_change")
}
