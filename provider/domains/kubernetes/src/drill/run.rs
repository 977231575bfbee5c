//! A drill: a snapshot restored on a machine of its own, cut off from everything, looked at, and taken away again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use tf_framework::{Computed, Path};
use time::OffsetDateTime;
use transport_ssh::{Budget, FileSpec, Input, Machine, Secret};

use super::check::{Told, ask, differences};
use super::model::{ClusterDrillChecks, ClusterDrillResult};
use crate::api::{Access, ApiError};
use crate::config::{NodeConfig, render, wanted};
use crate::errors::{Error, Refusal, chain};
use crate::host::preflight::{self, findings, refusal};
use crate::host::{Facts, Run, gather};
use crate::install::{needed, stage, swap};
use crate::journal;
use crate::member::is_of;
use crate::resources::Role;
use crate::restore::cluster::passes;
use crate::restore::source::{Found, Places, find};
use crate::restore::{Server, SnapshotSource, UnitState};
use crate::snapshots::file::Expected;
use crate::snapshots::listing::rfc3339;
use crate::snapshots::living;
use crate::spec::ClusterSpec;
use crate::version::Version;

/// The address that the node has in the network of its own: of a range for documentation (RFC 5737), nobody's.
const ADDRESS: &str = "192.0.2.1";
/// Between two looks.
const PAUSE: Duration = Duration::from_secs(1);
/// How long one question may take.
const ASK: Duration = Duration::from_secs(15);
/// How long taking it away may take when the time of the operation is over.
const CLEAN: Duration = Duration::from_secs(300);

/// A drill.
pub(crate) struct Drill<'a> {
    /// The operation on its machine.
    pub(crate) run: &'a Run,
    /// Name of the drill.
    pub(crate) name: &'a str,
    /// The cluster whose snapshot it is.
    pub(crate) spec: &'a ClusterSpec,
    /// Its version.
    pub(crate) version: &'a Version,
    /// The servers of the cluster, which are only read.
    pub(crate) servers: &'a BTreeMap<String, Machine>,
    /// The snapshot.
    pub(crate) source: &'a SnapshotSource,
    /// The token of its time; that of the servers unless given.
    pub(crate) token: Option<Secret>,
    /// What is looked at.
    pub(crate) checks: &'a ClusterDrillChecks,
}

fn at(name: &str) -> Path {
    Path::root().attribute(name)
}

