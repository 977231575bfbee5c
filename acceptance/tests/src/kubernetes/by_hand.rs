//! Doing with a machine what an administrator does by hand, after the handbook of the distribution: unpack, write a
//! configuration, start the unit. Nothing here knows the provider.

use std::time::Duration;

use anyhow::{Context as _, Result};

use super::{Distribution, Machine, Scene};
use crate::wait_until;

/// The token of clusters that are made by hand.
pub const TOKEN: &str = "by-hand-4f1c9a7e";

/// How long a unit may take until it is up.
const PATIENCE: Duration = Duration::from_secs(240);

/// A configuration file in the making: keys and YAML values, one a line.
#[derive(Debug, Clone, Default)]
pub struct Config(Vec<(String, String)>);

impl Config {
    /// Sets a key to a YAML value.
    #[must_use]
    pub fn set(mut self, key: &str, value: &str) -> Self {
        self.0.retain(|(other, _)| other != key);
        self.0.push((key.to_owned(), value.to_owned()));
        self
    }

    /// As YAML.
    #[must_use]
    pub fn yaml(&self) -> String {
        self.0.iter().map(|(key, value)| format!("{key}: {value}\n")).collect()
    }
}

impl Scene {
    /// Brings a version onto a machine: the tarball below `/usr/local` and one set of images for RKE2; the program and
    /// units, as the upstream script writes them, for K3s.
    ///
    /// # Errors
    /// A file is not released, or the machine does not answer.
    pub fn install_by_hand(
        &self,
        distribution: Distribution,
        machine: &Machine,
        kubernetes: &str,
    ) -> Result<()> {
        self.write(machine, "/tmp/releases.pem", self.releases.ca())?;
        let version = distribution.version(kubernetes).replace('+', "%2B");
        let source = format!("{}/{version}", self.releases.source(distribution.name()));
        let script = match distribution {
            Distribution::Rke2 => format!(
                "set -e; curl -sSf --cacert /tmp/releases.pem -o /tmp/rke2.tar.gz {source}/rke2.linux-amd64.tar.gz; \
                 tar -xzf /tmp/rke2.tar.gz -C /usr/local; rm /tmp/rke2.tar.gz; systemctl daemon-reload"
            ),
            Distribution::K3s => format!(
                "set -e; curl -sSf --cacert /tmp/releases.pem -o /usr/local/bin/k3s.new {source}/k3s; \
                 chmod 755 /usr/local/bin/k3s.new; mv /usr/local/bin/k3s.new /usr/local/bin/k3s; \
                 for role in server agent; do unit=k3s; test $role = agent && unit=k3s-agent; \
                 printf '%s\\n' '[Unit]' 'Description=Lightweight Kubernetes' 'After=network-online.target' \
                 '[Install]' 'WantedBy=multi-user.target' '[Service]' 'Type=notify' \
                 \"EnvironmentFile=-/etc/systemd/system/$unit.service.env\" 'KillMode=process' 'Delegate=yes' \
                 'TimeoutStartSec=0' 'Restart=always' 'RestartSec=5s' \"ExecStart=/usr/local/bin/k3s $role\" \
                 > /etc/systemd/system/$unit.service; done; systemctl daemon-reload"
            ),
        };
        self.exec(machine, &script).map(drop).with_context(|| format!("{} on {}", kubernetes, machine.name))
    }

    /// Writes the configuration of a machine.
    ///
    /// # Errors
    /// The machine does not answer.
    pub fn configure_by_hand(
        &self,
        distribution: Distribution,
        machine: &Machine,
        config: &Config,
    ) -> Result<()> {
        self.write(machine, &format!("{}/config.yaml", distribution.etc()), &config.yaml())
    }

    /// Starts a unit without waiting for it.
    ///
    /// # Errors
    /// systemd refuses.
    pub fn start_unit(&self, machine: &Machine, unit: &str) -> Result<()> {
        self.exec(machine, &format!("systemctl start --no-block '{unit}'")).map(drop)
    }

    /// Waits until a unit is up.
    ///
    /// # Errors
    /// It is not in time; tells what the machines have to say.
    pub fn wait_active(&self, machine: &Machine, unit: &str) -> Result<()> {
        let waited = wait_until(&format!("{unit} on {}", machine.name), PATIENCE, || {
            std::thread::sleep(Duration::from_millis(200));
            Ok(self.unit(machine, unit)?.is_active())
        });
        waited.with_context(|| self.situation())
    }

    /// A cluster made by hand, one server after the other. The first is told to be it.
    ///
    /// # Errors
    /// One does not come up.
    pub fn cluster_by_hand(
        &self,
        distribution: Distribution,
        kubernetes: &str,
        servers: &[&Machine],
    ) -> Result<()> {
        let first = servers.first().context("a server")?;
        std::thread::scope(|scope| {
            let each = servers
                .iter()
                .map(|server| scope.spawn(move || self.install_by_hand(distribution, server, kubernetes)));
            let each: Vec<_> = each.collect();
            each.into_iter()
                .try_for_each(|one| one.join().unwrap_or_else(|_| Err(anyhow::anyhow!("it panicked"))))
        })?;
        for server in servers {
            let config = Config::default().set("token", TOKEN);
            let config = match distribution {
                _ if server.name != first.name => {
                    config.set("server", &self.join_address(distribution, first))
                }
                Distribution::Rke2 => config,
                Distribution::K3s => config.set("cluster-init", "true"),
            };
            self.configure_by_hand(distribution, server, &config)?;
            self.start_unit(server, distribution.server_unit())?;
            self.wait_active(server, distribution.server_unit())?;
            self.wait_voter(distribution, first, server)?;
        }
        Ok(())
    }

    /// Where nodes join at a server.
    #[must_use]
    pub fn join_address(&self, distribution: Distribution, server: &Machine) -> String {
        format!("https://{}:{}", server.address, distribution.supervisor_port())
    }

    /// Waits until a server's member of etcd votes.
    ///
    /// # Errors
    /// It does not in time; tells what the machines have to say.
    pub fn wait_voter(&self, distribution: Distribution, ask: &Machine, server: &Machine) -> Result<()> {
        let waited = wait_until(&format!("{} to vote", server.name), PATIENCE, || {
            std::thread::sleep(Duration::from_millis(200));
            let members = self.members(distribution, ask).unwrap_or_default();
            Ok(members.iter().any(|member| member.node() == server.name && !member.is_learner))
        });
        waited.with_context(|| self.situation())
    }
}
