//! Values that are known after apply only.

use anyhow::{Result, ensure};

use crate::scene::{CARRIERS, scene};

#[test]
fn they_are_put_when_they_are_known() -> Result<()> {
    let scene = scene!();
    let open = |value: &str| {
        format!(
            "provider \"hybridops\" {{\n  cost_tags = {{ env = terraform_data.env.output, owner = \"it\" }}\n}}\n\
             resource \"terraform_data\" \"env\" {{\n  input = \"{value}\"\n}}\n"
        )
    };
    let guests: String = CARRIERS.iter().map(|carrier| carrier.hcl(None)).collect();
    scene.ws.write("main.tf", &guests)?;
    scene.ws.write("provider.tf", &open("dev"))?;
    let plan = scene.ws.planned()?;
    for carrier in CARRIERS {
        ensure!(plan.change(carrier.address)?.is_unknown("/cost_tags"), "{} is known", carrier.address);
    }
    scene.ws.apply_plan()?.ok()?;
    scene.ws.expect_empty_plan()?;
    for carrier in CARRIERS {
        scene.expect_tags(carrier, &["cost-env.dev", "cost-owner.it"])?;
    }
    // Guests that exist, and a value that is not known once more.
    scene.ws.write("provider.tf", &open("prod"))?;
    let plan = scene.ws.planned()?;
    for carrier in CARRIERS {
        let change = plan.change(carrier.address)?;
        ensure!(change.actions() == "update" && change.is_unknown("/cost_tags"), "{}", change.actions());
    }
    scene.ws.apply_plan()?.ok()?;
    scene.ws.expect_empty_plan()?;
    for carrier in CARRIERS {
        scene.expect_tags(carrier, &["cost-env.prod", "cost-owner.it"])?;
    }
    Ok(())
}
