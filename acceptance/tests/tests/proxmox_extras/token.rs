//! `hybridops_proxmox_user_token`: a token that lives for one run.

use acceptance_tests::Sweep;
use anyhow::{Context as _, Result};
use hybridops_lab::{Effect, LabConfig};
use serde_json::Value as Json;

use crate::begin;
use crate::scene::Scene;

/// A run in which a second provider reads with the token.
const USED: &str = r#"
ephemeral "hybridops_proxmox_user_token" "run" {
  expires_in = "10m"
  comment    = "for a test"
  acl        = [{ path = "/", role = "PVEAuditor" }]
}

provider "hybridops" {
  alias = "auditor"

  proxmox = {
    endpoints      = [ENDPOINT]
    api_token      = ephemeral.hybridops_proxmox_user_token.run.api_token
    ca_certificate = CERTIFICATE
  }
}

data "hybridops_proxmox_guests" "all" {
  provider = hybridops.auditor
}

output "vmids" {
  value = data.hybridops_proxmox_guests.all.vmids
}
"#;

fn used(scene: &Scene) -> Result<String> {
    let endpoint = scene.lab.endpoints().into_iter().next().context("a node")?;
    let quoted = |text: &str| Json::from(text).to_string();
    Ok(USED
        .replace("ENDPOINT", &quoted(&endpoint))
        .replace("CERTIFICATE", &quoted(scene.lab.ca_certificate())))
}

/// The tokens of root.
fn tokens(scene: &Scene) -> Result<Vec<Json>> {
    let listed = scene.operator("GET", "/access/users/root@pam/token", &[])?;
    Ok(listed.as_array().cloned().unwrap_or_default())
}

fn made(scene: &Scene) -> Result<usize> {
    Ok(tokens(scene)?
        .iter()
        .filter(|token| token["tokenid"].as_str().is_some_and(|id| id.starts_with("hybridops-")))
        .count())
}

#[test]
fn it_works_for_the_run_and_is_gone_afterwards() -> Result<()> {
    let scene = begin!();
    scene.machine(101, "web", &[])?;
    scene.ws.write("main.tf", &used(&scene)?)?;
    scene.ws.apply()?.ok()?;
    assert_eq!(scene.ws.outputs()?["vmids"], serde_json::json!([101]));
    assert_eq!(made(&scene)?, 0, "{:?}", tokens(&scene)?);
    let acl = scene.operator("GET", "/access/acl", &[])?;
    assert!(!acl.to_string().contains("hybridops-"), "{acl}");
    scene.ws.expect_empty_plan()?;
    let requests = scene.lab.journal().counts();
    assert!(requests.keys().any(|kind| kind.starts_with("POST") && kind.contains("/token/")), "{requests:?}");
    scene.ws.expect_no_processes()
}

#[test]
fn a_run_that_is_killed_leaves_a_token_that_expires() -> Result<()> {
    let scene = begin!();
    scene.ws.write("main.tf", &used(&scene)?)?;
    scene.fault("PUT", "^/access/acl$", Effect::KillClientAfter)?;
    scene.ws.apply()?.fails()?;
    let left = tokens(&scene)?;
    let left =
        left.iter().find(|token| token["comment"].as_str().is_some_and(|text| text.contains("for a test")));
    let expires = left.context("the token is still there")?["expire"].as_u64().unwrap_or_default();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
    assert!(expires > now && expires <= now + 600, "{expires}, {now}");
    // The next run leaves it while another one may use it, and deletes it once it has expired.
    scene.ws.apply()?.ok()?;
    assert_eq!(made(&scene)?, 1);
    let id = left.and_then(|token| token["tokenid"].as_str()).context("an id")?;
    let past = (now - 10).to_string();
    scene.operator("PUT", &format!("/access/users/root@pam/token/{id}"), &[("expire", &past)])?;
    scene.ws.apply()?.ok()?;
    assert_eq!(made(&scene)?, 0);
    Ok(())
}

#[test]
fn a_token_that_gets_no_role_is_deleted_again() -> Result<()> {
    let scene = begin!();
    scene.ws.write("main.tf", &used(&scene)?.replace("PVEAuditor", "Nonsense"))?;
    scene.ws.apply()?.fails()?.says("Granting Nonsense on / to the token failed")?;
    assert_eq!(made(&scene)?, 0);
    Ok(())
}

#[test]
fn what_cannot_be_meant_is_refused() -> Result<()> {
    let scene = begin!();
    let refused = |body: &str, text: &str| -> Result<()> {
        scene.ws.write(
            "main.tf",
            &format!("ephemeral \"hybridops_proxmox_user_token\" \"it\" {{\n{body}\n}}\n"),
        )?;
        scene.ws.validate()?.fails()?.says(text).map(drop)
    };
    refused("  expires_in = \"5s\"", "The token would expire too soon")?;
    refused("  user = \"nobody\"", "a user with a realm")?;
    refused(
        "  privilege_separation = false\n  acl = [{ path = \"/\", role = \"PVEAuditor\" }]",
        "acl cannot be set",
    )
}

#[test]
fn its_secret_is_in_no_file_and_no_log() -> Result<()> {
    let scene = begin!(LabConfig::default());
    scene.ws.write("main.tf", &used(&scene)?)?;
    let output =
        scene.ws.terraform()?.args(["apply", "-no-color", "-auto-approve"]).log("TRACE").run()?.ok()?;
    // The stand-in draws secrets of this form; none may be seen.
    let secret = regex::Regex::new("hybridops-[0-9a-f]{12}=[0-9a-f-]{36}")?;
    let mut sweep = Sweep::new(&["for-nothing"]);
    sweep.workspace(&scene.ws)?;
    for text in [output.text(), scene.ws.read("terraform.tfstate")?] {
        assert!(!secret.is_match(&text));
    }
    sweep.clean()
}
