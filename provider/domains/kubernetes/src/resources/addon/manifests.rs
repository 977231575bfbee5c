//! Texts of manifests become objects that can be applied.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::yaml;

/// What names an object in a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ObjectId {
    pub(super) api_version: String,
    pub(super) kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) namespace: Option<String>,
    pub(super) name: String,
}

/// An object that is to be.
#[derive(Clone)]
pub(super) struct Wanted {
    pub(super) id: ObjectId,
    pub(super) body: Value,
    /// Its content is shown to nobody, and not compared.
    pub(super) secret: bool,
}

/// Why manifests cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Fault(String);

/// The label of every object that an add-on owns.
pub(super) const LABEL: &str = "hybridops.studio/addon";

impl ObjectId {
    pub(super) fn new(api_version: &str, kind: &str, namespace: Option<&str>, name: &str) -> Self {
        let namespace = namespace.map(str::to_owned);
        Self { api_version: api_version.to_owned(), kind: kind.to_owned(), namespace, name: name.to_owned() }
    }

    fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// The same object, whatever the version it is read by.
    pub(super) fn same(&self, other: &Self) -> bool {
        (self.group(), &self.kind, &self.namespace, &self.name)
            == (other.group(), &other.kind, &other.namespace, &other.name)
    }

    /// The order in which objects are applied: what others stand on comes first.
    pub(super) fn rank(&self) -> u8 {
        match (self.group(), self.kind.as_str()) {
            ("", "Namespace") => 0,
            ("apiextensions.k8s.io", "CustomResourceDefinition") => 1,
            ("", "Secret" | "ConfigMap" | "ServiceAccount" | "PersistentVolume") => 2,
            ("rbac.authorization.k8s.io" | "storage.k8s.io" | "scheduling.k8s.io", _) => 2,
            ("", _) => 3,
            ("apps" | "batch" | "networking.k8s.io" | "policy" | "autoscaling", _) => 4,
            ("helm.cattle.io", _) => 5,
            ("admissionregistration.k8s.io" | "apiregistration.k8s.io", _) => 7,
            _ => 6,
        }
    }
}

/// Groups whose kinds are known here.
const KNOWN: &[&str] = &[
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "helm.cattle.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

/// Those of their kinds whose objects are in no namespace.
const CLUSTER_WIDE: &[&str] = &[
    "APIService",
    "CSIDriver",
    "CSINode",
    "CertificateSigningRequest",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "IngressClass",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PriorityClass",
    "RuntimeClass",
    "StorageClass",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "VolumeAttachment",
];

impl ObjectId {
    /// The object as it will be named in the cluster, where an object that names no namespace comes into `usual`; `None`
    /// where only the cluster knows whether it comes into one.
    pub(super) fn placed(&self, usual: &str) -> Option<Self> {
        let namespace = match (&self.namespace, KNOWN.contains(&self.group())) {
            (_, true) if CLUSTER_WIDE.contains(&self.kind.as_str()) => None,
            (Some(namespace), _) => Some(namespace.clone()),
            (None, true) => Some(usual.to_owned()),
            (None, false) => return None,
        };
        Some(Self { namespace, ..self.clone() })
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dot = if self.group().is_empty() { "" } else { "." };
        let namespace = self.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
        write!(f, "{}{dot}{} {namespace}{}", self.kind, self.group(), self.name)
    }
}

impl fmt::Debug for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wanted({})", self.id)
    }
}

/// The objects in texts, in the order in which they are applied. An object that says no namespace is given none here: whether
/// it needs one is known by the cluster only.
pub(super) fn read<'a>(texts: impl IntoIterator<Item = &'a str>, secret: bool) -> Result<Vec<Wanted>, Fault> {
    let mut objects = Vec::new();
    for (number, text) in texts.into_iter().enumerate() {
        let documents = yaml::documents(text).map_err(|error| {
            // What the parser says may show a part of the text.
            let told = if secret { format!("line {}: it is no YAML", error.line) } else { error.to_string() };
            Fault(format!("text {}: {told}", number + 1))
        })?;
        for document in documents {
            flatten(document, secret, &mut objects)
                .map_err(|why| Fault(format!("text {}: {why}", number + 1)))?;
        }
    }
    if let Some(twice) = twice(&objects) {
        return Err(Fault(format!("{twice} is there twice")));
    }
    objects.sort_by_key(|object| object.id.rank());
    Ok(objects)
}

