//! The modules as their authors test them: `terraform test` against the lab, and each example applied.

use std::fs;
use std::path::{Path, PathBuf};

use acceptance_tests::{Provider, Workspace, terraform_or_skip};
use anyhow::{Context as _, Result, ensure};
use hybridops_lab::{Lab, LabConfig, NetBoxConfig, NetBoxVersion};

fn modules() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../modules")
}

/// Copies what a registry would serve of a module.
fn copy(from: &Path, ws: &Workspace, below: &str) -> Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("{} cannot be listed", from.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let place = if below.is_empty() { name } else { format!("{below}/{name}") };
        if entry.file_type()?.is_dir() {
            if !place.starts_with('.') {
                copy(&entry.path(), ws, &place)?;
            }
        } else {
            let to = ws.path(&place);
            fs::create_dir_all(to.parent().context("a file lies in a directory")?)?;
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

async fn lab_for(version: NetBoxVersion) -> Result<Lab> {
    let netbox = NetBoxConfig { version, ..NetBoxConfig::default() };
    Ok(Lab::start(LabConfig { netbox: Some(netbox), ..LabConfig::default() }).await?)
}

fn workspace(lab: &Lab) -> Result<Workspace> {
    let mut ws = Workspace::new(&[Provider::hybridops()?])?;
    for (name, value) in lab.environment() {
        ws.set_env(&name, value);
    }
    Ok(ws)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_module_passes_its_tests() -> Result<()> {
    if !terraform_or_skip("modules")? {
        return Ok(());
    }
    let mut tested = 0;
    for entry in fs::read_dir(modules())? {
        let module = entry?.path();
        if !module.join("tests").is_dir() {
            ensure!(!module.is_dir(), "{} has no tests", module.display());
            continue;
        }
        for version in [NetBoxVersion::V4_6, NetBoxVersion::V4_2] {
            let lab = lab_for(version).await?;
            let ws = workspace(&lab)?;
            copy(&module, &ws, "")?;
            ws.terraform()?.args(["fmt", "-check", "-recursive"]).run()?.ok()?;
            ws.init()?;
            ws.run(&["test"])?.ok()?.says("0 failed")?;
        }
        tested += 1;
    }
    ensure!(tested > 0, "there is no module");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_of_two_sites_applies_twice_the_same() -> Result<()> {
    if !terraform_or_skip("modules")? {
        return Ok(());
    }
    let lab = lab_for(NetBoxVersion::V4_6).await?;
    let ws = workspace(&lab)?;
    copy(&modules().join("netbox-seed"), &ws, "seed")?;
    let example = fs::read_to_string(modules().join("netbox-seed/examples/two-sites/main.tf"))?;
    ws.remove("versions.tf")?;
    ws.write("main.tf", &example.replace("\"../..\"", "\"./seed\""))?;
    ws.init()?;
    ws.apply()?.ok()?;
    ws.expect_empty_plan()?;
    ws.destroy()?.ok()?;
    Ok(())
}
