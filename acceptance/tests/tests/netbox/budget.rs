//! How many requests things take, and that nothing is taken twice.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use hybridops_lab::{Effect, NetBoxVersion, RequestFault};
use serde_json::json;

use crate::scene::Scene;

#[test]
fn a_thousand_objects_are_refreshed_with_a_handful_of_requests() -> Result<()> {
    let Some(it) = Scene::lab("budget::refresh", NetBoxVersion::V4_6)? else { return Ok(()) };
    const EACH: usize = 125;
    let many = |kind: &str, arguments: &str| {
        format!("resource \"hybridops_netbox_{kind}\" \"many\" {{\n  count = {EACH}\n{arguments}\n}}\n")
    };
    let text = [
        many("tag", "  name = \"tag ${count.index}\""),
        many("tenant", "  name = \"tenant ${count.index}\"\n  tags = [hybridops_netbox_tag.many[0].slug]"),
        many(
            "site",
            "  name = \"site ${count.index}\"\n  tenant = hybridops_netbox_tenant.many[count.index].slug",
        ),
        many("vrf", "  name = \"vrf ${count.index}\"\n  tenant = hybridops_netbox_tenant.many[0].id"),
        many(
            "vlan",
            "  name = \"vlan ${count.index}\"\n  vid = count.index + 1\n  site = hybridops_netbox_site.many[0].id",
        ),
        many(
            "prefix",
            "  prefix = \"10.${count.index}.0.0/16\"\n  scope = { site = hybridops_netbox_site.many[0].id }",
        ),
        many(
            "ip_address",
            "  address = \"10.${count.index}.0.1/16\"\n  vrf = hybridops_netbox_vrf.many[0].id",
        ),
        many("manufacturer", "  name = \"manufacturer ${count.index}\""),
    ];
    it.ws.write("main.tf", &text.concat())?;
    it.told("create 1,000 mixed objects", || it.ws.apply())?;
    it.expect_nothing_to_do("the creation of 1,000 mixed objects")?;
    let requests = it.requests()?;
    ensure!(requests < 20, "refreshing 1,000 objects took {requests} requests");
    println!("refresh of {} objects of 8 kinds: {requests} requests", EACH * 8);
    Ok(())
}

#[test]
fn a_thousand_addresses_take_a_request_each() -> Result<()> {
    let Some(it) = Scene::lab("budget::addresses", NetBoxVersion::V4_6)? else { return Ok(()) };
    let netbox = it.netbox()?;
    for tag in ["blue", "green"] {
        netbox.insert("extras/tags", json!({"name": tag, "slug": tag}))?;
    }
    it.ws.write(
        "main.tf",
        "resource \"hybridops_netbox_ip_address\" \"many\" {\n  count = 1000\n  \
         address = \"10.0.${floor(count.index / 250)}.${count.index % 250 + 1}/16\"\n  tags = [\"blue\", \"green\"]\n}\n",
    )?;
    it.told("create 1,000 addresses with two tags each", || it.ws.apply())?;
    let requests = it.requests()?;
    ensure!(requests <= 1005, "creating 1,000 addresses took {requests} requests");
    println!("create of 1,000 addresses with two tags each: {requests} requests");
    ensure!(netbox.count("ipam/ip-addresses") == 1000);
    Ok(())
}

#[test]
fn two_hundred_allocations_at_once_killed_anywhere_are_two_hundred() -> Result<()> {
    let Some(it) = Scene::lab("budget::allocations", NetBoxVersion::V4_6)? else { return Ok(()) };
    let netbox = it.netbox()?;
    netbox.insert("ipam/prefixes", json!({"prefix": "10.9.0.0/16"}))?;
    it.ws.write(
        "main.tf",
        "resource \"hybridops_netbox_available_ip_address\" \"many\" {\n  count = 200\n  key = \"host-${count.index}\"\n  \
         prefix = \"10.9.0.0/16\"\n  description = \"host ${count.index}\"\n}\n",
    )?;
    let parallel = || it.ws.run(&["apply", "-no-color", "-auto-approve", "-parallelism=50"]);
    let points =
        [(7, Effect::KillClientAfter), (30, Effect::KillClientBefore), (60, Effect::KillClientAfter)];
    for (nth, effect) in points {
        netbox.faults().add(RequestFault {
            method: "POST".to_owned(),
            path: "/available-ips/$".to_owned(),
            nth,
            times: 1,
            effect: effect.clone(),
        })?;
        let output = parallel()?;
        netbox.faults().clear();
        ensure!(!output.status.success(), "{effect:?} at allocation {nth} did not strike");
        println!("{effect:?} at allocation {nth}: {} addresses are taken", netbox.count("ipam/ip-addresses"));
    }
    it.told("200 allocations after three kills", parallel)?;
    it.expect_nothing_to_do("200 allocations")?;
    let objects = netbox.objects("ipam/ip-addresses");
    let addresses: BTreeSet<&str> = objects.iter().filter_map(|object| object["address"].as_str()).collect();
    ensure!(
        objects.len() == 200 && addresses.len() == 200,
        "{} objects, {} addresses",
        objects.len(),
        addresses.len()
    );
    let state = it.ws.state()?;
    for index in 0..200 {
        let address = format!("hybridops_netbox_available_ip_address.many[{index}]");
        let id = state.get(&address, "id")?.as_u64().context("no id")?;
        let object = objects.iter().find(|object| object["id"] == json!(id)).context("not on the server")?;
        ensure!(object["description"] == json!(format!("host {index}")), "{address} is {object}");
    }
    it.told("release", || it.ws.destroy())?;
    ensure!(netbox.count("ipam/ip-addresses") == 0, "not released");
    Ok(())
}
