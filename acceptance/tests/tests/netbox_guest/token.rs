//! Tokens that live for one run.

use acceptance_tests::{Sweep, Workspace};
use anyhow::{Result, ensure};
use hybridops_lab::{Effect, NetBoxVersion, RequestFault};
use serde_json::json;

use crate::scene::{Scene, VERSIONS, scene};

const TOKENS: &str = "users/tokens";
const PASSWORD: &str = "lab-admin-password";

/// Writes a configuration in which a second provider works with a token made for the run.
fn declare(it: &Scene, token: &str, with_own: bool) -> Result<()> {
    let own = if with_own { "" } else { "netbox = { token = \"\" }" };
    it.ws.write("provider.tf", &format!("provider \"hybridops\" {{ {own} }}\n"))?;
    let url = it.netbox().url();
    it.ws.write(
        "main.tf",
        &format!(
            r#"ephemeral "hybridops_netbox_token" "it" {{
                 {token}
               }}
               provider "hybridops" {{
                 alias  = "short"
                 netbox = {{ url = "{url}", token = ephemeral.hybridops_netbox_token.it.token }}
               }}
               resource "hybridops_netbox_object" "it" {{
                 provider = hybridops.short
                 path     = "dcim/sites"
                 body     = {{ name = "A", slug = "a" }}
               }}
            "#
        ),
    )
}

/// The secrets of all tokens that were made: the stand-in tells them to nobody else.
fn sweep(ws: &Workspace, canaries: &[&str]) -> Result<()> {
    let mut sweep = Sweep::new(canaries);
    sweep.workspace(ws)?;
    sweep.clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn made_with_a_password_and_deleted_in_the_end() -> Result<()> {
    for version in VERSIONS {
        let it = scene!(version);
        let before = it.netbox().count(TOKENS);
        let forms: &[&str] = if version >= NetBoxVersion::V4_5 {
            &["", "version = 1", "version = 2"]
        } else {
            &["", "version = 1"]
        };
        for form in forms {
            let token =
                format!("username = \"admin\"\npassword = \"{PASSWORD}\"\nexpires_in = \"15m\"\n{form}");
            declare(&it, &token, true)?;
            it.forget_requests();
            it.ws.terraform()?.args(["apply", "-no-color", "-auto-approve"]).log("TRACE").run()?.ok()?;
            ensure!(it.all("dcim/sites").len() == 1);
            let made = it.requests().iter().filter(|r| *r == "POST /api/users/tokens/provision/").count();
            ensure!(made >= 1, "{:#?}", it.requests());
            ensure!(it.netbox().count(TOKENS) == before, "a token is left: {:?}", it.all(TOKENS));
            it.ws.destroy()?.ok()?;
            ensure!(it.netbox().count(TOKENS) == before);
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn made_with_the_providers_own_token() -> Result<()> {
    for version in VERSIONS {
        let it = scene!(version);
        let before = it.netbox().count(TOKENS);
        declare(&it, "allowed_ips = [\"127.0.0.0/8\"]", true)?;
        it.ws.apply()?.ok()?;
        declare(&it, "user = \"1\"\ndescription = \"one run\"", true)?;
        it.ws.apply()?.ok()?;
        ensure!(it.netbox().count(TOKENS) == before, "a token is left: {:?}", it.all(TOKENS));
        it.ws.destroy()?.ok()?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_kept_anywhere() -> Result<()> {
    for version in VERSIONS {
        let mut it = scene!(version);
        it.ws.set_env("TF_VAR_password", PASSWORD);
        let token = "username = \"admin\"\npassword = var.password\n";
        declare(&it, token, true)?;
        it.ws.write("variables.tf", "variable \"password\" {\n  ephemeral = true\n}\n")?;
        it.ws.terraform()?.args(["apply", "-no-color", "-auto-approve"]).log("TRACE").run()?.ok()?;
        it.netbox().faults().add(RequestFault {
            method: "POST".to_owned(),
            path: "tokens/provision".to_owned(),
            nth: 1,
            times: 0,
            effect: Effect::StatusAfter { status: 500, message: PASSWORD.to_owned() },
        })?;
        it.ws.terraform()?.args(["plan", "-no-color"]).log("TRACE").run()?.fails()?;
        it.netbox().faults().clear();
        sweep(&it.ws, &[PASSWORD, "nbt_"])?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_told_and_the_token_of_a_killed_run_expires() -> Result<()> {
    for version in VERSIONS {
        let it = scene!(version);
        declare(&it, "username = \"admin\"\npassword = \"wrong\"", true)?;
        it.ws.plan()?.fails()?.says("right password")?.is_silent_about("wrong\"")?;
        declare(&it, "username = \"admin\"", true)?;
        it.ws.plan()?.fails()?.says("password")?;
        declare(&it, "username = \"x\"\npassword = \"y\"\nexpires_in = \"5\"", true)?;
        it.ws.plan()?.fails()?.says("15m")?;
        declare(&it, &format!("username = \"admin\"\npassword = \"{PASSWORD}\""), true)?;
        let before: Vec<_> = it.all(TOKENS).iter().map(|token| token["id"].clone()).collect();
        it.netbox().faults().add(RequestFault {
            method: "POST".to_owned(),
            path: "dcim/sites".to_owned(),
            nth: 1,
            times: 1,
            effect: Effect::KillClientBefore,
        })?;
        it.ws.apply()?.fails()?;
        it.netbox().faults().clear();
        let left: Vec<_> =
            it.all(TOKENS).into_iter().filter(|token| !before.contains(&token["id"])).collect();
        ensure!(!left.is_empty() && left.iter().all(|token| token["expires"] != json!(null)), "{left:?}");
        // Old servers show tokens to whoever may see them.
        let secrets: Vec<&str> = left.iter().filter_map(|token| token["key"].as_str()).collect();
        let secrets: Vec<&str> = secrets.into_iter().filter(|secret| secret.len() == 40).collect();
        ensure!(version >= NetBoxVersion::V4_5 || !secrets.is_empty(), "{left:?}");
        sweep(&it.ws, &[&secrets[..], &["nbt_"]].concat())?;
    }
    Ok(())
}
