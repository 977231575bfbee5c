//! What is true of a machine as a node, asked in one round trip.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::journal::Journal;
use super::lease::Lease;
use super::run::Run;
use crate::config::{File, InForce, merge};
use crate::errors::Error;
use crate::resources::Role;
use crate::spec::check::keys_of;
use crate::version::Version;

/// What one run of the script found out.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Facts {
    pub(crate) os: Os,
    pub(crate) memory_kib: u64,
    pub(crate) processors: u32,
    pub(crate) swaps: Vec<String>,
    pub(crate) free_kib: u64,
    pub(crate) network: Network,
    pub(crate) kernel: Kernel,
    pub(crate) server: Unit,
    pub(crate) agent: Unit,
    /// Version of the program that is installed.
    pub(crate) installed: Option<Version>,
    /// SHA-256 of the artefact it was installed from, where we did.
    pub(crate) artefact: Option<String>,
    pub(crate) database: Database,
    /// Mounts at and below the data.
    pub(crate) mounts: Vec<String>,
    /// When certificates expire, in seconds since 1970, by their paths.
    pub(crate) certificates: BTreeMap<String, i64>,
    /// SHA-256 of files we look after, by their paths.
    pub(crate) sums: BTreeMap<String, String>,
    /// End of the log of a unit that is not active.
    pub(crate) log: String,
    pub(crate) journal: Option<Journal>,
    pub(crate) lease: Option<Lease>,
    /// Configuration files in the order in which they are read, without secrets.
    pub(crate) config: Vec<File>,
    /// Configuration files that cannot be read, and why.
    pub(crate) broken: Vec<String>,
    /// By how many seconds its clock is ahead of ours.
    pub(crate) clock_ahead: f64,
}

/// The operating system.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Os {
    pub(crate) architecture: String,
    pub(crate) systemd: bool,
    pub(crate) host: String,
    pub(crate) machine: String,
    pub(crate) product: String,
    pub(crate) cgroup: String,
    /// `Enforcing`, `Permissive`, or nothing.
    pub(crate) selinux: String,
}

/// The network.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Network {
    pub(crate) addresses: Vec<String>,
    /// The address of the default route.
    pub(crate) source: Option<String>,
    pub(crate) macs: BTreeSet<String>,
    pub(crate) mtus: BTreeMap<String, u32>,
    /// Ports that programs listen on; what a preflight holds for a moment is not among them.
    pub(crate) listens: BTreeSet<u16>,
}

/// The kernel and what stands around.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Kernel {
    pub(crate) missing_modules: Vec<String>,
    pub(crate) kmsg: bool,
    pub(crate) sysctls: BTreeMap<String, String>,
    /// Those of them that this machine cannot change.
    pub(crate) fixed: BTreeSet<String>,
    pub(crate) commands: BTreeSet<String>,
    /// Those of them that the kernel refuses.
    pub(crate) refused: BTreeSet<String>,
    pub(crate) services: BTreeSet<String>,
    pub(crate) networkmanager_ignores: bool,
    pub(crate) etcd_user: bool,
    pub(crate) foreign: Vec<String>,
}

/// A unit of systemd.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) loaded: bool,
    /// `active`, `activating`, `inactive`, `failed`.
    pub(crate) active: String,
    pub(crate) sub: String,
    pub(crate) restarts: u32,
    pub(crate) enabled: bool,
    pub(crate) invocation: String,
    /// Whether its process runs a program that was replaced on disk.
    pub(crate) outdated: bool,
}

/// The data on the machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Database {
    /// Whether there is a member of etcd.
    pub(crate) etcd: bool,
    pub(crate) sqlite: bool,
    pub(crate) reset_flag: bool,
    pub(crate) tombstone: bool,
    /// Whether there is an authority.
    pub(crate) authority: bool,
    /// Hash of the authority, as in the token.
    pub(crate) hash: Option<String>,
    /// Whether there is an agent's data.
    pub(crate) agent: bool,
}

impl Facts {
    /// The unit of a role.
    pub(crate) fn unit(&self, role: Role) -> &Unit {
        match role {
            Role::Server => &self.server,
            Role::Agent => &self.agent,
        }
    }

    /// What is in force of the configuration.
    pub(crate) fn in_force(&self) -> BTreeMap<String, InForce> {
        merge(&self.config)
    }

    /// The address by which the cluster knows it, or would.
    pub(crate) fn address(&self) -> Option<String> {
        let set = self.in_force().get("node-ip").and_then(|it| it.value.as_str().map(str::to_owned));
        let set = set.and_then(|list| list.split(',').next().map(|first| first.trim().to_owned()));
        set.or_else(|| self.network.source.clone()).or_else(|| self.network.addresses.first().cloned())
    }

