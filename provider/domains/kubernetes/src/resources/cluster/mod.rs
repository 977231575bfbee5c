//! `hybridops_rke2_cluster` and `hybridops_k3s_cluster`.

mod import;
mod model;
mod places;
mod plan;
mod refusals;
mod restoring;
mod rotating;

use tf_framework::{Computed, Context, Diagnostics, Field, ImportId, Model, PlanContext, Resource, Result};

pub use model::{K3sCluster, Rke2Cluster};

use crate::Kubernetes;
use crate::client::budget;
use crate::distribution::Distribution;
use crate::restore::{Restore, Restored};
use crate::rotation::Rotation;
use crate::spec::ClusterSpec;

/// What both resources have.
pub(crate) struct Parts<'a> {
    pub(crate) id: &'a mut Computed<String>,
    pub(crate) name: &'a str,
    pub(crate) version: &'a mut Computed<String>,
    pub(crate) spec: &'a mut Computed<ClusterSpec>,
    pub(crate) restore: Option<&'a Restore>,
    pub(crate) restored: &'a mut Computed<Option<Restored>>,
    pub(crate) rotation: Option<&'a Rotation>,
}

/// What a resource of a cluster is beside its model.
pub(crate) trait Cluster: Model {
    const DISTRIBUTION: Distribution;
    fn parts(&mut self) -> Parts<'_>;
    fn configured_version(config: &Self::Partial) -> Field<String>;
}

/// A resource of a cluster.
pub(crate) trait ClusterKind: Cluster + Resource<Client = Kubernetes, Private = ()> {
    /// The specification, where it is known.
    fn known_spec(&self) -> Option<ClusterSpec> {
        self.clone().parts().spec.known().cloned()
    }
}

impl<R: Cluster + Resource<Client = Kubernetes, Private = ()>> ClusterKind for R {}

/// The plan with what was left open: everything it depends on is known by now.
pub(super) async fn settle<R: ClusterKind>(cx: &mut Context<R>, mut plan: R) -> Result<R> {
    let object = plan.to_object();
    let parts = plan.parts();
    if parts.id.known().is_none() {
        *parts.id = parts.name.to_owned().into();
    }
    if parts.spec.known().is_none() {
        let version = parts.version.known().cloned().unwrap_or_default();
        let sums = plan::settle_sums(R::DISTRIBUTION, &object, &version, &budget(cx)).await?;
        let spec = plan::known(&plan::spec_value(&object, R::DISTRIBUTION, Some(&sums)));
        let spec = spec.ok_or_else(|| {
            Diagnostics::error(
                "The cluster is not wholly known",
                "A value of it is still unknown. This is a bug; please report it.",
            )
        })?;
        *parts.spec = spec.into();
    }
    if let (Some(client), Some(spec)) = (cx.try_client(), plan.known_spec()) {
        let gate = client.gates.of(R::DISTRIBUTION, &spec.name, spec.agents_at_once());
        gate.plan(spec.servers.keys().cloned().collect());
    }
    restoring::settle(cx, &mut plan).await?;
    Ok(plan)
}

macro_rules! lives {
    ($($name:ident),*) => {
        $(impl Resource for $name {
            type Client = Kubernetes;
            type Private = ();

            async fn modify_plan(cx: &mut PlanContext<Self>) -> Result<()> {
                Box::pin(plan::modify(cx)).await
            }

            async fn create(cx: &mut Context<Self>, plan: Self) -> Result<Self> {
                Box::pin(settle(cx, plan)).await
            }

            async fn read(cx: &mut Context<Self>, state: Self) -> Result<Option<Self>> {
                // What it says is said here: nodes find out what is true of it.
                Ok(Some(Box::pin(restoring::look(cx, state)).await))
            }

            async fn update(cx: &mut Context<Self>, prior: Self, plan: Self) -> Result<Self> {
                let plan = Box::pin(settle(cx, plan)).await?;
                Box::pin(rotating::settle(cx, prior, &plan)).await?;
                Ok(plan)
            }

            async fn delete(_: &mut Context<Self>, _: Self) -> Result<()> {
                // Nodes leave by themselves, and before this.
                Ok(())
            }

            async fn import(cx: &mut Context<Self>, id: ImportId) -> Result<Self> {
                Box::pin(import::import(cx, id)).await
            }
        })*
    };
}
lives!(Rke2Cluster, K3sCluster);
