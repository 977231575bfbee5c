//! `hybridops_netbox_guest`.

mod apply;
mod carry_out;
mod existing;
mod facts;
mod gather;
mod import;
mod model;
mod plan;
mod show;
mod steps;
mod wish;
mod wishing;

use catalogue::description::Version;
use catalogue::store::{Scope, Store as _};
use tf_framework::{Context, Diagnostics, ImportId, PlanContext, Resource, Result};

pub use model::{Adopt, Guest};

use self::model::{GuestPartial, Keeping};
use self::show::Hint;
use crate::client::{Client, budget};
use crate::resources::failure::failed;

/// Where the machines live.
const MACHINES: &str = "virtualization/virtual-machines";
/// Where their interfaces live.
const INTERFACES: &str = "virtualization/interfaces";
/// Where their disks live.
const DISKS: &str = "virtualization/virtual-disks";
/// Where addresses live.
const ADDRESSES: &str = "ipam/ip-addresses";
/// Where MAC addresses live.
const MACS: &str = "dcim/mac-addresses";
/// Fields of machines that are costly and not wanted.
const OMITTED: &[&str] = &["config_context"];
/// The first version in which MAC addresses are objects.
const MAC_OBJECTS: Version = Version::new(4, 2);

impl Resource for Guest {
    type Client = Client;
    type Private = Keeping;

    fn validate(config: &GuestPartial, diagnostics: &mut Diagnostics) {
        plan::validate(config, diagnostics);
    }

    async fn modify_plan(cx: &mut PlanContext<Self>) -> Result<()> {
        plan::modify(cx).await
    }

    async fn create(cx: &mut Context<Self>, plan: Self) -> Result<Self> {
        let client = cx.client()?;
        apply::create(cx, &client, &plan).await
    }

    async fn read(cx: &mut Context<Self>, state: Self) -> Result<Option<Self>> {
        let client = cx.client()?;
        let what = format!("Reading the guest {:?} failed", state.name);
        let id = *state.id.known().ok_or_else(|| Diagnostics::error(&what, "The state has no id."))?;
        let facts = gather::gather(&client, id, &budget(&Scope::of(cx))).await;
        let facts = facts.map_err(|error| failed(&what, error))?;
        if facts.vm.is_some() {
            client.run().claim(MACHINES, id);
        }
        if state.is_imported() {
            let Some((guest, keeping)) = import::whole(&facts, &client) else { return Ok(None) };
            cx.private = keeping;
            return Ok(Some(Self { exclusive: state.exclusive, adopt: state.adopt, ..guest }));
        }
        let (ledger, references) = (state.ledger(), &cx.private.references);
        let hint = Hint { guest: Some(&state), ledger: &ledger, references, defaults: client.defaults() };
        Ok(show::guest(&facts, hint))
    }

    async fn update(cx: &mut Context<Self>, prior: Self, plan: Self) -> Result<Self> {
        let client = cx.client()?;
        apply::update(cx, &client, &prior, &plan).await
    }

    async fn delete(cx: &mut Context<Self>, state: Self) -> Result<()> {
        let client = cx.client()?;
        apply::delete(cx, &client, &state).await
    }

    async fn import(cx: &mut Context<Self>, id: ImportId) -> Result<Self> {
        let client = cx.client()?;
        import::import(cx, &client, &id).await
    }
}
