//! Secrets reach the server and nothing else.

use acceptance_tests::Sweep;
use anyhow::{Result, ensure};
use hybridops_lab::{Effect, NetBoxVersion};

use crate::site::site;

const WEBHOOK: &str = "canary-webhook-5ac41b";
const WLAN: &str = "canary-wlan-77e0d2";
const PASSWORD: &str = "canary-Password-1f3c9a";

fn configuration(version: u64) -> String {
    format!(
        r#"
resource "hybridops_netbox_webhook" "w" {{
  name           = "w"
  payload_url    = "https://hooks.example.com/"
  secret         = "{WEBHOOK}-{version}"
  secret_version = {version}
}}
resource "hybridops_netbox_wireless_lan" "l" {{
  ssid             = "lab"
  auth_psk         = "{WLAN}-{version}"
  auth_psk_version = {version}
}}
resource "hybridops_netbox_user" "u" {{
  username         = "robot"
  password         = "{PASSWORD}-{version}"
  password_version = {version}
}}
"#
    )
}

#[test]
fn no_secret_is_found_anywhere() -> Result<()> {
    let Some(site) = site("netbox_robust", NetBoxVersion::V4_6)? else { return Ok(()) };
    let token = site.netbox()?.token().to_owned();
    let canaries: Vec<String> = [WEBHOOK, WLAN, PASSWORD]
        .iter()
        .flat_map(|canary| [format!("{canary}-1"), format!("{canary}-2")])
        .collect();
    let mut all: Vec<&str> = canaries.iter().map(String::as_str).collect();
    all.push(&token);
    let mut sweep = Sweep::new(&all);
    let mut run = |arguments: &[&str], succeeds: bool| -> Result<()> {
        let output = site.ws.terraform()?.args(arguments).log("trace").watched().run()?;
        sweep.output(&output);
        if succeeds { output.ok() } else { output.fails() }.map(drop)
    };
    site.declare(&configuration(1))?;
    run(&["plan", "-no-color", "-out", "one.plan"], true)?;
    run(&["apply", "-no-color", "one.plan"], true)?;
    run(&["plan", "-no-color", "-detailed-exitcode"], true)?;
    // A server that repeats in its refusal what it was sent.
    let told = format!("The secret {WEBHOOK}-2 does not suit.");
    site.fault("PATCH", "webhooks", 1, 1, Effect::Status { status: 400, message: told })?;
    site.declare(&configuration(2))?;
    run(&["apply", "-no-color", "-auto-approve"], false)?;
    site.no_faults()?;
    run(&["apply", "-no-color", "-auto-approve"], true)?;
    run(&["show", "-json"], true)?;
    let stored = &site.netbox()?.objects("extras/webhooks")[0]["secret"];
    ensure!(stored == &format!("{WEBHOOK}-2"), "the server has {stored}");
    run(&["destroy", "-no-color", "-auto-approve"], true)?;
    site.ws.remove("main.tf")?;
    sweep.workspace(&site.ws)?;
    sweep.clean()
}
