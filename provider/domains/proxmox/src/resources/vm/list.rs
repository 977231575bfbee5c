//! Listing the virtual machines of a cluster, to adopt them.

use tf_framework::{Diagnostics, ListContext, ListResource, Result};
use transport_rest::Budget;

use super::apply::seen;
use super::model::Vm;
use super::state::{Seen, observe};
use crate::api::GuestKind;
use crate::client::Proxmox;
use crate::errors::failure;
use crate::guest::Here;
use crate::resources::guest_list::{GuestListFilter, GuestListFilterPartial, GuestResource, list, validate};

/// Lists virtual machines that are no templates: one request for all, and one for each whose settings are asked for.
#[derive(Debug)]
pub struct VmList;

impl GuestResource for Vm {
    const KIND: GuestKind = GuestKind::Qemu;
    const WHAT: &'static str = "virtual machine";

    async fn observed(px: &Proxmox, here: Here, budget: &Budget) -> Result<Self> {
        let what = format!("Reading virtual machine {} failed", here.guest.vmid);
        let seen = seen(px, here, None, budget).await.map_err(|error| failure(what, &error))?;
        Ok(observe(&seen, None))
    }

    fn indexed(here: Here) -> Result<Self> {
        Ok(observe(&Seen { here, ha: None, cost_tags: Default::default() }, None))
    }
}

impl ListResource for VmList {
    type Item = Vm;
    type Config = GuestListFilter;

    async fn list(cx: &mut ListContext<Self>, filter: GuestListFilter) -> Result<()> {
        list(cx, filter).await
    }

    fn validate(filter: &GuestListFilterPartial, diagnostics: &mut Diagnostics) {
        validate(filter, diagnostics);
    }
}
