//! Looking at the cluster from behind, past the API.

use anyhow::{Context as _, Result, bail};
use serde_json::Value as Json;

use super::Site;

impl Site {
    /// Guests by number, as they are inside the stand-in.
    pub(crate) fn guests(&self) -> Vec<(u32, Json)> {
        let state = self.lab.state();
        let guests = state["guests"].as_object().cloned().unwrap_or_default();
        guests.into_iter().filter_map(|(vmid, guest)| Some((vmid.parse().ok()?, guest))).collect()
    }

    /// Numbers of all guests.
    pub(crate) fn vmids(&self) -> Vec<u32> {
        let mut vmids: Vec<u32> = self.guests().into_iter().map(|(vmid, _)| vmid).collect();
        vmids.sort_unstable();
        vmids
    }

    /// A setting of a guest; null where it has none.
    pub(crate) fn setting(&self, vmid: u32, key: &str) -> Json {
        self.lab.state()["guests"][vmid.to_string()]["config"][key].clone()
    }

    /// Every volume on every storage, `node/volid`.
    pub(crate) fn volumes(&self) -> Vec<String> {
        let state = self.lab.state();
        let of = |(place, list): (&String, &Json)| -> Vec<String> {
            let node = place.split('/').next().unwrap_or_default().to_owned();
            list.as_array()
                .into_iter()
                .flatten()
                .filter_map(Json::as_str)
                .map(|v| format!("{node}/{v}"))
                .collect()
        };
        state["volumes"].as_object().into_iter().flatten().flat_map(of).collect()
    }

    /// Tasks that have not ended.
    pub(crate) fn running(&self) -> Vec<String> {
        let state = self.lab.state();
        let tasks = state["tasks"].as_array().into_iter().flatten();
        tasks
            .filter(|task| task["running"] == true)
            .filter_map(|task| task["upid"].as_str().map(str::to_owned))
            .collect()
    }

    /// What must not change when something is refused: guests, volumes and tasks.
    pub(crate) fn everything(&self) -> String {
        let state = self.lab.state();
        format!("{:#}\n{:#}\n{:#}", state["guests"], state["volumes"], state["tasks"])
    }

    /// The template's number in state.
    pub(crate) fn vmid(&self) -> Result<u32> {
        let vmid = self.ws.state()?.get(super::ADDRESS, "vmid")?.as_u64().context("a vmid in state")?;
        Ok(u32::try_from(vmid)?)
    }

    /// The disk a template's slot holds must be a base disk with the image's bytes.
    pub(crate) fn expect_content(&self, vmid: u32, slot: &str, image: &str) -> Result<()> {
        let guests = self.guests();
        let (_, guest) = guests.iter().find(|(number, _)| *number == vmid).context("the guest")?;
        let text = guest["config"][slot].as_str().with_context(|| format!("{slot} in {guest:#}"))?;
        let volume = text.split(',').next().unwrap_or_default();
        if !volume.contains(&format!("base-{vmid}-")) {
            bail!("{volume} is no base disk of {vmid}");
        }
        let node = guest["node"].as_str().unwrap_or_default();
        let path = self.lab.volume_path(node, volume).with_context(|| format!("a file of {volume}"))?;
        self.image.expect_on(&path, image)
    }

    /// There is this one template and nothing beside it: no other guest, no image, no stray disk, no running task.
    pub(crate) fn expect_only(&self, name: &str, image: &str) -> Result<u32> {
        let guests = self.guests();
        let [(vmid, guest)] = guests.as_slice() else {
            bail!("one guest was expected, there are {guests:#?}");
        };
        if guest["template"] != true || guest["config"]["name"] != name {
            bail!("{vmid} is no template {name}: {guest:#}");
        }
        let stray: Vec<String> =
            self.volumes().into_iter().filter(|volume| !volume.contains(&format!("-{vmid}-"))).collect();
        if !stray.is_empty() {
            bail!("volumes were left behind: {stray:?}");
        }
        self.expect_idle()?;
        self.expect_content(*vmid, "scsi0", image)?;
        if self.vmid()? != *vmid {
            bail!("the state tells {}, the cluster {vmid}", self.vmid()?);
        }
        Ok(*vmid)
    }

    /// There is nothing: no guest, no volume, no running task.
    pub(crate) fn expect_nothing(&self) -> Result<()> {
        let (guests, volumes) = (self.vmids(), self.volumes());
        if !guests.is_empty() || !volumes.is_empty() {
            bail!("something was left: guests {guests:?}, volumes {volumes:?}");
        }
        self.expect_idle()
    }

    /// No task runs.
    pub(crate) fn expect_idle(&self) -> Result<()> {
        let running = self.running();
        if running.is_empty() { Ok(()) } else { bail!("tasks still run: {running:?}") }
    }
}
