//! The behaviour table: where a gate may live, and what plan, saved plan, refresh-only, destroy, unknown inputs and
//! `-target` make of it.

use anyhow::{Result, ensure};

use crate::scene::{Scene, scene};

/// What costs: it is made only where the gate lets it.
const COSTLY: &str = "resource \"terraform_data\" \"costly\" {\n  input = \"pool\"\n";

fn has(scene: &Scene, address: &str) -> Result<bool> {
    if !scene.ws.path("terraform.tfstate").is_file() {
        return Ok(false);
    }
    Ok(scene.ws.state()?.addresses().iter().any(|known| known == address))
}

/// A gate whose inputs are known only after another resource was made.
fn unknown(text: &str) -> String {
    let upstream = "resource \"terraform_data\" \"upstream\" { input = \"prod\" }\n\
                    resource \"terraform_data\" \"sibling\" {}\n";
    format!("{upstream}{}", text.replace("\"prod\"", "terraform_data.upstream.output"))
}

#[test]
fn a_data_source_with_an_error() -> Result<()> {
    let scene = scene!("data source, error");
    let costly = format!("{COSTLY}  depends_on = [data.hybridops_cost_gate.dr]\n}}\n");
    let body = format!("{}{costly}", scene.gate("  enforce = \"error\""));
    scene.configure(&body)?;
    // A saved plan: not read again, the stale answer counts.
    scene.ws.plan()?.ok()?;
    scene.spend("95.00")?;
    scene.ws.apply_plan()?.ok()?;
    ensure!(has(&scene, "terraform_data.costly")?, "the stale answer was used");
    // The plan fails; so do refresh-only and a destroy that refreshes.
    scene.ws.plan()?.fails()?.says("BUDGET_EXCEEDED")?;
    scene.ws.plan_with(&["-refresh-only"])?.fails()?.says("BUDGET_EXCEEDED")?;
    scene.ws.destroy()?.fails()?.says("BUDGET_EXCEEDED")?;
    scene.ws.run(&["destroy", "-no-color", "-auto-approve", "-refresh=false"])?.ok()?;
    // Unknown inputs: read at apply, when its sibling has been made.
    scene.configure(&unknown(&body))?;
    scene.ws.plan()?.ok()?;
    scene.ws.apply_plan()?.fails()?.says("BUDGET_EXCEEDED")?;
    ensure!(has(&scene, "terraform_data.sibling")? && !has(&scene, "terraform_data.costly")?);
    Ok(())
}

#[test]
fn a_data_source_with_a_postcondition() -> Result<()> {
    let scene = scene!("data source, postcondition");
    let condition = r#"
  lifecycle {
    postcondition {
      condition     = self.allowed
      error_message = "Not allowed: ${join(", ", self.reason_codes)}."
    }
  }
"#;
    let costly = format!("{COSTLY}  depends_on = [data.hybridops_cost_gate.dr]\n}}\n");
    let body = format!("{}{costly}", scene.gate(condition));
    scene.configure(&body)?;
    scene.ws.plan()?.ok()?;
    scene.spend("95.00")?;
    scene.ws.apply_plan()?.ok()?;
    scene.ws.plan()?.fails()?.says("Not allowed: BUDGET_EXCEEDED.")?;
    // Here refresh-only and destroy go on.
    scene.ws.plan_with(&["-refresh-only"])?.ok()?;
    scene.ws.destroy()?.ok()?;
    // Unknown inputs: neighbours are made, what depends on it is not.
    scene.configure(&unknown(&body))?;
    scene.ws.plan()?.ok()?;
    scene.ws.apply_plan()?.fails()?.says("Not allowed")?;
    ensure!(has(&scene, "terraform_data.sibling")? && !has(&scene, "terraform_data.costly")?);
    Ok(())
}

#[test]
fn a_precondition_on_what_costs() -> Result<()> {
    let scene = scene!("precondition");
    let condition = r#"
  lifecycle {
    precondition {
      condition     = data.hybridops_cost_gate.dr.allowed
      error_message = "Not allowed."
    }
  }
}
resource "terraform_data" "unrelated" {}
"#;
    let body = format!("{}{COSTLY}{condition}", scene.gate(""));
    scene.configure(&body)?;
    // The old value counts in a saved plan.
    scene.ws.plan()?.ok()?;
    scene.spend("95.00")?;
    scene.ws.apply_plan()?.ok()?;
    scene.ws.plan()?.fails()?.says("Not allowed.")?;
    scene.ws.plan_with(&["-refresh-only"])?.ok()?;
    scene.ws.destroy()?.ok()?;
    // It is bound by reference: -target cannot leave it out.
    scene.ws.plan_with(&["-target=terraform_data.costly"])?.fails()?.says("Not allowed.")?;
    scene.ws.plan_with(&["-target=terraform_data.unrelated"])?.ok()?;
    // An unknown condition is skipped at plan, and judged at apply.
    scene.configure(&unknown(&body))?;
    scene.ws.plan()?.ok()?;
    scene.ws.apply_plan()?.fails()?.says("Not allowed.")?;
    ensure!(!has(&scene, "terraform_data.costly")?);
    Ok(())
}

