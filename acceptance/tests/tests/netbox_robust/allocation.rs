//! Allocations: many at once, killed anywhere, and applied again.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use hybridops_lab::{Effect, NetBoxVersion};
use serde_json::json;

use crate::site::{Site, site};

const ADDRESSES: &str = r#"
resource "hybridops_netbox_available_ip_address" "n" {
  count       = 200
  prefix      = "10.0.0.0/23"
  key         = "n-${count.index}"
  description = "one of many"
  tags        = ["web"]
}
"#;

fn prepared(version: NetBoxVersion) -> Result<Option<Site>> {
    let Some(site) = site("netbox_robust", version)? else { return Ok(None) };
    site.make("extras/tags", json!({"name": "Web", "slug": "web"}))?;
    site.make("ipam/prefixes", json!({"prefix": "10.0.0.0/23"}))?;
    Ok(Some(site))
}

/// Exactly so many addresses, no two the same, all with what was asked for.
fn exactly(site: &Site, count: usize) -> Result<()> {
    let objects = site.netbox()?.objects("ipam/ip-addresses");
    let distinct: BTreeSet<&str> = objects.iter().filter_map(|object| object["address"].as_str()).collect();
    ensure!(
        objects.len() == count && distinct.len() == count,
        "{} addresses, {} distinct",
        objects.len(),
        distinct.len()
    );
    for object in &objects {
        ensure!(object["description"] == "one of many", "{object}");
        ensure!(object["tags"].as_array().is_some_and(|tags| tags.len() == 1), "{object}");
    }
    let in_state = site.ws.show_json()?["values"]["root_module"]["resources"].as_array().map_or(0, Vec::len);
    ensure!(in_state == count, "{in_state} of {count} are in the state");
    Ok(())
}

#[test]
fn two_hundred_at_once_are_two_hundred() -> Result<()> {
    let Some(site) = prepared(NetBoxVersion::V4_6)? else { return Ok(()) };
    site.declare(ADDRESSES)?;
    site.apply()?.ok()?;
    exactly(&site, 200)?;
    site.ws.expect_empty_plan()?;
    // One request each, and a handful to find out what there is.
    let requests = site.requests()?.len();
    ensure!(requests < 230, "{requests} requests for 200 allocations and three plans");
    site.ws.destroy()?.ok()?;
    ensure!(site.netbox()?.count("ipam/ip-addresses") == 0, "addresses are left");
    Ok(())
}

#[test]
fn killed_anywhere_none_is_lost_and_none_taken_twice() -> Result<()> {
    let Some(site) = prepared(NetBoxVersion::V4_6)? else { return Ok(()) };
    site.declare(ADDRESSES)?;
    for (nth, effect) in [
        (1, Effect::KillClientAfter),
        (7, Effect::KillClientBefore),
        (40, Effect::KillClientAfter),
        (2, Effect::KillClientAfter),
        (19, Effect::KillClientBefore),
        // The others go on: it is the last.
        (11, Effect::DropAfter),
    ] {
        let what = format!("{effect:?} at allocation {nth}");
        site.fault("POST", "available-ips", nth, 1, effect)?;
        let output = site.apply()?;
        ensure!(!output.status.success(), "{what} did not strike");
        site.no_faults()?;
    }
    site.apply()?.ok()?;
    exactly(&site, 200)?;
    site.ws.expect_empty_plan()?;
    Ok(())
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
