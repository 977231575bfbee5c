//! `hybridops_netbox_object`.

mod apply;
mod body;
mod import;
mod model;
mod plan;

use catalogue::store::Scope;
use tf_framework::{Computed, Context, Diagnostics, ImportId, PlanContext, Resource, Result};

pub(crate) use apply::verified;
pub use model::AnyObject;

use self::model::{AnyObjectPartial, Keeping};
use crate::client::{Client, budget};
use crate::resources::failure::failed;

impl Resource for AnyObject {
    type Client = Client;
    type Private = Keeping;

    fn validate(config: &AnyObjectPartial, diagnostics: &mut Diagnostics) {
        plan::validate(config, diagnostics);
    }

    async fn modify_plan(cx: &mut PlanContext<Self>) -> Result<()> {
        plan::modify(cx)
    }

    async fn create(cx: &mut Context<Self>, plan: Self) -> Result<Self> {
        let client = cx.client()?;
        apply::create(cx, &client, &plan).await
    }

    async fn read(cx: &mut Context<Self>, state: Self) -> Result<Option<Self>> {
        let client = cx.client()?;
        let what = format!("Reading the object of {} failed", state.path);
        let id = *state.id.known().ok_or_else(|| Diagnostics::error(&what, "The state has no id."))?;
        let found = client.api.read(&state.path, id, &[], &budget(&Scope::of(cx))).await;
        let Some(object) = found.map_err(|error| failed(&what, error))? else { return Ok(None) };
        cx.private.seen = object.etag().map(|etag| etag.as_str().to_owned());
        let body = match cx.private.imported {
            true => body::whole(&object),
            false => body::owned(&state.body, &object, &state.unread()),
        };
        Ok(Some(Self { body, ..state.seen_as(&object) }))
    }

    async fn update(cx: &mut Context<Self>, prior: Self, plan: Self) -> Result<Self> {
        let client = cx.client()?;
        apply::update(cx, &client, &prior, &plan).await
    }

    async fn delete(cx: &mut Context<Self>, state: Self) -> Result<()> {
        let client = cx.client()?;
        let what = format!("Deleting the object of {} failed", state.path);
        let Computed::Known(id) = state.id else { return Ok(()) };
        let deleted = client.api.delete(&state.path, id, None, &budget(&Scope::of(cx))).await;
        deleted.map(drop).map_err(|error| failed(&what, error))
    }

    async fn import(cx: &mut Context<Self>, id: ImportId) -> Result<Self> {
        let client = cx.client()?;
        import::import(cx, &client, &id).await
    }
}
