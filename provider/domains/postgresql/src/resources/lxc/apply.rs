//! Making the resource what it is planned to be: the directory on the node, the container, the instance in it. Every
//! step looks first, so that an apply that was killed anywhere goes on where it stopped.

use hosts::Machine;
use std::sync::Arc;

use hosts::containers::{ContainerId, ContainerKeeper, ContainerSpec, ContainerState, Containers};
use tf_framework::{Computed, Context, Diagnostic, Result};
use transport_ssh::Budget;

use super::inside::{self, Inner, node_machine};
use super::model::*;
use super::node::{Owner, Wish};
use super::{spec, state};
use crate::client::{Postgresql as Client, budget};
use crate::errors::{Error, Refusal, failure};
use crate::instance::facts::{Content, Facts, gather};
use crate::instance::{Converged, Run, Spec, converge};
use crate::resources::face::{Face as _, settled};

/// Keeps track of the container in the state of this resource.
struct Keeping<'a> {
    cx: &'a mut Context<PostgresqlLxc>,
    /// What is kept: the state before, or the plan of what is being made.
    object: PostgresqlLxc,
    /// Whether there was a state before.
    known: bool,
}

impl ContainerKeeper for Keeping<'_> {
    fn keep(&mut self, id: &ContainerId, node: &str) -> Result<()> {
        self.object.container.vmid = Computed::Known(id.vmid);
        self.object.container.current_node = Computed::Known(node.to_owned());
        self.cx.private.container = Some(id.clone());
        self.cx.checkpoint(&self.object)
    }

    fn forget(&mut self) {
        if !self.known {
            self.cx.private.container = None;
            self.cx.forget();
        }
    }

    fn warn(&self, warning: Diagnostic) {
        self.cx.warn(spec::paths().relocated(warning));
    }
}

/// What an apply works with.
struct Work<'a> {
    client: &'a Client,
    containers: &'a dyn Containers,
    plan: &'a PostgresqlLxc,
    /// System identifier of the cluster that must be there.
    expected: Option<String>,
    budget: &'a Budget,
}

/// Brings everything to the plan. `prior` is the state before.
pub(super) async fn apply(
    cx: &mut Context<PostgresqlLxc>,
    prior: Option<&PostgresqlLxc>,
    plan: PostgresqlLxc,
) -> Result<PostgresqlLxc> {
    let (client, budget) = (cx.client()?, budget(cx));
    client.forget(&plan.key());
    let containers = client.containers()?;
    let doing = if prior.is_some() { "Changing" } else { "Making" };
    let what = format!("{doing} PostgreSQL {:?} failed", plan.name);
    let expected = prior.and_then(state::system_identifier);
    let work = Work { client: &client, containers: &*containers, plan: &plan, expected, budget: &budget };
    let told = |error| failure(what.clone(), error);
    let claimed = work.prepare(cx).await.map_err(told)?;
    if claimed {
        work.claim(cx, prior).await.map_err(told)?;
    }
    let is = work.container(cx, prior, Some(true)).await.map_err(told)?;
    cx.private.amiss = None;
    let node = node_machine(&client, &*containers, &plan, &is.node, &budget).await?;
    let mut made = plan.clone();
    spec::settle(&mut made.container, &is);
    made.running = Computed::Known(true);
    made.id = Computed::Known(state::id(&made));
    let asked = plan.spec(prior);
    let run = work.enter(&mut made, &node, is.id.vmid, Arc::clone(&client)).await.map_err(told)?;
    let converged = work.instance(&run, &asked).await.map_err(told)?;
    for (step, took) in run.took() {
        tracing::debug!(instance = %plan.name, step, milliseconds = took.as_millis(), "took");
    }
    settled(&made, &converged, &asked)
}

