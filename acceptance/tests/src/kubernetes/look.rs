//! Looking at machines past the provider, with programs that others wrote: systemctl, etcdctl, kubectl, curl.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value as Json;

use super::{Distribution, Machine, Scene};
use crate::wait_until;

/// A member of etcd.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// Its name, `<node>-<8 hex digits>`; empty while it has not started.
    pub name: String,
    /// Its number.
    pub id: u64,
    /// Whether it does not vote yet.
    pub is_learner: bool,
    /// Where its peers reach it.
    pub peers: Vec<String>,
}

impl Member {
    /// The node it runs on.
    #[must_use]
    pub fn node(&self) -> &str {
        self.name.rsplit_once('-').map_or("", |(node, _)| node)
    }
}

/// A unit as systemd tells of it.
#[derive(Debug, Clone)]
pub struct Unit(BTreeMap<String, String>);

impl Unit {
    /// A property, `ActiveState`; empty where there is none.
    #[must_use]
    pub fn get(&self, property: &str) -> &str {
        self.0.get(property).map_or("", String::as_str)
    }

    /// Whether it runs.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.get("ActiveState") == "active"
    }

    /// How often systemd started it again by itself.
    #[must_use]
    pub fn restarts(&self) -> u32 {
        self.get("NRestarts").parse().unwrap_or_default()
    }
}

impl Scene {
    /// Runs a script in a machine as root, past SSH.
    ///
    /// # Errors
    /// It fails; tells the end of what it said.
    pub fn exec(&self, machine: &Machine, script: &str) -> Result<String> {
        Ok(self.real()?.exec(machine.vmid, script)?.trim().to_owned())
    }

    /// Writes a file in a machine, readable by root only.
    ///
    /// # Errors
    /// The machine does not answer.
    pub fn write(&self, machine: &Machine, path: &str, content: &str) -> Result<()> {
        let quoted = content.replace('\'', r"'\''");
        let script = format!("umask 077; mkdir -p \"$(dirname '{path}')\"; printf %s '{quoted}' > '{path}'");
        self.exec(machine, &script).map(drop)
    }

    /// A unit of a machine.
    ///
    /// # Errors
    /// The machine does not answer.
    pub fn unit(&self, machine: &Machine, unit: &str) -> Result<Unit> {
        let told = self.exec(machine, &format!("systemctl show '{unit}'"))?;
        let property =
            |line: &str| line.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
        Ok(Unit(told.lines().filter_map(property).collect()))
    }

    /// The journal of a unit, messages only; all of it where the name is empty.
    ///
    /// # Errors
    /// The machine does not answer.
    pub fn journal(&self, machine: &Machine, unit: &str) -> Result<String> {
        let which = if unit.is_empty() { String::new() } else { format!("-u '{unit}'") };
        self.exec(machine, &format!("journalctl --no-pager -o cat {which} 2>/dev/null; true"))
    }

    /// Waits until the journal of a unit has this text.
    ///
    /// # Errors
    /// It has not in time; tells its end.
    pub fn wait_journal(&self, machine: &Machine, unit: &str, text: &str, patience: Duration) -> Result<()> {
        let waited = wait_until(&format!("{text:?} in the journal of {unit}"), patience, || {
            std::thread::sleep(Duration::from_millis(200));
            Ok(self.journal(machine, unit)?.contains(text))
        });
        waited.with_context(|| self.situation())
    }

    /// How many connections over SSH a machine has taken since it was started.
    ///
    /// # Errors
    /// The machine does not answer.
    pub fn connections(&self, machine: &Machine) -> Result<usize> {
        let journal = self.exec(machine, "journalctl --no-pager -o cat -t sshd 2>/dev/null; true")?;
        Ok(journal.lines().filter(|line| line.contains("Accepted ")).count())
    }

    /// Runs `etcdctl` on a server, with the credentials it has.
    ///
    /// # Errors
    /// etcd refuses, or does not answer.
    pub fn etcdctl(&self, distribution: Distribution, server: &Machine, command: &str) -> Result<String> {
        let tls = format!("{}/server/tls/etcd", distribution.data());
        self.exec(
            server,
            &format!(
                "ETCDCTL_API=3 etcdctl --endpoints https://127.0.0.1:2379 --cacert {tls}/server-ca.crt \
                 --cert {tls}/client.crt --key {tls}/client.key --command-timeout 5s {command}"
            ),
        )
    }

