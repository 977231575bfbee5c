//! A cluster that is born from a snapshot: all its servers were lost, and its first node stands on a new machine.

use std::collections::BTreeMap;

use tf_framework::Path;
use time::OffsetDateTime;
use transport_ssh::Secret;

use super::cluster::let_in;
use super::in_place::{since, told};
use super::model::{RestoreSpec, Restored};
use super::plan::{Note, Plan, Step};
use super::server::Server;
use super::source::{Found, Places, find};
use crate::api::Access;
use crate::errors::{Error, Refusal};
use crate::host::Run;
use crate::snapshots::file::Expected;
use crate::spec::ClusterSpec;

/// A birth from a snapshot.
pub(crate) struct Birth<'a> {
    /// The machine: the program and its configuration are in place, and its service has never been started.
    pub(crate) run: &'a Run,
    /// What the cluster is to be.
    pub(crate) spec: &'a ClusterSpec,
    /// What is restored.
    pub(crate) restore: &'a RestoreSpec,
    /// Name of the node.
    pub(crate) node: &'a str,
    /// The token of the time of the snapshot, which is that of the cluster from now on.
    pub(crate) token: Option<&'a Secret>,
}

/// A snapshot that may be restored.
pub(crate) struct Proven {
    plan: Plan,
    note: Note,
    found: Found,
    /// Whether the database was made of it before.
    is_reset: bool,
}

impl Birth<'_> {
    fn server(&self) -> Server {
        Server { name: self.node.to_owned(), run: self.run.clone() }
    }

    /// Finds the snapshot, brings it to this machine and proves it. Nothing is changed anywhere.
    ///
    /// # Errors
    /// It must not be restored.
    pub(crate) async fn prove(&self) -> Result<Proven, Error> {
        let path = Path::root().attribute("cluster").attribute("restore");
        let look = self.server().look().await?;
        let token = self.token()?;
        let machines = BTreeMap::from([(self.node.to_owned(), self.run.machine.clone())]);
        let places = Places {
            distribution: self.run.distribution,
            servers: &machines,
            usual: self.spec.etcd_snapshots.as_ref(),
            credentials: &self.run.client.credentials,
            path: path.attribute("snapshot"),
            otherwise: "No database was made, and nothing was started.",
        };
        let expected = Expected {
            token: Some(token.clone()),
            cluster_id: self.restore.snapshot.cluster_id.clone(),
            version: Some(self.spec.version.clone()),
        };
        let say = |text: String| tracing::info!("{text}");
        let found = find(&self.restore.snapshot, &places, expected, &say, &self.run.budget).await?;
        let plan = Plan {
            cluster: self.spec.name.clone(),
            epoch: self.restore.epoch,
            snapshot: found.name.to_string(),
            first: self.node.to_owned(),
            others: Default::default(),
        };
        let same = look.note.plan == plan.hash();
        let now = || u64::try_from(OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000);
        let note = Note {
            plan: plan.hash(),
            epoch: plan.epoch,
            snapshot: plan.snapshot.clone(),
            first: plan.first.clone(),
            begun: if same { look.note.begun } else { now().unwrap_or_default() },
            taken: found.name.at(),
            cluster_id: found.proof.cluster_id.clone(),
            version: found.proof.version.clone(),
            objects: found.proof.objects,
            unproven: found.proof.unproven.clone(),
            ..Note::default()
        };
        let is_reset = same && look.note.done.contains(&Step::Reset.to_string());
        Ok(Proven { plan, note, found, is_reset })
    }

    fn token(&self) -> Result<&Secret, Error> {
        self.token.ok_or_else(|| {
            let detail = "The cluster is to be born from a snapshot (`restore` of the cluster). Set the token of its time: \
                          without it the snapshot cannot be opened.";
            Refusal::new("The token is not known", detail).at(Path::root().attribute("token")).into()
        })
    }

    /// Brings the snapshot to the machine and makes the database of it. The service is left stopped: it is started as that of
    /// any server whose database is there, and [`Birth::settle`] comes after that. Killed at any point it begins again.
    ///
    /// # Errors
    /// It could not be restored.
    pub(crate) async fn restore(&self, proven: Proven) -> Result<(), Error> {
        if proven.is_reset {
            return Ok(());
        }
        let Proven { plan, note, found, .. } = proven;
        let server = self.server();
        server.note(&note).await?;
        server.stage(&plan.snapshot, &found.file).await?;
        server.reset(&plan, Some(self.token()?)).await?;
        server.note(&Note { done: vec![Step::Reset.to_string()], ..note }).await
    }

    /// Whether it was begun, and what is there of a database cannot be started yet.
    pub(crate) async fn is_half_done(&self) -> Result<bool, Error> {
        let note = self.server().look().await?.note;
        Ok(!note.plan.is_empty() && !note.ended && !note.done.contains(&Step::Reset.to_string()))
    }

    /// Lets the first server in when it was started.
    ///
    /// # Errors
    /// The API does not come up.
    pub(crate) async fn admit(&self) -> Result<(), Error> {
        let server = self.server();
        let mut note = server.look().await?.note;
        if !self.is_under_way(&note) || note.rto.is_some() {
            return Ok(());
        }
        let_in(&server).await?;
        note.rto = Some(since(note.begun));
        server.note(&note).await
    }

    /// Whether a restore onto this node was begun and is not over.
    fn is_under_way(&self, note: &Note) -> bool {
        !note.ended && !note.plan.is_empty() && note.first == self.node
    }

    /// What is left to do when the first server is up: what the cluster remembers of machines that are gone stands in the way
    /// of those that come. Answers what the restore came to, once.
    ///
    /// # Errors
    /// The API does not answer, or the machine is not reached.
    pub(crate) async fn settle(&self, access: &Access) -> Result<Option<Restored>, Error> {
        let server = self.server();
        let mut note = server.look().await?.note;
        // A cluster that was born without one, or has settled.
        if !self.is_under_way(&note) {
            return Ok(None);
        }
        note.rto = note.rto.or(Some(since(note.begun)));
        let gone: Vec<String> = access
            .kube()
            .nodes(&self.run.budget)
            .await?
            .into_iter()
            .filter(|node| node.labels.contains_key("node-role.kubernetes.io/etcd"))
            .map(|node| node.name)
            .filter(|name| name != self.node)
            .collect();
        // Their members are gone with the reset already; they come back as new ones, under the same names or not.
        super::cluster::remove(access, self.run.distribution, &gone, &self.run.budget).await?;
        note.removed = gone;
        note.ended = true;
        server.clear().await?;
        server.note(&note).await?;
        let told = told(&note);
        tracing::info!(
            epoch = note.epoch, snapshot = %note.snapshot, rto_milliseconds = note.rto,
            rpo_seconds = told.rpo_seconds.known().copied().flatten(), "the cluster is born from the snapshot"
        );
        Ok(Some(told))
    }
}
