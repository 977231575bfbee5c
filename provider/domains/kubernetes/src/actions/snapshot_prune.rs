//! `hybridops_rke2_snapshot_prune` and `hybridops_k3s_snapshot_prune`.

use std::collections::{BTreeMap, BTreeSet};

use hosts::Connection;
use tf_framework::{Action, ActionContext, Diagnostics, Model, Result};
use tf_value::Path;
use time::OffsetDateTime;
use transport_ssh::{Budget, told};

use crate::client::{Kubernetes, budget};
use crate::data_sources::{Question, Retention, list};
use crate::distribution::Distribution;
use crate::resources::etcd_snapshot;
use crate::snapshots::living;
use crate::snapshots::retention;
use crate::snapshots::store::Store;
use crate::spec::SnapshotS3;

/// What is asked for.
struct Prune<'a> {
    question: Question<'a>,
    retention: &'a Retention,
    names: &'a BTreeSet<String>,
}

impl Prune<'_> {
    /// The names that go: those that were shown, as far as they still may.
    async fn names(&self, client: &Kubernetes, budget: &Budget) -> Result<Vec<(String, String)>> {
        let candidates = list(client, &self.question, budget).await?.candidates();
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let kept = retention::kept(&candidates, &self.retention.policy(), now);
        let gone = retention::expired(&candidates, &kept).into_iter();
        let shown = gone.filter(|one| self.names.contains(&one.name));
        Ok(shown.map(|one| (one.name.clone(), one.node.clone())).collect())
    }

    async fn run(&self, client: &Kubernetes, progress: impl Fn(String), budget: &Budget) -> Result<()> {
        let names = self.names(client, budget).await?;
        let left: BTreeSet<&String> =
            self.names.iter().filter(|name| names.iter().all(|(its, _)| its != *name)).collect();
        for name in left {
            progress(format!("{name} stays, or is gone already"));
        }
        let mut problems = Vec::new();
        for (name, node) in &names {
            match self.delete(client, name, node, budget).await {
                Ok(()) => progress(format!("{name} is deleted")),
                Err(problem) => problems.push(format!("- {name}: {problem}")),
            }
        }
        if problems.is_empty() {
            return Ok(());
        }
        let detail = format!("{}\nThe others are deleted. Run it again for these.", problems.join("\n"));
        Err(Diagnostics::error(format!("{} snapshots could not be deleted", problems.len()), detail))
    }

    async fn delete(
        &self,
        client: &Kubernetes,
        name: &str,
        node: &str,
        budget: &Budget,
    ) -> Result<(), String> {
        let distribution = self.question.distribution;
        if let Some(s3) = self.question.s3 {
            let store = Store::open(s3, distribution, &client.credentials).map_err(|error| told(&error))?;
            return store.delete(name, budget).await.map_err(|error| told(&error));
        }
        let path = Path::root().attribute("servers");
        let none = BTreeMap::new();
        let servers = self.question.servers.unwrap_or(&none);
        let mut machines =
            living::machines(client, servers, &path).map_err(|problems| problems.to_string())?;
        // A file on a disk is deleted by the server of that disk.
        if machines.contains_key(node) {
            machines.retain(|server, _| server == node);
        }
        let any = living::any(&machines, distribution, &path, budget).await;
        let (_, access) = any.map_err(|problems| problems.to_string())?;
        etcd_snapshot::remove(&access, distribution, name, budget).await.map_err(|error| told(&error))
    }
}

macro_rules! prune {
    ($name:ident, $type:literal, $distribution:ident, #[doc = $title:literal]) => {
        #[doc = $title]
        ///
        /// In two steps: the data source that lists them tells under the same `retention` which have expired, and only those
        /// that are named in `names` go, if they still may go by then. What was taken meanwhile, what is of another cluster
        /// and the newest one that is whole always stay.
        #[derive(Debug, Clone, Model)]
        pub struct $name {
            /// The servers of the cluster by the names of their nodes: `servers` of its resource.
            #[attr(validate(exactly_one_of(s3)))]
            pub servers: Option<BTreeMap<String, Connection>>,
            /// The object store, where there is no cluster any more. Read with the keys of the provider's `object_storage`
            /// section.
            #[attr(validate(required_with(cluster_id)))]
            pub s3: Option<SnapshotS3>,
            /// Id of the cluster: the uid of its namespace `kube-system`. That of the living cluster unless set; it must be
            /// set with `s3`, so that snapshots of others in the same folder stay.
            pub cluster_id: Option<String>,
            /// Which of them stay.
            pub retention: Retention,
            /// Names of those that may go: `expired` of the data source.
            pub names: BTreeSet<String>,
        }

        impl Action for $name {
            const NAME: &'static str = $type;
            const SUBCATEGORY: &'static str = "Kubernetes";
            type Client = Kubernetes;

            async fn invoke(cx: &mut ActionContext<Self>, config: Self) -> Result<()> {
                let client = cx.client()?;
                let prune = Prune {
                    question: Question {
                        distribution: Distribution::$distribution,
                        servers: config.servers.as_ref(),
                        s3: config.s3.as_ref(),
                        cluster_id: config.cluster_id.as_deref(),
                    },
                    retention: &config.retention,
                    names: &config.names,
                };
                prune.run(&client, |message| cx.progress(message), &budget(cx)).await
            }
        }
    };
}

prune!(
    Rke2SnapshotPrune,
    "rke2_snapshot_prune",
    Rke2,
    #[doc = "Deletes snapshots of an RKE2 cluster that have expired, in the cluster or straight in its object store."]
);
prune!(
    K3sSnapshotPrune,
    "k3s_snapshot_prune",
    K3s,
    #[doc = "Deletes snapshots of a K3s cluster that have expired, in the cluster or straight in its object store."]
);
