//! A server, or what stands before it, that answers badly: readable errors, nothing lost, and the next apply goes on.

use anyhow::{Context as _, Result, ensure};
use hybridops_lab::{Effect, NetBoxVersion};
use serde_json::json;

use crate::site::site;

const SITE: &str = r#"
resource "hybridops_netbox_site" "x" {
  name        = "X"
  description = "as planned"
}
"#;

#[test]
fn pages_halves_and_gateways_are_told_and_survived() -> Result<()> {
    let Some(site) = site("netbox_robust", NetBoxVersion::V4_6)? else { return Ok(()) };
    site.declare(SITE)?;
    let page = |status| Effect::HtmlPage { status, title: "Sign in - Example".to_owned() };
    let login = Effect::Redirect { location: "https://login.example.com/".to_owned() };
    let gateway = Effect::Status { status: 502, message: "Bad Gateway".to_owned() };
    let cases: [(&str, Effect, &[&str]); 6] = [
        ("POST", page(200), &["Sign in - Example", "not an answer of the NetBox API"]),
        ("POST", page(403), &["Sign in - Example"]),
        ("POST", login.clone(), &["login.example.com"]),
        ("POST", gateway, &["502"]),
        ("POST", Effect::Truncate, &["/api/dcim/sites/", "the connection broke"]),
        ("POST", Effect::DropAfter, &["/api/dcim/sites/"]),
    ];
    for (method, effect, expected) in cases {
        let what = format!("{method} {effect:?}");
        site.fault(method, "dcim/sites/", 1, 0, effect)?;
        let output = site.apply()?.fails().with_context(|| what.clone())?;
        for part in expected {
            ensure!(output.text().contains(part), "{what}: {part:?} is not in\n{}", output.text());
        }
        site.no_faults()?;
        site.apply()?.ok().with_context(|| format!("after {what}"))?;
        site.ws.expect_empty_plan()?;
        ensure!(
            site.netbox()?.count("dcim/sites") == 1,
            "{what} left {} sites",
            site.netbox()?.count("dcim/sites")
        );
        site.ws.destroy()?.ok()?;
        ensure!(site.netbox()?.count("dcim/sites") == 0, "{what}: a site is left");
    }
    Ok(())
}

#[test]
fn a_read_that_fails_never_takes_an_object_for_gone() -> Result<()> {
    let Some(site) = site("netbox_robust", NetBoxVersion::V4_6)? else { return Ok(()) };
    site.declare(SITE)?;
    site.apply()?.ok()?;
    for effect in [
        Effect::HtmlPage { status: 404, title: "Not Found".to_owned() },
        Effect::HtmlPage { status: 200, title: "Sign in".to_owned() },
        Effect::Status {
            status: 403,
            message: "You do not have permission to perform this action.".to_owned(),
        },
        Effect::Truncate,
    ] {
        let what = format!("{effect:?}");
        site.fault("GET", "dcim/sites/", 1, 0, effect)?;
        let output = site.ws.run(&["plan", "-no-color"])?.fails().with_context(|| what.clone())?;
        ensure!(!output.text().contains("will be created"), "{what}: {}", output.text());
        site.no_faults()?;
        site.ws.expect_empty_plan().with_context(|| format!("after {what}"))?;
    }
    Ok(())
}

#[test]
fn gone_is_gone_and_made_again() -> Result<()> {
    let Some(site) = site("netbox_robust", NetBoxVersion::V4_6)? else { return Ok(()) };
    site.declare(SITE)?;
    site.apply()?.ok()?;
    let id = site.netbox()?.objects("dcim/sites")[0]["id"].as_u64().context("a site has an id")?;
    site.netbox()?.remove("dcim/sites", id).map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
    site.apply()?.ok()?.says("1 added")?;
    site.ws.expect_empty_plan()?;
    Ok(())
}

#[test]
fn a_token_without_rights_is_told_which() -> Result<()> {
    let Some(mut site) = site("netbox_robust", NetBoxVersion::V4_6)? else { return Ok(()) };
    let user = site.netbox()?.add_user("reader", "secret-of-reader");
    site.netbox()?.grant(user, &["dcim.site"], &["view"], &json!({}));
    let token = site.netbox()?.add_token(user, hybridops_lab::TokenKind::V2);
    site.ws.set_env("NETBOX_API_TOKEN", token);
    site.declare(SITE)?;
    let output = site.apply()?.fails()?;
    ensure!(output.text().contains("dcim.add_site"), "{}", output.text());
    site.ws.set_env("NETBOX_API_TOKEN", "nbt_AAAAAAAAAAAA.0000000000000000000000000000000000000000");
    let output = site.apply()?.fails()?;
    ensure!(output.text().contains("NETBOX_API_TOKEN"), "{}", output.text());
    ensure!(!output.text().contains("nbt_AAAAAAAAAAAA.0000"), "the token is told: {}", output.text());
    Ok(())
}
