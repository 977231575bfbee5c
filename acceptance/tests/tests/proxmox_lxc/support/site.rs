//! A stand-in cluster of its own for each test, and a workspace that is pointed at it.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use acceptance_tests::{Output, Provider, Workspace};
use anyhow::{Context as _, Result, ensure};
use hybridops_lab::{Effect, Lab, LabConfig, RequestFault};
use serde_json::Value as Json;
use tokio::runtime::Runtime;

use super::{ADDRESS, Lxc, OTHER, TEMPLATE};

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
}

impl Site {
    /// One node, and a token of root@pam.
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
            ha_delay: Duration::ZERO,
            ..config
        };
        let nodes = config.nodes.clone();
        let lab = runtime()?.block_on(Lab::start(config))?;
        for node in nodes {
            for template in [TEMPLATE, OTHER] {
                let place = lab.volume_place(&node, template).context("a place for the template")?;
                std::fs::create_dir_all(place.parent().unwrap_or(&place))?;
                std::fs::write(place, template)?;
            }
        }
        let mut ws = Workspace::ready(&[Provider::hybridops()?])?;
        for (name, value) in lab.environment() {
            ws.set_env(&name, value);
        }
        Ok(Self { lab, ws })
    }

    /// From here on the provider logs in as root@pam with its password.
    pub(crate) fn with_root(mut self) -> Self {
        self.ws.set_env("PROXMOX_VE_API_TOKEN", "");
        self.ws.set_env("PROXMOX_VE_USERNAME", "root@pam");
        let password = self.lab.root_password().to_owned();
        self.ws.set_env("PROXMOX_VE_PASSWORD", password);
        self
    }

    /// Writes the configuration.
    pub(crate) fn declare(&self, lxc: &Lxc) -> Result<()> {
        self.ws.write("main.tf", &lxc.hcl())
    }

    /// Writes and applies the configuration; a second plan must be empty.
    pub(crate) fn converge(&self, lxc: &Lxc) -> Result<Output> {
        self.declare(lxc)?;
        let output = self.ws.apply()?.ok()?;
        self.ws.expect_empty_plan()?;
        Ok(output)
    }

    /// The plan of a configuration must fail and say this, and nothing may change.
    pub(crate) fn refused(&self, lxc: &Lxc, says: &[&str]) -> Result<()> {
        let before = self.everything();
        self.declare(lxc)?;
        let mut output = self.ws.plan()?.fails()?;
        for text in says {
            output = output.says(text)?;
        }
        ensure!(self.everything() == before, "a refused plan changed something");
        Ok(())
    }

    /// An attribute of the container in state.
    pub(crate) fn attribute(&self, name: &str) -> Result<Json> {
        Ok(self.ws.state()?.get(ADDRESS, name)?.clone())
    }

    /// The n-th request that fits has this effect.
    pub(crate) fn fault(&self, method: &str, path: &str, nth: u64, effect: Effect) -> Result<()> {
        let fault = RequestFault { method: method.to_owned(), path: path.to_owned(), nth, times: 1, effect };
        self.lab.faults().add(fault)?;
        Ok(())
    }

    /// Requests the cluster got while something was done: how many of each kind.
    pub(crate) fn counting(&self, work: impl FnOnce() -> Result<()>) -> Result<BTreeMap<String, usize>> {
        self.lab.journal().clear();
        work()?;
        Ok(self.lab.journal().counts())
    }
}
