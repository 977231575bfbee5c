//! `hybridops_rke2_restore_drill` and `hybridops_k3s_restore_drill`.

mod model;

use std::time::Duration;

use hosts::drill::{WhenOld, too_old};
use tf_framework::{
    Computed, Context, DefaultTimeouts, Diagnostic, Diagnostics, GoDuration, Path, PlanContext,
    PlannedAction, Resource, Result,
};
use time::OffsetDateTime;
use transport_ssh::Secret;

use model::{DrillResource, Drilled};
pub use model::{K3sRestoreDrill, Rke2RestoreDrill};

use crate::client::{Kubernetes, budget};
use crate::distribution::Distribution;
use crate::drill::{ClusterDrillResult, Drill};
use crate::errors::failure;
use crate::host::Run;
use crate::restore::SnapshotSource;
use crate::restore::source::LATEST;
use crate::snapshots::living;

/// An hour: artefacts and the snapshot are brought to the machine.
const TIMEOUTS: DefaultTimeouts = DefaultTimeouts {
    create: Duration::from_secs(60 * 60),
    update: Duration::from_secs(60 * 60),
    ..DefaultTimeouts::USUAL
};

fn at(name: &str) -> Path {
    Path::root().attribute(name)
}

impl Drilled {
    /// Whether a change takes another drill: of what is restored, or of what is looked at.
    fn runs_again(&self, prior: &Self) -> bool {
        let s3 = |drill: &Self| drill.cluster.etcd_snapshots.as_ref().and_then(|it| it.s3.clone());
        prior.result.known().is_none()
            || self.run != prior.run
            || self.snapshot != prior.snapshot
            || self.checks != prior.checks
            || self.cluster.version != prior.cluster.version
            || self.cluster.name != prior.cluster.name
            || s3(self) != s3(prior)
    }

    /// What can be refused before anything is done.
    fn refusals(&self, distribution: Distribution) -> Result<()> {
        let mut refused = Diagnostics::new();
        let same = |server: &hosts::Connection| {
            server.host == self.machine.host && server.port.unwrap_or(22) == self.machine.port.unwrap_or(22)
        };
        if let Some((name, _)) = self.cluster.servers.iter().find(|(_, server)| same(server)) {
            let detail = format!(
                "It is {name} of the cluster. A drill takes everything of a cluster off its machine."
            );
            let path = at("machine").attribute("host");
            refused.extend(Diagnostics::error_at(path, "The machine is a server of the cluster", detail));
        }
        if self.cluster.distribution() != distribution {
            let detail = format!("It is a cluster of {}.", self.cluster.distribution().title());
            refused.extend(Diagnostics::error_at(at("cluster"), "The cluster is of another kind", detail));
        }
        let images = self.cluster.artefacts.as_ref().and_then(|artefacts| artefacts.images.as_ref());
        if distribution.has_static_pods() && images.is_none_or(std::collections::BTreeSet::is_empty) {
            let detail = "Its control plane runs from images, and a drill has a network of its own in which none can be pulled. \
                          Name the sets that a server needs in `artefacts.images` of the cluster, such as [\"core\", \"canal\"].";
            let path = at("cluster").attribute("artefacts").attribute("images");
            refused.extend(Diagnostics::error_at(path, "The images are not among the artefacts", detail));
        }
        refused.into_result(())
    }

    fn objective(&self, of: fn(&crate::drill::ClusterObjectives) -> Option<&GoDuration>) -> Option<Duration> {
        self.objectives.as_ref().and_then(of).map(GoDuration::length)
    }

    /// Objectives that the drill did not meet.
    fn missed(&self, result: &ClusterDrillResult) -> Vec<Diagnostic> {
        let measured = [
            (
                "rpo",
                self.objective(|it| it.rpo.as_ref()),
                result.rpo_seconds.known().copied().map(Duration::from_secs),
                "The newest snapshot was too old",
                "what was written since would have been lost. Take snapshots more often.",
            ),
            (
                "rto",
                self.objective(|it| it.rto.as_ref()),
                result.rto_milliseconds.known().copied().map(Duration::from_millis),
                "The restore took too long",
                "then the API answered.",
            ),
        ];
        let missed = measured.into_iter().filter_map(|(name, allowed, found, summary, detail)| {
            let (allowed, found) = (allowed?, found?);
            let text = format!(
                "The last drill found {:.1} s, and {} s are allowed: {detail}",
                found.as_secs_f64(),
                allowed.as_secs()
            );
            let warning = Diagnostic::warning(format!("{summary} for its objective"), text);
            (found > allowed).then(|| warning.at(at("objectives").attribute(name)))
        });
        missed.collect()
    }

