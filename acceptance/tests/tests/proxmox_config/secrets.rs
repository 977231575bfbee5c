//! Planted secrets turn up nowhere but on the wire.

use acceptance_tests::Sweep;
use anyhow::{Result, ensure};
use hybridops_lab::{Effect, Release, RequestFault};

use crate::scene::Scene;

const SECRETS: [(&str, &str); 4] = [
    ("password", "Canary-Password-91c0ffee"),
    ("cifs", "canary-cifs-5f1c9e7d"),
    ("token", "canary-token-7d0c4a55"),
    ("key", "canary-key-0b5e77ed"),
];

const TEXT: &str = r#"
resource "hybridops_proxmox_user" "it" {
  userid           = "someone@pve"
  password         = var.password
  password_version = VERSION
}
resource "hybridops_proxmox_storage_cifs" "it" {
  storage          = "share"
  server           = "10.0.0.9"
  share            = "s"
  username         = "u"
  password         = var.cifs
  password_version = VERSION
}
resource "hybridops_proxmox_notification_gotify" "it" {
  name          = "gotify"
  server        = "https://gotify.example.com"
  token         = var.token
  token_version = VERSION
}
resource "hybridops_proxmox_sdn_dns_powerdns" "it" {
  dns         = "pdns"
  url         = "https://dns.example.com/api"
  key         = var.key
  key_version = VERSION
}
"#;

#[test]
fn secrets_stay_on_the_wire() -> Result<()> {
    let mut it = Scene::start(Release::V8_4)?;
    let mut variables = String::new();
    for (name, value) in SECRETS {
        it.ws.set_env(&format!("TF_VAR_{name}"), value);
        variables.push_str(&format!("variable \"{name}\" {{\n  type = string\n  ephemeral = true\n}}\n"));
    }
    it.ws.write("variables.tf", &variables)?;
    let mut canaries: Vec<&str> = SECRETS.iter().map(|(_, value)| *value).collect();
    let token = it.lab.api_token().to_owned();
    canaries.push(token.split_once('=').map_or(token.as_str(), |(_, secret)| secret));
    let mut sweep = Sweep::new(&canaries);
    let mut run = |arguments: &[&str], succeeds: bool| -> Result<()> {
        let output = it.ws.terraform()?.args(arguments).log("trace").watched().run()?;
        sweep.output(&output);
        ensure!(!output.log.is_empty(), "the log was captured");
        if succeeds { output.ok() } else { output.fails() }.map(drop)
    };
    it.ws.write("main.tf", &TEXT.replace("VERSION", "1"))?;
    run(&["plan", "-no-color", "-out", "one.plan"], true)?;
    run(&["apply", "-no-color", "one.plan"], true)?;
    let stored = it.lab.config().to_string();
    // Passwords are kept apart from the configuration.
    for (name, value) in SECRETS.iter().filter(|(name, _)| matches!(*name, "token" | "key")) {
        ensure!(stored.contains(value), "the {name} did not reach the server");
    }
    // A server that repeats in its refusal what it was sent.
    it.lab.faults().add(RequestFault {
        method: "PUT".to_owned(),
        path: "^/storage/".to_owned(),
        nth: 1,
        times: 1,
        effect: Effect::Status { status: 400, message: format!("bad password {}", SECRETS[1].1) },
    })?;
    it.ws.write("main.tf", &TEXT.replace("VERSION", "2"))?;
    run(&["apply", "-no-color", "-auto-approve"], false)?;
    it.lab.faults().clear();
    run(&["apply", "-no-color", "-auto-approve"], true)?;
    run(&["plan", "-no-color", "-detailed-exitcode"], true)?;
    run(&["show", "-json"], true)?;
    run(&["destroy", "-no-color", "-auto-approve"], true)?;
    sweep.workspace(&it.ws)?;
    sweep.clean()
}
