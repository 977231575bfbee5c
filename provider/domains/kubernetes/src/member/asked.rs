//! What is asked of a node, and what with.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hosts::{Connection, Machine};
use tf_framework::{Diagnostic, Diagnostics, Path, Result};
use transport_ssh::{Budget, Secret};

use super::files::sum;
use crate::Kubernetes;
use crate::config::{NodeConfig, Wanted, fingerprint, wanted};
use crate::distribution::Distribution;
use crate::errors::{Error, Refusal};
use crate::gate::Gate;
use crate::host::{Run, preflight};
use crate::install::{Owned, Whose, no_proxy, owned};
use crate::resources::{Node, Role};
use crate::spec::ClusterSpec;
use crate::version::Version;

/// How long a machine that is to become a node may take until it answers: it may have been made a moment ago, on a host
/// where others boot beside it.
const BOOT: Duration = Duration::from_secs(180);

fn at_server(name: &str) -> Path {
    Path::root().attribute("cluster").attribute("servers").key(name)
}

/// What is asked of a node, and what with.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) node: Node,
    pub(crate) version: Version,
    pub(crate) run: Run,
    pub(crate) gate: Arc<Gate>,
    told: Mutex<Vec<Diagnostic>>,
}

impl Asked {
    /// What is asked of a node.
    ///
    /// # Errors
    /// A host key or the version cannot be read.
    pub(crate) fn new(client: Arc<Kubernetes>, node: Node, budget: Budget, create: bool) -> Result<Self> {
        let version = node.cluster.version.parse().map_err(|error: crate::version::NoVersion| {
            let path = Path::root().attribute("cluster").attribute("version");
            Diagnostics::error_at(path, "The version is not known", format!("{error}."))
        })?;
        let distribution = node.cluster.distribution();
        let gate = client.gates.of(distribution, &node.cluster.name, node.cluster.agents_at_once());
        let patience = if create { BOOT } else { Duration::ZERO };
        let path = Path::root().attribute("machine");
        let machine = client.hosts.machine_starting(&node.machine, &path, patience)?;
        let run = Run { machine, distribution, budget, client };
        Ok(Self { node, version, run, gate, told: Mutex::default() })
    }

    /// What the cluster is to be.
    pub(crate) fn spec(&self) -> &ClusterSpec {
        &self.node.cluster
    }

    /// The distribution.
    pub(crate) fn distribution(&self) -> Distribution {
        self.run.distribution
    }

    /// The node's name.
    pub(crate) fn name(&self) -> &str {
        &self.node.name
    }

    /// The service.
    pub(crate) fn unit(&self) -> &'static str {
        self.distribution().unit(self.node.role)
    }

    /// The other servers of the cluster.
    ///
    /// # Errors
    /// A host key cannot be read.
    pub(crate) fn others(&self) -> Result<BTreeMap<String, Machine>, Error> {
        let others = self.spec().servers.iter().filter(|(name, _)| *name != self.name());
        others.map(|(name, connection)| Ok((name.clone(), self.machine(name, connection)?))).collect()
    }

    fn machine(&self, name: &str, connection: &Connection) -> Result<Machine, Error> {
        Ok(self.run.client.machine(connection, &at_server(name))?)
    }

    /// A server of the cluster that may be starting; nothing where there is none of this name.
    ///
    /// # Errors
    /// A host key cannot be read.
    pub(crate) fn starting(&self, name: &str, patience: Duration) -> Result<Option<Machine>, Error> {
        let Some(connection) = self.spec().servers.get(name) else { return Ok(None) };
        let hosts = &self.run.client.hosts;
        Ok(Some(hosts.machine_starting(connection, &at_server(name), patience)?))
    }

    /// An operation on another machine.
    pub(crate) fn on(&self, machine: &Machine) -> Run {
        Run { machine: machine.clone(), ..self.run.clone() }
    }

    /// What its configuration file is to say, but for whom it joins and with what.
    ///
    /// # Errors
    /// A key that is not for the user to set.
    pub(crate) fn wanted(&self) -> Result<Wanted, Error> {
        let node = &self.node;
        let labels = node.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let config = NodeConfig {
            name: &node.name,
            role: node.role,
            node_ip: node.node_ip.as_deref(),
            node_external_ip: node.node_external_ip.as_deref(),
            labels,
            taints: node.taints.iter().cloned().collect(),
            extra: node.extra_config.as_deref(),
        };
        wanted(self.spec(), &config).map_err(|error| {
            let path = Path::root().attribute("extra_config");
            Refusal::new("A key cannot be set here", format!("{error}.")).at(path).into()
        })
    }

    /// The files it is to have beside its configuration.
    pub(crate) fn owned(&self) -> Vec<Owned> {
        let addresses = self.addresses();
        let whose = Whose { role: self.node.role, addresses: &addresses };
        owned(self.spec(), whose, self.node.registry_passwords.get())
    }

    /// SHA-256 of the files it is to have that hold no secret, by path.
    pub(crate) fn files(&self) -> BTreeMap<String, String> {
        let plain = self.owned().into_iter().filter(|file| !file.secret);
        plain.filter_map(|file| Some((file.path, sum(file.content.text()?)))).collect()
    }

    /// Its own addresses, as far as they are given.
    fn addresses(&self) -> Vec<&str> {
        let given = self.node.node_ip.as_deref().unwrap_or_default().split(',').map(str::trim);
        std::iter::once(self.node.machine.host.as_str()).chain(given.filter(|it| !it.is_empty())).collect()
    }

    /// What a preflight asks of its machine.
    pub(crate) fn about(&self) -> preflight::Asked<'_> {
        preflight::Asked {
            spec: self.spec(),
            node: self.name(),
            role: self.node.role,
            version: &self.version,
            no_proxy: no_proxy(self.spec(), &self.addresses()),
        }
    }

    /// Fingerprint of what a restart puts in force.
    ///
    /// # Errors
    /// As [`Asked::wanted`].
    pub(crate) fn fingerprint(&self) -> Result<String, Error> {
        let wanted = self.wanted()?;
        // Registries count by what the specification says: passwords are not known when it is planned.
        let owned = self.owned();
        let content = |start: &str| {
            let file = owned.iter().find(|file| file.path.starts_with(start));
            file.and_then(|file| file.content.text()).unwrap_or_default().to_owned()
        };
        let registries = format!("{:?} {:?}", self.spec().registries, self.node.registry_passwords_version);
        let more = [content("/etc/default/"), registries, content("/etc/systemd/")];
        Ok(fingerprint(&wanted.keys, &more.each_ref().map(String::as_str)))
    }

    /// Whether it is a server.
    pub(crate) fn is_server(&self) -> bool {
        self.node.role == Role::Server
    }

    /// A token that was given.
    pub(crate) fn given_token(&self) -> Option<Secret> {
        self.node.token.get().map(|token| Secret::new(token.trim()))
    }

    /// Keeps something that the user is to read when the operation is over, whatever becomes of it.
    pub(crate) fn tell(&self, summary: impl Into<String>, detail: impl Into<String>) {
        self.told
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Diagnostic::warning(summary.into(), detail.into()));
    }

    /// What was kept for the user to read.
    pub(crate) fn told(&self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
