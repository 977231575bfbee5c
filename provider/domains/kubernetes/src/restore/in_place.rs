//! A restore of a cluster whose servers are there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::future::{join_all, try_join_all};
use tf_framework::{Computed, Path};
use time::OffsetDateTime;
use transport_ssh::{Budget, Machine, Secret};

use super::cluster::{Voters, address, forget_password, let_in, remove, stale, up};
use super::model::{Restore, Restored};
use super::plan::{Next, Note, Plan, Step, next, remaining};
use super::server::{Look, Server};
use super::source::{Found, Places, find};
use crate::api::{Access, SnapshotRequest};
use crate::distribution::Distribution;
use crate::errors::{Error, Refusal, chain};
use crate::host::Run;
use crate::host::lease::{drop_lease, take_lease};
use crate::resources::Role;
use crate::snapshots::file::{Expected, TokenHash};
use crate::snapshots::listing::rfc3339;
use crate::snapshots::living;
use crate::spec::EtcdSnapshots;

/// How much more room than the snapshot takes the first server must have.
const ROOM: u64 = 3;

/// A restore of a cluster.
pub(crate) struct InPlace<'a> {
    /// The way to one of the servers, without the machine: what all of them share.
    pub(crate) run: Run,
    /// Name of the cluster.
    pub(crate) cluster: &'a str,
    /// Its servers by name.
    pub(crate) servers: BTreeMap<String, Machine>,
    /// Agents that are restarted.
    pub(crate) agents: BTreeMap<String, Machine>,
    /// What is asked for.
    pub(crate) restore: &'a Restore,
    /// Snapshots that the servers take.
    pub(crate) usual: Option<&'a EtcdSnapshots>,
}

/// A restore that is being done.
struct Doing<'a> {
    asked: &'a InPlace<'a>,
    servers: BTreeMap<String, Server>,
    plan: Plan,
    token: Option<Secret>,
    found: Option<Found>,
}

fn at(name: &str) -> Path {
    Path::root().attribute("restore").attribute(name)
}

impl InPlace<'_> {
    fn distribution(&self) -> Distribution {
        self.run.distribution
    }

    fn server(&self, name: &str, machine: &Machine) -> Server {
        Server { name: name.to_owned(), run: Run { machine: machine.clone(), ..self.run.clone() } }
    }

    /// Does it, or goes on with it, or answers what it came to when it has ended already. Nothing where no server has data:
    /// then the first node is born from the snapshot.
    ///
    /// # Errors
    /// It must not be done, or could not be.
    pub(crate) async fn run(&self) -> Result<Option<Restored>, Error> {
        let servers: BTreeMap<String, Server> =
            self.servers.iter().map(|(name, machine)| (name.clone(), self.server(name, machine))).collect();
        let Some(looks) = self.look(&servers).await? else { return Ok(None) };
        if looks.values().all(|look| !look.data && look.note.plan.is_empty()) {
            return Ok(None);
        }
        let first = self.first(&servers)?;
        let others = servers.keys().filter(|name| **name != first).cloned().collect();
        let snapshot = self.restore.snapshot.name.clone();
        let plan =
            Plan { cluster: self.cluster.to_owned(), epoch: self.restore.epoch, snapshot, first, others };
        let notes: Vec<(String, Note)> =
            looks.iter().map(|(name, look)| (name.clone(), look.note.clone())).collect();
        // The newest one is another every hour: what was found when it began is what it goes on with.
        let noted =
            |note: &Note| note.epoch == plan.epoch && note.first == plan.first && !note.snapshot.is_empty();
        let plan = match notes.iter().find(|(_, note)| noted(note)) {
            Some((_, note)) if plan.snapshot == super::source::LATEST => {
                Plan { snapshot: note.snapshot.clone(), ..plan }
            }
            _ => plan,
        };
        let mut doing = Doing { asked: self, servers, plan, token: None, found: None };
        match next(&doing.plan, &notes) {
            Next::Ended(note) => Ok(Some(told(&note))),
            Next::Other(note) => Err(Refusal::new(
                "Another restore is under way",
                format!(
                    "Number {}, of {} onto {}: its servers may have no data yet. Ask for that one again and let it end.",
                    note.epoch, note.snapshot, note.first
                ),
            )
            .at(at("epoch"))
            .into()),
            Next::Resume(note) => doing.go_on(note, &looks).await.map(Some),
            Next::Begin => doing.begin(&looks).await.map(Some),
        }
    }

    /// Looks at all servers; nothing where none is there yet.
    async fn look(
        &self,
        servers: &BTreeMap<String, Server>,
    ) -> Result<Option<BTreeMap<String, Look>>, Error> {
        let looked = join_all(servers.values().map(Server::look)).await;
        let mut looks = BTreeMap::new();
        let mut problems = Vec::new();
        for (name, look) in servers.keys().zip(looked) {
            match look {
                Ok(look) => drop(looks.insert(name.clone(), look)),
                Err(error) => problems.push(format!("- {name}: {}.", chain(&error))),
            }
        }
        if looks.is_empty() {
            // New ones are not there before the cluster is.
            return Ok(None);
        }
        if problems.is_empty() {
            return Ok(Some(looks));
        }
        let detail = format!(
            "{}\n\nA server that is not reached may still run with what it has, beside the one that is restored. If it is \
             gone for good, take it out of `servers` first. Nothing was stopped or changed.",
            problems.join("\n")
        );
        Err(Refusal::new("Not every server is reached", detail).at(Path::root().attribute("servers")).into())
    }

    fn first(&self, servers: &BTreeMap<String, Server>) -> Result<String, Error> {
        match &self.restore.server {
            Some(name) if !servers.contains_key(name) => {
                let known: Vec<&str> = servers.keys().map(String::as_str).collect();
                let detail = format!("`servers` names {}, not {name}.", known.join(", "));
                Err(Refusal::new("There is no such server", detail).at(at("server")).into())
            }
            Some(name) => Ok(name.clone()),
            None => {
                servers.keys().next().cloned().ok_or_else(|| Refusal::new("There are no servers", "").into())
            }
        }
    }
}

