//! `hybridops_proxmox_image`.

mod apply;
mod import;
mod list;
mod look;
mod model;
mod names;
mod observe;
mod plan;
mod steps;
#[cfg(test)]
mod testing;

use std::time::Duration;

use tf_framework::{Context, DefaultTimeouts, Diagnostics, ImportId, PlanContext, Resource, Result};

pub use list::{ImageFilter, Images};
pub use model::*;

use crate::client::Proxmox;

impl Resource for Image {
    type Client = Proxmox;
    type Private = ();
    /// Images are gigabytes, and come over whatever line there is.
    const TIMEOUTS: DefaultTimeouts = DefaultTimeouts {
        create: Duration::from_secs(60 * 60),
        update: Duration::from_secs(60 * 60),
        ..DefaultTimeouts::USUAL
    };

    fn validate(config: &ImagePartial, diagnostics: &mut Diagnostics) {
        plan::validate(config, diagnostics);
    }

    async fn modify_plan(cx: &mut PlanContext<Self>) -> Result<()> {
        plan::modify(cx).await
    }

    async fn create(cx: &mut Context<Self>, plan: Self) -> Result<Self> {
        let px = cx.client()?;
        apply::create(cx, &px, &plan).await
    }

    async fn read(cx: &mut Context<Self>, state: Self) -> Result<Option<Self>> {
        let px = cx.client()?;
        observe::refresh(cx, &px, state).await
    }

    async fn update(cx: &mut Context<Self>, prior: Self, plan: Self) -> Result<Self> {
        let px = cx.client()?;
        apply::update(cx, &px, &prior, &plan).await
    }

    async fn delete(cx: &mut Context<Self>, state: Self) -> Result<()> {
        let px = cx.client()?;
        apply::delete(cx, &px, state).await
    }

    async fn import(cx: &mut Context<Self>, id: ImportId) -> Result<Self> {
        let px = cx.client()?;
        import::import(cx, &px, &id).await
    }
}
