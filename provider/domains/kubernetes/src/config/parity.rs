//! Keys that must be the same on all servers, and what differs.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::merge::InForce;

/// Keys that must be the same on all servers. The first nine are checked by a server when another joins; the others are
/// checked by nobody, and servers that differ in them rewrite each other's manifests for ever.
pub(crate) const PARITY: [&str; 14] = [
    "agent-token",
    "cluster-cidr",
    "service-cidr",
    "cluster-dns",
    "cluster-domain",
    "disable-cloud-controller",
    "disable-kube-proxy",
    "egress-selector-mode",
    "secrets-encryption",
    "cni",
    "ingress-controller",
    "system-default-registry",
    "disable",
    "profile",
];

/// Differences between two servers in what must be the same, each as a line that names the files.
pub(crate) fn parity(
    (here, ours): (&str, &BTreeMap<String, InForce>),
    (there, theirs): (&str, &BTreeMap<String, InForce>),
) -> Vec<String> {
    let differ = PARITY.iter().filter(|key| normal(ours.get(**key)) != normal(theirs.get(**key)));
    let side = |name: &str, in_force: Option<&InForce>| match in_force {
        Some(it) => format!("{} on {name} ({})", shown(&it.value), it.files.join(", ")),
        None => format!("not set on {name}"),
    };
    differ
        .map(|key| format!("{key} is {} and {}", side(here, ours.get(*key)), side(there, theirs.get(*key))))
        .collect()
}

/// A value without what makes no difference: the order of a list, a list of one.
fn normal(in_force: Option<&InForce>) -> Option<Vec<String>> {
    let mut items: Vec<String> = match &in_force?.value {
        Json::Array(items) => items.iter().map(shown).collect(),
        other => vec![shown(other)],
    };
    items.sort();
    items.dedup();
    // What is off and what is not said are the same.
    (!items.is_empty() && items != ["false"]).then_some(items)
}

fn shown(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::super::merge::{File, merge};
    use super::*;
    use serde_json::json;

    fn in_force(keys: &Json) -> BTreeMap<String, InForce> {
        merge(&[File { path: "50-hybridops.yaml".to_owned(), keys: keys.as_object().unwrap().clone() }])
    }

    #[test]
    fn what_differs_is_named() {
        let a = in_force(
            &json!({ "cni": "canal", "disable": ["x", "y"], "node-name": "a", "disable-kube-proxy": false }),
        );
        let b = in_force(&json!({ "cni": "cilium", "disable": ["y", "x"], "node-name": "b" }));
        let lines = parity(("a", &a), ("b", &b));
        assert_eq!(lines, ["cni is canal on a (50-hybridops.yaml) and cilium on b (50-hybridops.yaml)"]);
        let c = in_force(&json!({ "disable": "x" }));
        assert_eq!(parity(("a", &a), ("c", &c)).len(), 2);
    }
}
