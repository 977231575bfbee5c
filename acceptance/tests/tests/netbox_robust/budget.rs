//! How many requests things take, as numbers.

use std::fmt::Write as _;

use anyhow::{Result, ensure};
use hybridops_lab::NetBoxVersion;
use serde_json::json;

use crate::site::site;

#[test]
fn a_thousand_addresses_with_two_tags_each() -> Result<()> {
    let Some(site) = site("netbox_robust", NetBoxVersion::V4_6)? else { return Ok(()) };
    for slug in ["red", "blue"] {
        site.make("extras/tags", json!({"name": slug, "slug": slug}))?;
    }
    site.declare(
        r#"resource "hybridops_netbox_ip_address" "it" {
  count   = 1000
  address = "10.${floor(count.index / 250)}.${count.index % 250}.1/32"
  tags    = ["red", "blue"]
}"#,
    )?;
    site.forget()?;
    site.apply()?.ok()?;
    let create = site.requests()?.len();
    ensure!(create <= 1_005, "{create} requests to make a thousand addresses");
    site.forget()?;
    site.ws.expect_empty_plan()?;
    let refresh = site.requests()?.len();
    ensure!(refresh < 20, "{refresh} requests to refresh a thousand addresses");
    println!("1,000 addresses with two tags: {create} requests to create, {refresh} to refresh");
    Ok(())
}

#[test]
fn a_thousand_mixed_objects() -> Result<()> {
    for version in [NetBoxVersion::V4_6, NetBoxVersion::V4_2] {
        let Some(site) = site("netbox_robust", version)? else { return Ok(()) };
        let mut configuration = String::new();
        for kind in [
            "region",
            "site_group",
            "tenant_group",
            "manufacturer",
            "rack_role",
            "rir",
            "cluster_type",
            "tag",
        ] {
            let _ = writeln!(
                configuration,
                "resource \"hybridops_netbox_{kind}\" \"it\" {{\n  count = 100\n  name = \"{kind} ${{count.index}}\"\n}}"
            );
        }
        configuration.push_str(
            r#"resource "hybridops_netbox_site" "it" {
  count  = 200
  name   = "site ${count.index}"
  region = hybridops_netbox_region.it[count.index % 100].id
  group  = hybridops_netbox_site_group.it[count.index % 100].id
  tags   = [hybridops_netbox_tag.it[count.index % 100].slug]
}"#,
        );
        site.declare(&configuration)?;
        site.apply()?.ok()?;
        site.forget()?;
        site.ws.expect_empty_plan()?;
        let refresh = site.requests()?.len();
        ensure!(refresh < 20, "{refresh} requests: {:?}", site.requests()?);
        println!("1,000 objects of nine kinds on {version:?}: {refresh} requests to refresh");
    }
    Ok(())
}
