//! Listing the containers of a cluster, to adopt them.

use tf_framework::{Diagnostics, ListContext, ListResource, Result};
use transport_rest::Budget;

use super::apply::seen;
use super::model::Lxc;
use super::state::{Seen, observe};
use crate::api::GuestKind;
use crate::client::Proxmox;
use crate::errors::failure;
use crate::guest::Here;
use crate::resources::guest_list::{GuestListFilter, GuestListFilterPartial, GuestResource, list, validate};

/// Lists containers that are no templates: one request for all, and one for each whose settings are asked for.
#[derive(Debug)]
pub struct LxcList;

impl GuestResource for Lxc {
    const KIND: GuestKind = GuestKind::Lxc;
    const WHAT: &'static str = "container";

    async fn observed(px: &Proxmox, here: Here, budget: &Budget) -> Result<Self> {
        let what = format!("Reading container {} failed", here.guest.vmid);
        let seen = seen(px, here, None, budget).await.map_err(|error| failure(what, &error))?;
        observe(&seen, None)
    }

    fn indexed(here: Here) -> Result<Self> {
        observe(&Seen { here, ha: None, sees_pools: true, cost_tags: Default::default() }, None)
    }
}

impl ListResource for LxcList {
    type Item = Lxc;
    type Config = GuestListFilter;

    async fn list(cx: &mut ListContext<Self>, filter: GuestListFilter) -> Result<()> {
        list(cx, filter).await
    }

    fn validate(filter: &GuestListFilterPartial, diagnostics: &mut Diagnostics) {
        validate(filter, diagnostics);
    }
}
