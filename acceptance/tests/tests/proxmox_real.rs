//! The life of a template, a virtual machine, a container and some configuration objects: on the stand-in, and, by
//! `make test-real`, on a real cluster. It touches only what it makes, by a prefix of its own, and takes it away again,
//! also where it fails.

use std::env;
use std::time::Duration;

use acceptance_tests::{Provider, Workspace, terraform_or_skip};
use anyhow::{Context as _, Result, ensure};
use hybridops_lab::{Lab, LabConfig, Release};
use tokio::runtime::Runtime;

/// What the environment names a cluster by, and what the provider takes it from.
const CREDENTIALS: [(&str, &str); 4] = [
    ("HYBRIDOPS_ACC_PVE_ENDPOINT", "PROXMOX_VE_ENDPOINT"),
    ("HYBRIDOPS_ACC_PVE_API_TOKEN", "PROXMOX_VE_API_TOKEN"),
    ("HYBRIDOPS_ACC_PVE_USERNAME", "PROXMOX_VE_USERNAME"),
    ("HYBRIDOPS_ACC_PVE_PASSWORD", "PROXMOX_VE_PASSWORD"),
];

/// A cluster and what may be used of it.
struct Scene {
    ws: Workspace,
    prefix: String,
    node: String,
    storage: String,
    bridge: String,
    /// A container template; without one containers are not tried.
    container: Option<String>,
    /// URL of a cloud image that stands beside its SHA256SUMS; without one templates and clones are not tried.
    image: Option<String>,
    _lab: Option<(Lab, Runtime)>,
}

impl Scene {
    /// The cluster that the environment names.
    fn real() -> Result<Self> {
        let given =
            |name: &str| env::var(format!("HYBRIDOPS_ACC_PVE_{name}")).ok().filter(|text| !text.is_empty());
        let mut ws = Workspace::ready(&[Provider::hybridops()?])?;
        for (from, to) in CREDENTIALS {
            if let Ok(value) = env::var(from) {
                ws.set_env(to, value);
            }
        }
        ws.set_env("PROXMOX_VE_INSECURE", env::var("PROXMOX_VE_INSECURE").unwrap_or_default());
        Ok(Self {
            ws,
            prefix: format!("acc{:x}", std::process::id()),
            node: given("NODE").context("HYBRIDOPS_ACC_PVE_NODE")?,
            storage: given("STORAGE").context("HYBRIDOPS_ACC_PVE_STORAGE")?,
            bridge: given("BRIDGE").unwrap_or_else(|| "vmbr0".to_owned()),
            container: given("CT_TEMPLATE"),
            image: given("IMAGE_URL"),
            _lab: None,
        })
    }

    /// The stand-in.
    fn lab(release: Release) -> Result<Self> {
        let runtime = Runtime::new()?;
        let config = LabConfig { release, task_duration: Duration::ZERO, ..LabConfig::default() };
        let lab = runtime.block_on(Lab::start(config))?;
        let template = "local:vztmpl/debian-12-standard_12.12-1_amd64.tar.zst";
        let place = lab.volume_place("pve1", template).context("a place for the template")?;
        std::fs::create_dir_all(place.parent().unwrap_or(&place))?;
        std::fs::write(place, template)?;
        let mut ws = Workspace::ready(&[Provider::hybridops()?])?;
        for (name, value) in lab.environment() {
            ws.set_env(&name, value);
        }
        let image = Self::image(&lab)?;
        Ok(Self {
            ws,
            prefix: "acc1".to_owned(),
            node: "pve1".to_owned(),
            storage: "local".to_owned(),
            bridge: "vmbr0".to_owned(),
            container: Some(template.to_owned()),
            image,
            _lab: Some((lab, runtime)),
        })
    }

    /// A small image on the artefact server, where `qemu-img` can make one.
    fn image(lab: &Lab) -> Result<Option<String>> {
        let file = tempfile::Builder::new().suffix(".qcow2").tempfile()?;
        let make = std::process::Command::new("qemu-img")
            .args(["create", "-q", "-f", "qcow2"])
            .arg(file.path())
            .arg("16M")
            .status();
        if !make.is_ok_and(|status| status.success()) {
            return Ok(None);
        }
        lab.put_artefact("acc/image.qcow2", &std::fs::read(file.path())?)?;
        Ok(Some(lab.artefact_url("acc/image.qcow2")))
    }

