//! `hybridops_postgresql_primary`.

use std::collections::BTreeMap;
use std::sync::Arc;

use tf_framework::{
    Computed, Context, DefaultTimeouts, Diagnostic, Diagnostics, Path, PlanContext, PlannedAction, Resource,
    Result, Timeouts,
};
use transport_ssh::Budget;

use crate::client::{Postgresql as Client, budget};
use crate::errors::{Error, Refusal, chain, failure};
use crate::replication::act::{Cluster, Outcome, role_of};
use crate::replication::lease::LeaseTerms;
use crate::replication::member::{Node, Place};
use crate::replication::model::{Lease, Login, Lost, Member, PrimaryStatus, Synchronous};
use crate::replication::plan::World;
use crate::store::{Effort, Files, Probe, Storage, Store};

/// Who is the primary of a cluster of PostgreSQL instances: the only thing that moves one.
///
/// The store holds an epoch, which only one member can hold, and which changes by conditional writes only. To move the
/// primary name another member and raise `epoch` by one. What happens then follows from what is found:
///
/// - the primary answers: a switchover. What it writes is seen to arrive on the standby, then it is stopped, the standby is
///   proven to have everything, and promoted; nothing is lost, or nothing is moved;
/// - it does not: a failover. It must be proven that its server does not run: by its machine, by stopping its container,
///   or because its lease has ended. Where its machine still answers, what it had not sent is carried from its disk to the
///   standby first, and nothing is lost. Otherwise what would be lost is estimated, and compared with the limits.
///
/// An old primary that comes back does not start as one. What it holds that the new one does not have is counted, kept in
/// the store, and given up only by `accept_loss` with that count; then it is turned back, and follows.
///
/// Nothing else moves a primary: no drift, no refresh, no second apply. An apply that was interrupted is finished by the
/// next one.
#[derive(Debug, Clone, Resource)]
#[resource(name = "postgresql_primary", subcategory = "PostgreSQL", version = 0)]
pub struct PostgresqlPrimary {
    /// Name of the cluster.
    #[attr(stable)]
    pub id: Computed<String>,
    /// Name of the cluster: in the epoch. It cannot be changed.
    #[attr(
        replace,
        validate(matches(r"^[a-z0-9]([a-z0-9-]{0,62})$", "a name of lower-case letters, digits and `-`"))
    )]
    pub name: String,
    /// The epoch. 1 to begin with; raised by exactly one to move the primary.
    #[attr(validate(range(1..)))]
    pub epoch: u64,
    /// The member that is primary in this epoch.
    pub primary: String,
    /// All members by name, which is that of their instance.
    #[attr(validate(items(1..)))]
    pub members: BTreeMap<String, Member>,
    /// Major version of PostgreSQL, the same on all members.
    #[attr(validate(range(13..=18)))]
    pub version: u32,
    /// Name of the cluster on the members' machines.
    #[attr(default = "main", validate(matches(r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$", "a cluster name")))]
    pub cluster: String,
    /// Port of the members.
    #[attr(default = 5432, validate(range(1..=65535)))]
    pub port: u16,
    /// Directory of the data on the members. `/var/lib/postgresql/<version>/<cluster>` unless set.
    pub data_directory: Option<String>,
    /// Where the epoch is. It must be a store whose conditional writes are atomic, which is tried when it is first used.
    pub storage: Storage,
    /// How members log in on one another.
    pub login: Login,
    /// A lease of the epoch. Without one a primary that cannot be reached is replaced only where its container can be
    /// stopped; and if somebody starts that container again, it starts as a primary.
    pub lease: Option<Lease>,
    /// When a commit waits for a standby.
    #[attr(default = Synchronous::Off)]
    pub synchronous: Synchronous,
    /// WAL that a primary keeps for a standby that is away, in MiB, for members that are not made by this provider. Those
    /// that are have a limit of their own (8 GB, or `postgresql.settings`). Beyond it the standby must be copied anew, but
    /// the primary's disk does not fill up. Never lowered below what is kept now.
    #[attr(validate(range(16..)))]
    pub max_slot_wal_keep_size: Option<i64>,
    /// Bytes by which a standby may be behind when it takes over from a primary that answers.
    #[attr(default = 67_108_864)]
    pub max_lag_bytes: u64,
    /// Bytes of WAL that may be lost when it takes over from one that is gone, as far as that is known. Not limited unless
    /// set.
    pub max_loss_bytes: Option<u64>,
    /// Seconds of work that may be lost then. Not limited unless set.
    pub max_loss_seconds: Option<u64>,
    /// The epoch, as text, for which a primary is promoted although it is not proven that the old one is gone. Kept in the
    /// epoch.
    pub accept_unfenced_promotion: Option<String>,
    /// Commits that are given up, by member: exactly the number that was counted.
    #[attr(default = [])]
    pub accept_loss: BTreeMap<String, u64>,
    /// What is still to be done, by a look at all members: empty when everything is as declared.
    #[attr(stable)]
    pub pending: Computed<Vec<String>>,
    /// What came of it.
    #[attr(stable)]
    pub status: Computed<PrimaryStatus>,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}

