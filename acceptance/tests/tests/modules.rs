//! The modules as their authors test them: `terraform test` against the lab, and each example applied.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use acceptance_tests::{Provider, Workspace, terraform_or_skip};
use anyhow::{Context as _, Result, bail, ensure};
use hybridops_lab::{Lab, LabConfig, NetBoxConfig, NetBoxVersion, Release};
use sha2::{Digest as _, Sha256, Sha512};

fn modules() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../modules")
}

/// Modules that take real containers: tested in `postgresql_modules.rs`.
const ON_REAL_CONTAINERS: [&str; 2] = ["postgresql-lxc", "postgresql-standby"];

/// Modules whose clusters are made in `rke2_modules.rs`. What they refuse is tried here, on any machine: with the provider's
/// schema and checks, and nobody behind it.
const ON_REAL_MACHINES: [&str; 2] = ["gitops-bootstrap", "rke2-cluster"];

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

/// The labs that a module is tested in.
fn labs_of(module: &str) -> Result<Vec<LabConfig>> {
    let netbox = |version| NetBoxConfig { version, ..NetBoxConfig::default() };
    let with_netbox = |version| LabConfig { netbox: Some(netbox(version)), ..LabConfig::default() };
    let of_release = |release| LabConfig {
        release,
        nodes: vec!["pve1".to_owned(), "pve2".to_owned()],
        task_duration: Duration::ZERO,
        ..LabConfig::default()
    };
    Ok(match module {
        "netbox-seed" => vec![with_netbox(NetBoxVersion::V4_6), with_netbox(NetBoxVersion::V4_2)],
        "proxmox-templates" => vec![of_release(Release::V8_4), of_release(Release::V9)],
        // Files are all it needs; that nothing of the lab is asked is part of what is tested.
        "cost-guardrail" => vec![LabConfig::default()],
        other => bail!("no lab is named for the module {other}"),
    })
}

/// What a module's tests take from the environment.
fn variables_of(module: &str, lab: &Lab) -> Result<Vec<(&'static str, String)>> {
    if module != "proxmox-templates" {
        return Ok(Vec::new());
    }
    publish_images(lab)?;
    let mirror = |name: &str| lab.artefact_url(name);
    let mirrors = format!(
        r#"{{ ubuntu = "{}", debian = "{}", rocky = "{}" }}"#,
        mirror("ubuntu"),
        mirror("debian"),
        mirror("rocky")
    );
    Ok(vec![
        ("TF_VAR_nodes", r#"["pve1", "pve2"]"#.to_owned()),
        ("TF_VAR_storage", r#"{ disks = "local-lvm", images = "local" }"#.to_owned()),
        ("TF_VAR_mirrors", mirrors),
    ])
}

/// Publishes small images where the distributions publish theirs, with sums files as theirs.
fn publish_images(lab: &Lab) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("image.qcow2");
    let made = Command::new("qemu-img").args(["create", "-q", "-f", "qcow2"]).arg(&file).arg("4M").status();
    ensure!(made.context("qemu-img is needed")?.success(), "qemu-img made no image");
    let image = fs::read(&file)?;
    let hex = |digest: &[u8]| digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (sha256, sha512) = (hex(&Sha256::digest(&image)), hex(&Sha512::digest(&image)));
    for (folder, name) in [
        ("ubuntu/jammy/current", "jammy-server-cloudimg-amd64.img"),
        ("ubuntu/noble/current", "noble-server-cloudimg-amd64.img"),
        ("debian/bookworm/latest", "debian-12-genericcloud-amd64.qcow2"),
        ("debian/trixie/latest", "debian-13-genericcloud-amd64.qcow2"),
        ("rocky/9/images/x86_64", "Rocky-9-GenericCloud-Base.latest.x86_64.qcow2"),
        ("rocky/10/images/x86_64", "Rocky-10-GenericCloud-Base.latest.x86_64.qcow2"),
    ] {
        lab.put_artefact(&format!("{folder}/{name}"), &image)?;
        let (sums, text) = match folder.split('/').next() {
            Some("ubuntu") => ("SHA256SUMS", format!("{sha256} *{name}\n")),
            Some("debian") => ("SHA512SUMS", format!("{sha512}  {name}\n")),
            _ => ("CHECKSUM", format!("# {name}: {} bytes\nSHA256 ({name}) = {sha256}\n", image.len())),
        };
        lab.put_artefact(&format!("{folder}/{sums}"), text.as_bytes())?;
    }
    Ok(())
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
        let name = module.file_name().context("a directory has a name")?.to_string_lossy().into_owned();
        if ON_REAL_CONTAINERS.contains(&name.as_str()) {
            continue;
        }
        if ON_REAL_MACHINES.contains(&name.as_str()) {
            let ws = Workspace::new(&[Provider::hybridops()?])?;
            ws.remove("versions.tf")?;
            copy(&module, &ws, "")?;
            ws.terraform()?.args(["fmt", "-check", "-recursive"]).run()?.ok()?;
            ws.init()?;
            ws.run(&["test", "-filter=tests/refusals.tftest.hcl"])?.ok()?.says("0 failed")?;
            tested += 1;
            continue;
        }
        for config in labs_of(&name)? {
            let lab = Lab::start(config).await?;
            let mut ws = workspace(&lab)?;
            for (variable, value) in variables_of(&name, &lab)? {
                ws.set_env(variable, value);
            }
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
    let Some(config) = labs_of("netbox-seed")?.into_iter().next() else { bail!("no lab") };
    let lab = Lab::start(config).await?;
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

#[tokio::test(flavor = "multi_thread")]
async fn the_example_of_a_fleet_applies_twice_the_same() -> Result<()> {
    if !terraform_or_skip("modules")? {
        return Ok(());
    }
    let module = modules().join("proxmox-templates");
    let Some(config) = labs_of("proxmox-templates")?.into_iter().next() else { bail!("no lab") };
    let lab = Lab::start(config).await?;
    let variables = variables_of("proxmox-templates", &lab)?;
    let ready = || -> Result<Workspace> {
        let mut ws = workspace(&lab)?;
        for (variable, value) in &variables {
            ws.set_env(variable, value.clone());
        }
        Ok(ws)
    };
    // The build of another tool that the example takes over.
    let packer = ready()?;
    packer.remove("versions.tf")?;
    packer.write("main.tf", &fs::read_to_string(module.join("tests/built/main.tf"))?)?;
    packer.init()?;
    packer.apply()?.ok()?;

    let ws = ready()?;
    copy(&module, &ws, "templates")?;
    let example = fs::read_to_string(module.join("examples/fleet/main.tf"))?;
    ws.remove("versions.tf")?;
    ws.write("main.tf", &example.replace("\"../..\"", "\"./templates\""))?;
    ws.init()?;
    ws.apply()?.ok()?;
    ws.expect_empty_plan()?;
    ws.destroy()?.ok()?;
    packer.destroy()?.ok()?;
    Ok(())
}