#[test]
fn a_check_warns_and_is_read_again() -> Result<()> {
    let scene = scene!("check");
    let gate = scene.gate("");
    let check = format!(
        "check \"cost\" {{\n{gate}\n  assert {{\n    condition     = data.hybridops_cost_gate.dr.allowed\n    \
         error_message = \"The check does not hold.\"\n  }}\n}}\n{COSTLY}}}\n"
    );
    scene.configure(&check)?;
    scene.ws.plan()?.ok()?.is_silent_about("The check does not hold.")?;
    scene.spend("95.00")?;
    scene.ws.apply_plan()?.ok()?.says("The check does not hold.")?;
    ensure!(has(&scene, "terraform_data.costly")?, "a check stops nothing");
    scene.ws.plan()?.ok()?.says("The check does not hold.")?;
    scene.ws.plan_with(&["-refresh-only"])?.ok()?;
    scene.ws.destroy()?.ok()?;
    // Inputs that are not known yet: a warning, too, and everything is made.
    let later = check.replace("\"prod\"", "terraform_data.upstream.output");
    scene.configure(&format!("resource \"terraform_data\" \"upstream\" {{ input = \"prod\" }}\n{later}"))?;
    scene.ws.plan()?.ok()?;
    scene.ws.apply_plan()?.ok()?.says("The check does not hold.")?;
    ensure!(has(&scene, "terraform_data.costly")?);
    Ok(())
}

#[test]
fn a_decision_stops_plan_saved_plan_and_nothing_else() -> Result<()> {
    let scene = scene!("decision");
    let costly = format!("{COSTLY}  depends_on = [hybridops_cost_decision.dr]\n}}\n");
    let body = format!("{}{costly}", scene.pinned(""));
    scene.configure(&body)?;
    // A saved plan whose facts got worse is stopped, before anything is made.
    scene.ws.plan()?.ok()?;
    scene.spend("95.00")?;
    scene
        .ws
        .apply_plan()?
        .fails()?
        .says("The cost gate blocks: BUDGET_EXCEEDED")?
        .says("When it was planned, the verdict was allow")?;
    ensure!(!has(&scene, "terraform_data.costly")?);
    // So is a plan, and what is targeted beside it.
    scene.ws.plan()?.fails()?.says("BUDGET_EXCEEDED")?;
    scene.ws.plan_with(&["-target=terraform_data.costly"])?.fails()?.says("BUDGET_EXCEEDED")?;
    // Once it stands, nothing is asked again: other plans, refresh-only and destroy go on, however bad it got.
    scene.spend("10.00")?;
    scene.ws.apply()?.ok()?;
    scene.spend("95.00")?;
    scene.ws.expect_empty_plan()?;
    scene.ws.plan_with(&["-refresh-only"])?.ok()?;
    scene.configure(&format!("{body}resource \"terraform_data\" \"unrelated\" {{}}\n"))?;
    scene.ws.apply()?.ok()?;
    scene.ws.destroy()?.ok()?;
    // Unknown inputs: decided at apply, and stopped there.
    scene.configure(&unknown(&body))?;
    scene.ws.plan()?.ok()?;
    scene.ws.apply_plan()?.fails()?.says("BUDGET_EXCEEDED")?;
    ensure!(has(&scene, "terraform_data.sibling")? && !has(&scene, "terraform_data.costly")?);
    // Terraform plans before it destroys, and what was never decided would be made in that plan.
    scene.ws.destroy()?.fails()?.says("BUDGET_EXCEEDED")?;
    scene.ws.run(&["destroy", "-no-color", "-auto-approve", "-refresh=false"])?.ok()?;
    Ok(())
}

#[test]
fn the_deferral_trap() -> Result<()> {
    let scene = scene!("deferral");
    // Fed with literals, the gate is read at plan even though something else will change …
    let upstream = "resource \"terraform_data\" \"upstream\" { input = \"x\" }\n";
    scene.spend("95.00")?;
    scene.configure(&format!("{upstream}{}", scene.gate("  enforce = \"error\"")))?;
    scene.ws.plan()?.fails()?.says("BUDGET_EXCEEDED")?;
    // … and with depends_on on something that will, it is read at apply, when that has been made.
    scene.configure(&format!(
        "{upstream}{}",
        scene.gate("  enforce = \"error\"\n  depends_on = [terraform_data.upstream]")
    ))?;
    scene.ws.plan()?.ok()?;
    scene.ws.apply_plan()?.fails()?.says("BUDGET_EXCEEDED")?;
    ensure!(has(&scene, "terraform_data.upstream")?);
    Ok(())
}

#[test]
fn the_steady_state_trap() -> Result<()> {
    let scene = scene!("steady state");
    let keyed = format!(
        "variable \"active_site\" {{ default = \"onprem\" }}\n{}{}",
        scene.gate("  count = var.active_site == \"onprem\" ? 0 : 1\n  enforce = \"error\""),
        scene
            .decision("")
            .replace("  request = {", "  count = var.active_site == \"onprem\" ? 0 : 1\n  request = {")
    );
    scene.configure(&keyed)?;
    let there =
        |command: &str| scene.ws.run(&[command, "-no-color", "-auto-approve", "-var=active_site=azure"]);
    there("apply")?.ok()?;
    scene.spend("95.00")?;
    // The gate that is an error stops every later plan of the root, what is unrelated with it …
    scene.ws.plan_with(&["-var=active_site=azure"])?.fails()?.says("BUDGET_EXCEEDED")?;
    // … a failback passes, for the key takes the gate away with it …
    scene.ws.apply()?.ok()?;
    ensure!(scene.records()?.len() == 2, "decided and closed");
    Ok(())
}
