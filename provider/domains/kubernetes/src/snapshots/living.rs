//! Snapshots of a living cluster, by way of its servers.

use std::collections::BTreeMap;

use hosts::Connection;
use tf_framework::{Diagnostics, Path, Result};
use transport_ssh::{Budget, Machine, told};

use super::error::SnapshotError;
use super::listing::{Snapshot, sort};
use crate::api::{Access, Selector, kinds};
use crate::client::Kubernetes;
use crate::distribution::Distribution;

/// The servers of a cluster by name.
pub(crate) fn machines(
    client: &Kubernetes,
    servers: &BTreeMap<String, Connection>,
    path: &Path,
) -> Result<BTreeMap<String, Machine>> {
    let of = |(name, connection): (&String, &Connection)| {
        Ok((name.clone(), client.machine(connection, &path.clone().key(name))?))
    };
    servers.iter().map(of).collect()
}

/// The way through the first server whose API answers.
///
/// # Errors
/// None does: why, of each.
pub(crate) async fn any(
    machines: &BTreeMap<String, Machine>,
    distribution: Distribution,
    path: &Path,
    budget: &Budget,
) -> Result<(String, Access)> {
    let mut problems = Vec::new();
    for (name, machine) in machines {
        match answering(machine, distribution, budget).await {
            Ok(access) => return Ok((name.clone(), access)),
            Err(error) => problems.push(format!("- {name}: {}.", told(&error).trim_end_matches('.'))),
        }
    }
    let detail = format!("Asked one after the other:\n{}", problems.join("\n"));
    Err(Diagnostics::error_at(path.clone(), "No server of the cluster answers", detail))
}

/// The way through one server, whose API answers.
///
/// # Errors
/// It does not.
pub(crate) async fn answering(
    machine: &Machine,
    distribution: Distribution,
    budget: &Budget,
) -> Result<Access, SnapshotError> {
    let access = Access::open(machine, distribution, budget).await?;
    access.kube().livez(budget).await?;
    Ok(access)
}

/// All snapshots that the cluster knows of, the newest first.
///
/// # Errors
/// The API does not answer.
pub(crate) async fn list(
    access: &Access,
    distribution: Distribution,
    budget: &Budget,
) -> Result<Vec<Snapshot>, SnapshotError> {
    let objects = access.kube().list(&kinds::SNAPSHOT_FILE, None, &Selector::default(), budget).await?;
    let mut snapshots: Vec<Snapshot> =
        objects.iter().filter_map(|object| Snapshot::of(object, distribution)).collect();
    sort(&mut snapshots);
    Ok(snapshots)
}

/// Id of the cluster: the uid of its namespace `kube-system`.
///
/// # Errors
/// The API does not answer.
pub(crate) async fn cluster_id(access: &Access, budget: &Budget) -> Result<Option<String>, SnapshotError> {
    let system = access.kube().get(&kinds::NAMESPACE, None, "kube-system", budget).await?;
    Ok(system.map(|system| system.uid().to_owned()).filter(|uid| !uid.is_empty()))
}