    /// The members of etcd as one server knows them, by name.
    ///
    /// # Errors
    /// etcd does not answer.
    pub fn members(&self, distribution: Distribution, server: &Machine) -> Result<Vec<Member>> {
        let list: Json = serde_json::from_str(&self.etcdctl(distribution, server, "member list -w json")?)?;
        let member = |one: &Json| Member {
            name: one["name"].as_str().unwrap_or_default().to_owned(),
            id: one["ID"].as_u64().unwrap_or_default(),
            is_learner: one["isLearner"].as_bool().unwrap_or_default(),
            peers: one["peerURLs"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Json::as_str)
                .map(str::to_owned)
                .collect(),
        };
        let mut members: Vec<Member> = list["members"].as_array().into_iter().flatten().map(member).collect();
        members.sort();
        Ok(members)
    }

    /// The nodes whose members vote must be these, and nobody else may be a member.
    ///
    /// # Errors
    /// They are not.
    pub fn expect_voters(
        &self,
        distribution: Distribution,
        server: &Machine,
        nodes: &[&Machine],
    ) -> Result<()> {
        let members = self.members(distribution, server)?;
        ensure!(members.iter().all(|member| !member.is_learner), "a learner is left: {members:#?}");
        let mut found: Vec<&str> = members.iter().map(Member::node).collect();
        let mut expected: Vec<&str> = nodes.iter().map(|machine| machine.name.as_str()).collect();
        found.sort_unstable();
        expected.sort_unstable();
        ensure!(found == expected, "the members are of {found:?}, expected {expected:?}");
        Ok(())
    }

    /// Runs kubectl on a server as the administrator.
    ///
    /// # Errors
    /// The API refuses, or does not answer.
    pub fn kubectl(&self, distribution: Distribution, server: &Machine, command: &str) -> Result<String> {
        let kubeconfig = distribution.kubeconfig();
        // Debian's: K3s puts a program of its own before it in the path.
        self.exec(
            server,
            &format!("/usr/bin/kubectl --kubeconfig {kubeconfig} --request-timeout 10s {command}"),
        )
    }

    /// An object, or a list of them, as JSON.
    ///
    /// # Errors
    /// The API refuses, or does not answer.
    pub fn kube_json(&self, distribution: Distribution, server: &Machine, path: &str) -> Result<Json> {
        let text = self.kubectl(distribution, server, &format!("get --raw '{path}'"))?;
        serde_json::from_str(&text).with_context(|| format!("{path} is no JSON: {text}"))
    }

    /// The nodes there are: name, whether it is ready, version of its kubelet.
    ///
    /// # Errors
    /// The API refuses, or does not answer.
    pub fn nodes(
        &self,
        distribution: Distribution,
        server: &Machine,
    ) -> Result<BTreeMap<String, (bool, String)>> {
        let list = self.kube_json(distribution, server, "/api/v1/nodes")?;
        let node = |one: &Json| {
            let conditions = one["status"]["conditions"].as_array().cloned().unwrap_or_default();
            let ready = conditions.iter().any(|of| of["type"] == "Ready" && of["status"] == "True");
            let version = one["status"]["nodeInfo"]["kubeletVersion"].as_str().unwrap_or_default();
            Some((one["metadata"]["name"].as_str()?.to_owned(), (ready, version.to_owned())))
        };
        Ok(list["items"].as_array().into_iter().flatten().filter_map(node).collect())
    }

    /// The nodes must be these, all ready and of this version.
    ///
    /// # Errors
    /// They are not.
    pub fn expect_nodes(
        &self,
        distribution: Distribution,
        server: &Machine,
        kubernetes: &str,
        nodes: &[&Machine],
    ) -> Result<()> {
        let found = self.nodes(distribution, server)?;
        let wanted = (true, distribution.version(kubernetes));
        let expected: BTreeMap<String, (bool, String)> =
            nodes.iter().map(|machine| (machine.name.clone(), wanted.clone())).collect();
        ensure!(found == expected, "the nodes are {found:?}, expected {expected:?}");
        Ok(())
    }
}
