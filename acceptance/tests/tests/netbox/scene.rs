//! A server, and a workspace that reaches it.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::time::Instant;

use acceptance_tests::netbox::{Catalogue, Known, Naming, Samples, Server};
use acceptance_tests::{Output, Provider, Workspace, terraform_or_skip};
use anyhow::{Context as _, Error, Result, ensure};
use catalogue::description::Version;
use domain_netbox::TABLE;
use hybridops_lab::{Lab, LabConfig, NetBox, NetBoxConfig, NetBoxVersion};
use serde_json::Value as Json;
use tokio::runtime::Runtime;

/// The real server to test with.
pub(crate) const URL: &str = "HYBRIDOPS_ACC_NETBOX_URL";
/// A token of an administrator there.
pub(crate) const TOKEN: &str = "HYBRIDOPS_ACC_NETBOX_TOKEN";

/// A picture of one pixel.
const PICTURE: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0,
    0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 0x0d, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63,
    0xf8, 0xcf, 0xc0, 0xf0, 0x1f, 0, 5, 0, 1, 0xff, 0x89, 0x99, 0x3d, 0x1d, 0, 0, 0, 0, 0x49, 0x45, 0x4e,
    0x44, 0xae, 0x42, 0x60, 0x82,
];

/// A server, and a workspace that reaches it.
pub(crate) struct Scene {
    /// The laboratory; `None` for a real server.
    pub(crate) lab: Option<Lab>,
    /// The server, asked directly.
    pub(crate) server: Server,
    /// The workspace.
    pub(crate) ws: Workspace,
    /// What begins the names of everything this run makes.
    pub(crate) prefix: String,
    /// The version of the server.
    pub(crate) version: Version,
    runtime: Runtime,
}

/// Objects as the server shows them, by kind and label.
pub(crate) type Shown = BTreeMap<(String, String), Json>;

/// The version as descriptions tell it.
fn described(version: NetBoxVersion) -> Result<Version> {
    version.feature().parse().map_err(|error| Error::msg(format!("{error}")))
}

impl Scene {
    /// A fresh stand-in; `None`, said aloud, where there is no `terraform`.
    pub(crate) fn lab(test: &str, version: NetBoxVersion) -> Result<Option<Self>> {
        if !terraform_or_skip(test)? {
            return Ok(None);
        }
        let runtime = Runtime::new()?;
        let netbox = Some(NetBoxConfig { version, ..NetBoxConfig::default() });
        let lab = runtime.block_on(Lab::start(LabConfig { netbox, ..LabConfig::default() }))?;
        let (url, token) = {
            let netbox = lab.netbox().context("a NetBox")?;
            (netbox.url().to_owned(), netbox.token().to_owned())
        };
        Self::with(runtime, Some(lab), &url, &token, described(version)?, "acc".to_owned()).map(Some)
    }

    /// The real server that the environment names.
    pub(crate) fn real() -> Result<Self> {
        let (url, token) = (env::var(URL).context(URL)?, env::var(TOKEN).context(TOKEN)?);
        let runtime = Runtime::new()?;
        let status = runtime.block_on(Server::new(&url, &token).get("status", 0)).ok().flatten();
        let status = match status {
            Some(status) => status,
            None => {
                runtime.block_on(Server::new(&url, &token).send(reqwest::Method::GET, "status/", None))?
            }
        };
        let version = status["netbox-version"].as_str().context("the server tells no version")?;
        let version = version.parse().map_err(|error| Error::msg(format!("{error}")))?;
        let prefix = format!("acc{:x}", std::process::id());
        Self::with(runtime, None, &url, &token, version, prefix)
    }

    fn with(
        runtime: Runtime,
        lab: Option<Lab>,
        url: &str,
        token: &str,
        version: Version,
        prefix: String,
    ) -> Result<Self> {
        let mut ws = Workspace::ready(&[Provider::hybridops()?])?;
        ws.set_env("NETBOX_SERVER_URL", url);
        ws.set_env("NETBOX_API_TOKEN", token);
        ws.write("provider.tf", "provider \"hybridops\" {}\n")?;
        for number in 1..=2 {
            std::fs::write(ws.path(&format!("picture-{number}.png")), PICTURE)?;
        }
        Ok(Self { lab, server: Server::new(url, token), ws, prefix, version, runtime })
    }

