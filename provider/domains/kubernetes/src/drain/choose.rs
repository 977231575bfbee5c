//! Which pods of a node are evicted, which are left, and which forbid it.

use std::fmt;

use super::{DrainError, DrainPolicy};
use crate::api::Object;

/// A pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PodRef {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What tells it from another pod of the same name.
    pub uid: String,
}

/// A pod that is left, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The pod.
    pub pod: PodRef,
    /// Why.
    pub why: &'static str,
}

/// What is done with the pods of a node.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Chosen {
    /// To be evicted.
    pub(super) evict: Vec<PodRef>,
    /// On their way out already.
    pub(super) wait: Vec<PodRef>,
    pub(super) skipped: Vec<Skipped>,
}

/// The annotation of pods that a kubelet runs from files.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// Decides for all pods at once; refuses with every pod that forbids it.
pub(super) fn choose(pods: &[Object], policy: &DrainPolicy, node: &str) -> Result<Chosen, DrainError> {
    let mut chosen = Chosen::default();
    let (mut unmanaged, mut with_data) = (Vec::new(), Vec::new());
    for object in pods {
        let pod = PodRef::of(object);
        if object.annotation(MIRROR).is_some() {
            chosen.skipped.push(Skipped { pod, why: "the kubelet runs it from a file" });
        } else if object.controller().is_some_and(|(kind, _)| kind == "DaemonSet") {
            chosen.skipped.push(Skipped { pod, why: "a DaemonSet would make it again here" });
        } else if object.is_deleted() {
            chosen.wait.push(pod);
        } else if matches!(object.text("/status/phase"), "Succeeded" | "Failed") {
            chosen.evict.push(pod);
        } else {
            if !policy.evict_unmanaged && object.list("/metadata/ownerReferences").is_empty() {
                unmanaged.push(pod.clone());
            }
            if !policy.delete_empty_dir && has_empty_dir(object) {
                with_data.push(pod.clone());
            }
            chosen.evict.push(pod);
        }
    }
    if unmanaged.is_empty() && with_data.is_empty() {
        return Ok(chosen);
    }
    Err(DrainError::Forbidden { node: node.to_owned(), unmanaged, with_data })
}

fn has_empty_dir(pod: &Object) -> bool {
    pod.list("/spec/volumes").iter().any(|volume| volume.get("emptyDir").is_some())
}

impl PodRef {
    pub(super) fn of(object: &Object) -> Self {
        Self {
            namespace: object.namespace().unwrap_or_default().to_owned(),
            name: object.name().to_owned(),
            uid: object.uid().to_owned(),
        }
    }
}

impl fmt::Display for PodRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}
