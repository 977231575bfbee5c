//! Looking at the cluster from behind, past the API.

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value as Json;

use super::{Site, TEMPLATE};

impl Site {
    /// Guests by number without the template, as they are inside the stand-in.
    pub(crate) fn guests(&self) -> Vec<(u32, Json)> {
        let state = self.lab.state();
        let guests = state["guests"].as_object().cloned().unwrap_or_default();
        let mut guests: Vec<(u32, Json)> =
            guests.into_iter().filter_map(|(vmid, guest)| Some((vmid.parse().ok()?, guest))).collect();
        guests.retain(|(vmid, _)| *vmid != TEMPLATE);
        guests
    }

    /// Numbers of all guests but the template.
    pub(crate) fn vmids(&self) -> Vec<u32> {
        self.guests().into_iter().map(|(vmid, _)| vmid).collect()
    }

    /// A guest.
    pub(crate) fn guest(&self, vmid: u32) -> Json {
        self.lab.state()["guests"][vmid.to_string()].clone()
    }

    /// A setting of a guest as it will be; empty where it has none.
    pub(crate) fn setting(&self, vmid: u32, key: &str) -> String {
        let value = self.guest(vmid)["config"][key].clone();
        value.as_str().map(str::to_owned).unwrap_or_default()
    }

    /// The volume in a slot.
    pub(crate) fn volume(&self, vmid: u32, slot: &str) -> String {
        self.setting(vmid, slot).split(',').next().unwrap_or_default().to_owned()
    }

    /// Every volume on every storage that is not the template's, `node/volid`.
    pub(crate) fn volumes(&self) -> Vec<String> {
        let state = self.lab.state();
        let of = |(place, list): (&String, &Json)| -> Vec<String> {
            let node = place.split('/').next().unwrap_or_default().to_owned();
            let volumes = list.as_array().into_iter().flatten().filter_map(Json::as_str);
            volumes.map(|volume| format!("{node}/{volume}")).collect()
        };
        let all = state["volumes"].as_object().into_iter().flatten().flat_map(of);
        let template = format!("{TEMPLATE}-");
        all.filter(|volume| {
            let file = volume.rsplit('/').next().unwrap_or_default();
            !file.contains(&template) && !volume.contains("/source-")
        })
        .collect()
    }

    /// The guest's number in state.
    pub(crate) fn vmid(&self) -> Result<u32> {
        let vmid = self.ws.state()?.get(super::ADDRESS, "vmid")?.as_u64().context("a vmid in state")?;
        Ok(u32::try_from(vmid)?)
    }

    /// There is this one guest and nothing beside it: no other guest, no stray volume, no running task.
    pub(crate) fn expect_only(&self, name: &str) -> Result<u32> {
        let guests = self.guests();
        let [(vmid, guest)] = guests.as_slice() else {
            bail!("one guest was expected, there are {guests:#?}");
        };
        ensure!(guest["config"]["name"] == name, "{vmid} is not {name}: {guest:#}");
        ensure!(guest["config"]["lock"].is_null(), "{vmid} is locked: {guest:#}");
        let stray: Vec<String> =
            self.volumes().into_iter().filter(|volume| !volume.contains(&format!("-{vmid}-"))).collect();
        ensure!(stray.is_empty(), "volumes were left behind: {stray:?}");
        self.expect_idle()?;
        ensure!(self.vmid()? == *vmid, "the state tells {}, the cluster {vmid}", self.vmid()?);
        Ok(*vmid)
    }

    /// There is nothing but the template.
    pub(crate) fn expect_nothing(&self) -> Result<()> {
        let (guests, volumes) = (self.vmids(), self.volumes());
        ensure!(guests.is_empty() && volumes.is_empty(), "left: guests {guests:?}, volumes {volumes:?}");
        self.expect_idle()
    }

    /// Tasks that run.
    pub(crate) fn running(&self) -> Vec<String> {
        let state = self.lab.state();
        let tasks = state["tasks"].as_array().into_iter().flatten();
        tasks.filter(|task| task["running"] == true).map(Json::to_string).collect()
    }

    /// No task runs.
    pub(crate) fn expect_idle(&self) -> Result<()> {
        let running = self.running();
        ensure!(running.is_empty(), "tasks still run: {running:?}");
        Ok(())
    }

    /// What must not change when something is refused.
    pub(crate) fn everything(&self) -> String {
        let state = self.lab.state();
        format!("{:#}\n{:#}\n{:#}", state["guests"], state["volumes"], state["tasks"])
    }
}
