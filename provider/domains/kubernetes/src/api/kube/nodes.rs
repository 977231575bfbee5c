//! Nodes, and the pods that run on them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use transport_ssh::Budget;

use super::{Condition, Delete, Kube, Object, Selector, kinds, read};
use crate::api::error::ApiError;

/// A node, as far as it is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// What tells it from another node of the same name.
    pub uid: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Its taints.
    pub taints: Vec<Taint>,
    /// Whether it is cordoned.
    pub unschedulable: bool,
    /// Its conditions, `Ready`, `EtcdIsVoter`.
    pub conditions: Vec<Condition>,
    /// Version of its kubelet, `v1.33.4+rke2r1`.
    pub version: String,
    /// Its addresses of kind `InternalIP`.
    pub addresses: Vec<String>,
    /// Whether it was asked to go away.
    pub deleted: bool,
    /// What keeps it from going away.
    pub finalizers: Vec<String>,
}

/// A taint of a node.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub struct Taint {
    /// `example.com/dedicated`.
    pub key: String,
    /// May be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    pub effect: String,
    /// When it was added; set by the API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_added: Option<String>,
}

/// A pod that a kubelet runs from a file, as the API sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirrorPod {
    /// Its namespace.
    pub namespace: String,
    /// Its name, `kube-apiserver-a`.
    pub name: String,
    /// Its images, as they are asked for.
    pub images: Vec<String>,
    /// `Running`.
    pub phase: String,
    /// Whether it is ready.
    pub ready: bool,
    /// Hash of the file it was made from.
    pub hash: String,
}

/// The annotation by which a pod is known as one that a kubelet runs from a file.
pub(crate) const MIRROR: &str = "kubernetes.io/config.mirror";

/// Says on a node who cordoned it.
const CORDONED_BY: &str = "hybridops.studio/cordoned";

/// Attempts at a change that must see the newest object.
const ATTEMPTS: usize = 5;

// === impl Node ===

impl From<&Object> for Node {
    fn from(object: &Object) -> Self {
        let part = |pointer: &str| object.0.pointer(pointer).cloned().unwrap_or_default();
        let addresses = object.list("/status/addresses").iter();
        let internal =
            addresses.filter(|entry| entry.get("type").and_then(Value::as_str) == Some("InternalIP"));
        Self {
            name: object.name().to_owned(),
            uid: object.uid().to_owned(),
            labels: object.labels(),
            annotations: object.annotations(),
            taints: serde_json::from_value(part("/spec/taints")).unwrap_or_default(),
            unschedulable: object.flag("/spec/unschedulable"),
            conditions: object.conditions(),
            version: object.text("/status/nodeInfo/kubeletVersion").to_owned(),
            addresses: internal
                .filter_map(|entry| Some(entry.get("address")?.as_str()?.to_owned()))
                .collect(),
            deleted: object.is_deleted(),
            finalizers: object.finalizers().into_iter().map(str::to_owned).collect(),
        }
    }
}

impl Node {
    /// One of its conditions.
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.kind == kind)
    }

    /// Whether its kubelet says that it is ready.
    pub fn is_ready(&self) -> bool {
        self.condition("Ready").is_some_and(Condition::is_true)
    }

    /// Whether a taint of this key and effect is on it.
    pub fn has_taint(&self, key: &str, effect: &str) -> bool {
        self.taints.iter().any(|taint| taint.key == key && taint.effect == effect)
    }

    /// Whether we cordoned it.
    pub fn cordoned_by_us(&self) -> bool {
        self.unschedulable && self.annotations.contains_key(CORDONED_BY)
    }
}

