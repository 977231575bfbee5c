//! A stand-in cluster of its own for each test, guests that somebody else made there, and a workspace pointed at it.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use acceptance_tests::{Provider, Workspace, terraform_or_skip};
use anyhow::{Context as _, Result, bail};
use hybridops_lab::{Effect, Lab, LabConfig, RequestFault};
use serde_json::Value as Json;
use tokio::runtime::Runtime;

/// The runtime the stand-ins live in; the tests themselves block.
fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: LazyLock<std::io::Result<Runtime>> =
        LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build());
    RUNTIME.as_ref().map_err(|error| anyhow::anyhow!("no runtime: {error}"))
}

/// Whether there is what these tests need; said aloud where there is not.
pub(crate) fn ready(test: &str) -> Result<bool> {
    if !terraform_or_skip(test)? {
        return Ok(false);
    }
    if Command::new("qemu-img").arg("-V").output().is_err() {
        writeln!(std::io::stderr(), "SKIPPED {test}: there is no qemu-img")?;
        return Ok(false);
    }
    Ok(true)
}

/// Cluster and workspace.
pub(crate) struct Scene {
    pub(crate) lab: Lab,
    pub(crate) ws: Workspace,
    http: reqwest::Client,
}

impl Scene {
    /// A cluster, and a workspace for the usual `terraform` or for another program.
    pub(crate) fn start(config: LabConfig, program: Option<PathBuf>) -> Result<Self> {
        let config = LabConfig {
            task_duration: Duration::ZERO,
            lock_wait: Duration::from_millis(300),
            proxy_wait: Duration::from_millis(300),
            ..config
        };
        let lab = runtime()?.block_on(Lab::start(config))?;
        let providers = [Provider::hybridops()?];
        let mut ws = match program {
            Some(program) => Workspace::ready_for(program, &providers)?,
            None => Workspace::ready(&providers)?,
        };
        for (name, value) in lab.environment() {
            ws.set_env(&name, value);
        }
        let http = reqwest::Client::builder().danger_accept_invalid_certs(true).build()?;
        Ok(Self { lab, ws, http })
    }

    /// Two nodes.
    pub(crate) fn pair() -> LabConfig {
        LabConfig { nodes: vec!["pve1".into(), "pve2".into()], ..LabConfig::default() }
    }

    /// A virtual machine on `pve1` with a disk that has snapshots.
    pub(crate) fn machine(&self, vmid: u32, name: &str, more: &[(&str, &str)]) -> Result<()> {
        let vmid = vmid.to_string();
        let mut form = vec![("vmid", vmid.as_str()), ("name", name), ("scsi0", "local:1,format=qcow2")];
        form.extend_from_slice(more);
        self.operator("POST", "/nodes/pve1/qemu", &form).map(drop)
    }

    /// A container on `pve1` with a disk that has snapshots.
    pub(crate) fn container(&self, vmid: u32, name: &str, more: &[(&str, &str)]) -> Result<()> {
        let archive = "rootfs.tar.gz";
        if self
            .operator("GET", "/nodes/pve1/storage/local/content/local:vztmpl%2Frootfs.tar.gz", &[])
            .is_err()
        {
            self.lab.put_artefact(archive, &root_archive()?)?;
            let url = self.lab.artefact_url(archive);
            let form = [("content", "vztmpl"), ("filename", archive), ("url", url.as_str())];
            self.operator("POST", "/nodes/pve1/storage/local/download-url", &form)?;
        }
        let vmid = vmid.to_string();
        let mut form = vec![
            ("vmid", vmid.as_str()),
            ("hostname", name),
            ("ostemplate", "local:vztmpl/rootfs.tar.gz"),
            ("rootfs", "local-lvm:1"),
            ("unprivileged", "1"),
        ];
        form.extend_from_slice(more);
        self.operator("POST", "/nodes/pve1/lxc", &form).map(drop)
    }

    /// Guests as they are inside the stand-in.
    pub(crate) fn guest(&self, vmid: u32) -> Json {
        self.lab.state()["guests"][vmid.to_string()].clone()
    }

