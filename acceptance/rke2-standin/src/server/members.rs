//! Members follow Nodes: annotations ask for removal, a deleted Node takes its member with it (k3s
//! pkg/etcd/member_controller.go, pkg/controllers/node). Like upstream, none of it asks whether quorum survives.

use serde_json::{Value, json};

use crate::api::{Api, ApiError, Patch};
use crate::distribution::Distribution;
use crate::etcd::{EtcdClient, Member};
use crate::logline;

const ETCD_FINALIZER: &str = "wrangler.cattle.io/managed-etcd-controller";
const NODE_FINALIZER: &str = "wrangler.cattle.io/node";

/// What is done for Nodes is done by one server for each.
pub(crate) struct Duty<'a> {
    pub(crate) api: &'a Api,
    pub(crate) etcd: &'a EtcdClient,
    pub(crate) distribution: Distribution,
    pub(crate) own: u64,
    pub(crate) leader: u64,
    pub(crate) members: &'a [Member],
}

fn annotation<'a>(node: &'a Value, key: &str) -> Option<&'a str> {
    node.get("metadata")?.get("annotations")?.get(key)?.as_str()
}

fn name(node: &Value) -> &str {
    node.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default()
}

impl Duty<'_> {
    fn key(&self, what: &str) -> String {
        format!("{}/{what}", self.distribution.etcd_prefix())
    }

    fn member_of(&self, node: &Value) -> Option<&Member> {
        let member = annotation(node, &self.key("node-name"))?;
        self.members.iter().find(|known| known.name == member)
    }

    /// The leader acts; for the leader's own Node the lowest of the other voters does.
    fn is_mine(&self, target: Option<u64>) -> bool {
        let others = self.members.iter().filter(|member| !member.is_learner && Some(member.id) != target);
        let acting = if target == Some(self.leader) {
            others.map(|member| member.id).min()
        } else {
            Some(self.leader)
        };
        acting.unwrap_or(self.leader) == self.own
    }

    /// Looks at all Nodes once.
    pub(crate) async fn look(&self, nodes: &[Value]) {
        for node in nodes {
            let member = self.member_of(node);
            if !self.is_mine(member.map(|member| member.id)) {
                continue;
            }
            let done = if node.pointer("/metadata/deletionTimestamp").is_some() {
                self.bury(node, member).await
            } else {
                self.serve_request(node, member).await
            };
            if let Err(error) = done {
                logline::error(format!(
                    "error syncing '{}': handler managed-etcd-controller: {error}",
                    name(node)
                ));
            }
        }
    }

    async fn remove(&self, member: Option<&Member>) -> Result<(), String> {
        let Some(member) = member else { return Ok(()) };
        let peer = member.peer_urls.first().map(String::as_str).unwrap_or_default();
        logline::info(format!("Removing name={} id={} address={peer} from etcd", member.name, member.id));
        self.etcd.remove_member(member.id).await.map_err(|error| error.to_string())
    }

    async fn bury(&self, node: &Value, member: Option<&Member>) -> Result<(), String> {
        let finalizers =
            node.pointer("/metadata/finalizers").and_then(Value::as_array).cloned().unwrap_or_default();
        let ours = |one: &Value| one == ETCD_FINALIZER || one == NODE_FINALIZER;
        if !finalizers.iter().any(ours) {
            return Ok(());
        }
        if finalizers.iter().any(|one| one == ETCD_FINALIZER) {
            self.remove(member).await?;
        }
        let secret = format!(
            "/api/v1/namespaces/kube-system/secrets/{}.node-password.{}",
            name(node),
            self.distribution.name()
        );
        self.api.delete(&secret).await.map_err(|error| said(&error))?;
        let rest: Vec<&Value> = finalizers.iter().filter(|one| !ours(one)).collect();
        let change = json!({ "metadata": { "finalizers": rest } });
        self.api
            .patch(&format!("/api/v1/nodes/{}", name(node)), Patch::Merge, &change)
            .await
            .map_err(|error| said(&error))?;
        Ok(())
    }

    async fn serve_request(&self, node: &Value, member: Option<&Member>) -> Result<(), String> {
        if annotation(node, &self.key("remove")) != Some("true") {
            return Ok(());
        }
        let current = annotation(node, &self.key("node-name")).unwrap_or_default();
        let path = format!("/api/v1/nodes/{}", name(node));
        match annotation(node, &self.key("removed-node-name")) {
            Some(removed) if removed == current => Ok(()),
            Some(_) => {
                logline::info(format!("Resetting removed node flag to false for node {}", name(node)));
                let change = json!({ "metadata": { "annotations": {
                    self.key("remove"): "false", self.key("removed-node-name"): null,
                } } });
                self.api.patch(&path, Patch::Merge, &change).await.map_err(|error| said(&error)).map(|_| ())
            }
            None => {
                self.remove(member).await?;
                let change =
                    json!({ "metadata": { "annotations": { self.key("removed-node-name"): current } } });
                self.api.patch(&path, Patch::Merge, &change).await.map_err(|error| said(&error)).map(|_| ())
            }
        }
    }
}

fn said(error: &ApiError) -> String {
    error.to_string()
}
