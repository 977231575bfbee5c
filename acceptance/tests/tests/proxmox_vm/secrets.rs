//! Planted secrets turn up nowhere.

use acceptance_tests::Sweep;
use anyhow::Result;
use hybridops_lab::{Effect, LabConfig, RequestFault};

use crate::ready;
use crate::support::{Site, Vm};

const PASSWORD: &str = "canary-password-5f1c9e";
const TOKEN: &str = "7d0c4a55-cafe-4b1d-9e11-c0ffee5ec2e7";

#[test]
fn nowhere_but_on_the_wire() -> Result<()> {
    ready!();
    let mut site = Site::with(LabConfig { token_secret: Some(TOKEN.to_owned()), ..LabConfig::default() })?;
    site.ws.set_env("TF_VAR_password", PASSWORD);
    site.ws.write("variables.tf", "variable \"password\" {\n  type = string\n  ephemeral = true\n}\n")?;
    let with = |version: u32| {
        let cloud_init = format!("{{ user = \"u\", password = var.password, password_version = {version} }}");
        Vm::clone_of_template("web", "pve1").set("cloud_init", cloud_init)
    };
    let mut sweep = Sweep::new(&[PASSWORD, TOKEN]);
    let mut run = |arguments: &[&str], succeeds: bool| -> Result<()> {
        let output = site.ws.terraform()?.args(arguments).log("trace").watched().run()?;
        sweep.output(&output);
        assert!(!output.log.is_empty(), "the log was captured");
        if succeeds { output.ok() } else { output.fails() }.map(drop)
    };
    site.declare(&with(1))?;
    run(&["plan", "-no-color", "-out", "one.plan"], true)?;
    run(&["apply", "-no-color", "one.plan"], true)?;
    // A server that repeats in its refusal what it was sent.
    let message = format!("parameter verification failed: cipassword: {PASSWORD} does not suit");
    let effect = Effect::Status { status: 500, message };
    let (method, path) = ("POST".to_owned(), "/config$".to_owned());
    site.lab.faults().add(RequestFault { method, path, nth: 1, times: 1, effect })?;
    site.declare(&with(2))?;
    run(&["plan", "-no-color", "-out", "two.plan"], true)?;
    run(&["apply", "-no-color", "two.plan"], false)?;
    site.lab.faults().clear();
    run(&["apply", "-no-color", "-auto-approve"], true)?;
    run(&["show", "-json"], true)?;
    let sent =
        site.lab.journal().all().iter().filter(|entry| entry.params.contains_key("cipassword")).count();
    assert!(sent >= 2, "the password did reach the cluster");
    run(&["destroy", "-no-color", "-auto-approve"], true)?;
    for entry in site.lab.journal().all() {
        sweep.bytes("the cluster's log", format!("{:?} {}", entry.params, entry.principal).as_bytes());
    }
    sweep.workspace(&site.ws)?;
    sweep.clean()
}
