//! The cluster's resource and rotation: what a number that changed asks for.

use std::collections::BTreeMap;
use std::sync::Arc;

use tf_framework::{Context, Diagnostic, Path, PlanContext, Result, Value};
use transport_ssh::Secret;

use super::ClusterKind;
use crate::Kubernetes;
use crate::client::budget;
use crate::errors::failure;
use crate::host::Run;
use crate::rotation::{Keys, Kind, Rotation, Tokens};
use crate::snapshots::living::machines;

/// The numbers that concern the nodes.
const OF_NODES: [&str; 3] = ["token_version", "agent_token_version", "certificates"];

/// What nodes need to know of rotation: nothing where nothing of it concerns them.
pub(super) fn spec_value(rotation: &Value) -> Value {
    if rotation.is_null() || rotation.is_unknown() {
        return rotation.clone();
    }
    let of = |name: &&str| ((*name).to_owned(), rotation.get(name).cloned().unwrap_or(Value::Null));
    let numbers: BTreeMap<String, Value> = OF_NODES.iter().map(of).collect();
    if numbers.values().all(Value::is_null) { Value::Null } else { Value::Object(numbers) }
}

/// Says what a rotation of the token costs.
pub(super) fn plan<R: ClusterKind>(cx: &mut PlanContext<R>) {
    let Some(prior) = cx.prior() else { return };
    let number = |name: &str, rotation: Option<&Value>| {
        rotation.and_then(|it| it.get(name)).cloned().unwrap_or(Value::Null)
    };
    let before = prior.to_object();
    let planned = number("token_version", cx.planned_value().get("rotation"));
    if planned.is_null() || planned == number("token_version", before.get("rotation")) {
        return;
    }
    let detail = "Snapshots from before are encrypted with the token from before, and nothing else opens them: keep it as long as \
                  you keep them. One is taken first. Servers are restarted one by one, then agents; the nodes' `token` has to be \
                  the new one from now on.";
    let at = Path::root().attribute("rotation").attribute("token_version");
    cx.warn(Diagnostic::warning("The token of the cluster is rotated", detail).at(at));
}

/// Rotates what has another number than before.
pub(super) async fn settle<R: ClusterKind>(cx: &mut Context<R>, mut prior: R, plan: &R) -> Result<()> {
    let before = prior.parts().rotation.cloned().unwrap_or_default();
    let mut plan = plan.clone();
    let spec = plan.known_spec();
    let (Some(now), Some(spec)) = (plan.parts().rotation.cloned(), spec) else { return Ok(()) };
    let due = |number: fn(&Rotation) -> Option<u64>| number(&now).filter(|it| number(&before) != Some(*it));
    let (keys, servers_token, agents_token) =
        (due(|it| it.encryption_keys), due(|it| it.token_version), due(|it| it.agent_token_version));
    if keys.or(servers_token).or(agents_token).is_none() {
        return Ok(());
    }
    let client: Arc<Kubernetes> = cx.client()?;
    let servers = machines(&client, &spec.servers, &Path::root().attribute("servers"))?;
    let Some(machine) = servers.values().next().cloned() else { return Ok(()) };
    let gate = client.gates.of(R::DISTRIBUTION, &spec.name, spec.agents_at_once());
    let _turn = gate.server().await;
    let run = Run { machine, distribution: R::DISTRIBUTION, budget: budget(cx), client: Arc::clone(&client) };
    if let Some(number) = keys {
        let rotation = Keys { run: run.clone(), servers: &servers, number };
        rotation.run().await.map_err(|error| {
            failure(format!("The rotation of the encryption keys of {} failed", spec.name), &error)
        })?;
    }
    let tokens = [
        (Kind::Servers, servers_token, now.token.get()),
        (Kind::Agents, agents_token, now.agent_token.get()),
    ];
    for (kind, number, given) in tokens {
        let Some(number) = number else { continue };
        let given = given.map(|given| Secret::new(given.trim()));
        let rotation = Tokens { run: run.clone(), servers: &servers, kind, number, given };
        let what = match kind {
            Kind::Servers => "token",
            Kind::Agents => "token of agents",
        };
        rotation.run().await.map_err(|error| {
            failure(format!("The rotation of the {what} of {} failed", spec.name), &error)
        })?;
    }
    Ok(())
}
