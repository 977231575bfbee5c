//! What is staged is shown, applied, and then there is nothing to do.

use anyhow::{Context as _, Result, ensure};
use hybridops_lab::Release;
use serde_json::{Value as Json, json};

use crate::scene::Scene;

const SDN: &str = r#"
resource "hybridops_proxmox_sdn_zone_simple" "it" {
  zone = "tfz"
}
resource "hybridops_proxmox_sdn_vnet" "it" {
  vnet  = "tfv"
  zone  = hybridops_proxmox_sdn_zone_simple.it.zone
  alias = "ALIAS"
}
resource "hybridops_proxmox_sdn_subnet" "it" {
  vnet    = hybridops_proxmox_sdn_vnet.it.vnet
  subnet  = "10.88.0.0/24"
  gateway = "10.88.0.1"
}
resource "hybridops_proxmox_sdn_apply" "it" {
  triggers   = { vnet = hybridops_proxmox_sdn_vnet.it.alias }
  depends_on = [hybridops_proxmox_sdn_subnet.it]
}
"#;

const NETWORK: &str = r#"
resource "hybridops_proxmox_node_network_bridge" "it" {
  node = "pve1"
  iface = "vmbr7"
  cidr  = "10.77.0.1/24"
}
resource "hybridops_proxmox_node_network_apply" "it" {
  node     = hybridops_proxmox_node_network_bridge.it.node
  triggers = { cidr = hybridops_proxmox_node_network_bridge.it.cidr }
}
"#;

#[test]
fn sdn_counts_when_it_is_applied() -> Result<()> {
    let it = Scene::start(Release::V8_4)?;
    let running = |vnet: &str| -> Result<Json> {
        let vnets =
            it.lab.call("GET", "/cluster/sdn/vnets?running=1", &json!({})).map_err(anyhow::Error::msg)?;
        let vnets = vnets.as_array().cloned().unwrap_or_default();
        Ok(vnets.into_iter().find(|entry| entry["vnet"] == vnet).unwrap_or_default())
    };
    it.ws.write("main.tf", &SDN.replace("ALIAS", "one"))?;
    it.told("apply SDN", || it.ws.apply())?;
    it.expect_nothing_to_do("SDN is applied")?;
    ensure!(running("tfv")?["alias"] == "one", "the VNet runs: {}", running("tfv")?);

    it.ws.write("main.tf", &SDN.replace("ALIAS", "two"))?;
    it.told("change SDN", || it.ws.apply())?;
    it.expect_nothing_to_do("a change of SDN")?;
    ensure!(running("tfv")?["alias"] == "two", "the change runs");

    // Staged by someone else.
    let other = json!({"zone": "other", "type": "simple"});
    it.lab.call("POST", "/cluster/sdn/zones", &other).map_err(anyhow::Error::msg)?;
    applies_what_is_found(&it, "hybridops_proxmox_sdn_apply.it", "zone other (new)")?;
    it.told("destroy SDN", || it.ws.destroy()).map(drop)
}

#[test]
fn networks_count_when_they_are_applied() -> Result<()> {
    let it = Scene::start(Release::V8_4)?;
    it.ws.write("main.tf", NETWORK)?;
    it.told("apply a bridge", || it.ws.apply())?;
    it.expect_nothing_to_do("the bridge is applied")?;
    let other = json!({"iface": "vmbr8", "type": "bridge", "autostart": 1});
    it.lab.call("POST", "/nodes/pve1/network", &other).map_err(anyhow::Error::msg)?;
    applies_what_is_found(&it, "hybridops_proxmox_node_network_apply.it", "vmbr8")?;
    it.told("destroy a bridge", || it.ws.destroy()).map(drop)
}

/// The next plan shows what is staged and is to apply it; then there is nothing to do.
fn applies_what_is_found(it: &Scene, address: &str, staged: &str) -> Result<()> {
    let plan = it.ws.planned()?;
    plan.expect(&[(address, "update")])?;
    let change = plan.change(address)?;
    let lines = change.before("pending").as_array().cloned().unwrap_or_default();
    let shown = lines.iter().filter_map(Json::as_str).any(|line| line.contains(staged));
    ensure!(shown, "{staged} is not among {lines:?}");
    ensure!(change.after("pending") == &json!([]), "the plan is to apply it: {}", change.after("pending"));
    it.told("apply what is staged", || it.ws.apply())?;
    it.expect_nothing_to_do("what was staged is applied").context(address.to_owned())
}
