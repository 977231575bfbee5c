//! Allocations from pools found by filter, in blocks that grow and shrink, and from pools that run out.

use anyhow::{Result, ensure};
use hybridops_lab::NetBoxVersion;
use serde_json::json;

use crate::site::{Site, site};

fn prepared(version: NetBoxVersion) -> Result<Option<Site>> {
    let Some(site) = site("netbox_robust", version)? else { return Ok(None) };
    site.make("extras/tags", json!({"name": "Web", "slug": "web"}))?;
    site.make("ipam/prefixes", json!({"prefix": "10.0.0.0/23"}))?;
    Ok(Some(site))
}

#[test]
fn pools_by_filter_blocks_prefixes_vlans_and_numbers() -> Result<()> {
    for version in [NetBoxVersion::V4_6, NetBoxVersion::V4_2] {
        let Some(site) = prepared(version)? else { return Ok(()) };
        site.make("ipam/prefixes", json!({"prefix": "10.1.0.0/31", "description": "small"}))?;
        site.make("ipam/prefixes", json!({"prefix": "10.1.1.0/24"}))?;
        site.make("ipam/vlan-groups", json!({"name": "G", "slug": "g", "vid_ranges": [[100, 102]]}))?;
        site.make("ipam/rirs", json!({"name": "R", "slug": "r"}))?;
        site.make(
            "ipam/asn-ranges",
            json!({"name": "A", "slug": "a", "rir": 1, "start": 64512, "end": 64520}),
        )?;
        let configuration = |quantity: usize| {
            format!(
                r#"
resource "hybridops_netbox_available_ip_address" "block" {{
  prefix_filters = {{ within_include = ["10.1.0.0/16"] }}
  key            = "block"
  quantity       = {quantity}
}}
resource "hybridops_netbox_available_prefix" "p" {{
  parent_prefix = "10.0.0.0/23"
  prefix_length = 28
  key           = "p"
}}
resource "hybridops_netbox_available_vlan" "v" {{
  vlan_group = "g"
  name       = "v"
  key        = "v"
}}
resource "hybridops_netbox_available_asn" "a" {{
  asn_range = "a"
  key       = "a"
}}
output "block" {{ value = hybridops_netbox_available_ip_address.block.allocated[*].value }}
"#
            )
        };
        site.declare(&configuration(3))?;
        site.apply()?.ok()?;
        site.ws.expect_empty_plan()?;
        let block = site.ws.outputs()?["block"].as_array().map_or(0, Vec::len);
        ensure!(block == 3 && site.netbox()?.count("ipam/ip-addresses") == 3, "a block of {block}");
        ensure!(
            site.netbox()?.count("ipam/asns") == 1 && site.netbox()?.count("ipam/vlans") == 1,
            "one of each"
        );
        site.declare(&configuration(5))?;
        site.apply()?.ok()?.says("1 changed")?;
        site.ws.expect_empty_plan()?;
        ensure!(site.netbox()?.count("ipam/ip-addresses") == 5, "the block did not grow");
        site.declare(&configuration(2))?;
        site.apply()?.ok()?;
        site.ws.expect_empty_plan()?;
        ensure!(site.netbox()?.count("ipam/ip-addresses") == 2, "the block did not shrink");
        site.ws.destroy()?.ok()?;
        ensure!(site.netbox()?.count("ipam/vlans") == 0, "a VLAN is left");
    }
    Ok(())
}

#[test]
fn an_exhausted_pool_says_so() -> Result<()> {
    let Some(site) = prepared(NetBoxVersion::V4_6)? else { return Ok(()) };
    site.make("ipam/prefixes", json!({"prefix": "10.9.0.0/31"}))?;
    site.declare(
        r#"resource "hybridops_netbox_available_ip_address" "n" {
  count  = 3
  prefix = "10.9.0.0/31"
  key    = "k${count.index}"
}"#,
    )?;
    let output = site.apply()?.fails()?;
    ensure!(output.text().contains("another pool"), "{}", output.text());
    Ok(())
}