/// Seconds of a lease that is not said otherwise.
const LEASE: u64 = 60;

/// The shortest lease.
const SHORTEST: u64 = 12;

fn at(attribute: &str) -> Path {
    Path::root().attribute(attribute)
}

impl PostgresqlPrimary {
    /// The cluster as it is wished, and the way to it.
    fn cluster(&self, client: &Client, budget: Budget) -> Result<Cluster> {
        let place = Place {
            version: self.version,
            cluster: self.cluster.clone(),
            data: self
                .data_directory
                .clone()
                .unwrap_or_else(|| format!("/var/lib/postgresql/{}/{}", self.version, self.cluster)),
            port: self.port,
        };
        let mut nodes = BTreeMap::new();
        let mut vmids = BTreeMap::new();
        for (name, member) in &self.members {
            let path = at("members").key(name.clone()).attribute("machine");
            let machine = client.hosts.machine(&member.machine, &path)?;
            let address = member.address.clone().unwrap_or_else(|| member.machine.host.clone());
            let node = Node { name: name.clone(), machine, place: place.clone(), address };
            nodes.insert(name.clone(), node);
            if let Some(container) = &member.container {
                let host = container.name.clone().unwrap_or_else(|| name.clone());
                vmids.insert(name.clone(), (container.vmid, host));
            }
        }
        let containers = if vmids.is_empty() { None } else { Some(client.containers()?) };
        let lease = self.lease_terms()?;
        let store = self.store(client, &nodes)?;
        Ok(Cluster {
            name: self.name.clone(),
            epoch: self.epoch,
            primary: self.primary.clone(),
            nodes,
            vmids,
            containers,
            store,
            user: self.login.user.clone(),
            password: self.login.password.get().cloned(),
            password_version: self.login.password_version,
            lease,
            synchronous: self.synchronous,
            slot_limit: self.max_slot_wal_keep_size.unwrap_or(-1),
            max_lag: self.max_lag_bytes,
            max_loss_bytes: self.max_loss_bytes,
            max_loss_milliseconds: self
                .max_loss_seconds
                .map(|seconds| i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX)),
            accept_unfenced: self.accept_unfenced_promotion.as_ref().and_then(|epoch| epoch.parse().ok()),
            accept_loss: self.accept_loss.clone(),
            budget,
        })
    }

    fn store(&self, client: &Client, nodes: &BTreeMap<String, Node>) -> Result<Arc<dyn Store>> {
        // A directory is one that all members mount: it is read by way of the one that is to be primary.
        let files = match nodes.get(&self.primary) {
            Some(node) if self.storage.file.is_some() => Files::On(node.machine.clone()),
            _ => Files::Unknown,
        };
        client.stores.open(&self.storage, &files).map_err(|error| error.diagnostics(at("storage")))
    }

    fn lease_terms(&self) -> Result<Option<LeaseTerms>> {
        let Some(lease) = &self.lease else { return Ok(None) };
        let seconds = lease.duration.as_ref().map_or(LEASE, |duration| duration.length().as_secs());
        if seconds < SHORTEST {
            return Err(Diagnostics::error_at(
                at("lease").attribute("duration"),
                "The lease is too short",
                format!(
                    "{seconds} s leave no time to renew it and to stop a server: set {SHORTEST} s or more."
                ),
            ));
        }
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        LeaseTerms::new(seconds, &self.storage).map(Some).map_err(|error| {
            Diagnostics::error_at(at("lease"), "No lease can be kept in this store", format!("{error}."))
        })
    }

    fn lost(&self) -> BTreeMap<String, Lost> {
        self.status.known().map(|status| status.lost.clone()).unwrap_or_default()
    }

    /// As it is after a look.
    fn seen(mut self, world: &World, outcome: Outcome, pending: Vec<String>) -> Self {
        let before = self.status.known().cloned();
        let epoch = world.epoch.as_ref();
        let holder = world.seen().find(|(name, _)| epoch.is_some_and(|epoch| epoch.holder == **name));
        let server = holder.and_then(|(_, member)| member.server.as_ref());
        let timeline = server.map(|server| server.timeline).or_else(|| epoch.map(|epoch| epoch.timeline));
        let fork = holder.and_then(|(_, member)| member.parents.last().map(|(_, end)| end.to_string()));
        let roles: BTreeMap<String, String> = world
            .members
            .iter()
            .map(|(name, sight)| (name.clone(), role_of(name, sight, &outcome.lost)))
            .collect();
        let old =
            |outcome: Option<String>, kept: Option<String>| if outcome.is_some() { outcome } else { kept };
        // Figures of a move stay until the next one.
        let of_the_move = |now: Option<u64>, then: &dyn Fn(&PrimaryStatus) -> Option<u64>| {
            if outcome.moved { now } else { before.as_ref().and_then(then) }
        };
        let status = PrimaryStatus {
            holder: epoch.map(|epoch| epoch.holder.clone()).unwrap_or_default(),
            timeline: timeline.unwrap_or_default(),
            fork_lsn: fork.or_else(|| before.as_ref().and_then(|before| before.fork_lsn.clone())),
            fenced_by: old(outcome.fenced_by, before.as_ref().and_then(|before| before.fenced_by.clone())),
            estimated_loss_bytes: of_the_move(outcome.estimate, &|before| before.estimated_loss_bytes),
            handed_over_bytes: of_the_move(outcome.handed_over, &|before| before.handed_over_bytes),
            lost: outcome.lost,
            roles,
            cancelled_waits: world.seen().map(|(_, member)| member.cancelled).sum(),
            took_milliseconds: if outcome.moved {
                outcome.took
            } else {
                before.map(|before| before.took_milliseconds).unwrap_or_default()
            },
        };
        self.status = Computed::Known(status);
        self.pending = Computed::Known(pending);
        self.id = Computed::Known(self.name.clone());
        self
    }
}

