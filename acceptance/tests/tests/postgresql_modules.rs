//! The modules of databases as their authors test them: `terraform test` on real containers of the lab.

use std::fs;
use std::path::{Path, PathBuf};

use acceptance_tests::Workspace;
use acceptance_tests::postgresql::{Machine, Scene};
use anyhow::{Context as _, Result};
use hybridops_lab::TEMPLATE_POSTGRESQL;

fn module(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../modules").join(name)
}

/// Copies what a registry would serve of a module.
fn copy(from: &Path, ws: &Workspace, below: &str) -> Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("{} cannot be listed", from.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let place = if below.is_empty() { name } else { format!("{below}/{name}") };
        if entry.file_type()?.is_dir() {
            if !place.starts_with('.') && place != "examples" {
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

/// A scene as the module's tests want it: an account that may mount directories, and what the cluster has.
fn scene(test: &str, machine: &str, number: u8) -> Result<Option<Scene>> {
    let Some(mut scene) = Scene::start(test)? else { return Ok(None) };
    let password = scene.lab.root_password().to_owned();
    scene.ws.set_env("PROXMOX_VE_API_TOKEN", "");
    scene.ws.set_env("PROXMOX_VE_USERNAME", "root@pam");
    scene.ws.set_env("PROXMOX_VE_PASSWORD", password);
    let node = scene.node("pve1")?;
    let shell = format!(
        "{{ host = \"{}\", port = {}, host_keys = [\"{}\"] }}",
        node.address.ip(),
        node.address.port(),
        node.host_key
    );
    let address = Machine::expected(&scene.lab, machine, number)?.address;
    scene.ws.set_env("TF_VAR_node_machine", shell);
    scene.ws.set_env("TF_VAR_template", TEMPLATE_POSTGRESQL);
    scene.ws.set_env("TF_VAR_root_storage", "local");
    scene.ws.set_env("TF_VAR_network", format!("{{ bridge = \"vmbr0\", address = \"{address}/24\" }}"));
    // The canaries' variables are not the module's.
    scene.ws.remove("variables.tf")?;
    scene.ws.remove("versions.tf")?;
    Ok(Some(scene))
}

#[test]
fn postgresql_lxc() -> Result<()> {
    let Some(scene) = scene("postgresql_lxc", "db-01", 81)? else { return Ok(()) };
    copy(&module("postgresql-lxc"), &scene.ws, "")?;
    scene.ws.terraform()?.args(["fmt", "-check", "-recursive"]).run()?.ok()?;
    scene.ws.init()?;
    let tested = scene.ws.run(&["test"])?.ok()?.says("0 failed")?;
    scene.tell(&format!("module postgresql-lxc: terraform test in {:.0} s", tested.took.as_secs_f64()))
}

#[test]
fn postgresql_standby() -> Result<()> {
    let Some(scene) = scene("postgresql_standby", "db-02", 83)? else { return Ok(()) };
    copy(&module("postgresql-standby"), &scene.ws, "")?;
    scene.ws.terraform()?.args(["fmt", "-check", "-recursive"]).run()?.ok()?;
    scene.ws.init()?;
    let tested = scene.ws.run(&["test"])?.ok()?.says("0 failed")?;
    scene.tell(&format!("module postgresql-standby: terraform test in {:.0} s", tested.took.as_secs_f64()))
}
