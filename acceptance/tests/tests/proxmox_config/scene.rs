//! A stand-in cluster with what configuration objects refer to, and a workspace that is pointed at it.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use acceptance_tests::netbox::{Catalogue, Naming, Samples};
use acceptance_tests::{Output, Provider, Workspace};
use anyhow::{Error, Result, ensure};
use catalogue::description::Version;
use hybridops_lab::{Lab, LabConfig, Release};
use serde_json::json;
use tokio::runtime::Runtime;

/// The runtime the stand-ins live in; the tests themselves block.
fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: LazyLock<std::io::Result<Runtime>> =
        LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build());
    RUNTIME.as_ref().map_err(|error| anyhow::anyhow!("no runtime: {error}"))
}

/// Guests that samples name: of HA, of its rules, of replication, of the firewall.
const GUESTS: [u32; 14] = [100, 101, 201, 301, 111, 211, 311, 112, 212, 312, 113, 213, 313, 901];

/// A cluster of two nodes and a workspace.
pub(crate) struct Scene {
    pub(crate) lab: Lab,
    pub(crate) ws: Workspace,
    pub(crate) version: Version,
}

impl Scene {
    /// A cluster of this release.
    pub(crate) fn start(release: Release) -> Result<Self> {
        let config = LabConfig {
            release,
            nodes: vec!["pve1".into(), "pve2".into()],
            task_duration: Duration::ZERO,
            lock_wait: Duration::from_millis(300),
            proxy_wait: Duration::from_millis(300),
            ..LabConfig::default()
        };
        let lab = runtime()?.block_on(Lab::start(config))?;
        for vmid in GUESTS {
            let made =
                lab.call("POST", "/nodes/pve1/qemu", &json!({"vmid": vmid, "name": format!("g{vmid}")}));
            made.map_err(Error::msg)?;
        }
        // Rules are of guests that high availability watches.
        let watched = GUESTS.iter().filter(|vmid| release == Release::V9 && matches!(*vmid % 100, 11..=13));
        for vmid in watched {
            let sid = json!({"sid": format!("vm:{vmid}"), "state": "stopped"});
            lab.call("POST", "/cluster/ha/resources", &sid).map_err(Error::msg)?;
        }
        let ws = Self::workspace(&lab)?;
        let version = match release {
            Release::V8_4 => Version::new(8, 4),
            Release::V9 => Version::new(9, 1),
        };
        Ok(Self { lab, ws, version })
    }

    fn workspace(lab: &Lab) -> Result<Workspace> {
        let mut ws = Workspace::ready(&[Provider::hybridops()?])?;
        for (name, value) in lab.environment() {
            ws.set_env(&name, value);
        }
        ws.write("provider.tf", "provider \"hybridops\" {}\n")?;
        Ok(ws)
    }

    /// Another workspace that reaches the same cluster.
    pub(crate) fn another_workspace(&self) -> Result<Workspace> {
        Self::workspace(&self.lab)
    }

    /// What this run makes.
    pub(crate) fn catalogue(&self) -> Result<Catalogue> {
        let naming = Naming { prefix: "tf".to_owned() };
        let samples = Samples::of("proxmox/samples.toml")?;
        Ok(Catalogue::new(&domain_proxmox::TABLE, samples, naming, self.version))
    }

    /// Does something that must succeed, and tells how long it took.
    pub(crate) fn told(&self, what: &str, step: impl FnOnce() -> Result<Output>) -> Result<Output> {
        self.lab.journal().clear();
        let begun = Instant::now();
        let output = step()?;
        let requests = self.lab.journal().all().len();
        println!("{} {what}: {:.1} s, {requests} requests", self.version, begun.elapsed().as_secs_f32());
        // A plan of hundreds of resources would bury what went wrong.
        ensure!(output.status.success() || output.stderr.is_empty(), "{what}:\n{}", output.stderr);
        output.ok()
    }

    /// What was written since the journal was emptied.
    pub(crate) fn writes(&self) -> Vec<String> {
        let log = self.lab.journal().all().into_iter();
        let writes = log.filter(|entry| entry.method != "GET" && entry.path != "/access/ticket");
        writes.map(|entry| format!("{} {}", entry.method, entry.path)).collect()
    }

    /// There must be nothing to do.
    pub(crate) fn expect_nothing_to_do(&self, after: &str) -> Result<()> {
        let output = self.ws.run(&["plan", "-no-color", "-detailed-exitcode"])?;
        let said = output.stdout.split_once("Terraform will perform").map_or("", |(_, changes)| changes);
        ensure!(
            output.status.code() == Some(0),
            "after {after} the plan is not empty: {said}\n{}",
            output.stderr
        );
        Ok(())
    }
}
