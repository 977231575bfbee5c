//! Planted secrets turn up nowhere but on the wire.

use acceptance_tests::Sweep;
use anyhow::Result;
use hybridops_lab::{Effect, NetBoxVersion, RequestFault};

use crate::scene::Scene;

const SECRETS: [(&str, &str); 4] = [
    ("webhook", "canary-webhook-5f1c9e"),
    ("psk", "canary-psk-7d0c4a55"),
    ("password", "Canary-Password-91c0ffee"),
    ("token", "cafe0123456789abcdef0123456789abcdefcafe"),
];

const TEXT: &str = r#"
resource "hybridops_netbox_webhook" "it" {
  name           = "w"
  payload_url    = "https://hooks.example.com"
  secret         = var.webhook
  secret_version = VERSION
}
resource "hybridops_netbox_wireless_lan" "it" {
  ssid             = "lan"
  auth_type        = "wpa-personal"
  auth_psk         = var.psk
  auth_psk_version = VERSION
}
resource "hybridops_netbox_user" "it" {
  username         = "someone"
  password         = var.password
  password_version = VERSION
}
resource "hybridops_netbox_token" "it" {
  user          = hybridops_netbox_user.it.id
  version       = 1
  token         = var.token
  token_version = 1
}
"#;

#[test]
fn nowhere_but_on_the_wire() -> Result<()> {
    let Some(mut it) = Scene::lab("secrets::nowhere_but_on_the_wire", NetBoxVersion::V4_6)? else {
        return Ok(());
    };
    let mut variables = String::new();
    for (name, value) in SECRETS {
        it.ws.set_env(&format!("TF_VAR_{name}"), value);
        variables.push_str(&format!("variable \"{name}\" {{\n  type = string\n  ephemeral = true\n}}\n"));
    }
    it.ws.write("variables.tf", &variables)?;
    let token = it.ws.env("NETBOX_API_TOKEN").unwrap_or_default().to_owned();
    let mut canaries: Vec<&str> = SECRETS.iter().map(|(_, value)| *value).collect();
    canaries.push(&token);
    let mut sweep = Sweep::new(&canaries);
    let mut run = |arguments: &[&str], succeeds: bool| -> Result<()> {
        let output = it.ws.terraform()?.args(arguments).log("trace").watched().run()?;
        sweep.output(&output);
        assert!(!output.log.is_empty(), "the log was captured");
        if succeeds { output.ok() } else { output.fails() }.map(drop)
    };
    it.ws.write("main.tf", &TEXT.replace("VERSION", "1"))?;
    run(&["plan", "-no-color", "-out", "one.plan"], true)?;
    run(&["apply", "-no-color", "one.plan"], true)?;
    // A server that repeats in its refusal what it was sent.
    it.netbox()?.faults().add(RequestFault {
        method: "PATCH".to_owned(),
        path: "/extras/webhooks/".to_owned(),
        nth: 1,
        times: 1,
        effect: Effect::Status { status: 400, message: format!("bad secret {}", SECRETS[0].1) },
    })?;
    it.ws.write("main.tf", &TEXT.replace("VERSION", "2"))?;
    run(&["apply", "-no-color", "-auto-approve"], false)?;
    run(&["apply", "-no-color", "-auto-approve"], true)?;
    run(&["plan", "-no-color", "-detailed-exitcode"], true)?;
    run(&["show", "-json"], true)?;
    let webhooks = it.netbox()?.objects("extras/webhooks");
    assert_eq!(webhooks[0]["secret"], SECRETS[0].1, "it did reach the server");
    run(&["destroy", "-no-color", "-auto-approve"], true)?;
    sweep.workspace(&it.ws)?;
    sweep.clean()
}
