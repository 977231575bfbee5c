//! Whether a restored cluster is what its snapshot says.

use std::collections::{BTreeMap, BTreeSet};

use transport_ssh::Budget;

use crate::api::{Access, ApiError, Kind, Selector, kinds};
use crate::snapshots::file::Proof;
use crate::snapshots::living;

/// Kinds that are counted through the API, by their names in the database. They do not come and go by themselves, and
/// between them they need all that a restored API server must be able to do: Secrets are sealed with its keys.
const COUNTED: [(&str, Kind); 9] = [
    ("namespaces", kinds::NAMESPACE),
    ("nodes", kinds::NODE),
    ("configmaps", kinds::CONFIG_MAP),
    ("secrets", kinds::SECRET),
    ("serviceaccounts", kinds::SERVICE_ACCOUNT),
    ("deployments", kinds::DEPLOYMENT),
    ("statefulsets", kinds::STATEFUL_SET),
    ("daemonsets", kinds::DAEMON_SET),
    ("persistentvolumeclaims", kinds::CLAIM),
];

/// What the API of a restored cluster tells.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) cluster_id: Option<String>,
    pub(super) nodes: BTreeSet<String>,
    pub(super) counted: BTreeMap<String, u64>,
}

/// Asks a restored cluster for what is compared.
///
/// # Errors
/// Its API does not answer.
pub(super) async fn ask(access: &Access, snapshot: &Proof, budget: &Budget) -> Result<Told, ApiError> {
    let mut told = Told {
        cluster_id: living::cluster_id(access, budget).await.ok().flatten(),
        nodes: access.kube().nodes(budget).await?.into_iter().map(|node| node.name).collect(),
        ..Told::default()
    };
    for (name, kind) in COUNTED {
        if snapshot.kinds.contains_key(name) {
            let all = access.kube().list(&kind, None, &Selector::default(), budget).await?;
            told.counted.insert(name.to_owned(), all.len() as u64);
        }
    }
    Ok(told)
}

/// What of a snapshot is not in the restored cluster, and what of `least` is not in the snapshot; each as a line.
pub(super) fn differences(snapshot: &Proof, told: &Told, least: &BTreeMap<String, u64>) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(wanted) = &snapshot.cluster_id
        && told.cluster_id.as_ref() != Some(wanted)
    {
        let found = told.cluster_id.as_deref().unwrap_or("none");
        lines.push(format!("its id is {found}, and in the snapshot it is {wanted}"));
    }
    let missing: Vec<&str> = snapshot.nodes.difference(&told.nodes).map(String::as_str).collect();
    if !missing.is_empty() {
        lines.push(format!("these nodes of the snapshot are not there: {}", missing.join(", ")));
    }
    for (kind, found) in &told.counted {
        let wanted = snapshot.kinds.get(kind).copied().unwrap_or_default();
        if *found < wanted {
            lines.push(format!("it has {found} {kind}, and the snapshot has {wanted}"));
        }
    }
    for (kind, wanted) in least {
        let found = snapshot.kinds.get(kind).copied().unwrap_or_default();
        if found < *wanted {
            lines.push(format!("the snapshot has {found} {kind}, and `checks.objects` wants {wanted}"));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> BTreeSet<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    fn counts(list: &[(&str, u64)]) -> BTreeMap<String, u64> {
        list.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    }

    fn snapshot() -> Proof {
        Proof {
            token_hash: None,
            cluster_id: Some("7d1c".to_owned()),
            version: None,
            nodes: names(&["a", "b"]),
            revision: 7,
            objects: 5,
            kinds: counts(&[("secrets", 3), ("apps.example.com/widgets", 2)]),
            unproven: Vec::new(),
        }
    }

    #[test]
    fn all_that_is_missing_is_told() {
        let good = Told {
            cluster_id: Some("7d1c".to_owned()),
            nodes: names(&["a", "b", "drill"]),
            counted: counts(&[("secrets", 4)]),
        };
        assert!(differences(&snapshot(), &good, &counts(&[("apps.example.com/widgets", 2)])).is_empty());
        let bad = Told { cluster_id: None, nodes: names(&["b"]), counted: counts(&[("secrets", 2)]) };
        let lines = differences(&snapshot(), &bad, &counts(&[("deployments", 1)]));
        assert_eq!(lines.len(), 4, "{lines:?}");
        for text in ["its id is none", "not there: a", "it has 2 secrets", "has 0 deployments"] {
            assert!(lines.iter().any(|line| line.contains(text)), "{text}: {lines:?}");
        }
    }
}
