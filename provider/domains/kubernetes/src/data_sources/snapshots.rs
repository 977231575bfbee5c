//! `hybridops_rke2_snapshots` and `hybridops_k3s_snapshots`.

use std::collections::{BTreeMap, BTreeSet};

use hosts::Connection;
use tf_framework::{Computed, DataContext, DataSource, Model, Result};
use tf_value::Path;
use time::OffsetDateTime;
use transport_ssh::Budget;

use crate::client::{Kubernetes, budget};
use crate::distribution::Distribution;
use crate::snapshots::listing::{Snapshot, rfc3339, sort};
use crate::snapshots::living;
use crate::snapshots::retention::{self, Candidate, Policy};
use crate::snapshots::store::Store;
use crate::spec::SnapshotS3;

/// Which snapshots stay. Each server's are counted by themselves, on its disk and in the object store. Where nothing is
/// set all of them stay. The newest one that is whole always stays, and so does what is of another cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Model)]
pub struct Retention {
    /// The newest so many.
    #[attr(validate(range(1..=10_000)))]
    pub keep_last: Option<u32>,
    /// The last one of each of so many hours that have one.
    #[attr(validate(range(1..=10_000)))]
    pub keep_hourly: Option<u32>,
    /// The last one of each of so many days (of UTC) that have one.
    #[attr(validate(range(1..=10_000)))]
    pub keep_daily: Option<u32>,
    /// The last one of each of so many weeks that have one.
    #[attr(validate(range(1..=10_000)))]
    pub keep_weekly: Option<u32>,
    /// Whether those that were asked for by hand, or by a resource, go as those taken by schedule do. `false` unless set.
    pub on_demand: Option<bool>,
    /// Names of those that always stay.
    pub permanent: Option<BTreeSet<String>>,
}

/// A snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct SnapshotInfo {
    /// Name of its file.
    #[attr(computed)]
    pub name: String,
    /// The server that took it.
    #[attr(computed)]
    pub node: String,
    /// Where it is: `file://…` of that server, or `s3://…`.
    #[attr(computed)]
    pub location: String,
    /// When it was taken.
    #[attr(computed)]
    pub taken_at: String,
    /// Its bytes. Nothing can be restored from one with 0.
    #[attr(computed)]
    pub size: u64,
    /// Whether it was taken by schedule, as far as its name tells.
    #[attr(computed)]
    pub scheduled: bool,
    /// Hash of the token that opens it, where that is known.
    #[attr(computed)]
    pub token_hash: Option<String>,
    /// Id of its cluster, where that is known.
    #[attr(computed)]
    pub cluster_id: Option<String>,
    /// What went wrong when it was taken; null where nothing did.
    #[attr(computed)]
    pub error: Option<String>,
    /// Whether it may go under `retention`.
    #[attr(computed)]
    pub expired: bool,
}

/// Where snapshots are looked for.
pub(crate) struct Question<'a> {
    pub(crate) distribution: Distribution,
    pub(crate) servers: Option<&'a BTreeMap<String, Connection>>,
    pub(crate) s3: Option<&'a SnapshotS3>,
    pub(crate) cluster_id: Option<&'a str>,
}

/// What was found, and what of it may go.
pub(crate) struct Answer {
    pub(crate) snapshots: Vec<Snapshot>,
    pub(crate) cluster_id: Option<String>,
}

impl Answer {
    /// What matters for whether they stay.
    pub(crate) fn candidates(&self) -> Vec<Candidate> {
        self.snapshots.iter().map(|snapshot| snapshot.candidate(self.cluster_id.as_deref())).collect()
    }
}

impl Retention {
    pub(crate) fn policy(&self) -> Policy {
        let number = |count: Option<u32>| count.unwrap_or_default();
        Policy {
            last: number(self.keep_last),
            hourly: number(self.keep_hourly),
            daily: number(self.keep_daily),
            weekly: number(self.keep_weekly),
            on_demand: self.on_demand == Some(true),
            permanent: self.permanent.clone().unwrap_or_default(),
        }
    }
}

/// Asks a living cluster, or the store itself.
pub(crate) async fn list(client: &Kubernetes, question: &Question<'_>, budget: &Budget) -> Result<Answer> {
    if let Some(s3) = question.s3 {
        let path = Path::root().attribute("s3");
        let failed = |error: crate::snapshots::error::SnapshotError| {
            error.diagnostics("The snapshots cannot be listed", path.clone())
        };
        let store = Store::open(s3, question.distribution, &client.credentials).map_err(failed)?;
        let mut snapshots = store.list(budget).await.map_err(failed)?;
        sort(&mut snapshots);
        return Ok(Answer { snapshots, cluster_id: question.cluster_id.map(str::to_owned) });
    }
    let path = Path::root().attribute("servers");
    let none = BTreeMap::new();
    let machines = living::machines(client, question.servers.unwrap_or(&none), &path)?;
    let (_, access) = living::any(&machines, question.distribution, &path, budget).await?;
    let failed = |error: crate::snapshots::error::SnapshotError| {
        error.diagnostics("The snapshots cannot be listed", path.clone())
    };
    let snapshots = living::list(&access, question.distribution, budget).await.map_err(failed)?;
    let cluster_id = match question.cluster_id {
        Some(given) => Some(given.to_owned()),
        None => living::cluster_id(&access, budget).await.map_err(failed)?,
    };
    Ok(Answer { snapshots, cluster_id })
}