    /// What is declared at a step of the life.
    fn declared(&self, changed: bool) -> String {
        let Self { prefix, node, storage, bridge, .. } = self;
        let (memory, size, text) = if changed { (768, "2G", "changed") } else { (512, "1G", "made") };
        let mut hcl = format!(
            r#"
provider "hybridops" {{
  proxmox = {{}}
}}
resource "hybridops_proxmox_pool" "it" {{
  poolid  = "{prefix}-pool"
  comment = "{text}"
}}
resource "hybridops_proxmox_role" "it" {{
  roleid = "{prefix}-role"
  privs  = {privileges}
}}
resource "hybridops_proxmox_firewall_alias" "it" {{
  name    = "{prefix}-alias"
  cidr    = "192.0.2.0/24"
  comment = "{text}"
}}
resource "hybridops_proxmox_vm" "it" {{
  name        = "{prefix}-vm"
  node        = "{node}"
  memory      = {memory}
  description = "{text}"
  pool        = hybridops_proxmox_pool.it.poolid
  disks       = {{ scsi0 = {{ storage = "{storage}", size = "{size}" }} }}
  network     = {{ net0 = {{ bridge = "{bridge}" }} }}
}}
"#,
            privileges = if changed { r#"["VM.Audit", "VM.PowerMgmt"]"# } else { r#"["VM.Audit"]"# },
        );
        if let Some(template) = &self.container {
            let more = if changed {
                format!(r#", mp1 = {{ path = "/more", storage = "{storage}", size = "1G" }}"#)
            } else {
                String::new()
            };
            hcl += &format!(
                r#"
resource "hybridops_proxmox_lxc" "it" {{
  name        = "{prefix}-ct"
  node        = "{node}"
  template    = "{template}"
  memory      = {memory}
  description = "{text}"
  root_disk   = {{ storage = "{storage}", size = "2G" }}
  mounts      = {{ mp0 = {{ path = "/data", storage = "{storage}", size = "{size}" }}{more} }}
  network     = {{ net0 = {{ bridge = "{bridge}", address = "dhcp" }} }}
}}
"#
            );
        }
        if let Some(image) = &self.image {
            let sums = image.rsplit_once('/').map_or("", |(folder, _)| folder);
            hcl += &format!(
                r#"
resource "hybridops_proxmox_template" "it" {{
  name    = "{prefix}-template"
  node    = "{node}"
  image   = {{ url = "{image}", checksum_url = "{sums}/SHA256SUMS" }}
  disk    = {{ storage = "{storage}" }}
  network = {{ net0 = {{ bridge = "{bridge}" }} }}
}}
resource "hybridops_proxmox_vm" "clone" {{
  name        = "{prefix}-clone"
  node        = "{node}"
  clone       = {{ vmid = hybridops_proxmox_template.it.vmid }}
  description = "{text}"
  power       = "{power}"
}}
"#,
                power = if changed { "running" } else { "stopped" },
            );
        }
        hcl
    }

    /// Made, changed, forgotten, imported: the plan is empty after each step.
    fn life(&self) -> Result<()> {
        self.ws.write("main.tf", &self.declared(false))?;
        self.ws.apply()?.ok()?;
        self.ws.expect_empty_plan()?;
        let vmid = |address: &str| -> Result<String> {
            Ok(self.ws.state()?.get(address, "id")?.as_str().context("an id is a text")?.to_owned())
        };
        let before = vmid("hybridops_proxmox_vm.it")?;
        self.ws.write("main.tf", &self.declared(true))?;
        self.ws.apply()?.ok()?;
        self.ws.expect_empty_plan()?;
        ensure!(vmid("hybridops_proxmox_vm.it")? == before, "a change replaced the machine");
        let mut imported = vec!["hybridops_proxmox_vm.it"];
        if self.container.is_some() {
            imported.push("hybridops_proxmox_lxc.it");
        }
        for address in imported {
            let id = vmid(address)?;
            self.ws.run(&["state", "rm", address])?.ok()?;
            self.ws.import(address, &id)?.ok()?;
        }
        self.ws.expect_empty_plan()?;
        Ok(())
    }

    /// The life, and an end to it whatever comes.
    fn run(&self) -> Result<()> {
        let lived = self.life();
        let ended = self.ws.destroy().and_then(acceptance_tests::Output::ok);
        lived?;
        ended.map(drop)
    }
}

#[test]
#[ignore = "needs a real Proxmox VE: make test-real"]
fn real_proxmox_guests_and_objects_live() -> Result<()> {
    Scene::real()?.run()
}

#[test]
fn the_same_lives_on_the_stand_in() -> Result<()> {
    if !terraform_or_skip("proxmox_real")? {
        return Ok(());
    }
    Scene::lab(Release::V8_4)?.run()?;
    Scene::lab(Release::V9)?.run()
}