impl Resource for PostgresqlPrimary {
    type Client = Client;
    type Private = ();
    const TIMEOUTS: DefaultTimeouts = DefaultTimeouts::USUAL;

    async fn modify_plan(cx: &mut PlanContext<Self>) -> Result<()> {
        if cx.action() == PlannedAction::Destroy {
            return Ok(());
        }
        let pending = cx.prior().and_then(|prior| prior.pending.known().cloned()).unwrap_or_default();
        if cx.action() == PlannedAction::Create || (!cx.has_changes() && pending.is_empty()) {
            return Ok(());
        }
        cx.plan_unknown(&at("pending"))?;
        cx.plan_unknown(&at("status"))?;
        refuse_at_plan(cx).await
    }

    async fn create(cx: &mut Context<Self>, plan: Self) -> Result<Self> {
        let client = cx.client()?;
        let cluster = plan.cluster(&client, budget(cx))?;
        probe(&*cluster.store, &cluster.budget).await?;
        apply(cx, plan, cluster, BTreeMap::new()).await
    }

    async fn read(cx: &mut Context<Self>, state: Self) -> Result<Option<Self>> {
        let client = cx.client()?;
        let mut cluster = state.cluster(&client, budget(cx))?;
        let lost = state.lost();
        let world = match cluster.look(&BTreeMap::new()).await {
            Ok(world) => world,
            Err(error) => {
                cx.warn(Diagnostic::warning(
                    format!("The primary of {:?} cannot be told", state.name),
                    format!("{}.\n\nThe state is kept as it is.", chain(&error)),
                ));
                return Ok(Some(state));
            }
        };
        // Whoever holds the epoch is told; what is declared is compared with that.
        let mut state = state;
        if let Some(epoch) = &world.epoch {
            state.epoch = epoch.epoch;
            state.primary.clone_from(&epoch.holder);
            (cluster.epoch, cluster.primary) = (epoch.epoch, epoch.holder.clone());
        }
        let pending = match cluster.forecast(&world, &lost) {
            Ok(steps) => steps.iter().map(|step| format!("{step:?}")).collect(),
            Err(refused) => vec![refused.to_string()],
        };
        Ok(Some(state.seen(&world, Outcome { lost, ..Outcome::default() }, pending)))
    }

