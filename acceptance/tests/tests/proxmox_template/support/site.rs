//! A stand-in cluster of its own for each test, and a workspace that is pointed at it.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use acceptance_tests::{Provider, Workspace};
use anyhow::{Context as _, Result, bail};
use hybridops_lab::{Effect, Lab, LabConfig, Release, RequestFault, TaskEffect, TaskFaultRule};
use serde_json::Value as Json;
use tokio::runtime::Runtime;

use super::{Image, Template};

/// The runtime the stand-ins live in; the tests themselves block.
fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: LazyLock<std::io::Result<Runtime>> =
        LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build());
    RUNTIME.as_ref().map_err(|error| anyhow::anyhow!("no runtime: {error}"))
}

/// Cluster, workspace and image.
pub(crate) struct Site {
    pub(crate) lab: Lab,
    pub(crate) ws: Workspace,
    pub(crate) image: &'static Image,
    http: reqwest::Client,
}

impl Site {
    /// One node of release 8.4.
    pub(crate) fn start(image: &'static Image) -> Result<Self> {
        Self::with(image, LabConfig::default())
    }

    /// Two nodes.
    pub(crate) fn pair(image: &'static Image) -> Result<Self> {
        Self::with(image, LabConfig { nodes: vec!["pve1".into(), "pve2".into()], ..LabConfig::default() })
    }

    /// One node of this release.
    pub(crate) fn of(image: &'static Image, release: Release) -> Result<Self> {
        Self::with(image, LabConfig { release, ..LabConfig::default() })
    }

    /// One node whose token has this secret.
    pub(crate) fn with_token(image: &'static Image, secret: &str) -> Result<Self> {
        Self::with(image, LabConfig { token_secret: Some(secret.to_owned()), ..LabConfig::default() })
    }

    fn with(image: &'static Image, config: LabConfig) -> Result<Self> {
        let config = LabConfig {
            task_duration: Duration::ZERO,
            lock_wait: Duration::from_millis(300),
            proxy_wait: Duration::from_millis(300),
            ..config
        };
        let lab = runtime()?.block_on(Lab::start(config))?;
        for (name, content) in &image.files {
            lab.put_artefact(name, content)?;
        }
        let mut ws = Workspace::ready(&[Provider::hybridops()?])?;
        for (name, value) in lab.environment() {
            ws.set_env(&name, value);
        }
        let http = reqwest::Client::builder().danger_accept_invalid_certs(true).build()?;
        Ok(Self { lab, ws, image, http })
    }

    /// The usual template: `debian` on `pve1` from the qcow2 image, with a checksum.
    pub(crate) fn template(&self) -> Template {
        Template::bare("debian", "pve1")
            .set("image", self.image_of("disk.qcow2"))
            .set("disk", "{ storage = \"local\" }")
    }

    /// The expression of an image with its checksum.
    pub(crate) fn image_of(&self, name: &str) -> String {
        let (url, checksum) = (self.lab.artefact_url(name), self.image.checksum(name));
        format!("{{ url = \"{url}\", checksum = \"{checksum}\" }}")
    }

    /// Writes the configuration.
    pub(crate) fn declare(&self, template: &Template) -> Result<()> {
        self.ws.write("main.tf", &template.hcl())
    }

    /// Writes and applies the configuration; a second plan must be empty.
    pub(crate) fn converge(&self, template: &Template) -> Result<()> {
        self.declare(template)?;
        self.ws.apply()?.ok()?;
        self.ws.expect_empty_plan()?;
        Ok(())
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

    /// Arms a fault for the first request that matches.
    pub(crate) fn fault(&self, method: &str, path: &str, effect: Effect) -> Result<u64> {
        let fault = RequestFault { method: method.into(), path: path.into(), nth: 1, times: 1, effect };
        Ok(self.lab.faults().add(fault)?)
    }

    /// Arms a fault for the first task of this type.
    pub(crate) fn task_fault(&self, task: &str, effect: TaskEffect) -> Result<u64> {
        Ok(self.lab.faults().add_task(TaskFaultRule { task: task.into(), nth: 1, times: 1, effect })?)
    }

    /// Requests the cluster got while something was done: how many of each kind.
    pub(crate) fn counting(&self, work: impl FnOnce() -> Result<()>) -> Result<BTreeMap<String, usize>> {
        self.lab.journal().clear();
        work()?;
        Ok(self.lab.journal().counts())
    }
}
