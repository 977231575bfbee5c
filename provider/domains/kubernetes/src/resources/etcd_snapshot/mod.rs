//! `hybridops_rke2_etcd_snapshot` and `hybridops_k3s_etcd_snapshot`.

mod model;

use std::time::Duration;

use tf_framework::{Computed, Context, Diagnostic, Diagnostics, Path, Resource, Result};
use time::OffsetDateTime;
use transport_ssh::Budget;

pub use model::{K3sEtcdSnapshot, Rke2EtcdSnapshot};
use model::{SnapshotResource, Taken};

use crate::api::{Access, SnapshotRequest};
use crate::client::{Kubernetes, budget};
use crate::distribution::Distribution;
use crate::snapshots::error::SnapshotError;
use crate::snapshots::listing::{Snapshot, rfc3339};
use crate::snapshots::{SnapshotName, living};

/// How long a cluster takes at most to tell of a snapshot, or of one that is gone.
const TOLD: Duration = Duration::from_secs(120);
/// How old a snapshot of the same name may be to be the one of an apply that was killed, in seconds.
const SAME_APPLY: i64 = 900;

fn servers() -> Path {
    Path::root().attribute("servers")
}

/// Everything both resources do.
struct Doing<'a> {
    client: &'a Kubernetes,
    distribution: Distribution,
    budget: Budget,
}

impl Doing<'_> {
    async fn access(&self, taken: &Taken, wanted: Option<&str>) -> Result<(String, Access)> {
        let mut machines = living::machines(self.client, &taken.servers, &servers())?;
        if let Some(name) = wanted {
            if !machines.contains_key(name) {
                let known: Vec<&str> = taken.servers.keys().map(String::as_str).collect();
                let detail = format!("`servers` names {}, not {name}.", known.join(", "));
                return Err(Diagnostics::error_at(
                    Path::root().attribute("server"),
                    "There is no such server",
                    detail,
                ));
            }
            machines.retain(|server, _| server == name);
        }
        living::any(&machines, self.distribution, &servers(), &self.budget).await
    }

    async fn take(&self, taken: Taken) -> Result<Taken> {
        let wanted = taken.server.known().cloned();
        let (server, access) = self.access(&taken, wanted.as_deref()).await?;
        let failed = |error: SnapshotError| {
            let path = Path::root().attribute("name");
            error.diagnostics(&format!("The snapshot {:?} could not be taken", taken.name), path)
        };
        let before = living::list(&access, self.distribution, &self.budget).await.map_err(failed)?;
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let same = |snapshot: &&Snapshot| {
            let name = snapshot.name.parse::<SnapshotName>();
            name.is_ok_and(|name| name.is_of(&taken.name, &server))
                && snapshot.at > now - SAME_APPLY
                && snapshot.error.is_none()
        };
        let file = match before.iter().find(same) {
            Some(there) => {
                tracing::info!(file = %there.name, "an apply that did not end took it");
                there.name.clone()
            }
            None => {
                let done =
                    access.supervisor().snapshot(&SnapshotRequest::save(&taken.name), &self.budget).await;
                let done = done.map_err(|error| failed(error.into()))?;
                let own = |name: &&String| {
                    name.parse::<SnapshotName>().is_ok_and(|name| name.is_of(&taken.name, &server))
                };
                let file = done.created.iter().find(own).or(done.created.first()).cloned();
                file.ok_or_else(|| {
                    let detail = "The server answered that it made none. Its log says why.";
                    Diagnostics::error("No snapshot was taken", detail)
                })?
            }
        };
        let found = self.told(&access, &file).await.map_err(failed)?;
        if let Some(error) = found.iter().find_map(|snapshot| snapshot.error.as_ref()) {
            let detail = format!("The server says of {file}: {error}.");
            return Err(Diagnostics::error("The snapshot is not what it should be", detail));
        }
        let mut taken = taken;
        taken.server = Computed::Known(server);
        Ok(Self::seen(taken, &file, &found))
    }

    /// What the cluster says of a new snapshot, once it says anything.
    async fn told(&self, access: &Access, file: &str) -> Result<Vec<Snapshot>, SnapshotError> {
        let budget = self.budget.shortened(TOLD);
        loop {
            let all = living::list(access, self.distribution, &budget).await?;
            let found: Vec<Snapshot> = all.into_iter().filter(|snapshot| snapshot.name == file).collect();
            if !found.is_empty() {
                return Ok(found);
            }
            budget.sleep(Duration::from_secs(1), || format!("the cluster to tell of {file}")).await?;
        }
    }

    fn seen(mut taken: Taken, file: &str, found: &[Snapshot]) -> Taken {
        let mut locations: Vec<String> = found.iter().map(|snapshot| snapshot.location.clone()).collect();
        locations.sort();
        let at = found.iter().map(|snapshot| snapshot.at).min().unwrap_or_default();
        taken.id = Computed::Known(file.to_owned());
        taken.file = Computed::Known(file.to_owned());
        taken.locations = Computed::Known(locations);
        taken.taken_at = Computed::Known(rfc3339(at));
        taken.size = Computed::Known(found.iter().map(|snapshot| snapshot.size).max().unwrap_or_default());
        taken.token_hash = Computed::Known(found.iter().find_map(|snapshot| snapshot.token_hash.clone()));
        taken
    }

    async fn look(&self, taken: Taken) -> Result<(Option<Taken>, Option<Diagnostic>)> {
        let Some(file) = taken.file.known().cloned() else { return Ok((None, None)) };
        let (_, access) = match self.access(&taken, None).await {
            Ok(found) => found,
            // A cluster that is down has lost no snapshot: nothing is known, and nothing is forgotten.
            Err(problems) => {
                let detail = format!("What is known of {file} is left as it was. {problems}");
                return Ok((
                    Some(taken),
                    Some(Diagnostic::warning("The snapshot could not be looked at", detail)),
                ));
            }
        };
        let all = living::list(&access, self.distribution, &self.budget).await.map_err(|error| {
            error.diagnostics(&format!("The snapshot {file} could not be looked at"), servers())
        })?;
        let found: Vec<Snapshot> = all.into_iter().filter(|snapshot| snapshot.name == file).collect();
        if found.is_empty() {
            return Ok((None, None));
        }
        Ok((Some(Self::seen(taken, &file, &found)), None))
    }

    async fn remove(&self, taken: Taken) -> Result<()> {
        let Some(file) = taken.file.known().cloned() else { return Ok(()) };
        // Only the server that took it can delete the file; where that is gone the file went with it.
        let its = taken.server.known().filter(|server| taken.servers.contains_key(*server)).cloned();
        let (_, access) = self.access(&taken, its.as_deref()).await?;
        remove(&access, self.distribution, &file, &self.budget).await.map_err(|error| {
            error.diagnostics(&format!("The snapshot {file} could not be deleted"), servers())
        })
    }
}