    /// When the first of its certificates expires, in seconds since 1970.
    pub(crate) fn first_expiry(&self) -> Option<i64> {
        self.certificates.values().min().copied()
    }

    /// When the certificate expires that its API shows, in seconds since 1970.
    pub(crate) fn served_until(&self) -> Option<i64> {
        let of =
            |(path, expiry): (&String, &i64)| path.ends_with("serving-kube-apiserver.crt").then_some(*expiry);
        self.certificates.iter().find_map(of)
    }

    /// Whether anything of a cluster is on the machine.
    pub(crate) fn has_cluster(&self) -> bool {
        self.database.etcd || self.database.sqlite || self.database.agent || self.database.authority
    }
}

impl Unit {
    /// Whether it runs, or is on its way.
    pub(crate) fn runs(&self) -> bool {
        matches!(self.active.as_str(), "active" | "activating" | "reloading")
    }
}

/// Asks the machine, once.
///
/// # Errors
/// The machine is not reached, or its answer makes no sense.
pub(crate) async fn gather(run: &Run) -> Result<Facts, Error> {
    ask(run, "all").await
}

/// Asks the machine what others of its cluster want to know: who it is, its service as a server, its database, its
/// configuration, who changes it. The rest is as if nothing was found.
///
/// # Errors
/// As [`gather`].
pub(crate) async fn glance(run: &Run) -> Result<Facts, Error> {
    ask(run, "").await
}

async fn ask(run: &Run, scope: &str) -> Result<Facts, Error> {
    let d = run.distribution;
    let arguments = [
        d.name(),
        d.config_dir(),
        d.data_dir(),
        d.journal_dir(),
        d.unit(Role::Server),
        d.unit(Role::Agent),
        d.binary(),
        scope,
    ];
    let said = run.script("gathering facts", include_str!("scripts/facts.sh"), &arguments).await?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |it| it.as_secs_f64());
    parse(&said, now).map_err(|problem| Error::Answer { machine: run.machine.name().to_owned(), problem })
}

/// Reads the answer of the script.
///
/// # Errors
/// What is wrong with it, in words.
pub(crate) fn parse(said: &str, now: f64) -> Result<Facts, String> {
    let sections = sections(said)?;
    let of = |name: &str| {
        sections
            .iter()
            .find(|(section, _)| section == name)
            .map(|(_, text)| text.as_str())
            .unwrap_or_default()
    };
    let (config, broken) = config(&sections);
    let number = |word: &str| first(of("limits"), word).and_then(|text| text.parse::<u64>().ok());
    let clock = value(of("os"), "NOW").parse::<f64>().ok();
    let installed = first(of("installed"), "version").and_then(|text| version(&text));
    let mark: Vec<String> =
        first(of("installed"), "mark").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    Ok(Facts {
        os: Os {
            architecture: value(of("os"), "ARCHITECTURE"),
            systemd: value(of("os"), "SYSTEMD") == "1",
            host: value(of("os"), "HOST"),
            machine: value(of("os"), "MACHINE"),
            product: value(of("os"), "PRODUCT"),
            cgroup: value(of("os"), "CGROUP"),
            selinux: value(of("os"), "SELINUX"),
        },
        memory_kib: number("memory_kib").unwrap_or_default(),
        processors: number("processors").and_then(|it| u32::try_from(it).ok()).unwrap_or(1),
        swaps: all(of("limits"), "swap"),
        free_kib: number("free_kib").unwrap_or_default(),
        network: network(of("network")),
        kernel: kernel(of("kernel")),
        server: unit(of("server")),
        agent: unit(of("agent")),
        artefact: mark.get(1).cloned().filter(|_| installed.is_some()),
        installed,
        database: database(of("database")),
        mounts: of("mounts").lines().map(str::to_owned).filter(|line| !line.is_empty()).collect(),
        certificates: certificates(of("certificates")),
        sums: of("sums")
            .lines()
            .filter_map(|line| line.split_once("  "))
            .map(|(sum, path)| (path.to_owned(), sum.to_owned()))
            .collect(),
        log: of("log").trim().to_owned(),
        journal: serde_json::from_str(of("journal")).ok(),
        lease: Lease::parse(of("lease")),
        config,
        broken,
        clock_ahead: clock.map_or(0.0, |clock| clock - now),
    })
}

/// The sections in order, each line without the space before it.
fn sections(said: &str) -> Result<Vec<(String, String)>, String> {
    let mut sections: Vec<(String, String)> = Vec::new();
    let mut ended = false;
    for line in said.lines() {
        if let Some(name) = line.strip_prefix('@') {
            ended = name == "end";
            sections.push((name.to_owned(), String::new()));
        } else if let (Some(text), Some((_, section))) = (line.strip_prefix(' '), sections.last_mut()) {
            section.push_str(text);
            section.push('\n');
        }
    }
    if ended { Ok(sections) } else { Err("it was cut off".to_owned()) }
}