impl Doing<'_> {
    fn first(&self) -> Result<&Server, Error> {
        self.server(&self.plan.first)
    }

    fn server(&self, name: &str) -> Result<&Server, Error> {
        self.servers.get(name).ok_or_else(|| Refusal::new("There is no such server", name.to_owned()).into())
    }

    fn say(&self, what: &str) {
        tracing::info!(cluster = %self.plan.cluster, epoch = self.plan.epoch, "restore: {what}");
    }

    async fn begin(&mut self, looks: &BTreeMap<String, Look>) -> Result<Restored, Error> {
        for server in self.servers.values() {
            take_lease(&server.run).await?;
        }
        let found = self.prove(looks).await?;
        let room = looks.get(&self.plan.first).map_or(0, |look| look.free.saturating_mul(1024));
        if room < found.size.saturating_mul(ROOM) {
            let detail = format!(
                "{} has {} MiB, and {} times the snapshot's {} MiB are needed. Nothing was stopped or changed.",
                self.plan.first,
                room >> 20,
                ROOM,
                (found.size >> 20) + 1
            );
            return Err(Refusal::new("There is no room for the restore", detail).at(at("server")).into());
        }
        self.plan.snapshot = found.name.to_string();
        let begun = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
        let note = Note {
            plan: self.plan.hash(),
            epoch: self.plan.epoch,
            snapshot: self.plan.snapshot.clone(),
            first: self.plan.first.clone(),
            begun: u64::try_from(begun).unwrap_or_default(),
            taken: found.name.at(),
            cluster_id: found.proof.cluster_id.clone(),
            version: found.proof.version.clone(),
            objects: found.proof.objects,
            unproven: found.proof.unproven.clone(),
            ..Note::default()
        };
        self.found = Some(found);
        // The first one comes first: the others' notes only say that theirs is not to be touched.
        self.first()?.note(&note).await?;
        for name in &self.plan.others {
            self.server(name)?.note(&note).await?;
        }
        self.steps(note).await
    }

    async fn go_on(&mut self, note: Note, looks: &BTreeMap<String, Look>) -> Result<Restored, Error> {
        self.say("goes on where it was");
        for server in self.servers.values() {
            take_lease(&server.run).await?;
        }
        if !note.done.contains(&Step::Stage.to_string()) {
            self.found = Some(self.prove(looks).await?);
        } else {
            self.token = self.token().await?;
        }
        for name in &self.plan.others {
            self.server(name)?.note(&note).await?;
        }
        self.steps(note).await
    }

    /// The token that the servers start with.
    async fn token(&self) -> Result<Option<Secret>, Error> {
        if let Some(given) = self.asked.restore.token.get() {
            return Ok(Some(Secret::new(given.clone())));
        }
        for server in self.servers.values() {
            if let Some(token) = server.token().await? {
                return Ok(Some(token));
            }
        }
        Ok(None)
    }

    /// Proves the snapshot before anything is stopped for it.
    async fn prove(&mut self, looks: &BTreeMap<String, Look>) -> Result<Found, Error> {
        self.token = self.token().await?;
        let Some(token) = self.token.clone() else {
            let detail =
                "No server has a token any more. Set it as `token`: without it no snapshot can be opened.";
            return Err(Refusal::new("The token is not known", detail).at(at("token")).into());
        };
        let run = &self.asked.run;
        let expected = Expected {
            token: Some(token.clone()),
            cluster_id: self.cluster_id(looks).await,
            version: looks.get(&self.plan.first).and_then(|look| look.version.clone()),
        };
        let places = Places {
            distribution: run.distribution,
            servers: &self.asked.servers,
            usual: self.asked.usual,
            credentials: &run.client.credentials,
            path: at("snapshot"),
            otherwise: "Nothing was stopped or changed.",
        };
        let say = |text: String| tracing::info!("{text}");
        let found = find(&self.asked.restore.snapshot, &places, expected, &say, &run.budget).await?;
        self.same_token(&token).await?;
        Ok(found)
    }

    /// Refuses a token that the servers would not start with afterwards.
    async fn same_token(&self, token: &Secret) -> Result<(), Error> {
        let Some(running) = self.first()?.token().await? else { return Ok(()) };
        let (given, running) = (TokenHash::of(token), TokenHash::of(&running));
        if given == running {
            return Ok(());
        }
        let detail = format!(
            "The snapshot opens with the token whose hash is {given}, and {} runs with the one whose hash is {running}: it \
             could not read its own database after the restore. Restore onto new machines whose nodes are given the old \
             token, and rotate it there. Nothing was stopped or changed.",
            self.plan.first
        );
        Err(Refusal::new("The servers run with another token", detail).at(at("token")).into())
    }

    /// Id of the cluster: as it was said, as it says itself, or as its servers noted it.
    async fn cluster_id(&self, looks: &BTreeMap<String, Look>) -> Option<String> {
        if let Some(given) = &self.asked.restore.snapshot.cluster_id {
            return Some(given.clone());
        }
        let run = &self.asked.run;
        let budget = run.budget.shortened(Duration::from_secs(15));
        for (name, server) in &self.servers {
            if !looks.get(name).is_some_and(|look| look.runs) {
                continue;
            }
            let access = living::answering(&server.run.machine, run.distribution, &budget).await;
            if let Ok(access) = access
                && let Ok(Some(id)) = living::cluster_id(&access, &budget).await
            {
                return Some(id);
            }
        }
        looks.values().find_map(|look| look.cluster_id.clone())
    }

    async fn steps(&mut self, mut note: Note) -> Result<Restored, Error> {
        for step in remaining(&self.plan, &note) {
            self.say(&step.to_string());
            for server in self.servers.values() {
                take_lease(&server.run).await?;
            }
            self.act(&step, &mut note).await?;
            note.done.push(step.to_string());
            self.first()?.note(&note).await?;
        }
        note.ended = true;
        for name in &self.plan.others {
            self.server(name)?.note(&note).await?;
        }
        self.first()?.note(&note).await?;
        for server in self.servers.values() {
            drop_lease(&server.run).await?;
        }
        Ok(told(&note))
    }

    async fn act(&self, step: &Step, note: &mut Note) -> Result<(), Error> {
        match step {
            Step::Stage => match &self.found {
                Some(found) => self.first()?.stage(&self.plan.snapshot, &found.file).await,
                None => Err(Refusal::new("The snapshot is not here", "Apply again.").into()),
            },
            Step::Freeze => try_join_all(self.servers.values().map(Server::freeze)).await.map(drop),
            Step::Stop => try_join_all(self.servers.values().map(Server::stop)).await.map(drop),
            Step::Reset => {
                self.first()?.reset(&self.plan, self.asked.restore.token.get().and(self.token.as_ref())).await
            }
            Step::Start => self.start(note).await,
            Step::Admit(name) => self.admit(name, note).await,
            Step::Agents => self.agents(note).await,
            Step::Tidy => self.tidy(note).await,
            Step::Snapshot => self.snapshot(note).await,
            Step::Clear => try_join_all(self.servers.values().map(Server::clear)).await.map(drop),
        }
    }

    async fn start(&self, note: &mut Note) -> Result<(), Error> {
        let first = self.first()?;
        first.start(None).await?;
        let_in(first).await?;
        up(first, &Voters::Exactly(&BTreeSet::from([first.name.as_str()]))).await?;
        note.rto = Some(since(note.begun));
        Ok(())
    }

    /// Servers that are members before `name` joins, and itself.
    fn members(&self, name: &str) -> BTreeSet<&str> {
        let before = self.plan.others.iter().take_while(|other| other.as_str() != name);
        before.map(String::as_str).chain([self.plan.first.as_str()]).collect()
    }

    async fn access(&self) -> Result<Access, Error> {
        let first = self.first()?;
        Ok(Access::open(&first.run.machine, first.run.distribution, &first.run.budget).await?)
    }

    async fn admit(&self, name: &str, note: &mut Note) -> Result<(), Error> {
        let (first, server) = (self.first()?, self.server(name)?);
        let distribution = self.asked.distribution();
        let mut members = self.members(name);
        // Where an earlier run was killed it may have joined already.
        let access = up(first, &Voters::AtLeast(&members)).await?;
        let node = access.kube().node(&first.name, &first.run.budget).await?;
        let address = node.as_ref().and_then(address).ok_or_else(|| Error::Answer {
            machine: first.run.machine.name().to_owned(),
            problem: format!("the node {} has no address", first.name),
        })?;
        let host = if address.contains(':') { format!("[{address}]") } else { address };
        server.aside().await?;
        forget_password(&access, distribution, name, &first.run.budget).await?;
        server.start(Some(&format!("https://{host}:{}", distribution.supervisor_port()))).await?;
        members.insert(&server.name);
        up(server, &Voters::AtLeast(&members)).await?;
        if self.plan.others.last().is_some_and(|last| last == name) {
            note.total = Some(since(note.begun));
        }
        Ok(())
    }

    async fn agents(&self, note: &mut Note) -> Result<(), Error> {
        note.total = note.total.or(Some(since(note.begun)));
        let unit = self.asked.distribution().unit(Role::Agent);
        for (name, machine) in &self.asked.agents {
            let run = Run { machine: machine.clone(), ..self.asked.run.clone() };
            let script = r#"systemctl reset-failed "$1" 2>/dev/null; exec systemctl restart --no-block "$1""#;
            run.script(&format!("restarting the agent {name}"), script, &[unit]).await?;
        }
        Ok(())
    }

    async fn tidy(&self, note: &mut Note) -> Result<(), Error> {
        let access = self.access().await?;
        let budget = &self.asked.run.budget;
        let begun = i64::try_from(note.begun / 1000).unwrap_or_default();
        let servers = self.plan.servers().map(String::as_str).collect();
        let settle = Duration::from_secs(self.asked.restore.settle_seconds);
        let stale = stale(&access, &servers, begun, settle, budget).await?;
        if self.asked.restore.remove_stale_nodes {
            remove(&access, self.asked.distribution(), &stale, budget).await?;
            note.removed = stale;
        }
        Ok(())
    }

    async fn snapshot(&self, note: &mut Note) -> Result<(), Error> {
        let name = format!("restored-{}", self.plan.epoch);
        let access = self.access().await?;
        let done = access.supervisor().snapshot(&SnapshotRequest::save(name), &self.asked.run.budget).await?;
        note.fresh = done.created.into_iter().next();
        if let Some(id) = &note.cluster_id {
            for server in self.servers.values() {
                let script = r#"umask 077; printf '%s\n' "$2" >"$1/cluster-id""#;
                let arguments = [self.asked.distribution().journal_dir(), id.as_str()];
                server.run.script("noting the id of the cluster", script, &arguments).await?;
            }
        }
        Ok(())
    }
}