impl Work<'_> {
    fn wish(&self, own: Option<u32>) -> Option<Wish> {
        Wish::of(self.plan, own.map_or(Owner::Named, Owner::Container), self.expected.clone())
    }

    async fn node(&self, name: &str) -> Result<Machine, Error> {
        Ok(node_machine(self.client, self.containers, self.plan, name, self.budget).await?)
    }

    /// Makes the directory on the node ready, before anything is mounted. Answers whether a container that is not in
    /// state has it mounted already.
    async fn prepare(&self, cx: &Context<PostgresqlLxc>) -> Result<bool, Error> {
        let own = cx.private.container.as_ref();
        let Some(wish) = self.wish(own.map(|id| id.vmid)) else { return Ok(false) };
        let spec = spec::spec_of(self.plan, cx.private.fixed);
        let id = own.filter(|_| cx.private.amiss.as_deref() != Some(super::GONE));
        let forecast = self.containers.preflight(&spec, id, self.budget).await;
        let forecast = forecast.map_err(|told| spec::paths().relocate(told))?;
        let name = forecast.node.or_else(|| self.plan.container.node.clone()).unwrap_or_default();
        let node = self.node(&name).await?;
        let look = wish.check(&node, self.budget).await?;
        wish.prepare(&node, self.budget).await?;
        Ok(own.is_none() && !look.mounted_by.is_empty())
    }

    /// A container of this name has the directory mounted. It is gone on with where a run of ours left it behind; where
    /// it is somebody else's, nothing is started on its data.
    async fn claim(
        &self,
        cx: &mut Context<PostgresqlLxc>,
        prior: Option<&PostgresqlLxc>,
    ) -> Result<(), Error> {
        let is = self.container(cx, prior, None).await?;
        let Some(wish) = self.wish(Some(is.id.vmid)) else { return Ok(()) };
        let node = self.node(&is.node).await?;
        wish.check(&node, self.budget).await.map(drop)
    }

    async fn container(
        &self,
        cx: &mut Context<PostgresqlLxc>,
        prior: Option<&PostgresqlLxc>,
        running: Option<bool>,
    ) -> Result<ContainerState, Error> {
        let wish = ContainerSpec { running, ..spec::spec_of(self.plan, cx.private.fixed) };
        let id = cx.private.container.clone();
        let object = prior.unwrap_or(self.plan).clone();
        let mut keeping = Keeping { cx, object, known: prior.is_some() };
        let made = self.containers.converge(&wish, id.as_ref(), &mut keeping, self.budget).await;
        let is = made.map_err(|told| spec::paths().relocate(told))?;
        cx.private.container = Some(is.id.clone());
        Ok(is)
    }

    /// The way into the container that runs.
    async fn enter(
        &self,
        made: &mut PostgresqlLxc,
        node: &Machine,
        vmid: u32,
        client: Arc<Client>,
    ) -> Result<Run, Error> {
        let inner = Inner::wait(node, vmid, self.budget).await?;
        inner.judge(made)?;
        let machine = inside::machine(self.client, node, made, vmid, inner.host_key.as_deref())?;
        made.host_key = Computed::Known(inner.host_key);
        Ok(Run::new(machine, self.budget.clone(), client))
    }

    /// The instance in it.
    async fn instance(&self, run: &Run, spec: &Spec) -> Result<Converged, Error> {
        if let Some(expected) = &self.expected {
            let facts = run.step("data", gather(run, spec)).await?;
            known_data(&facts, expected, &spec.data_directory())?;
        }
        converge(run, spec).await
    }
}

/// A container that was built anew must have the data it is built for.
fn known_data(facts: &Facts, expected: &str, place: &str) -> Result<(), Refusal> {
    let lost = matches!(facts.data.content, Content::Missing | Content::Empty);
    let control = facts.control.as_ref().map(|control| control.system_identifier.to_string());
    let marker = facts.data.marker.as_ref().map(|marker| marker.system_identifier.clone());
    let is = control.or(marker);
    if !lost && is.as_deref().is_none_or(|is| is == expected) {
        return Ok(());
    }
    let found = match is {
        Some(is) if !lost => format!("is another database, with system identifier {is}"),
        _ => "is missing or empty".to_owned(),
    };
    Err(Refusal::new(
        "The data is not there",
        format!(
            "{place} in the container {found}; that of this instance is {expected}. An empty cluster in its place would hide the \
             loss. Bring the data back, or restore the instance from its archive as a new resource after `terraform state rm`."
        ),
    )
    .at(tf_framework::Path::root().attribute("data")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::facts::{Control, Data};

    #[test]
    fn data_that_is_known_must_be_there() {
        let facts = |content, id: Option<u64>| Facts {
            data: Data { content, ..Data::default() },
            control: id.map(|id| Control { system_identifier: id, ..Control::default() }),
            ..Facts::default()
        };
        let known = |facts| known_data(&facts, "7", "/data").is_ok();
        assert!(known(facts(Content::Cluster(15), Some(7))));
        // Without the programs of its version nothing is known but that it is there.
        assert!(known(facts(Content::Cluster(15), None)));
        assert!(!known(facts(Content::Cluster(15), Some(8))));
        assert!(!known(facts(Content::Missing, None)) && !known(facts(Content::Empty, None)));
    }
}