fn twice(objects: &[Wanted]) -> Option<&ObjectId> {
    let mut seen: BTreeMap<&ObjectId, ()> = BTreeMap::new();
    objects.iter().map(|object| &object.id).find(|id| seen.insert(id, ()).is_some())
}

fn flatten(document: Value, secret: bool, objects: &mut Vec<Wanted>) -> Result<(), String> {
    if document.is_null() {
        return Ok(());
    }
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let kind = text("/kind").to_owned();
    if kind == "List" {
        let items = document.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
        return items.into_iter().try_for_each(|item| flatten(item, secret, objects));
    }
    let (api_version, name) = (text("/apiVersion").to_owned(), text("/metadata/name").to_owned());
    for (value, what) in [(&api_version, "apiVersion"), (&kind, "kind"), (&name, "metadata.name")] {
        if value.is_empty() {
            let object = if kind.is_empty() { "a document".to_owned() } else { format!("{kind} {name:?}") };
            return Err(format!("{object} has no `{what}`"));
        }
    }
    let namespace = Some(text("/metadata/namespace")).filter(|namespace| !namespace.is_empty());
    let id = ObjectId::new(&api_version, &kind, namespace, &name);
    let mut body = document;
    if let Some(map) = body.as_object_mut() {
        // What only the cluster says.
        map.remove("status");
    }
    if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in ["managedFields", "resourceVersion", "uid", "creationTimestamp", "generation"] {
            metadata.remove(field);
        }
    }
    objects.push(Wanted { id, body, secret });
    Ok(())
}

/// Puts the label of the add-on on an object, and the namespace it is in.
pub(super) fn own(body: &mut Value, addon: &str, namespace: Option<&str>) {
    let Some(object) = body.as_object_mut() else { return };
    let metadata = object.entry("metadata").or_insert_with(|| json!({}));
    let Some(metadata) = metadata.as_object_mut() else { return };
    match namespace {
        Some(namespace) => drop(metadata.insert("namespace".to_owned(), namespace.into())),
        None => drop(metadata.remove("namespace")),
    }
    let labels = metadata.entry("labels").or_insert_with(|| json!({}));
    if let Some(labels) = labels.as_object_mut() {
        labels.insert(LABEL.to_owned(), addon.into());
    }
}

/// For validation: whether a text is made of objects.
pub(super) fn are_manifests(value: &tf_framework::Value) -> Result<(), String> {
    let Some(text) = value.as_str() else { return Ok(()) };
    read([text], false).map(drop).map_err(|fault| fault.to_string())
}

/// For validation: whether a text is a mapping.
pub(super) fn is_yaml_map(value: &tf_framework::Value) -> Result<(), String> {
    let Some(text) = value.as_str() else { return Ok(()) };
    match yaml::document(text) {
        Ok(Value::Object(_) | Value::Null) => Ok(()),
        Ok(_) => Err("it is no mapping".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: x, uid: u}\nstatus: {a: 1}\n---\n\
                        kind: List\napiVersion: v1\nitems:\n- {apiVersion: v1, kind: Namespace, metadata: {name: x}}\n---\n";

    #[test]
    fn objects_come_in_the_order_in_which_they_can_be_applied() {
        let objects = read([TEXT], false).unwrap();
        let ids: Vec<String> = objects.iter().map(|object| object.id.to_string()).collect();
        assert_eq!(ids, ["Namespace x", "Deployment.apps x/web"]);
        let deployment = objects.last().unwrap();
        assert!(
            deployment.body.get("status").is_none() && deployment.body.pointer("/metadata/uid").is_none()
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let fault = |text: &str| read([text], false).unwrap_err().to_string();
        assert_eq!(
            fault("apiVersion: v1\nkind: Pod\nmetadata: {}"),
            "text 1: Pod \"\" has no `metadata.name`"
        );
        assert!(fault("a: [").starts_with("text 1: line 2"));
        assert!(
            fault(&format!("{TEXT}{}", "apiVersion: v1\nkind: Namespace\nmetadata: {name: x}"))
                .contains("twice")
        );
        let secret = read(["CANARY: [\n"], true).unwrap_err().to_string();
        assert!(!secret.contains("CANARY"), "{secret}");
    }

    #[test]
    fn objects_are_the_same_whatever_their_version() {
        let one = ObjectId::new("apps/v1beta1", "Deployment", Some("x"), "web");
        assert!(one.same(&ObjectId::new("apps/v1", "Deployment", Some("x"), "web")));
        assert!(!one.same(&ObjectId::new("apps/v1", "Deployment", Some("y"), "web")));
    }
}
