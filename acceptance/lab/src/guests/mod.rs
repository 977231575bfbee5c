//! Reaching past the API to guests and volumes: what a test looks at, and what "somebody else" does.

pub(crate) mod control;
mod pct;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::handles::Inner;
use crate::lab::{Lab, LabError, io};
use crate::pve::guest::{Agent, Drive, Guest, GuestKind, Mount};
use crate::pve::reply::Refusal;
use crate::pve::storage::{self, Located, fingerprint, parse_size, write_into};

/// A guest as it lies in the laboratory, past every permission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GuestView {
    /// Its number.
    pub vmid: u32,
    /// `qemu` or `lxc`.
    pub kind: String,
    /// Node it is on.
    pub node: String,
    /// Options as the configuration file has them; a password is masked.
    pub config: BTreeMap<String, String>,
    /// Changes that wait for the next start; `None` deletes.
    pub pending: BTreeMap<String, Option<String>>,
    /// Whether it runs.
    pub running: bool,
    /// Whether it is a template.
    pub template: bool,
    /// Digest of its configuration.
    pub digest: String,
    /// Names of its snapshots.
    pub snapshots: Vec<String>,
    /// Pool it is in.
    pub pool: Option<String>,
    /// Requested state by HA, where HA manages it.
    pub ha: Option<String>,
}

/// What a test says of the agent inside a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentState {
    /// No agent runs, whatever the configuration says.
    Absent,
    /// An agent runs and tells these addresses in CIDR notation, by interface name.
    Tells(BTreeMap<String, Vec<String>>),
}

/// A volume of a guest as it lies in the laboratory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VolumeView {
    /// A node it is reachable from.
    pub node: String,
    /// Volume id.
    pub volid: String,
    /// Guest its name belongs to.
    pub owner: Option<u32>,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 over the beginning of what a guest reads: equal as long as nobody wrote to it, whatever the
    /// volume is called and wherever it lies.
    pub fingerprint: Option<String>,
    /// Guest that names it in its configuration, if any: none means an orphan.
    pub used_by: Option<u32>,
}

fn view(state: &crate::pve::cluster::State, vmid: u32, guest: &Guest) -> GuestView {
    let mut config = guest.config.clone();
    if let Some(secret) = config.get_mut("cipassword") {
        *secret = "**********".to_owned();
    }
    let pool = state.pools.iter().find(|(_, p)| p.guests.contains(&vmid)).map(|(name, _)| name.clone());
    GuestView {
        vmid,
        kind: guest.kind.api().to_owned(),
        node: guest.node.clone(),
        config,
        pending: guest.pending.clone(),
        running: guest.run.is_some(),
        template: guest.is_template(),
        digest: guest.digest(),
        snapshots: guest.snapshots.keys().cloned().collect(),
        pool,
        ha: state.ha.resource(guest.kind, vmid).map(|r| r.state.clone()),
    }
}

fn refused(what: impl Into<String>) -> impl FnOnce(Refusal) -> LabError {
    let what = what.into();
    move |refusal| io(what)(std::io::Error::other(refusal.exit_text()))
}

impl Inner {
    pub(crate) fn guests(&self) -> Vec<GuestView> {
        let state = self.cluster.state();
        state.guests.iter().map(|(id, guest)| view(&state, *id, guest)).collect()
    }

    /// All volumes of guests, each once, sorted by id.
    pub(crate) fn volumes(&self) -> Vec<VolumeView> {
        let (nodes, storages, users) = {
            let state = self.cluster.state();
            let users: BTreeMap<String, (u32, String)> = state
                .guests
                .iter()
                .flat_map(|(id, g)| g.volumes().into_iter().map(|v| (v, (*id, g.node.clone()))))
                .collect();
            let nodes: Vec<String> = state.nodes.keys().cloned().collect();
            (nodes, state.storages.values().cloned().collect::<Vec<_>>(), users)
        };
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        for storage in &storages {
            for node in &nodes {
                for entry in storage::list(&self.cluster, node, storage) {
                    if entry.volume.kind != storage::Kind::Images {
                        continue;
                    }
                    if storage.shared && !seen.insert(entry.volid.clone()) {
                        continue;
                    }
                    let place = self.cluster.place(node, storage.clone(), entry.volume.clone());
                    let used_by = users
                        .get(&entry.volid)
                        .filter(|(_, at)| storage.shared || at == node)
                        .map(|(id, _)| *id);
                    found.push(VolumeView {
                        node: node.clone(),
                        fingerprint: fingerprint(&place.real, &entry.volume.format),
                        owner: entry.volume.owner,
                        size: entry.size,
                        used_by,
                        volid: entry.volid,
                    });
                }
            }
        }
        found.sort_by(|a, b| (&a.volid, &a.node).cmp(&(&b.volid, &b.node)));
        found
    }

