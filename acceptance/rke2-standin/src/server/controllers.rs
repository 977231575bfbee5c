//! What a server does as long as it runs: promotes learners, serves removals, tells of its own member.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::apiserver::etcd_client;
use super::members::Duty;
use crate::api::{Api, Patch};
use crate::context::Context;
use crate::etcd::{EtcdClient, EtcdError, Member, Progress, promote_learners};
use crate::faults::name;
use crate::logline;
use crate::settings::Settings;

/// The controllers of one server.
pub(crate) struct Controllers {
    context: Context,
    etcd: EtcdClient,
    api: Api,
    progress: Progress,
    nodes_at: Instant,
    told: String,
    failing: bool,
    leads: bool,
}

impl Controllers {
    pub(crate) fn new(context: Context, etcd: EtcdClient, api: Api) -> Self {
        Self {
            context,
            etcd,
            api,
            progress: Progress::default(),
            nodes_at: Instant::now(),
            told: String::new(),
            failing: false,
            leads: false,
        }
    }

    /// Runs for ever.
    pub(crate) async fn run(mut self) {
        let tick = Settings::milliseconds(self.context.settings.learner_tick_ms);
        loop {
            match self.look().await {
                Ok(()) => self.failing = false,
                Err(error) if !self.failing => {
                    self.failing = true;
                    logline::warn(format!("Failed to look at etcd members: {error}"));
                }
                Err(_) => {}
            }
            // Only a leader has learners to look at more often than at Nodes.
            let pause = match (self.failing, self.leads) {
                (true, _) => Duration::from_secs(1),
                (false, true) => tick,
                (false, false) => Settings::milliseconds(self.context.settings.controller_ms),
            };
            tokio::time::sleep(pause).await;
        }
    }

    async fn look(&mut self) -> Result<(), EtcdError> {
        let due = self.nodes_at.elapsed() >= Settings::milliseconds(self.context.settings.controller_ms);
        let status = self.etcd.status().await?;
        let leads = status.leader == status.member;
        self.leads = leads;
        if !leads && !due {
            return Ok(());
        }
        let members = if leads { self.promote().await? } else { self.etcd.members().await? };
        if !due {
            return Ok(());
        }
        self.nodes_at = Instant::now();
        let nodes = match self.api.list("/api/v1/nodes").await {
            Ok(nodes) => nodes,
            Err(error) => {
                return Err(EtcdError::Unreachable(error.to_string()));
            }
        };
        self.tell(&nodes, &members, status.member).await;
        let duty = Duty {
            api: &self.api,
            etcd: &self.etcd,
            distribution: self.context.layout.distribution,
            own: status.member,
            leader: status.leader,
            members: &members,
        };
        duty.look(&nodes).await;
        Ok(())
    }

    async fn promote(&mut self) -> Result<Vec<Member>, EtcdError> {
        let members = self.etcd.members().await?;
        if !members.iter().any(|member| member.is_learner)
            || self.context.faults.active(name::STALLED_LEARNER).is_some()
        {
            return Ok(members);
        }
        let mut applied = BTreeMap::new();
        for learner in members.iter().filter(|member| member.is_learner && !member.client_urls.is_empty()) {
            if let Ok(client) = etcd_client(&self.context.layout, learner.client_urls.clone())
                && let Ok(status) = client.status().await
            {
                applied.insert(learner.id, status.raft_index);
            }
        }
        let stall = Settings::milliseconds(self.context.settings.learner_stall_ms);
        promote_learners(&self.etcd, &mut self.progress, stall, &applied).await
    }

    /// Annotations and the condition `EtcdIsVoter` of the own Node (k3s pkg/etcd/metadata_controller.go, etcd.go
    /// manageLearners: setEtcdStatusCondition).
    async fn tell(&mut self, nodes: &[Value], members: &[Member], own: u64) {
        let node = &self.context.node;
        let Some(found) = nodes.iter().find(|known| known["metadata"]["name"] == json!(node.name)) else {
            return;
        };
        let Some(member) = members.iter().find(|member| member.id == own) else { return };
        let prefix = self.context.layout.distribution.etcd_prefix();
        let uid = found.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
        let tell = format!("{uid} {} {}", member.name, member.is_learner);
        if self.told == tell || found.pointer("/metadata/deletionTimestamp").is_some() {
            return;
        }
        let annotations = json!({ "metadata": { "annotations": {
            format!("{prefix}/node-name"): member.name,
            format!("{prefix}/node-address"): node.address.to_string(),
        } } });
        let (state, reason, message) = if member.is_learner {
            ("False", "MemberIsLearner", "Node has not been promoted to voting member of the etcd cluster")
        } else {
            ("True", "MemberNotLearner", "Node is a voting member of the etcd cluster")
        };
        let now = time::OffsetDateTime::now_utc().replace_nanosecond(0).ok();
        let now = now
            .and_then(|at| at.format(&time::format_description::well_known::Rfc3339).ok())
            .unwrap_or_default();
        let condition = json!({ "status": { "conditions": [{
            "type": "EtcdIsVoter", "status": state, "reason": reason, "message": message,
            "lastHeartbeatTime": now, "lastTransitionTime": now,
        }] } });
        let path = format!("/api/v1/nodes/{}", node.name);
        let told = async {
            self.api.patch(&path, Patch::Merge, &annotations).await?;
            self.api.patch(&format!("{path}/status"), Patch::Strategic, &condition).await
        };
        match told.await {
            Ok(_) => self.told = tell,
            Err(error) => logline::warn(format!("Unable to set etcd status of node {}: {error}", node.name)),
        }
    }
}
