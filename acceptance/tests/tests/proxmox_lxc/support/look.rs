//! Looking at the cluster from behind, past the API.

use anyhow::{Context as _, Result, bail, ensure};
use hybridops_lab::{GuestView, VolumeView};
use serde_json::Value as Json;

use super::{DATA, Site};

impl Site {
    /// A guest.
    pub(crate) fn guest(&self, vmid: u32) -> Result<GuestView> {
        self.lab.guest(vmid).with_context(|| format!("there is no guest {vmid}"))
    }

    /// A setting of a guest as it is now; empty where it has none.
    pub(crate) fn setting(&self, vmid: u32, key: &str) -> String {
        self.lab.guest(vmid).and_then(|guest| guest.config.get(key).cloned()).unwrap_or_default()
    }

    /// The volume in a slot.
    pub(crate) fn volume(&self, vmid: u32, slot: &str) -> String {
        self.setting(vmid, slot).split(',').next().unwrap_or_default().to_owned()
    }

    /// The container's number in state.
    pub(crate) fn vmid(&self) -> Result<u32> {
        Ok(u32::try_from(self.attribute("vmid")?.as_u64().context("a vmid in state")?)?)
    }

    /// Writes data into the volume of a slot; answers its fingerprint.
    pub(crate) fn write(&self, vmid: u32, slot: &str) -> Result<String> {
        let (node, volume) = (self.guest(vmid)?.node, self.volume(vmid, slot));
        self.lab.write_volume(&node, &volume, DATA)?;
        self.fingerprint(vmid, slot)
    }

    /// The same with other data, so that the two can be told apart.
    pub(crate) fn write_more(&self, vmid: u32, slot: &str) -> Result<String> {
        let (node, volume) = (self.guest(vmid)?.node, self.volume(vmid, slot));
        self.lab.write_volume(&node, &volume, &[DATA, DATA].concat())?;
        self.fingerprint(vmid, slot)
    }

    /// What the volume of a slot holds.
    pub(crate) fn fingerprint(&self, vmid: u32, slot: &str) -> Result<String> {
        let (node, volume) = (self.guest(vmid)?.node, self.volume(vmid, slot));
        self.lab.volume_fingerprint(&node, &volume).with_context(|| format!("{slot} of {vmid}: {volume:?}"))
    }

    /// A volume that holds this, wherever it is.
    pub(crate) fn holding(&self, fingerprint: &str) -> Vec<VolumeView> {
        let holds = |volume: &VolumeView| volume.fingerprint.as_deref() == Some(fingerprint);
        self.lab.volumes().into_iter().filter(holds).collect()
    }

    /// There is this one container and nothing beside it: no other guest, no orphan, no lock, no running task.
    pub(crate) fn expect_only(&self, name: &str) -> Result<u32> {
        let guests = self.lab.guests();
        let [guest] = guests.as_slice() else { bail!("one guest was expected, there are {guests:#?}") };
        ensure!(guest.config.get("hostname").map(String::as_str) == Some(name), "not {name}: {guest:#?}");
        ensure!(!guest.config.contains_key("lock"), "it is locked: {guest:#?}");
        self.expect_no_orphans()?;
        self.expect_idle()?;
        ensure!(self.vmid()? == guest.vmid, "the state tells {}, the cluster {}", self.vmid()?, guest.vmid);
        Ok(guest.vmid)
    }

    /// Every volume belongs to a guest.
    pub(crate) fn expect_no_orphans(&self) -> Result<()> {
        let orphans: Vec<VolumeView> =
            self.lab.volumes().into_iter().filter(|volume| volume.used_by.is_none()).collect();
        ensure!(orphans.is_empty(), "volumes were left behind: {orphans:#?}");
        Ok(())
    }

    /// There is no guest and no volume of one.
    pub(crate) fn expect_nothing(&self) -> Result<()> {
        let (guests, volumes) = (self.lab.guests(), self.lab.volumes());
        ensure!(guests.is_empty() && volumes.is_empty(), "left: {guests:#?}, {volumes:#?}");
        self.expect_idle()
    }

    /// No task runs.
    pub(crate) fn expect_idle(&self) -> Result<()> {
        let state = self.lab.state();
        let tasks = state["tasks"].as_array().into_iter().flatten();
        let running: Vec<&Json> = tasks.filter(|task| task["running"] == true).collect();
        ensure!(running.is_empty(), "tasks still run: {running:?}");
        Ok(())
    }

    /// What must not change when something is refused.
    pub(crate) fn everything(&self) -> String {
        format!("{:#?}\n{:#?}", self.lab.guests(), self.lab.volumes())
    }
}
