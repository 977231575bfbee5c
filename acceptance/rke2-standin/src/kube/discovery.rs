//! What the API serves, as clients ask for it: versions, groups, resources, and as much OpenAPI as kubectl insists on.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::api::Kube;
use super::kinds::Kind;

/// Groups of which nothing is stored.
const REVIEWS: &[(&str, &str, &str)] = &[
    ("authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview"),
    ("authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview"),
    ("authentication.k8s.io", "tokenreviews", "TokenReview"),
];

const VERBS: &[&str] = &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/// Whether a resource is one that is answered and forgotten.
pub(crate) fn is_review(group: &str, resource: &str) -> bool {
    REVIEWS.iter().any(|(known, name, _)| *known == group && *name == resource)
}

impl Kube {
    /// `/version`: that of Kubernetes, with the distribution's suffix.
    pub(crate) fn version(&self) -> Value {
        let version = &self.settings.version;
        let mut numbers = version.trim_start_matches('v').split(['.', '+']);
        json!({
            "major": numbers.next().unwrap_or_default(), "minor": numbers.next().unwrap_or_default(),
            "gitVersion": version, "gitCommit": "0000000000000000000000000000000000000000", "gitTreeState": "clean",
            "buildDate": "2025-08-27T17:07:52Z", "goVersion": "none: rke2-standin", "compiler": "rustc",
            "platform": "linux/amd64",
        })
    }

    /// `/apis`.
    pub(crate) fn groups(&self) -> Value {
        json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": self.group_list() })
    }

    /// `/apis/<group>`.
    pub(crate) fn group(&self, name: &str) -> Option<Value> {
        let mut group = self.group_list().into_iter().find(|group| group["name"] == name)?;
        group["kind"] = json!("APIGroup");
        group["apiVersion"] = json!("v1");
        Some(group)
    }

    fn group_list(&self) -> Vec<Value> {
        let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let kinds = self.kinds.all();
        let kinds = kinds.iter().map(|kind| (kind.group.clone(), kind.version.clone()));
        let reviews = REVIEWS.iter().map(|(group, _, _)| ((*group).to_owned(), "v1".to_owned()));
        for (group, version) in kinds.chain(reviews).filter(|(group, _)| !group.is_empty()) {
            let known = versions.entry(group).or_default();
            if !known.contains(&version) {
                known.push(version);
            }
        }
        versions
            .into_iter()
            .map(|(group, versions)| {
                let versions: Vec<Value> = versions
                    .iter()
                    .map(
                        |version| json!({ "groupVersion": format!("{group}/{version}"), "version": version }),
                    )
                    .collect();
                json!({ "name": group, "versions": versions, "preferredVersion": versions.first() })
            })
            .collect()
    }

    /// `/api/v1` and `/apis/<group>/<version>`.
    pub(crate) fn resources(&self, group: &str, version: &str) -> Option<Value> {
        let kinds: Vec<Arc<Kind>> = self
            .kinds
            .all()
            .into_iter()
            .filter(|kind| kind.group == group && kind.version == version)
            .collect();
        let mut resources: Vec<Value> = kinds.iter().flat_map(|kind| entries(kind)).collect();
        resources.extend(REVIEWS.iter().filter(|(known, _, _)| *known == group && version == "v1").map(
            |(_, name, kind)| json!({ "name": name, "singularName": "", "namespaced": false, "kind": kind, "verbs": ["create"] }),
        ));
        if resources.is_empty() {
            return None;
        }
        let group_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
        Some(json!({
            "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources,
        }))
    }
}

/// A type and its subresources.
fn entries(kind: &Kind) -> Vec<Value> {
    let mut main = json!({
        "name": kind.resource, "singularName": kind.kind.to_lowercase(), "namespaced": kind.namespaced,
        "kind": kind.kind, "verbs": VERBS,
    });
    if !kind.short_names.is_empty() {
        main["shortNames"] = json!(kind.short_names);
    }
    if kind.in_all {
        main["categories"] = json!(["all"]);
    }
    let below = kind.subresources.iter().map(|subresource| {
        let name = format!("{}/{subresource}", kind.resource);
        let entry = |group: &str, version: &str, of: &str, verbs: &[&str]| {
            let mut entry = json!({
                "name": name, "singularName": "", "namespaced": kind.namespaced, "kind": of, "verbs": verbs,
            });
            if !group.is_empty() {
                entry["group"] = json!(group);
                entry["version"] = json!(version);
            }
            entry
        };
        match subresource.as_str() {
            "eviction" => entry("policy", "v1", "Eviction", &["create"]),
            "binding" => entry("", "", "Binding", &["create"]),
            "token" => entry("authentication.k8s.io", "v1", "TokenRequest", &["create"]),
            "scale" => entry("autoscaling", "v1", "Scale", &["get", "patch", "update"]),
            "log" => entry("", "", &kind.kind, &["get"]),
            "finalize" => entry("", "", &kind.kind, &["update"]),
            _ => entry("", "", &kind.kind, &["get", "patch", "update"]),
        }
    });
    std::iter::once(main).chain(below).collect()
}

/// `/openapi/v2` in JSON: a document without types, which makes kubectl fall back to the types it was built with.
pub(crate) fn openapi_json() -> Value {
    json!({
        "swagger": "2.0", "info": { "title": "rke2-standin", "version": "unversioned" }, "paths": {},
        "definitions": {},
    })
}

/// The same as `openapi.v2.Document` in protobuf, the only form kubectl reads: `swagger` is field 1, `info` field 2
/// with `title` 1 and `version` 2.
pub(crate) fn openapi_protobuf() -> Vec<u8> {
    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap_or(u8::MAX);
        let mut bytes = vec![number << 3 | 2, length];
        bytes.extend_from_slice(content);
        bytes
    }
    let info = [field(1, b"rke2-standin"), field(2, b"unversioned")].concat();
    // Field 8, `paths`, is there and empty: clients look into it without asking.
    [field(1, b"2.0"), field(2, &info), field(8, b"")].concat()
}
