//! The provider as users install it: from a filesystem mirror made by `make install`, with nothing but Terraform's
//! own commands.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use acceptance_tests::{Provider, Workspace, terraform_or_skip};
use anyhow::{Context as _, Result, ensure};
use hybridops_lab::{Lab, LabConfig};
use serde_json::Value as Json;

const TEMPLATE: &str = r#"
provider "hybridops" {}

resource "hybridops_proxmox_template" "base" {
  name  = "base"
  node  = "pve1"
  image = { url = "{url}", checksum = "{sum}", storage = "local" }
  disk  = { storage = "local", size = "64M" }
}

output "vmid" { value = hybridops_proxmox_template.base.vmid }
"#;

/// A mirror that `scripts/install` made of the provider under test, and the CLI configuration it wrote.
fn installed(to: &Path) -> Result<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/install");
    let configuration = to.join("terraform.rc");
    let done = Command::new(script)
        .arg("--binary")
        .arg(Provider::hybridops()?.binary)
        .arg("--cli-config")
        .arg(&configuration)
        .arg(to.join("mirror"))
        .output()?;
    ensure!(done.status.success(), "scripts/install failed: {}", String::from_utf8_lossy(&done.stderr));
    fs::read_to_string(configuration).context("no CLI configuration was written")
}

/// A small disk image, really a disk: its first sector ends with the boot signature.
fn image(lab: &Lab) -> Result<(String, String)> {
    let path = lab.dir().join("made.raw");
    let mut disk = vec![0_u8; 1 << 20];
    disk[510..512].copy_from_slice(&[0x55, 0xaa]);
    disk[4096..4105].copy_from_slice(b"hybridops");
    fs::write(&path, &disk)?;
    let sum = Command::new("sha256sum").arg(&path).output()?;
    let sum = String::from_utf8_lossy(&sum.stdout).split_whitespace().next().unwrap_or_default().to_owned();
    lab.put_artefact("base.raw", &disk)?;
    Ok((lab.artefact_url("base.raw"), format!("sha256:{sum}")))
}

struct Installed {
    ws: Workspace,
    lab: Lab,
    _mirror: tempfile::TempDir,
}

async fn prepared() -> Result<Installed> {
    let mirror = tempfile::tempdir()?;
    let lab = Lab::start(LabConfig::default()).await?;
    let mut ws = Workspace::new(&[Provider::hybridops()?])?;
    ws.configure_cli(&installed(mirror.path())?)?;
    for (name, value) in lab.environment() {
        ws.set_env(&name, value);
    }
    let (url, sum) = image(&lab)?;
    ws.write("main.tf", &TEMPLATE.replace("{url}", &url).replace("{sum}", &sum))?;
    ws.init()?.ok()?.says("Installed hybridops-studio/hybridops")?;
    Ok(Installed { ws, lab, _mirror: mirror })
}

fn guests(lab: &Lab) -> Vec<String> {
    lab.state()["guests"].as_object().map(|guests| guests.keys().cloned().collect()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_works_from_the_mirror() -> Result<()> {
    if !terraform_or_skip("installed")? {
        return Ok(());
    }
    let Installed { ws, lab, _mirror } = prepared().await?;
    tokio::task::block_in_place(|| -> Result<()> {
        ws.validate()?.ok()?;
        ws.plan()?.ok()?.says("1 to add")?;
        ws.apply()?.ok()?;
        ws.expect_empty_plan()?;
        let vmid =
            ws.state()?.get("hybridops_proxmox_template.base", "id")?.as_str().context("no id")?.to_owned();

        let schema: Json = ws.providers_schema()?;
        let resources = &schema["provider_schemas"]["registry.terraform.io/hybridops-studio/hybridops"];
        ensure!(
            resources["resource_schemas"]["hybridops_proxmox_template"]["block"]["description"].is_string()
        );
        let functions = ws.run(&["metadata", "functions", "-json"])?.ok()?;
        ensure!(functions.text().contains("format_version"), "{}", functions.text());

        generated_configuration_imports_with_an_empty_plan(&ws, &vmid)?;
        ws.destroy()?.ok()?;
        ensure!(guests(&lab).is_empty(), "left behind: {:?}", guests(&lab));
        ws.expect_no_processes()
    })
}

/// Forgets the object, imports it with configuration that Terraform writes itself, and plans nothing.
fn generated_configuration_imports_with_an_empty_plan(ws: &Workspace, vmid: &str) -> Result<()> {
    let configuration = ws.read("main.tf")?;
    ws.run(&["state", "rm", "hybridops_proxmox_template.base"])?.ok()?;
    let import = format!(
        "provider \"hybridops\" {{}}\nimport {{\n  to = hybridops_proxmox_template.base\n  id = \"{vmid}\"\n}}\n"
    );
    ws.write("main.tf", &import)?;
    ws.run(&["plan", "-no-color", "-generate-config-out=generated.tf"])?
        .ok()?
        .says("1 to import, 0 to add, 0 to change")?;
    ws.apply()?.ok()?;
    ws.expect_empty_plan()?;
    // And with the configuration that made it.
    ws.run(&["state", "rm", "hybridops_proxmox_template.base"])?.ok()?;
    ws.remove("generated.tf")?;
    ws.write("main.tf", &configuration)?;
    ws.import("hybridops_proxmox_template.base", vmid)?.ok()?;
    ws.expect_empty_plan().map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn terraform_test_runs_real_and_mocked() -> Result<()> {
    if !terraform_or_skip("installed: terraform test")? {
        return Ok(());
    }
    let Installed { ws, lab, _mirror } = prepared().await?;
    tokio::task::block_in_place(|| -> Result<()> {
        ws.write(
            "tests/real.tftest.hcl",
            "run \"real\" {\n  assert {\n    condition     = output.vmid >= 100\n    error_message = \"no VMID\"\n  }\n}\n",
        )?;
        ws.write(
            "tests/mocked.tftest.hcl",
            "mock_provider \"hybridops\" {}\nrun \"mocked\" {\n  assert {\n    condition     = output.vmid == 0\n    \
             error_message = \"a mock makes numbers zero\"\n  }\n}\n",
        )?;
        let before = lab.journal().all().len();
        ws.run(&["test", "-no-color", "-filter=tests/mocked.tftest.hcl"])?
            .ok()?
            .says("1 passed, 0 failed")?;
        ensure!(lab.journal().all().len() == before, "a mocked run asked the server");
        ws.run(&["test", "-no-color"])?.ok()?.says("2 passed, 0 failed")?;
        ensure!(guests(&lab).is_empty(), "left behind: {:?}", guests(&lab));
        Ok(())
    })
}

/// The directory of the mirror is what the documentation says it is.
#[test]
fn the_mirror_is_laid_out_as_terraform_wants_it() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let configuration = installed(directory.path())?;
    ensure!(configuration.contains("filesystem_mirror"), "{configuration}");
    let place: PathBuf = directory.path().join("mirror/registry.terraform.io/hybridops-studio/hybridops");
    let version = fs::read_dir(&place)?.next().context("no version")??.file_name();
    let binary = format!("terraform-provider-hybridops_v{}", version.to_string_lossy());
    let found =
        fs::read_dir(place.join(&version))?.flatten().any(|platform| platform.path().join(&binary).is_file());
    ensure!(found, "no {binary} below {}", place.display());
    Ok(())
}