    /// Another workspace that reaches the same server.
    pub(crate) fn another_workspace(&self) -> Result<Workspace> {
        let mut ws = Workspace::ready(&[Provider::hybridops()?])?;
        for name in ["NETBOX_SERVER_URL", "NETBOX_API_TOKEN"] {
            ws.set_env(name, self.ws.env(name).context(name)?);
        }
        ws.write("provider.tf", "provider \"hybridops\" {}\n")?;
        for number in 1..=2 {
            std::fs::write(ws.path(&format!("picture-{number}.png")), PICTURE)?;
        }
        Ok(ws)
    }

    /// The stand-in.
    pub(crate) fn netbox(&self) -> Result<&NetBox> {
        self.lab.as_ref().and_then(Lab::netbox).context("this is no laboratory")
    }

    /// What this run makes.
    pub(crate) fn catalogue(&self) -> Result<Catalogue> {
        let naming = Naming { prefix: self.prefix.clone() };
        Ok(Catalogue::new(&TABLE, Samples::load()?, naming, self.version))
    }

    /// Waits for an answer of the server.
    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Does something that must succeed: see [`Scene::counted`].
    pub(crate) fn told(&self, what: &str, step: impl FnOnce() -> Result<Output>) -> Result<Output> {
        let output = self.counted(what, step)?;
        // A plan of hundreds of resources would bury what went wrong.
        ensure!(output.status.success() || output.stderr.is_empty(), "{what}:\n{}", output.stderr);
        output.ok()
    }

    /// Does something, and tells on the log of the test how long it took and what it asked of the server.
    pub(crate) fn counted(&self, what: &str, step: impl FnOnce() -> Result<Output>) -> Result<Output> {
        if let Ok(netbox) = self.netbox() {
            netbox.journal().clear();
        }
        let begun = Instant::now();
        let output = step()?;
        let mut methods: BTreeMap<String, usize> = BTreeMap::new();
        if let Ok(netbox) = self.netbox() {
            for entry in netbox.journal().all() {
                *methods.entry(entry.method).or_default() += 1;
            }
        }
        let asked: Vec<String> = methods.iter().map(|(method, count)| format!("{count} {method}")).collect();
        println!("{} {what}: {:.1} s; {}", self.version, begun.elapsed().as_secs_f32(), asked.join(", "));
        Ok(output)
    }

    /// The number of requests since the log was cleared.
    pub(crate) fn requests(&self) -> Result<usize> {
        Ok(self.netbox()?.journal().all().len())
    }

    /// Requests that change something, as `METHOD path`.
    pub(crate) fn writes(&self) -> Result<Vec<String>> {
        let entries = self.netbox()?.journal().all();
        let is_write = |method: &str| matches!(method, "POST" | "PUT" | "PATCH" | "DELETE");
        let writes = entries.iter().filter(|entry| is_write(&entry.method));
        Ok(writes.map(|entry| format!("{} {}", entry.method, entry.path)).collect())
    }

    /// What the state says of the instances: the only thing that is taken from the provider.
    pub(crate) fn known(&self, catalogue: &Catalogue) -> Result<Known> {
        let state = self.ws.state()?;
        let there: BTreeSet<String> = state.addresses().into_iter().collect();
        let mut known = Known::new();
        for instance in catalogue.instances() {
            let address = instance.address();
            if !there.contains(&address) {
                continue;
            }
            let id = state.get(&address, "id")?.as_u64().with_context(|| format!("{address} has no id"))?;
            let slug = state.get(&address, "slug")?.as_str().map(str::to_owned);
            known.insert((instance.kind.path.to_owned(), instance.label.clone()), (id, slug));
        }
        Ok(known)
    }