/// Deletes a snapshot wherever the cluster has it, and waits until it says so.
///
/// # Errors
/// It is still there in the end.
pub(crate) async fn remove(
    access: &Access,
    distribution: Distribution,
    file: &str,
    budget: &Budget,
) -> Result<(), SnapshotError> {
    let budget = budget.shortened(TOLD);
    let there = |all: Vec<Snapshot>| all.iter().any(|snapshot| snapshot.name == file);
    if !there(living::list(access, distribution, &budget).await?) {
        return Ok(());
    }
    access.supervisor().snapshot(&SnapshotRequest::delete(vec![file.to_owned()]), &budget).await?;
    while there(living::list(access, distribution, &budget).await?) {
        budget.sleep(Duration::from_secs(1), || format!("{file} to be gone")).await?;
    }
    Ok(())
}

macro_rules! resource {
    ($name:ident) => {
        impl Resource for $name {
            type Client = Kubernetes;
            type Private = ();

            async fn create(cx: &mut Context<Self>, plan: Self) -> Result<Self> {
                let client = cx.client()?;
                let doing = Doing { client: &client, distribution: Self::DISTRIBUTION, budget: budget(cx) };
                doing.take(plan.taken()).await.map(Self::of)
            }

            async fn read(cx: &mut Context<Self>, state: Self) -> Result<Option<Self>> {
                let client = cx.client()?;
                let budget = budget(cx).shortened(Duration::from_secs(30));
                let doing = Doing { client: &client, distribution: Self::DISTRIBUTION, budget };
                let (found, warning) = doing.look(state.taken()).await?;
                warning.into_iter().for_each(|warning| cx.warn(warning));
                Ok(found.map(Self::of))
            }

            async fn update(_: &mut Context<Self>, _: Self, plan: Self) -> Result<Self> {
                // How the servers are reached: nothing of the snapshot.
                Ok(plan)
            }

            async fn delete(cx: &mut Context<Self>, state: Self) -> Result<()> {
                let client = cx.client()?;
                let doing = Doing { client: &client, distribution: Self::DISTRIBUTION, budget: budget(cx) };
                doing.remove(state.taken()).await
            }
        }
    };
}
resource!(Rke2EtcdSnapshot);
resource!(K3sEtcdSnapshot);
