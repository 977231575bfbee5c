//! Planted secrets turn up nowhere.

use acceptance_tests::Sweep;
use anyhow::Result;
use hybridops_lab::{Effect, LabConfig};

use crate::ready;
use crate::support::{Lxc, Site};

const PASSWORD: &str = "canary-password-5f1c9e";
const TOKEN: &str = "7d0c4a55-cafe-4b1d-9e11-c0ffee5ec2e7";

#[test]
fn nowhere_but_on_the_wire() -> Result<()> {
    ready!();
    let mut site = Site::with(LabConfig { token_secret: Some(TOKEN.to_owned()), ..LabConfig::default() })?;
    site.ws.set_env("TF_VAR_password", PASSWORD);
    site.ws.write("variables.tf", "variable \"password\" {\n  type = string\n  ephemeral = true\n}\n")?;
    let mut sweep = Sweep::new(&[PASSWORD, TOKEN]);
    let mut run = |arguments: &[&str], succeeds: bool| -> Result<()> {
        let output = site.ws.terraform()?.args(arguments).log("trace").watched().run()?;
        sweep.output(&output);
        assert!(!output.log.is_empty(), "the log was captured");
        if succeeds { output.ok() } else { output.fails() }.map(drop)
    };
    site.declare(&Lxc::of_template("web", "pve1").set("password", "var.password"))?;
    // A server that repeats in its refusal what it was sent.
    let message = format!("parameter verification failed: password: {PASSWORD} does not suit");
    site.fault("POST", "/lxc$", 1, Effect::Status { status: 500, message })?;
    run(&["apply", "-no-color", "-auto-approve"], false)?;
    site.lab.faults().clear();
    run(&["apply", "-no-color", "-auto-approve"], true)?;
    run(&["show", "-json"], true)?;
    let log = site.lab.journal().all();
    assert!(
        log.iter().any(|entry| entry.params.contains_key("password")),
        "the password did reach the cluster"
    );
    run(&["destroy", "-no-color", "-auto-approve"], true)?;
    sweep.workspace(&site.ws)?;
    sweep.clean()
}
