//! Nodes: known and online.

use tf_framework::Diagnostic;

use crate::api::Inventory;

/// Whether a node exists and answers. `doing` completes "Node … is offline, so that …": "nothing can be stored on it".
pub(crate) fn check_node(inventory: &Inventory, node: &str, doing: &str) -> Option<Diagnostic> {
    let Some(entry) = inventory.node(node) else {
        let known: Vec<&str> = inventory.nodes().map(|entry| entry.node.as_str()).collect();
        return Some(Diagnostic::error(
            format!("There is no node {node}"),
            format!("The cluster has no node named {node:?}. Its nodes are: {}.", known.join(", ")),
        ));
    };
    (!entry.is_online()).then(|| {
        Diagnostic::error(
            format!("Node {node} is {}", if entry.status.is_empty() { "offline" } else { &entry.status }),
            format!("The cluster says that node {node} does not answer, so that {doing}. Bring it back, or choose another."),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn unknown_nodes_are_answered_with_the_known_ones() {
        let inventory: Inventory = serde_json::from_value(json!([
            {"type": "node", "node": "pve1", "status": "online"},
            {"type": "node", "node": "pve2", "status": "offline"},
        ]))
        .unwrap();
        assert_eq!(check_node(&inventory, "pve1", "x"), None);
        let unknown = check_node(&inventory, "pve3", "x").unwrap();
        assert_eq!(unknown.summary, "There is no node pve3");
        assert!(unknown.detail.contains("pve1, pve2"), "{}", unknown.detail);
        let offline = check_node(&inventory, "pve2", "no file can be stored there").unwrap();
        assert_eq!(offline.summary, "Node pve2 is offline");
        assert!(offline.detail.contains("no file can be stored there"), "{}", offline.detail);
    }
}