fn info(snapshot: &Snapshot, expired: &BTreeSet<(String, String)>, candidate: &Candidate) -> SnapshotInfo {
    SnapshotInfo {
        name: snapshot.name.clone(),
        node: snapshot.node.clone(),
        location: snapshot.location.clone(),
        taken_at: rfc3339(snapshot.at),
        size: snapshot.size,
        scheduled: snapshot.scheduled(),
        token_hash: snapshot.token_hash.clone(),
        cluster_id: snapshot.cluster_id.clone(),
        error: snapshot.error.clone(),
        expired: expired.contains(&(candidate.place.clone(), candidate.name.clone())),
    }
}

macro_rules! snapshots {
    ($name:ident, $type:literal, $distribution:ident, #[doc = $title:literal]) => {
        #[doc = $title]
        ///
        /// Ask a living cluster by its `servers`: it knows those on the disks of all servers and those in its object store.
        /// Where there is no cluster any more, ask the object store itself with `s3`: that is one request for each snapshot
        /// and one for the list.
        #[derive(Debug, Clone, Model)]
        pub struct $name {
            /// The servers of the cluster by the names of their nodes: `servers` of its resource.
            #[attr(validate(exactly_one_of(s3)))]
            pub servers: Option<BTreeMap<String, Connection>>,
            /// The object store, read with the keys of the provider's `object_storage` section.
            pub s3: Option<SnapshotS3>,
            /// Id of the cluster: the uid of its namespace `kube-system`. Snapshots of others count as foreign. That of the
            /// living cluster unless set.
            pub cluster_id: Option<String>,
            /// Which of them stay: the others are told as expired. Nothing is deleted here: that is done by the action
            /// that prunes, which takes `expired`.
            pub retention: Option<Retention>,
            /// The snapshots, the newest first. One that is on a disk and in the store is there twice.
            pub snapshots: Computed<Vec<SnapshotInfo>>,
            /// Name of the newest one that is whole; null where there is none.
            pub newest: Computed<Option<String>>,
            /// Names of those that may go under `retention`, the oldest first.
            pub expired: Computed<Vec<String>>,
        }

        impl DataSource for $name {
            const NAME: &'static str = $type;
            const SUBCATEGORY: &'static str = "Kubernetes";
            type Client = Kubernetes;

            async fn read(cx: &mut DataContext<Self>, config: Self) -> Result<Self> {
                let client = cx.client()?;
                let question = Question {
                    distribution: Distribution::$distribution,
                    servers: config.servers.as_ref(),
                    s3: config.s3.as_ref(),
                    cluster_id: config.cluster_id.as_deref(),
                };
                let answer = list(&client, &question, &budget(cx)).await?;
                let candidates = answer.candidates();
                let policy = config.retention.as_ref().map(Retention::policy).unwrap_or_default();
                let kept = retention::kept(&candidates, &policy, OffsetDateTime::now_utc().unix_timestamp());
                let gone = retention::expired(&candidates, &kept);
                let expired = gone.iter().map(|one| (one.place.clone(), one.name.clone())).collect();
                let mut names: Vec<String> = Vec::new();
                for one in &gone {
                    if !names.contains(&one.name) {
                        names.push(one.name.clone());
                    }
                }
                let whole = answer.snapshots.iter().zip(&candidates).find(|(_, its)| its.whole && its.ours);
                let newest = whole.map(|(snapshot, _)| snapshot.name.clone());
                let told = answer.snapshots.iter().zip(&candidates);
                let snapshots: Vec<SnapshotInfo> = told.map(|(one, its)| info(one, &expired, its)).collect();
                Ok(Self {
                    snapshots: snapshots.into(),
                    newest: newest.into(),
                    expired: names.into(),
                    ..config
                })
            }
        }
    };
}

snapshots!(
    Rke2Snapshots,
    "rke2_snapshots",
    Rke2,
    #[doc = "Snapshots of the database of an RKE2 cluster, and which of them may go."]
);
snapshots!(
    K3sSnapshots,
    "k3s_snapshots",
    K3s,
    #[doc = "Snapshots of the database of a K3s cluster, and which of them may go."]
);