impl Kube {
    /// All nodes.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn nodes(&self, budget: &Budget) -> Result<Vec<Node>, ApiError> {
        let nodes = self.list(&kinds::NODE, None, &Selector::default(), budget).await?;
        Ok(nodes.iter().map(Node::from).collect())
    }

    /// One node; `None` where there is none.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn node(&self, name: &str, budget: &Budget) -> Result<Option<Node>, ApiError> {
        Ok(self.get(&kinds::NODE, None, name, budget).await?.as_ref().map(Node::from))
    }

    /// Keeps new pods off a node, and marks it as done by us. `false` where somebody else had done it: then it stays theirs.
    ///
    /// # Errors
    /// [`ApiError`]; also where there is no such node.
    pub async fn cordon(&self, name: &str, budget: &Budget) -> Result<bool, ApiError> {
        let now = self.node(name, budget).await?;
        if let Some(node) = now.filter(|node| node.unschedulable) {
            return Ok(node.cordoned_by_us());
        }
        let patch = json!({
            "metadata": {"annotations": {CORDONED_BY: "true"}}, "spec": {"unschedulable": true},
        });
        self.merge(&kinds::NODE, None, name, &patch, budget).await.map(|_| true)
    }

    /// Lets pods onto a node again, where it was we who kept them off. `false` where it was not, or the node is gone.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn uncordon(&self, name: &str, budget: &Budget) -> Result<bool, ApiError> {
        let Some(node) = self.node(name, budget).await? else { return Ok(false) };
        if !node.annotations.contains_key(CORDONED_BY) {
            return Ok(false);
        }
        let patch = json!({
            "metadata": {"annotations": {CORDONED_BY: null}}, "spec": {"unschedulable": null},
        });
        self.merge(&kinds::NODE, None, name, &patch, budget).await.map(|_| node.unschedulable)
    }

    /// Sets an annotation of a node, or takes it off.
    ///
    /// # Errors
    /// [`ApiError`]; also where there is no such node.
    pub async fn annotate_node(
        &self,
        name: &str,
        key: &str,
        value: Option<&str>,
        budget: &Budget,
    ) -> Result<Node, ApiError> {
        let patch = json!({"metadata": {"annotations": {key: value}}});
        self.merge(&kinds::NODE, None, name, &patch, budget).await.map(|node| Node::from(&node))
    }

    /// Sets labels of a node, and takes off those that were ours before and are not wanted any more. Others stay. `false`
    /// where nothing was to be done.
    ///
    /// # Errors
    /// [`ApiError`]; also where there is no such node.
    pub async fn set_labels(
        &self,
        name: &str,
        wanted: &BTreeMap<String, String>,
        owned_before: &[String],
        budget: &Budget,
    ) -> Result<bool, ApiError> {
        let node = self.must_node(name, budget).await?;
        let changes = label_changes(&node.labels, wanted, owned_before);
        if changes.is_empty() {
            return Ok(false);
        }
        let patch = json!({"metadata": {"labels": changes}});
        self.merge(&kinds::NODE, None, name, &patch, budget).await.map(|_| true)
    }

    /// Sets taints of a node, and takes off those that were ours before and are not wanted any more. Others stay. `false`
    /// where nothing was to be done.
    ///
    /// # Errors
    /// [`ApiError`]; also where there is no such node.
    pub async fn set_taints(
        &self,
        name: &str,
        wanted: &[Taint],
        owned_before: &[Taint],
        budget: &Budget,
    ) -> Result<bool, ApiError> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let object = self.must_get_node(name, budget).await?;
            let node = Node::from(&object);
            let taints = merged_taints(&node.taints, wanted, owned_before);
            if taints == node.taints {
                return Ok(false);
            }
            // The list is replaced whole: only if it is still the one that was read.
            let patch = json!({
                "metadata": {"resourceVersion": object.resource_version()}, "spec": {"taints": taints},
            });
            match self.merge(&kinds::NODE, None, name, &patch, budget).await {
                Err(error) if error.is_conflict() && attempt < ATTEMPTS => {}
                done => return done.map(|_| true),
            }
        }
    }

    /// Asks for a node to be deleted; `false` where there is none. Its finalizers take it out of etcd first.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn delete_node(&self, name: &str, budget: &Budget) -> Result<bool, ApiError> {
        self.delete(&kinds::NODE, None, name, &Delete::default(), budget).await
    }

    /// The pods on a node.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn pods_on(&self, node: &str, budget: &Budget) -> Result<Vec<Object>, ApiError> {
        let on = Selector::fields(format!("spec.nodeName={node}"));
        let pods = self.list(&kinds::POD, None, &on, budget).await?;
        // Whatever the API does with the selector, other nodes' pods are never touched.
        Ok(pods.into_iter().filter(|pod| pod.text("/spec/nodeName") == node).collect())
    }

    /// The pods that a node's kubelet runs from files.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn mirror_pods(&self, node: &str, budget: &Budget) -> Result<Vec<MirrorPod>, ApiError> {
        let pods = self.pods_on(node, budget).await?;
        Ok(pods.iter().filter_map(MirrorPod::of).collect())
    }

    async fn must_node(&self, name: &str, budget: &Budget) -> Result<Node, ApiError> {
        self.must_get_node(name, budget).await.map(|object| Node::from(&object))
    }

    async fn must_get_node(&self, name: &str, budget: &Budget) -> Result<Object, ApiError> {
        let what = format!("reading {}", kinds::NODE.named(None, name));
        let ask = crate::api::http::Ask::get(&what, kinds::NODE.path_of(None, name));
        read::<Value>(&what, self.json(&ask, budget).await?).map(Object)
    }
}