    /// Numbers of all guests.
    pub(crate) fn vmids(&self) -> Vec<u32> {
        let state = self.lab.state();
        let numbers = state["guests"].as_object().into_iter().flatten();
        let mut vmids: Vec<u32> = numbers.filter_map(|(vmid, _)| vmid.parse().ok()).collect();
        vmids.sort_unstable();
        vmids
    }

    /// Names of a guest's snapshots, sorted.
    pub(crate) fn snapshots(&self, kind: &str, vmid: u32) -> Result<Vec<String>> {
        let node = self.guest(vmid)["node"].as_str().unwrap_or("pve1").to_owned();
        let listed = self.operator("GET", &format!("/nodes/{node}/{kind}/{vmid}/snapshot"), &[])?;
        let names = listed.as_array().into_iter().flatten().filter_map(|one| one["name"].as_str());
        let mut names: Vec<String> = names.filter(|name| *name != "current").map(str::to_owned).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// Whether a guest runs.
    pub(crate) fn status(&self, kind: &str, vmid: u32) -> Result<String> {
        let node = self.guest(vmid)["node"].as_str().unwrap_or("pve1").to_owned();
        let status = self.operator("GET", &format!("/nodes/{node}/{kind}/{vmid}/status/current"), &[])?;
        Ok(status["status"].as_str().unwrap_or_default().to_owned())
    }

    /// Somebody else's request to the cluster; waits for the task it starts.
    pub(crate) fn operator(&self, method: &str, path: &str, form: &[(&str, &str)]) -> Result<Json> {
        let token = self.lab.api_token().to_owned();
        self.as_token(&token, method, path, form)
    }

    /// The same with another token.
    pub(crate) fn as_token(
        &self,
        token: &str,
        method: &str,
        path: &str,
        form: &[(&str, &str)],
    ) -> Result<Json> {
        runtime()?.block_on(async {
            let data = self.request(token, method, path, form).await?;
            let Some(upid) = data.as_str().filter(|text| text.starts_with("UPID:")) else { return Ok(data) };
            let node = upid.split(':').nth(1).unwrap_or_default();
            let status = format!("/nodes/{node}/tasks/{upid}/status");
            for _ in 0..1000 {
                let task = self.request(token, "GET", &status, &[]).await?;
                match task["exitstatus"].as_str() {
                    Some("OK") => return Ok(data),
                    Some(failed) => bail!("{method} {path}: {failed}"),
                    None => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
            bail!("{method} {path} does not end")
        })
    }

    async fn request(&self, token: &str, method: &str, path: &str, form: &[(&str, &str)]) -> Result<Json> {
        let endpoint = self.lab.endpoints().into_iter().next().context("a node")?;
        let url = format!("{endpoint}/api2/json{path}");
        let request = self.http.request(method.parse()?, url);
        let request = match method {
            "GET" | "DELETE" => request.query(form),
            _ => request.form(form),
        };
        let response = request.header("Authorization", format!("PVEAPIToken={token}")).send().await?;
        let status = response.status();
        let body = response.text().await?;
        if !status.is_success() {
            bail!("{method} {path}: {status} {body}");
        }
        Ok(serde_json::from_str::<Json>(&body)?["data"].take())
    }

    /// Arms a fault for the first request that matches.
    pub(crate) fn fault(&self, method: &str, path: &str, effect: Effect) -> Result<u64> {
        let fault = RequestFault { method: method.into(), path: path.into(), nth: 1, times: 1, effect };
        Ok(self.lab.faults().add(fault)?)
    }
}

/// A root file system, packed.
fn root_archive() -> Result<Vec<u8>> {
    let directory = tempfile::tempdir()?;
    std::fs::create_dir_all(directory.path().join("root/etc"))?;
    std::fs::write(directory.path().join("root/etc/hostname"), "archive\n")?;
    let packed = directory.path().join("rootfs.tar.gz");
    let ran = Command::new("tar")
        .arg("-czf")
        .arg(&packed)
        .arg("-C")
        .arg(directory.path().join("root"))
        .arg(".")
        .output()
        .context("tar")?;
    if !ran.status.success() {
        bail!("tar: {}", String::from_utf8_lossy(&ran.stderr));
    }
    Ok(std::fs::read(packed)?)
}
