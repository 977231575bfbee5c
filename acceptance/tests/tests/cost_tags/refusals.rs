//! What cannot be put is refused where it stands.

use anyhow::Result;

use crate::scene::{CARRIERS, provider, scene};

#[test]
fn values_that_cannot_be_carried() -> Result<()> {
    let scene = scene!();
    let [vm, ..] = CARRIERS;
    scene.ws.write("main.tf", &vm.hcl(None))?;
    for (fact, value, says) in [
        ("run_id", "run-42", "every plan would change every object"),
        ("env", "Prod", "lower-case letters, digits and hyphens"),
        ("env", "", "lower-case letters, digits and hyphens"),
        ("component", "a_b", "lower-case letters, digits and hyphens"),
        ("purpose", "fun", "dr, burst, drill or baseline"),
        ("owner", "Platform Team", "tags of proxmox are"),
    ] {
        provider(&scene.ws, &[(fact, value)])?;
        scene.ws.plan()?.fails()?.says(says)?;
    }
    // What is not used need not carry it.
    provider(&scene.ws, &[("owner", "Platform Team")])?;
    scene.ws.write("main.tf", "output \"it\" {\n  value = provider::hybridops::cost_tags(\"aws\", { owner = \"Platform Team\" })\n}\n")?;
    scene.converge()
}
