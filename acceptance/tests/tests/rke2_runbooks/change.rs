//! Another version, and what ages.

use acceptance_tests::kubernetes::{JOIN_TOKEN, Scene, Wanted};
use acceptance_tests::runbook::{Runbook, give};
use anyhow::{Result, ensure};

use crate::{RKE2, bring_up};

/// What the token is rotated to.
const NEW_TOKEN: &str = "canary-runbook-6c2f9be1740da583";

#[test]
fn upgrade_and_rotation() -> Result<()> {
    let wanted = Wanted { versions: vec!["v1.33.4", "v1.34.1"], ..Wanted::default() };
    let Some(mut scene) = Scene::with("upgrade_and_rotation", wanted)? else { return Ok(()) };
    let [a, b, c] = scene.machines(11, ["a", "b", "c"])?;
    bring_up(&mut scene, &[&a, &b, &c])?;
    Runbook::read("rke2-upgrade.md")?.run(&mut scene.ws, &[])?;
    give(&mut scene.ws, &[("rke2_version", RKE2.version("v1.34.1"))]);
    scene.expect_nodes(RKE2, &a, "v1.34.1", &[&a, &b, &c])?;
    scene.tell("the upgrade ran as it stands")?;

    let rotation = Runbook::read("rke2-rotation.md")?;
    rotation.part(&scene.ws, "Encryption keys")?;
    give(&mut scene.ws, &[("encryption_keys", "2".to_owned())]);
    rotation.part(&scene.ws, "Certificates")?;
    give(&mut scene.ws, &[("certificates", "1".to_owned())]);
    give(&mut scene.ws, &[("token", NEW_TOKEN.to_owned())]);
    rotation.part(&scene.ws, "The token")?;
    for server in [&a, &b, &c] {
        let token = scene.exec(server, "cat /var/lib/rancher/rke2/server/token")?;
        ensure!(
            token.ends_with(NEW_TOKEN) && !token.contains(JOIN_TOKEN),
            "{} has the old token",
            server.name
        );
    }
    scene.expect_voters(RKE2, &a, &[&a, &b, &c])?;
    scene.tell("rotation ran as it stands")
}