    pub(crate) fn volume(&self, node: &str, volid: &str) -> Option<Located> {
        self.cluster.locate(node, volid).ok().filter(|place| place.real.exists())
    }

    pub(crate) fn write_volume(&self, node: &str, volid: &str, bytes: &[u8]) -> Result<(), LabError> {
        let place = self.cluster.locate(node, volid).map_err(refused(format!("cannot find {volid}")))?;
        write_into(&place.real, &place.volume.format, bytes).map_err(io(format!("cannot write to {volid}")))
    }

    /// Puts a guest there without any request, its volumes made.
    pub(crate) fn add_guest(
        &self,
        kind: GuestKind,
        node: &str,
        vmid: u32,
        config: BTreeMap<String, String>,
        running: bool,
    ) -> Result<(), LabError> {
        let sizes = config.iter().filter_map(|(key, text)| {
            let (volid, options) = match kind {
                GuestKind::Qemu => {
                    Drive::is_key(key).then(|| Drive::parse(key, text))?.map(|d| (d.file, d.options))
                }
                GuestKind::Lxc => {
                    Mount::is_key(key).then(|| Mount::parse(key, text))?.map(|m| (m.volume, m.options))
                }
            }?;
            Some((volid, options.get("size").and_then(|s| parse_size(s, 1)).unwrap_or(1 << 20)))
        });
        let sizes: BTreeMap<String, u64> = sizes.collect();
        for volid in kind.volumes(&config) {
            let place =
                self.cluster.locate(node, &volid).map_err(refused(format!("cannot place {volid}")))?;
            let size = sizes.get(&volid).copied().unwrap_or(1 << 20);
            if !place.real.exists() {
                self.cluster
                    .make_volume(&place, &place.volume.format, size)
                    .map_err(refused(format!("cannot make {volid}")))?;
                if place.volume.format == "raw" {
                    self.cluster.format_volume(&place).map_err(refused(format!("cannot mark {volid}")))?;
                }
            }
        }
        let mut guest = Guest { kind, node: node.to_owned(), config, ..Guest::default() };
        if running {
            self.cluster.start_guest(vmid, &mut guest).map_err(refused(format!("cannot start {vmid}")))?;
        }
        self.cluster.state().guests.insert(vmid, guest);
        Ok(())
    }

    /// Sets or removes an option behind everybody's back; tells whether there is such a guest.
    pub(crate) fn edit_guest(&self, vmid: u32, key: &str, value: Option<&str>) -> bool {
        let mut state = self.cluster.state();
        let Some(guest) = state.guests.get_mut(&vmid) else { return false };
        match value {
            Some(value) => guest.config.insert(key.to_owned(), value.to_owned()),
            None => guest.config.remove(key),
        };
        true
    }

    /// Sets whether an agent answers inside a machine; `None` goes back to what is configured.
    pub(crate) fn set_agent(&self, vmid: u32, agent: Option<AgentState>) -> bool {
        let mut state = self.cluster.state();
        let Some(guest) = state.guests.get_mut(&vmid) else { return false };
        guest.agent = match agent {
            None => Agent::ByConfig,
            Some(AgentState::Absent) => Agent::Absent,
            Some(AgentState::Tells(addresses)) => Agent::Tells(addresses),
        };
        true
    }

    pub(crate) fn set_running(&self, vmid: u32, running: bool) -> bool {
        let found = self.cluster.state().guests.get(&vmid).cloned();
        let Some(mut guest) = found else { return false };
        let done = match running {
            true => self.cluster.start_guest(vmid, &mut guest),
            false => self.cluster.stop_guest(vmid, &mut guest),
        };
        self.cluster.state().guests.insert(vmid, guest);
        done.is_ok()
    }