fn value(text: &str, name: &str) -> String {
    let line = text.lines().filter_map(|line| line.split_once('=')).find(|(key, _)| *key == name);
    line.map(|(_, value)| value.trim().trim_matches('"').to_owned()).unwrap_or_default()
}

fn all(text: &str, word: &str) -> Vec<String> {
    let rest = |line: &str| line.strip_prefix(word)?.strip_prefix(' ').map(|rest| rest.trim().to_owned());
    text.lines().filter_map(rest).filter(|rest| !rest.is_empty()).collect()
}

fn first(text: &str, word: &str) -> Option<String> {
    all(text, word).into_iter().next()
}

fn has(text: &str, word: &str) -> bool {
    text.lines().any(|line| line == word)
}

/// The version in `rke2 version v1.33.4+rke2r1 (…)`.
fn version(line: &str) -> Option<Version> {
    line.split_whitespace().find_map(|word| word.parse().ok())
}

fn network(text: &str) -> Network {
    let pair = |line: String| line.split_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned()));
    let probed = all(text, "probe");
    let listens = all(text, "listens").into_iter().filter_map(|port| u16::from_str_radix(&port, 16).ok());
    Network {
        addresses: all(text, "address"),
        source: first(text, "source"),
        macs: all(text, "mac").into_iter().filter_map(pair).map(|(_, mac)| mac).collect(),
        mtus: all(text, "mtu")
            .into_iter()
            .filter_map(pair)
            .filter_map(|(name, mtu)| Some((name, mtu.parse().ok()?)))
            .collect(),
        listens: listens.filter(|port| !probed.contains(&port.to_string())).collect(),
    }
}

fn kernel(text: &str) -> Kernel {
    let missing =
        all(text, "module").into_iter().filter_map(|line| line.strip_suffix(" missing").map(str::to_owned));
    let sysctl = |line: String| line.split_once(' ').map(|(key, value)| (key.to_owned(), value.to_owned()));
    Kernel {
        missing_modules: missing.collect(),
        kmsg: has(text, "kmsg"),
        sysctls: all(text, "sysctl").into_iter().filter_map(sysctl).collect(),
        fixed: all(text, "fixed").into_iter().collect(),
        commands: all(text, "command").into_iter().collect(),
        refused: all(text, "refused").into_iter().collect(),
        services: all(text, "service").into_iter().collect(),
        networkmanager_ignores: has(text, "nm_ignores"),
        etcd_user: has(text, "etcd_user"),
        foreign: all(text, "foreign"),
    }
}

/// A unit as `systemctl show` tells it.
pub(crate) fn unit(text: &str) -> Unit {
    Unit {
        loaded: value(text, "LoadState") == "loaded",
        active: value(text, "ActiveState"),
        sub: value(text, "SubState"),
        restarts: value(text, "NRestarts").parse().unwrap_or_default(),
        enabled: value(text, "UnitFileState") == "enabled",
        invocation: value(text, "InvocationID"),
        outdated: value(text, "Program").ends_with("(deleted)"),
    }
}

fn database(text: &str) -> Database {
    Database {
        etcd: has(text, "etcd"),
        sqlite: has(text, "sqlite"),
        reset_flag: has(text, "reset_flag"),
        tombstone: has(text, "tombstone"),
        authority: has(text, "authority"),
        hash: first(text, "hash"),
        agent: has(text, "agent"),
    }
}

fn certificates(text: &str) -> BTreeMap<String, i64> {
    let expiry = |part: &str| {
        let (path, pem) = part.split_once('\n')?;
        let lines = pem.lines().filter(|line| !line.starts_with("-----"));
        let der = STANDARD.decode(lines.map(str::trim).collect::<String>()).ok()?;
        let (_, certificate) = X509Certificate::from_der(&der).ok()?;
        Some((path.trim().to_owned(), certificate.validity().not_after.timestamp()))
    };
    text.split("path ").filter_map(expiry).collect()
}

fn config(sections: &[(String, String)]) -> (Vec<File>, Vec<String>) {
    let (mut files, mut broken) = (Vec::new(), Vec::new());
    for (name, text) in sections {
        let Some(path) = name.strip_prefix("config ") else { continue };
        match keys_of(text) {
            Ok(keys) => files.push(File { path: path.to_owned(), keys }),
            Err(why) => broken.push(format!("{path}: {why}")),
        }
    }
    (files, broken)
}

#[cfg(test)]
#[path = "facts_tests.rs"]
mod tests;