    async fn drill(
        &self,
        client: &std::sync::Arc<Kubernetes>,
        budget: transport_ssh::Budget,
        distribution: Distribution,
    ) -> Result<ClusterDrillResult> {
        let what = format!("The restore drill {:?} failed", self.name);
        let machine = client.machine(&self.machine, &at("machine"))?;
        let servers = living::machines(client, &self.cluster.servers, &at("cluster").attribute("servers"))?;
        let version = self.cluster.version.parse().map_err(|error: crate::version::NoVersion| {
            let path = at("cluster").attribute("version");
            Diagnostics::error_at(path, "The version is not known", format!("{error}."))
        })?;
        let run = Run { machine, distribution, budget, client: std::sync::Arc::clone(client) };
        let newest = SnapshotSource { name: LATEST.to_owned(), ..SnapshotSource::default() };
        let none = crate::drill::ClusterDrillChecks::default();
        let drill = Drill {
            run: &run,
            name: &self.name,
            spec: &self.cluster,
            version: &version,
            servers: &servers,
            source: self.snapshot.as_ref().unwrap_or(&newest),
            token: self.token.get().map(|token| Secret::new(token.trim())),
            checks: self.checks.as_ref().unwrap_or(&none),
        };
        Box::pin(drill.run()).await.map_err(|error| failure(what, &error))
    }
}

fn plan<R: DrillResource + Resource>(cx: &mut PlanContext<R>) -> Result<()> {
    if cx.action() == PlannedAction::Destroy {
        return Ok(());
    }
    let prior = cx.prior().cloned().map(DrillResource::drilled);
    let Ok(plan) = R::from_object(cx.planned_value().clone()) else {
        return if prior.is_some() { cx.plan_unknown(&at("result")) } else { Ok(()) };
    };
    let plan = plan.drilled();
    plan.refusals(R::DISTRIBUTION)?;
    let Some(prior) = prior else { return Ok(()) };
    if plan.runs_again(&prior) {
        return cx.plan_unknown(&at("result"));
    }
    let Some(result) = prior.result.known() else { return Ok(()) };
    let told = plan.max_age.as_ref().zip(result.at.known());
    let told = told.and_then(|(max_age, last)| too_old(&plan.name, max_age, last, OffsetDateTime::now_utc()));
    match told {
        Some(_) if plan.when_old == WhenOld::Run => return cx.plan_unknown(&at("result")),
        Some((summary, detail)) if plan.when_old == WhenOld::Fail => {
            return Err(Diagnostics::error_at(at("max_age"), summary, detail));
        }
        Some((summary, detail)) => cx.warn(Diagnostic::warning(summary, detail).at(at("max_age"))),
        None => {}
    }
    plan.missed(result).into_iter().for_each(|warning| cx.warn(warning));
    Ok(())
}

async fn apply<R>(cx: &mut Context<R>, plan: R) -> Result<R>
where
    R: DrillResource + Resource<Client = Kubernetes>,
{
    let mut drilled = plan.drilled();
    if drilled.result.known().is_none() {
        drilled.refusals(R::DISTRIBUTION)?;
        let client = cx.client()?;
        let result = drilled.drill(&client, budget(cx), R::DISTRIBUTION).await?;
        tracing::info!(
            drill = %drilled.name, snapshot = ?result.snapshot.known(), rto_milliseconds = ?result.rto_milliseconds.known(),
            rpo_seconds = ?result.rpo_seconds.known(), "the drill succeeded"
        );
        drilled.missed(&result).into_iter().for_each(|warning| cx.warn(warning));
        drilled.result = Computed::Known(result);
    }
    Ok(R::of(drilled))
}

macro_rules! lives {
    ($($name:ident),*) => {
        $(impl Resource for $name {
            type Client = Kubernetes;
            type Private = ();
            const TIMEOUTS: DefaultTimeouts = TIMEOUTS;

            async fn modify_plan(cx: &mut PlanContext<Self>) -> Result<()> {
                plan(cx)
            }

            async fn create(cx: &mut Context<Self>, plan: Self) -> Result<Self> {
                Box::pin(apply(cx, plan)).await
            }

            async fn read(_: &mut Context<Self>, state: Self) -> Result<Option<Self>> {
                // What was found was true when it was found: nothing of it can be looked at again.
                Ok(Some(state))
            }

            async fn update(cx: &mut Context<Self>, _: Self, plan: Self) -> Result<Self> {
                Box::pin(apply(cx, plan)).await
            }

            async fn delete(_: &mut Context<Self>, _: Self) -> Result<()> {
                // A drill leaves nothing.
                Ok(())
            }
        })*
    };
}
lives!(Rke2RestoreDrill, K3sRestoreDrill);