    /// A guest and its volumes vanish, as when somebody destroys it by hand.
    pub(crate) fn remove_guest(&self, vmid: u32) -> bool {
        let removed = {
            let mut state = self.cluster.state();
            state.pools.values_mut().for_each(|pool| pool.guests.retain(|g| *g != vmid));
            state.guests.remove(&vmid)
        };
        let Some(guest) = removed else { return false };
        for volid in guest.volumes() {
            if let Some(place) = self.volume(&guest.node, &volid).filter(|p| p.volume.owner == Some(vmid)) {
                let _ = self.cluster.remove_volume(&place);
            }
        }
        true
    }

    /// Moves a guest with its local volumes, as a migration would.
    pub(crate) fn move_guest(&self, vmid: u32, node: &str) -> bool {
        let (from, volumes) = {
            let state = self.cluster.state();
            let Some(guest) = state.guests.get(&vmid) else { return false };
            (guest.node.clone(), guest.volumes())
        };
        for volid in volumes {
            let (Ok(old), Ok(new)) = (self.cluster.locate(&from, &volid), self.cluster.locate(node, &volid))
            else {
                continue;
            };
            if old.real != new.real && old.real.exists() {
                let _ = self.cluster.rename_volume(&old, &new);
            }
        }
        if let Some(guest) = self.cluster.state().guests.get_mut(&vmid) {
            node.clone_into(&mut guest.node);
        }
        true
    }
}

impl Lab {
    /// All guests, by number.
    pub fn guests(&self) -> Vec<GuestView> {
        self.inner.guests()
    }

    /// One guest.
    pub fn guest(&self, vmid: u32) -> Option<GuestView> {
        let state = self.inner.cluster.state();
        state.guests.get(&vmid).map(|guest| view(&state, vmid, guest))
    }

    /// All volumes of guests, each once, with a fingerprint of their bytes.
    pub fn volumes(&self) -> Vec<VolumeView> {
        self.inner.volumes()
    }

    /// Fingerprint of a volume's bytes: equal as long as nobody wrote to it.
    pub fn volume_fingerprint(&self, node: &str, volid: &str) -> Option<String> {
        self.inner.volume(node, volid).and_then(|p| fingerprint(&p.real, &p.volume.format))
    }

    /// Writes into a volume, as the system of its guest would.
    ///
    /// # Errors
    /// There is no such volume, or it could not be written.
    pub fn write_volume(&self, node: &str, volid: &str, bytes: &[u8]) -> Result<(), LabError> {
        self.inner.write_volume(node, volid, bytes)
    }

    /// Puts a virtual machine (`qemu`) or a container (`lxc`) there without any request; volumes it names are made.
    ///
    /// # Errors
    /// A volume could not be made.
    pub fn add_guest(
        &self,
        kind: &str,
        node: &str,
        vmid: u32,
        config: &[(&str, &str)],
        running: bool,
    ) -> Result<(), LabError> {
        let kind = if kind == "lxc" { GuestKind::Lxc } else { GuestKind::Qemu };
        let config = config.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        self.inner.add_guest(kind, node, vmid, config, running)
    }

    /// Sets or removes an option behind everybody's back; tells whether there is such a guest.
    pub fn edit_guest(&self, vmid: u32, key: &str, value: Option<&str>) -> bool {
        self.inner.edit_guest(vmid, key, value)
    }

    /// Switches a guest on or off, as from its console; tells whether there is such a guest.
    pub fn set_running(&self, vmid: u32, running: bool) -> bool {
        self.inner.set_running(vmid, running)
    }

    /// Sets whether an agent answers inside a machine and what it tells; `None` goes back to what is configured:
    /// an agent where `agent` is on, with the addresses of `ipconfig` or a lease.
    pub fn set_agent(&self, vmid: u32, agent: Option<AgentState>) -> bool {
        self.inner.set_agent(vmid, agent)
    }

    /// Recovers the HA-managed guests of a node elsewhere, as the manager does when it is gone; tells which.
    pub fn fence_node(&self, node: &str) -> Vec<u32> {
        crate::pve::ha::fence(&self.inner.cluster, node)
    }

    /// Makes a guest and its volumes vanish, as when somebody destroys it by hand.
    pub fn remove_guest(&self, vmid: u32) -> bool {
        self.inner.remove_guest(vmid)
    }

    /// Moves a guest to another node with its local volumes, as HA or a migration would.
    pub fn move_guest(&self, vmid: u32, node: &str) -> bool {
        self.inner.move_guest(vmid, node)
    }
}
