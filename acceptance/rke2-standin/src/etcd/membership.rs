//! How a member joins as learner and becomes a voter (k3s pkg/etcd/etcd.go: join, manageLearners).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::{EtcdClient, EtcdError, Launch, Member};
use crate::logline;

/// A member could not join.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JoinError {
    /// k3s pkg/etcd/etcd.go join.
    #[error("duplicate node name found, please use a unique name for this node")]
    DuplicateName,
    /// etcd refused.
    #[error(transparent)]
    Etcd(#[from] EtcdError),
}

/// What the newcomer starts with.
#[derive(Debug, Clone)]
pub(crate) struct Joined {
    pub(crate) initial_cluster: String,
}

fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.rsplit_once(':').map_or(rest, |(host, _)| host)
}

/// Adds this member as a learner, unless it is there already.
pub(crate) async fn join(client: &EtcdClient, launch: &Launch, node: &str) -> Result<Joined, JoinError> {
    let members = client.members().await?;
    let own = launch.address.to_string();
    let mut cluster: Vec<String> = Vec::new();
    let mut add = true;
    for member in &members {
        let of_node = member.name.rsplit_once('-').is_some_and(|(name, _)| name == node);
        if of_node && member.name != launch.name {
            return Err(JoinError::DuplicateName);
        }
        for url in &member.peer_urls {
            let known = host(url) == own && (member.name == launch.name || member.name.is_empty());
            if known {
                add = false;
            } else if !member.name.is_empty() {
                cluster.push(format!("{}={url}", member.name));
            }
        }
    }
    if add {
        logline::info(format!(
            "Adding member {}={} to etcd cluster {cluster:?}",
            launch.name,
            launch.peer_url()
        ));
        client.add_learner(&launch.peer_url()).await?;
    }
    cluster.push(format!("{}={}", launch.name, launch.peer_url()));
    Ok(Joined { initial_cluster: cluster.join(",") })
}

/// What a leader remembers of learners between two looks.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    seen: BTreeMap<u64, (Instant, u64)>,
}

/// One tick of the leader: promotes learners that caught up, drops those that do not move (k3s: 15 s tick, 5 minutes).
pub(crate) async fn promote_learners(
    client: &EtcdClient,
    progress: &mut Progress,
    stall: Duration,
    applied: &BTreeMap<u64, u64>,
) -> Result<Vec<Member>, EtcdError> {
    let members = client.members().await?;
    progress.seen.retain(|id, _| members.iter().any(|member| member.is_learner && member.id == *id));
    for learner in members.iter().filter(|member| member.is_learner) {
        let index = applied.get(&learner.id).copied().unwrap_or_default();
        let now = Instant::now();
        let (since, last) = *progress.seen.entry(learner.id).or_insert((now, index));
        if index > last {
            progress.seen.insert(learner.id, (now, index));
        }
        if learner.name.is_empty() {
            // It is added and never started: nothing to promote.
        } else if client.promote(learner.id).await.is_ok() {
            logline::info(format!("Promoted learner {}", learner.name));
            continue;
        }
        if index <= last && now.duration_since(since) > stall {
            logline::warn(format!(
                "Removing learner {} from etcd cluster: stalled for {stall:?}",
                learner.name
            ));
            client.remove_member(learner.id).await?;
        }
    }
    Ok(members)
}