impl MirrorPod {
    fn of(pod: &Object) -> Option<Self> {
        let hash = pod.annotation(MIRROR)?.to_owned();
        let containers = pod.list("/spec/containers").iter();
        let images = containers.filter_map(|container| Some(container.get("image")?.as_str()?.to_owned()));
        Some(Self {
            namespace: pod.namespace().unwrap_or_default().to_owned(),
            name: pod.name().to_owned(),
            images: images.collect(),
            phase: pod.text("/status/phase").to_owned(),
            ready: pod.condition("Ready").is_some_and(|condition| condition.is_true()),
            hash,
        })
    }
}

/// What must be patched so that labels are as wanted.
fn label_changes(
    now: &BTreeMap<String, String>,
    wanted: &BTreeMap<String, String>,
    owned_before: &[String],
) -> Map<String, Value> {
    let gone = owned_before.iter().filter(|key| !wanted.contains_key(*key) && now.contains_key(*key));
    let set = wanted.iter().filter(|(key, value)| now.get(*key) != Some(value));
    gone.map(|key| (key.clone(), Value::Null))
        .chain(set.map(|(key, value)| (key.clone(), value.as_str().into())))
        .collect()
}

/// Key and effect: what tells one taint from another.
fn same_taint(a: &Taint, b: &Taint) -> bool {
    a.key == b.key && a.effect == b.effect
}

/// The taints that a node is to have: those of others in their order, then ours.
fn merged_taints(now: &[Taint], wanted: &[Taint], owned_before: &[Taint]) -> Vec<Taint> {
    let within = |taint: &Taint, list: &[Taint]| list.iter().any(|other| same_taint(taint, other));
    let mut taints: Vec<Taint> = Vec::new();
    for taint in now {
        match wanted.iter().find(|other| same_taint(taint, other)) {
            Some(ours) if ours.value == taint.value => taints.push(taint.clone()),
            Some(ours) => taints.push(ours.clone()),
            None if within(taint, owned_before) => {}
            None => taints.push(taint.clone()),
        }
    }
    let missing: Vec<Taint> = wanted.iter().filter(|taint| !within(taint, now)).cloned().collect();
    taints.extend(missing);
    taints
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn taint() -> impl Strategy<Value = Taint> {
        ("[a-c]", "[x-z]?", prop_oneof![Just("NoSchedule"), Just("NoExecute")]).prop_map(
            |(key, value, effect)| Taint { key, value, effect: effect.to_owned(), time_added: None },
        )
    }

    /// Taints as a node can have them: one of a key and effect.
    fn taints() -> impl Strategy<Value = Vec<Taint>> {
        prop::collection::vec(taint(), 0..4).prop_map(|taints| {
            let mut kept: Vec<Taint> = Vec::new();
            for taint in taints {
                if !kept.iter().any(|other| same_taint(&taint, other)) {
                    kept.push(taint);
                }
            }
            kept
        })
    }

    proptest! {
        #[test]
        fn taints_become_as_wanted_and_others_stay(now in taints(), wanted in taints(), before in taints()) {
            let merged = merged_taints(&now, &wanted, &before);
            for taint in &wanted {
                prop_assert!(merged.contains(taint));
            }
            for taint in &now {
                let ours = wanted.iter().chain(&before).any(|other| same_taint(taint, other));
                prop_assert!(ours || merged.contains(taint));
            }
            prop_assert_eq!(merged_taints(&merged, &wanted, &wanted), merged);
        }

        #[test]
        fn labels_become_as_wanted_and_others_stay(
            now in prop::collection::btree_map("[a-d]", "[x-z]", 0..4),
            wanted in prop::collection::btree_map("[a-d]", "[x-z]", 0..4),
            before in prop::collection::vec("[a-d]", 0..3),
        ) {
            let mut after = now.clone();
            for (key, value) in label_changes(&now, &wanted, &before) {
                match value.as_str() {
                    Some(value) => drop(after.insert(key, value.to_owned())),
                    None => drop(after.remove(&key)),
                }
            }
            for (key, value) in &wanted {
                prop_assert_eq!(after.get(key), Some(value));
            }
            for (key, value) in &now {
                prop_assert!(wanted.contains_key(key) || before.contains(key) || after.get(key) == Some(value));
            }
            prop_assert!(label_changes(&after, &wanted, &before).is_empty());
        }
    }
}
