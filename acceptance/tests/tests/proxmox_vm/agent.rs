//! Waiting for a guest that answers.

use std::time::Duration;

use anyhow::{Result, ensure};
use hybridops_lab::LabConfig;
use serde_json::json;

use crate::ready;
use crate::support::{Site, Vm};

fn vm(wait: &str) -> Vm {
    Vm::clone_of_template("web", "pve1")
        .set("agent", "true")
        .set("cloud_init", "{ user = \"u\", ip_config = { net0 = { ipv4 = \"10.0.0.5/24\" } } }")
        .text("power", "running")
        .set("wait_for", wait)
}

#[test]
fn addresses_are_told_once_it_answers() -> Result<()> {
    ready!();
    let agent_boot = Some(Duration::from_millis(600));
    let site = Site::with(LabConfig { agent_boot, ..LabConfig::default() })?;
    site.converge(&vm("{ addresses = true, timeout = \"1m\" }"))?;
    let addresses = site.attribute("addresses")?;
    ensure!(addresses.as_array().is_some_and(|all| all.contains(&json!("10.0.0.5"))), "{addresses}");
    Ok(())
}

#[test]
fn one_that_stays_silent_is_kept_and_told() -> Result<()> {
    ready!();
    let site = Site::with(LabConfig { agent_boot: None, ..LabConfig::default() })?;
    site.declare(&vm("{ agent = true, timeout = \"3s\" }"))?;
    site.ws.apply()?.fails()?.says("was made, but does not answer")?;
    let vmid = site.expect_only("web")?;
    ensure!(site.guest(vmid)["running"] == true, "it does not run");
    // It is tainted: made anew, once it need not answer, under the name that it has.
    site.converge(&vm("{}"))?;
    ensure!(site.expect_only("web").is_ok(), "not made anew");
    Ok(())
}