    async fn update(cx: &mut Context<Self>, prior: Self, plan: Self) -> Result<Self> {
        let client = cx.client()?;
        let cluster = plan.cluster(&client, budget(cx))?;
        if prior.storage != plan.storage {
            probe(&*cluster.store, &cluster.budget).await?;
        }
        let lost = prior.lost();
        let mut plan = plan;
        if plan.status.known().is_none() {
            plan.status = prior.status;
        }
        apply(cx, plan, cluster, lost).await
    }

    async fn delete(_: &mut Context<Self>, _: Self) -> Result<()> {
        // The members go on as they are, and so does the epoch: who forgets who is primary must not stop it.
        Ok(())
    }
}

async fn apply(
    cx: &mut Context<PostgresqlPrimary>,
    plan: PostgresqlPrimary,
    cluster: Cluster,
    lost: BTreeMap<String, Lost>,
) -> Result<PostgresqlPrimary> {
    let what = format!("Making {:?} the primary of {:?} failed", plan.primary, plan.name);
    let (world, outcome) = Box::pin(cluster.converge(&lost)).await.map_err(|error| failure(what, error))?;
    for warning in &outcome.warnings {
        cx.warn(warning.clone());
    }
    Ok(plan.seen(&world, outcome, Vec::new()))
}

/// Tries whether the store's conditional writes are atomic, unless that was tried before.
async fn probe(store: &dyn Store, budget: &Budget) -> Result<()> {
    let failed = |error: crate::store::StoreError| {
        Diagnostics::error_at(
            at("storage"),
            "The store of the epoch cannot be used",
            format!("{}.", chain(&error)),
        )
    };
    let probe = match Probe::last(store, budget).await.map_err(failed)? {
        Some(probe) => probe,
        None => Probe::run(store, Effort::default(), budget).await.map_err(failed)?,
    };
    if probe.atomic {
        return Ok(());
    }
    Err(Diagnostics::error_at(
        at("storage"),
        "This store cannot hold the epoch",
        format!(
            "{}: two members could both believe that they hold it. Use another store for the epoch; backups may stay where they \
             are.",
            probe.why()
        ),
    ))
}

/// Refuses at plan what would be refused at apply, where everything can be looked at.
async fn refuse_at_plan(cx: &PlanContext<PostgresqlPrimary>) -> Result<()> {
    let (Some(client), Ok(planned)) = (cx.try_client(), known(cx)) else { return Ok(()) };
    let Some(planned) = planned else { return Ok(()) };
    let lost = cx.prior().map(PostgresqlPrimary::lost).unwrap_or_default();
    let cluster = planned.cluster(&client, budget(cx))?;
    let Ok(world) = cluster.look(&BTreeMap::new()).await else { return Ok(()) };
    match cluster.forecast(&world, &lost) {
        Ok(_) => Ok(()),
        Err(refused) => Err(failure("", Error::from(Refusal::from(refused)))),
    }
}

/// The planned object, where everything that is declared is known.
fn known(cx: &PlanContext<PostgresqlPrimary>) -> Result<Option<PostgresqlPrimary>> {
    use tf_framework::Model as _;
    let mut value = cx.planned_value().clone();
    for computed in ["id", "pending", "status"] {
        value.set_at(&at(computed), tf_framework::Value::Null).ok();
    }
    if !value.is_wholly_known() {
        return Ok(None);
    }
    Ok(PostgresqlPrimary::from_object(cx.planned_value().clone()).ok())
}