    /// The objects of the instances as the server shows them, by kind and label.
    pub(crate) fn shown(&self, known: &Known) -> Result<Shown> {
        let mut by_kind: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for ((kind, _), (id, _)) in known {
            by_kind.entry(kind).or_default().push(*id);
        }
        let mut objects: BTreeMap<(&str, u64), Json> = BTreeMap::new();
        for (kind, ids) in &by_kind {
            for chunk in ids.chunks(100) {
                let query: Vec<String> = chunk.iter().map(|id| format!("id={id}")).collect();
                let found = self.wait(self.server.list(kind, &query.join("&")))?;
                objects.extend(found.into_iter().map(|(id, object)| ((*kind, id), object)));
            }
        }
        let mut shown = BTreeMap::new();
        for ((kind, label), (id, _)) in known {
            let object = objects.remove(&(kind.as_str(), *id));
            let object = object.with_context(|| format!("{kind} {id} ({label}) is not on the server"))?;
            shown.insert((kind.clone(), label.clone()), object);
        }
        Ok(shown)
    }

    /// There must be nothing to do.
    pub(crate) fn expect_nothing_to_do(&self, after: &str) -> Result<()> {
        let arguments = ["plan", "-no-color", "-detailed-exitcode"];
        let output = self.counted(&format!("plan after {after}"), || self.ws.run(&arguments))?;
        let said = output.stdout.split_once("Terraform will perform").map_or("", |(_, changes)| changes);
        ensure!(
            output.status.code() == Some(0),
            "after {after} the plan is not empty: {said}\n{}",
            output.stderr
        );
        Ok(())
    }

    /// None of these objects may be there any more.
    pub(crate) fn expect_gone(&self, shown: &Shown) -> Result<()> {
        let mut by_kind: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for ((kind, _), object) in shown {
            by_kind.entry(kind).or_default().extend(object["id"].as_u64());
        }
        let mut left = Vec::new();
        for (kind, ids) in by_kind {
            for chunk in ids.chunks(100) {
                let query: Vec<String> = chunk.iter().map(|id| format!("id={id}")).collect();
                let found = self.wait(self.server.list(kind, &query.join("&")))?;
                left.extend(found.into_keys().map(|id| format!("{kind} {id}")));
            }
        }
        ensure!(left.is_empty(), "left behind: {left:?}");
        Ok(())
    }

    /// Nothing must be on the stand-in but what was there at its start.
    pub(crate) fn expect_nothing_left(&self, before: &BTreeMap<String, usize>) -> Result<()> {
        let left: Vec<String> = self
            .counts()?
            .into_iter()
            .filter(|(kind, count)| before.get(kind) != Some(count))
            .map(|(kind, count)| format!("{count} of {kind}"))
            .collect();
        ensure!(left.is_empty(), "left behind: {}", left.join(", "));
        Ok(())
    }

    /// How many objects of each kind there are on the stand-in.
    pub(crate) fn counts(&self) -> Result<BTreeMap<String, usize>> {
        let netbox = self.netbox()?;
        Ok(netbox.writable_types().into_iter().map(|kind| (kind.clone(), netbox.count(&kind))).collect())
    }
}

impl Drop for Scene {
    /// A laboratory goes as a whole; of a real server everything that is left is taken away.
    fn drop(&mut self) {
        if self.lab.is_some() {
            return;
        }
        let left = self.ws.state().is_ok_and(|state| !state.addresses().is_empty());
        if left && let Err(error) = self.ws.destroy().and_then(Output::ok) {
            eprintln!("what was made could not be destroyed: {error:#}");
        }
        self.sweep();
    }
}

impl Scene {
    /// Deletes everything whose name begins with the prefix of this run. What others hold in place goes in a later
    /// pass, after them.
    fn sweep(&self) {
        let Ok(catalogue) = self.catalogue() else { return };
        for _ in 0..6 {
            let mut found = 0;
            for kind in catalogue.kinds() {
                let by = kind.lookup.iter().find(|name| {
                    kind.filters.iter().any(|filter| {
                        filter.name == **name && filter.suffixes.iter().any(|suffix| suffix == "isw")
                    })
                });
                let Some(by) = by else { continue };
                let query = format!("{by}__isw={}", self.prefix);
                let ids = self.wait(self.server.list(kind.path, &query)).unwrap_or_default();
                for (id, object) in ids {
                    // The server answers with everything where it does not know the filter.
                    if object[*by].as_str().is_some_and(|text| text.starts_with(&self.prefix)) {
                        found += 1;
                        let _ = self.wait(self.server.delete(kind.path, id));
                    }
                }
            }
            if found == 0 {
                return;
            }
        }
    }
}
