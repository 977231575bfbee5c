//! Looking at the resource: the container by the hypervisor, the instance in one round trip. Never waits.

use std::sync::Arc;

use hosts::containers::{ContainerLook, ContainerState, MountSource};
use tf_framework::{Computed, Context, Diagnostic, Result};

use super::inside::{self, node_machine};
use super::model::*;
use super::{GONE, STOPPED, UNMOUNTED, spec};
use crate::client::budget;
use crate::errors::chain;
use crate::instance::Run;
use crate::instance::facts::gather;
use crate::resources::face::{Face as _, observed};

/// The resource as it is. A container that is gone is not a database that is gone: the state stays, and the next apply
/// builds the container anew.
pub(super) async fn read(cx: &mut Context<PostgresqlLxc>, state: PostgresqlLxc) -> Result<PostgresqlLxc> {
    let Some(id) = cx.private.container.clone() else { return Ok(state) };
    let (client, budget) = (cx.client()?, budget(cx));
    let containers = client.containers()?;
    let mut seen = state.clone();
    let is = match containers.look(&state.name, &id, &budget).await? {
        ContainerLook::Here(is) => is,
        ContainerLook::Hidden(warning) => {
            cx.warn(spec::paths().relocated(warning));
            return Ok(state);
        }
        ContainerLook::Gone(why) => {
            cx.warn(why.unwrap_or_else(|| {
                Diagnostic::warning(
                    format!("Container {} of PostgreSQL {:?} is gone", id.vmid, state.name),
                    "It does not exist any more. The state keeps what is known of its data.",
                )
            }));
            cx.private.amiss = Some(GONE.to_owned());
            seen.running = Computed::Known(false);
            return Ok(seen);
        }
    };
    cx.private.container = Some(is.id.clone());
    cx.private.amiss = amiss(&state, &is).map(str::to_owned);
    spec::observe(&mut seen, &is);
    seen.running = Computed::Known(is.running && cx.private.amiss.is_none());
    if !is.running {
        return Ok(seen);
    }
    let node = node_machine(&client, &*containers, &state, &is.node, &budget).await?;
    let key = state.host_key.known().cloned().flatten();
    let spec = state.spec(Some(&state));
    let asked = async {
        let machine = inside::machine(&client, &node, &state, id.vmid, key.as_deref())?;
        let run = Run::new(machine, budget.clone(), Arc::clone(&client));
        gather(&run, &spec).await
    };
    match asked.await {
        Ok(facts) => {
            let facts = Arc::new(facts);
            client.note(&state.key(), &facts);
            return Ok(observed(&seen, &facts, &spec));
        }
        Err(error) => cx.warn(Diagnostic::warning(
            format!("PostgreSQL {:?} was not read", state.name),
            format!("{}. The state is kept as it was.", chain(&error)),
        )),
    }
    Ok(seen)
}

/// What is wrong with a container that the plan does not show by itself.
fn amiss(state: &PostgresqlLxc, is: &ContainerState) -> Option<&'static str> {
    let wanted = spec::spec_of(state, false).mounts;
    let mounted =
        wanted.iter().all(|(slot, mount)| match (is.is.mounts.get(slot).map(|m| &m.source), &mount.source) {
            (Some(MountSource::Directory { path, .. }), MountSource::Directory { path: wanted, .. }) => {
                path == wanted
            }
            (Some(MountSource::Volume { .. }), MountSource::Volume { .. }) => true,
            _ => false,
        });
    match (mounted, is.running) {
        (false, _) => Some(UNMOUNTED),
        (true, false) => Some(STOPPED),
        (true, true) => None,
    }
}