/// What a restore came to, by the notes of the servers that are reached.
pub(crate) async fn noted(
    client: &std::sync::Arc<crate::Kubernetes>,
    distribution: Distribution,
    servers: &BTreeMap<String, Machine>,
    epoch: u64,
    budget: &Budget,
) -> Option<Restored> {
    let run = |machine: &Machine| Run {
        machine: machine.clone(),
        distribution,
        budget: budget.clone(),
        client: std::sync::Arc::clone(client),
    };
    let all: Vec<Server> =
        servers.iter().map(|(name, machine)| Server { name: name.clone(), run: run(machine) }).collect();
    let looks = join_all(all.iter().map(Server::look)).await;
    let note =
        looks.into_iter().flatten().map(|look| look.note).find(|note| note.ended && note.epoch == epoch)?;
    Some(told(&note))
}

/// Milliseconds since a moment in milliseconds since 1970.
pub(super) fn since(begun: u64) -> u64 {
    let now = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
    u64::try_from(now).unwrap_or_default().saturating_sub(begun)
}

/// What a restore came to, by its note.
pub(super) fn told(note: &Note) -> Restored {
    let begun = i64::try_from(note.begun / 1000).unwrap_or_default();
    Restored {
        epoch: Computed::Known(note.epoch),
        snapshot: Computed::Known(note.snapshot.clone()),
        snapshot_at: Computed::Known(Some(rfc3339(note.taken))),
        at: Computed::Known(Some(rfc3339(begun))),
        server: Computed::Known(Some(note.first.clone())),
        cluster_id: Computed::Known(note.cluster_id.clone()),
        version: Computed::Known(note.version.clone()),
        objects: Computed::Known(Some(note.objects)),
        rpo_seconds: Computed::Known(Some(u64::try_from(begun - note.taken).unwrap_or_default())),
        rto_milliseconds: Computed::Known(note.rto),
        total_milliseconds: Computed::Known(note.total),
        removed_nodes: Computed::Known(note.removed.clone()),
        fresh_snapshot: Computed::Known(note.fresh.clone()),
        unproven: Computed::Known(note.unproven.clone()),
    }
}
