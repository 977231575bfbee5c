//! What is there can be taken over by its identity. By its id everything is, in the life of every kind.

use acceptance_tests::{Provider, Workspace, named_or_skip};
use anyhow::{Error, Result, ensure};
use hybridops_lab::Release;
use serde_json::json;

use crate::scene::Scene;

const TEXT: &str = r#"
resource "hybridops_proxmox_firewall_alias" "it" {
  name = "web"
  cidr = "10.0.0.1"
}
import {
  to       = hybridops_proxmox_firewall_alias.it
  identity = { name = "web" }
}
resource "hybridops_proxmox_node_network_bridge" "it" {
  node  = "pve1"
  iface = "vmbr5"
}
import {
  to       = hybridops_proxmox_node_network_bridge.it
  identity = { node = "pve1", iface = "vmbr5" }
}
resource "hybridops_proxmox_guest_firewall_alias" "it" {
  vmid = 901
  name = "db"
  cidr = "10.0.0.2"
}
import {
  to       = hybridops_proxmox_guest_firewall_alias.it
  identity = { vmid = 901, name = "db" }
}
"#;

#[test]
fn objects_are_imported_by_identity() -> Result<()> {
    let Some(program) =
        named_or_skip("HYBRIDOPS_TERRAFORM_NEXT", "import::objects_are_imported_by_identity")?
    else {
        return Ok(());
    };
    let it = Scene::start(Release::V8_4)?;
    for (path, params) in [
        ("/cluster/firewall/aliases", json!({"name": "web", "cidr": "10.0.0.1"})),
        ("/nodes/pve1/network", json!({"iface": "vmbr5", "type": "bridge"})),
        ("/nodes/pve1/qemu/901/firewall/aliases", json!({"name": "db", "cidr": "10.0.0.2"})),
    ] {
        it.lab.call("POST", path, &params).map_err(Error::msg)?;
    }
    let mut ws = Workspace::ready_for(program, &[Provider::hybridops()?])?;
    for (name, value) in it.lab.environment() {
        ws.set_env(&name, value);
    }
    ws.write("provider.tf", "provider \"hybridops\" {}\n")?;
    ws.write("main.tf", TEXT)?;
    it.lab.journal().clear();
    let said = ws.apply()?.ok()?;
    ensure!(said.stdout.contains("3 imported, 0 added, 0 changed"), "{}", said.stdout);
    ensure!(it.writes().is_empty(), "{:?}", it.writes());
    ws.expect_empty_plan().map(drop)
}

#[test]
fn what_is_not_there_cannot_be_imported() -> Result<()> {
    let it = Scene::start(Release::V8_4)?;
    it.ws.write(
        "main.tf",
        "resource \"hybridops_proxmox_firewall_alias\" \"it\" {\n  name = \"a\"\n  cidr = \"10.0.0.1\"\n}\n",
    )?;
    let refused = it.ws.import("hybridops_proxmox_firewall_alias.it", "nowhere")?.fails()?;
    ensure!(refused.stderr.contains("nowhere"), "{}", refused.stderr);
    Ok(())
}
