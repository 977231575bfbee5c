//! Guests switched on and off, each in one place.

use std::time::Instant;

use super::{Guest, Run};
use crate::pve::cluster::Cluster;
use crate::pve::reply::Outcome;

impl Cluster {
    /// Switches a guest on, with the configuration it has by now.
    pub(crate) fn start_guest(&self, vmid: u32, guest: &mut Guest) -> Outcome<()> {
        tracing::debug!(vmid, node = guest.node, "guest starts");
        if let Some(real) = self.real.get() {
            real.start(self, vmid, guest)?;
        }
        guest.run = Some(Run {
            pid: self.next_pid(),
            started: self.now(),
            paused: false,
            since: Instant::now(),
            commands: Vec::new(),
        });
        Ok(())
    }

    /// Switches a guest off; changes that waited for it are the caller's to settle.
    pub(crate) fn stop_guest(&self, vmid: u32, guest: &mut Guest) -> Outcome<()> {
        tracing::debug!(vmid, node = guest.node, "guest stops");
        if let Some(real) = self.real.get() {
            real.stop(vmid)?;
        }
        guest.run = None;
        Ok(())
    }

    /// A running guest has another configuration: what was plugged in or out takes effect.
    pub(crate) fn change_guest(&self, vmid: u32, before: &Guest, after: &Guest) -> Outcome<()> {
        if before.config != after.config {
            tracing::debug!(vmid, running = after.run.is_some(), "guest changes");
            if let Some(real) = self.real.get() {
                real.change(self, vmid, before, after)?;
            }
        }
        Ok(())
    }

    /// A guest is destroyed, its volumes already gone.
    pub(crate) fn bury_guest(&self, vmid: u32) {
        tracing::debug!(vmid, "guest is destroyed");
        if let Some(real) = self.real.get() {
            real.bury(vmid);
        }
    }
}
