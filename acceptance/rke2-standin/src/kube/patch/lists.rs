//! Which lists are maps in disguise: the `x-kubernetes-list-type` and `patchMergeKey` marks of kubernetes/api, as far
//! as the types served here carry them. Lists of custom resources are atomic, those in `metadata` are not.

use serde_json::Value;

use super::super::kinds::Kind;

/// How the elements of a list are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListType {
    /// The list is one value.
    Atomic,
    /// Each element is itself.
    Set,
    /// The elements are objects named by these members.
    Map(&'static [&'static str]),
}

/// For server-side apply: by the name of the list.
pub(crate) fn list_type(kind: &Kind, path: &[String], name: &str) -> ListType {
    let in_metadata = path.len() == 1 && path.first().is_some_and(|first| first == "f:metadata");
    match name {
        "finalizers" if in_metadata || kind.resource == "namespaces" => return ListType::Set,
        "ownerReferences" if in_metadata => return ListType::Map(&["uid"]),
        _ if kind.custom => return ListType::Atomic,
        _ => {}
    }
    match name {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "volumes"
        | "env"
        | "imagePullSecrets"
        | "webhooks"
        | "secrets"
        | "resourceClaims" => ListType::Map(&["name"]),
        "ports" if kind.resource == "services" => ListType::Map(&["port", "protocol"]),
        "ports" if kind.group == "networking.k8s.io" || kind.resource == "endpoints" => ListType::Atomic,
        "ports" => ListType::Map(&["containerPort", "protocol"]),
        "volumeMounts" => ListType::Map(&["mountPath"]),
        "volumeDevices" => ListType::Map(&["devicePath"]),
        "hostAliases" | "podIPs" => ListType::Map(&["ip"]),
        "topologySpreadConstraints" => ListType::Map(&["topologyKey", "whenUnsatisfiable"]),
        "conditions" | "addresses" => ListType::Map(&["type"]),
        "podCIDRs" => ListType::Set,
        _ => ListType::Atomic,
    }
}

/// For strategic merge: the member that names the elements of a list of objects. None: the patch replaces the list.
pub(crate) fn merge_key(kind: &Kind, name: &str) -> Option<&'static str> {
    match name {
        "ownerReferences" => Some("uid"),
        _ if kind.custom => None,
        "ports" if kind.resource == "services" => Some("port"),
        "ports" if kind.group == "networking.k8s.io" || kind.resource == "endpoints" => None,
        "ports" => Some("containerPort"),
        "topologySpreadConstraints" => Some("topologyKey"),
        _ => match list_type(kind, &[], name) {
            ListType::Map([key, ..]) => Some(key),
            _ => None,
        },
    }
}

/// For strategic merge: lists of plain values that are merged.
pub(crate) fn merges_values(name: &str) -> bool {
    matches!(name, "finalizers" | "podCIDRs")
}

/// The member of an element that names it, with what the API would fill in.
pub(crate) fn key_value(element: &Value, key: &str) -> Value {
    match element.get(key) {
        Some(value) => value.clone(),
        None if key == "protocol" => Value::from("TCP"),
        None => Value::Null,
    }
}
