//! What is true of a machine and its instance, asked in one round trip.

mod parse;
mod server;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::run::Run;
use super::spec::Spec;
use crate::errors::Error;

pub(crate) use parse::parse;
pub(crate) use server::*;

/// What one run of the script found out.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Facts {
    /// The operating system.
    pub(crate) os: Os,
    /// Memory the machine may use, in bytes: the limit of the container where it has one.
    pub(crate) memory: u64,
    /// Processors the machine may use.
    pub(crate) processors: u32,
    /// Packages of interest that are installed or offered, by name.
    pub(crate) packages: BTreeMap<String, Package>,
    /// The user and the group `postgres`.
    pub(crate) account: Account,
    /// Clusters of the machine, as `pg_lsclusters` lists them.
    pub(crate) clusters: Vec<Cluster>,
    /// The data directory.
    pub(crate) data: Data,
    /// What `pg_controldata` says; nothing without data, or without the programs of its version.
    pub(crate) control: Option<Control>,
    /// Files we look after, by the name the script gives them; nothing where there is no such file.
    pub(crate) files: BTreeMap<String, String>,
    /// What the server says; nothing while it does not answer.
    pub(crate) server: Option<Server>,
    /// Everything by section, as it was said: `walg.…` and others are read by who wrote them.
    pub(crate) sections: BTreeMap<String, String>,
}

/// The operating system.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Os {
    /// `debian`, `ubuntu`.
    pub(crate) id: String,
    /// `12`.
    pub(crate) version: String,
    /// `bookworm`.
    pub(crate) codename: String,
    /// `amd64`.
    pub(crate) architecture: String,
    /// `2.36`.
    pub(crate) glibc: String,
    /// Whether systemd runs it.
    pub(crate) systemd: bool,
    /// Seconds since 1970 by its clock.
    pub(crate) now: i64,
    /// Host name.
    pub(crate) host: String,
}

/// A package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Package {
    /// Version that is installed.
    pub(crate) installed: Option<String>,
    /// Version that would be installed.
    pub(crate) candidate: Option<String>,
    /// Whether it is held.
    pub(crate) held: bool,
}

/// The user and the group `postgres`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Account {
    /// Number of the user.
    pub(crate) user: Option<u32>,
    /// Number of the group.
    pub(crate) group: Option<u32>,
    /// Who has the numbers that are wanted, where it is somebody else: `user games`.
    pub(crate) taken: Vec<String>,
}

/// A line of `pg_lsclusters`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cluster {
    /// Major version.
    pub(crate) version: u32,
    /// Name.
    pub(crate) name: String,
    /// TCP port.
    pub(crate) port: u16,
    /// `online`, `down`, `online,recovery`.
    pub(crate) status: String,
    /// Directory of the data.
    pub(crate) data_directory: String,
}

/// A data directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Data {
    /// What it holds.
    pub(crate) content: Content,
    /// Number of its owner.
    pub(crate) user: Option<u32>,
    /// Number of its group.
    pub(crate) group: Option<u32>,
    /// Its mode, `0o700`.
    pub(crate) mode: Option<u32>,
    /// Whether it is a mount point.
    pub(crate) mounted: bool,
    /// The marker beside it.
    pub(crate) marker: Option<Marker>,
    /// The marker beside it, where it cannot be read.
    pub(crate) marker_fault: Option<String>,
    /// Files of interest in it: `standby.signal`, `recovery.signal`, `postmaster.pid`, `backup_label`.
    pub(crate) signals: Vec<String>,
    /// Whether the process of `postmaster.pid` lives.
    pub(crate) postmaster_alive: bool,
    /// Whether the configuration stands in `/etc/postgresql`.
    pub(crate) configured: bool,
}

/// What a data directory holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Content {
    /// There is no such directory.
    #[default]
    Missing,
    /// Nothing.
    Empty,
    /// A cluster of this major version.
    Cluster(u32),
    /// Something else; the first few names.
    Foreign(Vec<String>),
}

/// Whose data it is. Stands beside the data, not in them: a backup must not carry it to another member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Marker {
    /// Name of the member.
    pub(crate) member: String,
    /// Name of the cluster.
    pub(crate) cluster: String,
    /// Major version.
    pub(crate) version: u32,
    /// System identifier, as text: it does not fit every reader's numbers.
    pub(crate) system_identifier: String,
    /// Version of the C library that sorted text, where the locale depends on it.
    #[serde(default)]
    pub(crate) glibc: Option<String>,
    /// The configuration without secrets, so that an import knows it.
    #[serde(default)]
    pub(crate) configuration: serde_json::Map<String, serde_json::Value>,
}

/// What `pg_controldata` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Control {
    /// System identifier.
    pub(crate) system_identifier: u64,
    /// `in production`, `shut down`, `shut down in recovery`, `in archive recovery`.
    pub(crate) state: String,
    /// Timeline of the latest checkpoint.
    pub(crate) timeline: u32,
    /// Whether pages carry checksums.
    pub(crate) checksums: bool,
    /// Bytes of a WAL segment.
    pub(crate) wal_segment_bytes: u64,
    /// Least values of settings that recovery needs, by the setting's name: `max_connections`.
    pub(crate) needs: BTreeMap<String, u64>,
}

impl Facts {
    /// What the machine was told of the epoch of its cluster, `epoch=2 holder=db-02`; nothing where none was founded.
    /// From then on `hybridops_postgresql_primary` starts and stops its server: one that went down may be on its way to
    /// being replaced, and must not come back as a primary meanwhile.
    pub(crate) fn led(&self) -> Option<&str> {
        let state = self.sections.get("walg.state")?;
        state.lines().find_map(|line| line.strip_prefix("lease ")).map(str::trim)
    }
}

/// Asks the machine, once.
///
/// # Errors
/// The machine is not reached, or its answer makes no sense.
pub(crate) async fn gather(run: &Run, spec: &Spec) -> Result<Facts, Error> {
    let p = &spec.postgresql;
    let (version, port) = (p.version.to_string(), p.port.to_string());
    let data = spec.data_directory();
    let user = p.user_id.known().copied().unwrap_or(super::ACCOUNT).to_string();
    let group = p.group_id.known().copied().unwrap_or(super::ACCOUNT).to_string();
    let arguments = [version.as_str(), &p.cluster, &data, &port, &user, &group];
    let said =
        run.script("gathering facts", &SCRIPT.join("\n"), &arguments, transport_ssh::Input::Nothing).await?;
    parse(&said).map_err(|problem| Error::Answer { machine: run.machine.name().to_owned(), problem })
}

/// `$1` major version, `$2` cluster, `$3` data directory, `$4` port, `$5` and `$6` numbers of user and group.
const SCRIPT: [&str; 3] = [include_str!("facts.sh"), crate::walg::FACTS_SH, "finish"];