impl Drill<'_> {
    fn notes(&self) -> &'static str {
        self.run.distribution.journal_dir()
    }

    fn node(&self) -> String {
        format!("drill-{}", self.name)
    }

    fn unit(&self, of: &str) -> String {
        format!("hybridops-{}-drill{of}.service", self.run.distribution.name())
    }

    /// The ports that are passed to it, each once.
    fn ports(&self) -> BTreeSet<String> {
        [6443, self.run.distribution.supervisor_port()].iter().map(u16::to_string).collect()
    }

    /// Proves the snapshot, restores it, looks, measures, and takes everything away again, also after a failure.
    ///
    /// # Errors
    /// The machine or the snapshot is not the right one; or what was restored is not as it should be.
    pub(crate) async fn run(&self) -> Result<ClusterDrillResult, Error> {
        let (begun, at) = (Instant::now(), OffsetDateTime::now_utc().unix_timestamp());
        let facts = self.machine().await?;
        let found = self.snapshot().await?;
        self.mark().await?;
        let done = self.restored(&facts, &found, begun).await;
        // The time of the operation may be over; what it left must go all the same.
        let cleaned = self.clean(&Budget::within(CLEAN)).await;
        let (rto, told) = done?;
        cleaned?;
        let milliseconds = |since: Instant| u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
        let taken = found.name.at();
        Ok(ClusterDrillResult {
            at: Computed::Known(rfc3339(at)),
            snapshot: Computed::Known(found.name.to_string()),
            snapshot_at: Computed::Known(rfc3339(taken)),
            cluster_id: Computed::Known(found.proof.cluster_id),
            version: Computed::Known(found.proof.version),
            nodes: Computed::Known(found.proof.nodes),
            objects: Computed::Known(found.proof.objects),
            counted: Computed::Known(told.counted),
            bytes: Computed::Known(found.size),
            rto_milliseconds: Computed::Known(u64::try_from(rto.as_millis()).unwrap_or(u64::MAX)),
            rpo_seconds: Computed::Known(u64::try_from(at - taken).unwrap_or_default()),
            milliseconds: Computed::Known(milliseconds(begun)),
            unproven: Computed::Known(found.proof.unproven),
        })
    }

    /// What is true of the machine, where it may be used: nothing of any cluster is on it.
    async fn machine(&self) -> Result<Facts, Error> {
        let facts = gather(self.run).await?;
        let mark =
            self.run.machine.read(&format!("{}/drill", self.notes()), 1 << 10, &self.run.budget).await?;
        let facts = match mark {
            Some(_) if facts.journal.is_none() => {
                tracing::info!(drill = self.name, "a drill that was killed is taken away first");
                self.clean(&self.run.budget).await?;
                gather(self.run).await?
            }
            _ => facts,
        };
        let refuse = |what: String| {
            let detail = format!(
                "{} {what}. A drill takes everything of a cluster off its machine at the end: give it one that is nothing else. \
                 Nothing was changed on it.",
                self.run.machine.name()
            );
            Err(Refusal::new("The machine is no throw-away one", detail).at(at("machine")).into())
        };
        if let Some(journal) = &facts.journal {
            return refuse(format!("is the node {} of the cluster {}", journal.node, journal.cluster));
        }
        if facts.has_cluster() || facts.server.loaded || facts.agent.loaded || facts.installed.is_some() {
            return refuse(format!("has {} on it already", self.run.distribution.title()));
        }
        let node = self.node();
        let spec = self.isolated();
        let about = preflight::Asked {
            spec: &spec,
            node: &node,
            role: Role::Server,
            version: self.version,
            no_proxy: Vec::new(),
        };
        match refusal(&spec, &node, &findings(&facts, &about)) {
            Some(refusal) => Err(refusal.at(at("machine")).into()),
            None => Ok(facts),
        }
    }

    /// The snapshot, proven.
    async fn snapshot(&self) -> Result<Found, Error> {
        let places = Places {
            distribution: self.run.distribution,
            servers: self.servers,
            usual: self.spec.etcd_snapshots.as_ref(),
            credentials: &self.run.client.credentials,
            path: at("snapshot"),
            otherwise: "Nothing was done on the machine of the drill.",
        };
        let expected = Expected {
            token: Some(self.token().await?),
            cluster_id: self.cluster_id().await,
            version: Some(self.spec.version.clone()),
        };
        let say = |text: String| tracing::info!("{text}");
        find(self.source, &places, expected, &say, &self.run.budget).await
    }

    /// The token: as it was given, or as the first server that is reached has it.
    async fn token(&self) -> Result<Secret, Error> {
        if let Some(token) = &self.token {
            return Ok(token.clone());
        }
        let mut problems = Vec::new();
        for (name, machine) in self.servers {
            let budget = self.run.budget.shortened(ASK);
            let run = Run { machine: machine.clone(), budget, ..self.run.clone() };
            match (Server { name: name.clone(), run }).token().await {
                Ok(Some(token)) => return Ok(token),
                Ok(None) => problems.push(format!("- {name} has none.")),
                Err(error) => problems.push(format!("- {name}: {}.", chain(&error))),
            }
        }
        let detail = format!(
            "Without it no snapshot can be opened. It was looked for on the servers:\n{}\n\nMake one reachable, or set `token`.",
            problems.join("\n")
        );
        Err(Refusal::new("The token is not known", detail).at(at("token")).into())
    }

    /// Id of the cluster: as it was given, or as a server tells it that is reached.
    async fn cluster_id(&self) -> Option<String> {
        if let Some(given) = &self.source.cluster_id {
            return Some(given.clone());
        }
        let budget = self.run.budget.shortened(ASK);
        for machine in self.servers.values() {
            if let Ok(access) = living::answering(machine, self.run.distribution, &budget).await
                && let Ok(Some(id)) = living::cluster_id(&access, &budget).await
            {
                return Some(id);
            }
        }
        None
    }

    /// Says on the machine that a drill is on it, before anything else of it is there.
    async fn mark(&self) -> Result<(), Error> {
        self.run.script("making a directory", r#"umask 077; mkdir -p "$1""#, &[self.notes()]).await?;
        let content = Input::Bytes(format!("{}\n", self.name).into_bytes().into());
        let path = format!("{}/drill", self.notes());
        self.run.put(&FileSpec { path, content, mode: 0o600, owner: None }).await
    }

    /// Restores, and looks: how long it took until the API answered, and what that told.
    async fn restored(
        &self,
        facts: &Facts,
        found: &Found,
        begun: Instant,
    ) -> Result<(Duration, Told), Error> {
        let release = needed(self.spec, self.version, &facts.os.architecture)?;
        stage(self.run, self.spec, facts, &release).await?;
        swap(self.run, facts, &release).await?;
        let server = Server { name: self.node(), run: self.run.clone() };
        let snapshot = found.name.to_string();
        server.stage(&snapshot, &found.file).await?;
        self.reset(&server.staged(&snapshot)).await?;
        let ports = self.ports();
        let mut arguments = vec![self.run.distribution.name()];
        arguments.extend(ports.iter().map(String::as_str));
        self.run.script("starting the drill", include_str!("steps/start.sh"), &arguments).await?;
        let access = self.up().await?;
        let rto = begun.elapsed();
        let told = ask(&access, &found.proof, &self.run.budget).await?;
        let differences = differences(&found.proof, &told, &self.checks.objects);
        if differences.is_empty() {
            return Ok((rto, told));
        }
        let detail = format!(
            "Of {snapshot}, restored on {}:\n  - {}.",
            self.run.machine.name(),
            differences.join(".\n  - ")
        );
        Err(Refusal::new("What was restored is not what it should be", detail).at(at("snapshot")).into())
    }

    /// The cluster without what leads out of the machine of the drill.
    fn isolated(&self) -> ClusterSpec {
        ClusterSpec { registration_address: None, etcd_snapshots: None, proxy: None, ..self.spec.clone() }
    }

    /// What the server of the drill is configured with: the cluster's own keys, but nothing that leads out of its machine.
    async fn config(&self) -> Result<String, Error> {
        let spec = self.isolated();
        let node = self.node();
        let config = NodeConfig {
            name: &node,
            role: Role::Server,
            node_ip: Some(ADDRESS),
            node_external_ip: None,
            labels: Vec::new(),
            taints: Vec::new(),
            extra: None,
        };
        let mut wanted = wanted(&spec, &config).map_err(|error| {
            let path = at("cluster").attribute("config").attribute("extra");
            Error::from(Refusal::new("A key cannot be set here", format!("{error}.")).at(path))
        })?;
        // Whatever `extra` says: it takes no snapshots, sends none anywhere, and joins nobody.
        wanted.keys.retain(|key, _| !key.starts_with("etcd-") && key != "server" && key != "cluster-init");
        wanted.keys.insert("etcd-disable-snapshots".to_owned(), serde_json::Value::Bool(true));
        Ok(render(&wanted, &[("token", self.token().await?.expose().to_owned())]))
    }

    /// Makes the database of the snapshot.
    async fn reset(&self, snapshot: &str) -> Result<(), Error> {
        let d = self.run.distribution;
        let ports = self.ports();
        let mut arguments = vec![d.name(), d.binary(), self.notes(), snapshot, ADDRESS];
        arguments.extend(ports.iter().map(String::as_str));
        let input = Input::Secret(Secret::new(self.config().await?));
        self.run
            .script_with("beginning the drill", include_str!("steps/begin.sh"), &arguments, input)
            .await?;
        loop {
            let state = self.state("-reset").await?;
            if state.active == "activating" {
                self.pause("the reset of the database").await?;
                continue;
            }
            if state.active == "active" && state.result == "success" && state.status == 0 && state.said {
                return Ok(());
            }
            return Err(self.failed("The snapshot could not be restored", &state));
        }
    }

    async fn state(&self, unit: &str) -> Result<UnitState, Error> {
        let unit = self.unit(unit);
        let arguments = [unit.as_str(), self.notes()];
        let said =
            self.run.script("asking for the drill", include_str!("steps/state.sh"), &arguments).await?;
        Ok(UnitState::parse(&said))
    }

    fn failed(&self, summary: &str, state: &UnitState) -> Error {
        let detail = format!(
            "On {} it ended with code {} ({}). {}\n\nEverything of the drill was taken away again.",
            self.run.machine.name(),
            state.status,
            state.result,
            journal::told(&state.log)
        );
        Refusal::new(summary, detail).into()
    }

    /// Waits until the restored cluster answers: one voting member, and its API.
    async fn up(&self) -> Result<Access, Error> {
        loop {
            match self.answers().await {
                Ok(Some(access)) => return Ok(access),
                Ok(None) => {}
                Err(error) if passes(&error) => tracing::debug!(drill = self.name, %error, "not up yet"),
                Err(error) => return Err(error.into()),
            }
            let state = self.state("").await?;
            if state.active != "active" && state.active != "activating" {
                return Err(self.failed("The restored cluster does not start", &state));
            }
            self.pause("the restored cluster").await?;
        }
    }

    async fn answers(&self) -> Result<Option<Access>, ApiError> {
        let budget = self.run.budget.shortened(ASK);
        let access = Access::open(&self.run.machine, self.run.distribution, &budget).await?;
        access.supervisor().readyz(&budget).await?;
        let members = access.supervisor().members(&budget).await?;
        let node = self.node();
        let alone = matches!(members.as_slice(), [only] if !only.is_learner && is_of(only, &node));
        access.kube().readyz(&budget).await?;
        Ok(alone.then_some(access))
    }

    async fn pause(&self, what: &str) -> Result<(), Error> {
        let waited = self.run.budget.sleep(PAUSE, || format!("{what} on {}", self.run.machine.name())).await;
        waited.map_err(|why| Error::Ended { what: what.to_owned(), why: why.to_string() })
    }

    /// Takes everything away, and proves it. The mark goes last: what is killed before it begins anew.
    async fn clean(&self, budget: &Budget) -> Result<(), Error> {
        let run = Run { budget: budget.clone(), ..self.run.clone() };
        let d = run.distribution;
        run.script("ending the drill", include_str!("steps/stop.sh"), &[d.name()]).await?;
        let arguments = [d.name(), d.config_dir(), d.data_dir(), d.journal_dir(), d.unit(Role::Server)];
        let uninstall = include_str!("../member/scripts/uninstall.sh");
        run.script("taking the drill away", uninstall, &arguments).await?;
        run.script("taking the drill away", include_str!("steps/sweep.sh"), &[]).await.map(drop)
    }
}
