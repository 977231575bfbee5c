//! What each option of a container needs, and what only root@pam with a ticket may do.

use super::super::guests::check_bridge;
use crate::pve::access::Principal;
use crate::pve::cluster::Cluster;
use crate::pve::guest::{Config, Mount, Source};
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::schema::split_number;

/// A change to judge.
pub(super) struct Asked<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) asker: &'a Principal,
    pub(super) node: &'a str,
    pub(super) vmid: u32,
    /// Pool it is created in: rights there count, too.
    pub(super) pool: Option<&'a str>,
    /// The container as it is, where it exists.
    pub(super) old: Option<&'a Config>,
    pub(super) unprivileged: bool,
}

fn only_root(what: &str) -> Refusal {
    Refusal::forbidden(&format!("{what} is only allowed for root@pam"))
}

impl Asked<'_> {
    /// Refuses what the asker may not set.
    pub(super) fn check(&self, set: &Config, delete: &[String]) -> Outcome<()> {
        if self.asker.is_root() {
            return Ok(());
        }
        delete.iter().try_for_each(|key| self.option(key, None))?;
        set.iter().try_for_each(|(key, value)| self.option(key, Some(value)))
    }

    /// A privilege on the container or on the pool it is created in.
    fn need(&self, privilege: &str) -> Outcome<()> {
        let state = self.cluster.state();
        let in_pool = |pool: &str| state.may(self.asker, &format!("/pool/{pool}"), privilege);
        if self.pool.is_some_and(in_pool) {
            return Ok(());
        }
        state.need(self.asker, &format!("/vms/{}", self.vmid), &[privilege])
    }

    fn option(&self, key: &str, value: Option<&str>) -> Outcome<()> {
        match split_number(key).map_or(key, |(family, _)| family) {
            "cores" | "cpuunits" | "cpulimit" => self.need("VM.Config.CPU"),
            "rootfs" | "mp" => {
                self.need("VM.Config.Disk")?;
                value.map_or(Ok(()), |text| self.mount(key, text))
            }
            "unused" => self.need("VM.Config.Disk"),
            "dev" => Err(only_root("configuring device passthrough")),
            "memory" | "swap" => self.need("VM.Config.Memory"),
            "net" => {
                self.need("VM.Config.Network")?;
                value.map_or(Ok(()), |text| check_bridge(&self.cluster.state(), self.asker, text))
            }
            "nameserver" | "searchdomain" | "hostname" => self.need("VM.Config.Network"),
            "features" => self.features(value),
            "hookscript" => Err(only_root("changing the hookscript")),
            _ => self.need("VM.Config.Options"),
        }
    }

    fn mount(&self, key: &str, text: &str) -> Outcome<()> {
        let Some(mount) = Mount::parse(key, text) else { return Ok(()) };
        if mount.source() != Source::Volume {
            return Err(only_root(&format!("mount point type {}", mount.source().word())));
        }
        match mount.new_volume() {
            Some((id, _)) => {
                let state = self.cluster.state();
                state.storage(id)?;
                state.need(self.asker, &format!("/storage/{id}"), &["Datastore.AllocateSpace"])
            }
            None => super::super::storage::check_volume_access(
                self.cluster,
                self.asker,
                self.node,
                Some(self.vmid),
                &mount.volume,
            ),
        }
    }

    /// Nesting is for those who may make containers; the other features are root's.
    fn features(&self, value: Option<&str>) -> Outcome<()> {
        if !self.unprivileged {
            return Err(only_root("changing feature flags for privileged container"));
        }
        let parse = |text: &str| -> Config {
            let pairs = text.split(',').filter_map(|p| p.split_once('='));
            pairs.map(|(k, v)| (k.trim().to_owned(), v.trim().to_owned())).collect()
        };
        let old = self.old.and_then(|c| c.get("features")).map(|t| parse(t)).unwrap_or_default();
        let new = value.map(parse).unwrap_or_default();
        let mut changed = old.keys().chain(new.keys()).filter(|k| old.get(*k) != new.get(*k));
        if changed.clone().any(|k| k != "nesting") {
            return Err(only_root("changing feature flags (except nesting)"));
        }
        if changed.next().is_some() { self.need("VM.Allocate") } else { Ok(()) }
    }
}
