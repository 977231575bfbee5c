//! Switching from another NetBox provider: `moved` blocks take its state over, and NetBox is not touched.

use acceptance_tests::{Provider, Workspace, terraform_or_skip};
use anyhow::{Context as _, Result, ensure};
use hybridops_lab::{Lab, LabConfig, NetBoxConfig};
use serde_json::{Value as Json, json};

const CONFIGURATION: &str = r#"
provider "hybridops" {
  netbox = {}
}

moved {
  from = netbox_site.ams1
  to   = hybridops_netbox_site.ams1
}

moved {
  from = netbox_available_ip_address.web
  to   = hybridops_netbox_ip_address.web
}

resource "hybridops_netbox_site" "ams1" {
  name   = "Amsterdam 1"
  slug   = "ams1"
  region = "europe"
  tags   = ["old"]

  custom_fields = { rack_rows = 4 }
}

resource "hybridops_netbox_ip_address" "web" {
  address     = "10.0.0.7/24"
  description = "web"
}
"#;

/// The provider that is left: another name for a program that will not be asked anything but its schema.
fn predecessor() -> Result<Provider> {
    let ours = Provider::hybridops()?;
    Ok(Provider {
        address: "registry.terraform.io/e-breuninger/netbox".to_owned(),
        version: "5.7.0".to_owned(),
        binary: ours.binary,
    })
}

fn instance(kind: &str, name: &str, attributes: &Json) -> Json {
    json!({
        "mode": "managed", "type": kind, "name": name,
        "provider": "provider[\"registry.terraform.io/e-breuninger/netbox\"]",
        "instances": [{ "schema_version": 0, "attributes": attributes, "sensitive_attributes": [] }],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn moved_blocks_take_the_state_over_without_a_write() -> Result<()> {
    if !terraform_or_skip("netbox_takeover")? {
        return Ok(());
    }
    let netbox = Some(NetBoxConfig::default());
    let lab = Lab::start(LabConfig { netbox, ..LabConfig::default() }).await?;
    let server = lab.netbox().context("the lab has a NetBox")?;
    let make = |kind: &str, body: Json| -> Result<u64> {
        let made = server
            .call("POST", &format!("/api/{kind}/"), Some(body))
            .map_err(|e| anyhow::anyhow!("{e:?}"))?;
        made["id"].as_u64().context("an object has an id")
    };
    make("extras/tags", json!({"name": "Old", "slug": "old"}))?;
    make(
        "extras/custom-fields",
        json!({"name": "rack_rows", "type": "integer", "object_types": ["dcim.site"]}),
    )?;
    make("dcim/regions", json!({"name": "Europe", "slug": "europe"}))?;
    let site = json!({
        "name": "Amsterdam 1", "slug": "ams1", "region": {"slug": "europe"}, "tags": [{"slug": "old"}],
        "custom_fields": {"rack_rows": 4},
    });
    let site = make("dcim/sites", site)?;
    let address = make("ipam/ip-addresses", json!({"address": "10.0.0.7/24", "description": "web"}))?;

    let mut ws = Workspace::new(&[Provider::hybridops()?, predecessor()?])?;
    for (name, value) in lab.environment() {
        ws.set_env(&name, value);
    }
    ws.write("main.tf", CONFIGURATION)?;
    let state = json!({
        "version": 4, "terraform_version": "1.8.0", "serial": 1, "lineage": "of-old", "outputs": {},
        "resources": [
            instance("netbox_site", "ams1", &json!({"id": site.to_string(), "name": "Amsterdam 1", "region_id": 1})),
            instance("netbox_available_ip_address", "web", &json!({"id": address.to_string(), "prefix_id": 9})),
        ],
        "check_results": null,
    });
    ws.write_state(&state)?;
    ws.init()?.ok()?;
    let before = server.journal().all().len();
    ws.apply()?.ok()?.says("0 added, 0 changed, 0 destroyed")?;
    ws.expect_empty_plan()?;
    let writes: Vec<String> = server
        .journal()
        .all()
        .into_iter()
        .skip(before)
        .filter(|entry| entry.method != "GET")
        .map(|entry| format!("{} {}", entry.method, entry.path))
        .collect();
    ensure!(writes.is_empty(), "NetBox was written to: {writes:?}");
    Ok(())
}
