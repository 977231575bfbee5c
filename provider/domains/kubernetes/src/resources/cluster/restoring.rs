//! The cluster's resource and restores: when one is run, and what becomes of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hosts::Connection;
use tf_framework::{Computed, Context, Diagnostic, Diagnostics, Path, PlanContext, Result, Value};
use transport_ssh::{Budget, Machine};

use super::ClusterKind;
use crate::Kubernetes;
use crate::client::budget;
use crate::errors::failure;
use crate::host::Run;
use crate::restore::in_place::{InPlace, noted};
use crate::restore::{Restore, Restored};
use crate::spec::ClusterSpec;

fn at(name: &str) -> Path {
    Path::root().attribute(name)
}

/// The epoch of a restore that is asked for, where that is known.
fn epoch(restore: &Value) -> Option<u64> {
    restore.get("epoch").and_then(Value::as_number).and_then(|number| number.to_string().parse().ok())
}

/// Plans that a restore will be run where its number rose.
pub(super) fn plan<R: ClusterKind>(cx: &mut PlanContext<R>) -> Result<()> {
    let restore = cx.planned_value().get("restore").cloned().unwrap_or(Value::Null);
    let last = cx.prior().and_then(|prior| {
        prior.clone().parts().restored.known().cloned().flatten().and_then(|last| last.epoch.known().copied())
    });
    let created = cx.prior().is_none();
    // Nodes whose cluster is lost may go when it is to come back.
    if let (Some(client), Some(spec)) = (cx.try_client(), cx.prior().and_then(R::known_spec)) {
        let gate = client.gates.of(R::DISTRIBUTION, &spec.name, spec.agents_at_once());
        gate.plan_restore(epoch(&restore).filter(|epoch| last.is_none_or(|last| *epoch > last)));
    }
    if restore.is_null() {
        return if created { cx.plan(&at("restored"), &Value::Null) } else { Ok(()) };
    }
    match (epoch(&restore), last) {
        (Some(epoch), Some(last)) if epoch == last => Ok(()),
        (Some(epoch), Some(last)) if epoch < last => {
            let detail = format!("Restore {last} was run already. Only a number above it is another one.");
            let path = at("restore").attribute("epoch");
            Err(Diagnostics::error_at(path, format!("{epoch} is no new restore"), detail))
        }
        _ => {
            if !created {
                let name = restore.get("snapshot").and_then(|it| it.get("name")).and_then(Value::as_str);
                let detail = format!(
                    "All its servers are stopped and set back to {}. What was written since then is lost.",
                    name.unwrap_or("the snapshot")
                );
                cx.warn(Diagnostic::warning("The cluster will be restored", detail).at(at("restore")));
            }
            cx.plan_unknown(&at("restored"))
        }
    }
}

/// What nodes need to know of a restore.
pub(super) fn spec_value(restore: Value) -> Value {
    let of = |name: &str| (name.to_owned(), restore.get(name).cloned().unwrap_or(Value::Null));
    if restore.is_null() || restore.is_unknown() {
        return restore;
    }
    Value::Object(BTreeMap::from([of("epoch"), of("snapshot")]))
}

fn machines(
    client: &Kubernetes,
    servers: &BTreeMap<String, Connection>,
    path: &Path,
) -> Result<BTreeMap<String, Machine>> {
    crate::snapshots::living::machines(client, servers, path)
}

/// Runs the restore that was planned.
pub(super) async fn settle<R: ClusterKind>(cx: &mut Context<R>, plan: &mut R) -> Result<()> {
    let spec = plan.known_spec();
    let parts = plan.parts();
    if parts.restored.known().is_some() {
        return Ok(());
    }
    let (Some(restore), Some(spec)) = (parts.restore.cloned(), spec) else {
        *parts.restored = Computed::Known(None);
        return Ok(());
    };
    let restored = Box::pin(run(cx, &restore, &spec, R::DISTRIBUTION)).await?;
    *plan.parts().restored = Computed::Known(Some(restored));
    Ok(())
}

async fn run<R: ClusterKind>(
    cx: &mut Context<R>,
    restore: &Restore,
    spec: &ClusterSpec,
    distribution: crate::Distribution,
) -> Result<Restored> {
    let client: Arc<Kubernetes> = cx.client()?;
    let servers = machines(&client, &spec.servers, &at("servers"))?;
    let none = BTreeMap::new();
    let given = restore.agents.as_ref().unwrap_or(&none);
    let agents = machines(&client, given, &at("restore").attribute("agents"))?;
    let gate = client.gates.of(distribution, &spec.name, spec.agents_at_once());
    gate.plan_restore(Some(restore.epoch));
    let _turn = gate.server().await;
    let Some(any) = servers.values().next().cloned() else {
        return Err(Diagnostics::error_at(at("servers"), "There are no servers", "Name at least one."));
    };
    let asked = InPlace {
        run: Run { machine: any, distribution, budget: budget(cx), client: Arc::clone(&client) },
        cluster: &spec.name,
        servers,
        agents,
        restore,
        usual: spec.etcd_snapshots.as_ref(),
    };
    let done = asked.run().await;
    let done = done.map_err(|error| failure(format!("The restore of {} failed", spec.name), &error))?;
    match done {
        Some(restored) => {
            let (summary, detail) = restored.told(&spec.name);
            cx.warn(Diagnostic::warning(summary, detail).at(at("restored")));
            Ok(restored)
        }
        None => {
            let detail = "None of its servers has data: the first node that is created is born from the snapshot. Where they \
                          have data and were only not reached, raise `epoch` when they are back.";
            cx.warn(Diagnostic::warning("The cluster waits for its first node", detail).at(at("restore")));
            Ok(Restored::waits(restore))
        }
    }
}

/// What became of a birth from a snapshot that was waited for: its node noted it.
pub(super) async fn look<R: ClusterKind>(cx: &mut Context<R>, mut state: R) -> R {
    let Some(spec) = state.known_spec() else { return state };
    let waits = state.parts().restored.known().cloned().flatten();
    let Some(waits) = waits.filter(|it| it.server.known().is_some_and(Option::is_none)) else { return state };
    let (Some(client), Some(epoch)) = (cx.try_client(), waits.epoch.known().copied()) else { return state };
    let budget: Budget = budget(cx).shortened(Duration::from_secs(15));
    let Ok(servers) = machines(&client, &spec.servers, &at("servers")) else { return state };
    if let Some(restored) = noted(&client, R::DISTRIBUTION, &servers, epoch, &budget).await {
        *state.parts().restored = Computed::Known(Some(restored));
    }
    state
}
