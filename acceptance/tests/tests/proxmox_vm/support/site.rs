//! A stand-in cluster of its own for each test, and a workspace that is pointed at it.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use acceptance_tests::{Output, Provider, Workspace};
use anyhow::{Context as _, Result, bail};
use hybridops_lab::{Lab, LabConfig};
use serde_json::Value as Json;
use tokio::runtime::Runtime;

use super::{ADDRESS, TEMPLATE, Vm};

/// The runtime the stand-ins live in; the tests themselves block.
fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: LazyLock<std::io::Result<Runtime>> =
        LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build());
    RUNTIME.as_ref().map_err(|error| anyhow::anyhow!("no runtime: {error}"))
}

/// Cluster and workspace.
pub(crate) struct Site {
    pub(crate) lab: Lab,
    pub(crate) ws: Workspace,
    http: reqwest::Client,
}

impl Site {
    /// One node.
    pub(crate) fn start() -> Result<Self> {
        Self::with(LabConfig::default())
    }

    /// Three nodes.
    pub(crate) fn cluster() -> Result<Self> {
        let nodes = ["pve1", "pve2", "pve3"].map(str::to_owned).into();
        Self::with(LabConfig { nodes, ..LabConfig::default() })
    }

    /// With this configuration; its waits are cut short.
    pub(crate) fn with(config: LabConfig) -> Result<Self> {
        let config = LabConfig {
            task_duration: Duration::ZERO,
            lock_wait: Duration::from_millis(300),
            proxy_wait: Duration::from_millis(300),
            ..config
        };
        let lab = runtime()?.block_on(Lab::start(config))?;
        let ws = workspace(&lab)?;
        let http = reqwest::Client::builder().danger_accept_invalid_certs(true).build()?;
        let site = Self { lab, ws, http };
        site.template("local")?;
        Ok(site)
    }

    /// From now on Terraform logs in as root@pam with the password, instead of with the token.
    pub(crate) fn login_as_root(&mut self) {
        let password = self.lab.root_password().to_owned();
        self.ws.set_env("PROXMOX_VE_API_TOKEN", "");
        self.ws.set_env("PROXMOX_VE_USERNAME", "root@pam");
        self.ws.set_env("PROXMOX_VE_PASSWORD", password);
    }

    /// Another workspace on the same cluster.
    pub(crate) fn second_workspace(&self) -> Result<Workspace> {
        workspace(&self.lab)
    }

    /// Makes the template, small and with a card, a console and a cloud-init drive.
    fn template(&self, storage: &str) -> Result<()> {
        let vmid = TEMPLATE.to_string();
        let scsi0 = format!("{storage}:0.001953125,format=qcow2,discard=on");
        let ide2 = format!("{storage}:cloudinit");
        let form = [
            ("vmid", vmid.as_str()),
            ("name", "debian"),
            ("memory", "256"),
            ("cores", "1"),
            ("scsihw", "virtio-scsi-single"),
            ("ostype", "l26"),
            ("net0", "virtio,bridge=vmbr0,tag=7"),
            ("net1", "e1000,bridge=vmbr0"),
            ("serial0", "socket"),
            ("tags", "golden"),
            ("scsi0", scsi0.as_str()),
            ("ide2", ide2.as_str()),
            ("boot", "order=scsi0"),
        ];
        self.operator("POST", "/nodes/pve1/qemu", &form)?;
        self.operator("POST", &format!("/nodes/pve1/qemu/{vmid}/template"), &[])?;
        Ok(())
    }

    /// Writes the configuration.
    pub(crate) fn declare(&self, vm: &Vm) -> Result<()> {
        self.ws.write("main.tf", &vm.hcl())
    }

    /// Writes and applies the configuration; a second plan must be empty.
    pub(crate) fn converge(&self, vm: &Vm) -> Result<Output> {
        self.declare(vm)?;
        let output = self.ws.apply()?.ok()?;
        self.ws.expect_empty_plan()?;
        Ok(output)
    }

    /// The plan of a configuration must fail and say this, and nothing may change.
    pub(crate) fn refused(&self, vm: &Vm, says: &[&str]) -> Result<()> {
        let before = self.everything();
        self.declare(vm)?;
        let mut output = self.ws.plan()?.fails()?;
        for text in says {
            output = output.says(text)?;
        }
        anyhow::ensure!(self.everything() == before, "a refused plan changed something");
        Ok(())
    }

    /// An attribute of the guest in state.
    pub(crate) fn attribute(&self, name: &str) -> Result<Json> {
        Ok(self.ws.state()?.get(ADDRESS, name)?.clone())
    }

    /// Somebody else's request to the cluster; waits for the task it starts.
    pub(crate) fn operator(&self, method: &str, path: &str, form: &[(&str, &str)]) -> Result<Json> {
        runtime()?.block_on(async {
            let data = self.request(method, path, form).await?;
            let Some(upid) = data.as_str().filter(|text| text.starts_with("UPID:")) else { return Ok(data) };
            let node = upid.split(':').nth(1).unwrap_or_default();
            let status = format!("/nodes/{node}/tasks/{upid}/status");
            for _ in 0..500 {
                let task = self.request("GET", &status, &[]).await?;
                match task["exitstatus"].as_str() {
                    Some("OK") => return Ok(data),
                    Some(failed) => bail!("{method} {path}: {failed}"),
                    None => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
            bail!("{method} {path} does not end")
        })
    }

    async fn request(&self, method: &str, path: &str, form: &[(&str, &str)]) -> Result<Json> {
        let endpoint = self.lab.endpoints().into_iter().next().context("a node")?;
        let url = format!("{endpoint}/api2/json{path}");
        let request = self.http.request(method.parse()?, url);
        let request = match method {
            "GET" | "DELETE" => request.query(form),
            _ => request.form(form),
        };
        let token = format!("PVEAPIToken={}", self.lab.api_token());
        let response = request.header("Authorization", token).send().await?;
        let status = response.status();
        let body = response.text().await?;
        if !status.is_success() {
            bail!("{method} {path}: {status} {body}");
        }
        Ok(serde_json::from_str::<Json>(&body)?["data"].take())
    }

    /// Changes settings of a guest behind Terraform's back.
    pub(crate) fn edit(&self, vmid: u32, form: &[(&str, &str)]) -> Result<()> {
        let node = self.guest(vmid)["node"].as_str().unwrap_or_default().to_owned();
        self.operator("POST", &format!("/nodes/{node}/qemu/{vmid}/config"), form).map(drop)
    }

    /// Starts or stops a guest behind Terraform's back.
    pub(crate) fn power(&self, vmid: u32, action: &str) -> Result<()> {
        let node = self.guest(vmid)["node"].as_str().unwrap_or_default().to_owned();
        self.operator("POST", &format!("/nodes/{node}/qemu/{vmid}/status/{action}"), &[]).map(drop)
    }

    /// Requests the cluster got while something was done: how many of each kind.
    pub(crate) fn counting(&self, work: impl FnOnce() -> Result<()>) -> Result<BTreeMap<String, usize>> {
        self.lab.journal().clear();
        work()?;
        Ok(self.lab.journal().counts())
    }
}

fn workspace(lab: &Lab) -> Result<Workspace> {
    let mut ws = Workspace::ready(&[Provider::hybridops()?])?;
    for (name, value) in lab.environment() {
        ws.set_env(&name, value);
    }
    Ok(ws)
}
