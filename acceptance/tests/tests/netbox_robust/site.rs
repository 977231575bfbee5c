//! A NetBox stand-in and a workspace that is configured for it.

use std::sync::LazyLock;

use acceptance_tests::{Output, Provider, Workspace, terraform_or_skip};
use anyhow::{Context as _, Result, anyhow};
use hybridops_lab::{Effect, Lab, LabConfig, NetBox, NetBoxConfig, NetBoxVersion, RequestFault};
use serde_json::Value as Json;

/// The provider block that takes everything from the environment.
const PROVIDER: &str = "provider \"hybridops\" {\n  netbox = {}\n}\n";

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Runtime::new().expect("a runtime"));

pub(crate) struct Site {
    pub(crate) ws: Workspace,
    pub(crate) lab: Lab,
}

/// A site on a server of a version; nothing where there is no Terraform.
pub(crate) fn site(test: &str, version: NetBoxVersion) -> Result<Option<Site>> {
    if !terraform_or_skip(test)? {
        return Ok(None);
    }
    let netbox = Some(NetBoxConfig { version, ..NetBoxConfig::default() });
    let lab = RUNTIME.block_on(Lab::start(LabConfig { netbox, ..LabConfig::default() }))?;
    let mut ws = Workspace::ready(&[Provider::hybridops()?])?;
    for (name, value) in lab.environment() {
        ws.set_env(&name, value);
    }
    Ok(Some(Site { ws, lab }))
}

impl Site {
    pub(crate) fn netbox(&self) -> Result<&NetBox> {
        self.lab.netbox().context("the lab has a NetBox")
    }

    /// Writes the configuration: the provider block and this.
    pub(crate) fn declare(&self, text: &str) -> Result<()> {
        self.ws.write("main.tf", &format!("{PROVIDER}{text}"))
    }

    /// Makes an object behind the provider's back.
    pub(crate) fn make(&self, path: &str, body: Json) -> Result<u64> {
        let made = self.netbox()?.call("POST", &format!("/api/{path}/"), Some(body));
        made.map_err(|refusal| anyhow!("{path}: {refusal:?}"))?["id"].as_u64().context("an object has an id")
    }

    pub(crate) fn fault(&self, method: &str, path: &str, nth: u64, times: u64, effect: Effect) -> Result<()> {
        let fault = RequestFault { method: method.to_owned(), path: path.to_owned(), nth, times, effect };
        self.netbox()?.faults().add(fault)?;
        Ok(())
    }

    pub(crate) fn no_faults(&self) -> Result<()> {
        self.netbox()?.faults().clear();
        Ok(())
    }

    pub(crate) fn apply(&self) -> Result<Output> {
        self.ws.run(&["apply", "-no-color", "-auto-approve"])
    }

    /// Requests so far.
    pub(crate) fn requests(&self) -> Result<Vec<String>> {
        let all = self.netbox()?.journal().all();
        Ok(all.into_iter().map(|entry| format!("{} {}", entry.method, entry.path)).collect())
    }

    /// Requests so far that change something.
    pub(crate) fn writes(&self) -> Result<Vec<String>> {
        let changes = |request: &String| !request.starts_with("GET ") && !request.starts_with("OPTIONS ");
        Ok(self.requests()?.into_iter().filter(changes).collect())
    }

    /// Forgets the requests so far.
    pub(crate) fn forget(&self) -> Result<()> {
        self.netbox()?.journal().clear();
        Ok(())
    }
}
