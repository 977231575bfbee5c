//! Where a new guest goes: a function from what is known of the nodes to one of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::api::Inventory;

/// By what a node is chosen, where anti-affinity leaves a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Policy {
    /// The first allowed node in alphabetical order.
    First,
    /// The node with the fewest guests.
    #[default]
    Spread,
    /// The node with the most memory that no guest may claim.
    MostFreeMemory,
}

/// What a guest needs of its place.
#[derive(Debug, Clone)]
pub(crate) struct Wish<'a> {
    /// Nodes it may be on; none named means all.
    pub(crate) allowed: &'a BTreeSet<String>,
    /// Memory in bytes.
    pub(crate) memory: u64,
    /// By what the node is chosen.
    pub(crate) policy: Policy,
    /// Guests that carry this tag keep apart from each other.
    pub(crate) group: Option<&'a str>,
}

/// A place that was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placed {
    /// The node.
    pub(crate) node: String,
    /// Memory it will take there, in bytes.
    pub(crate) memory: u64,
    /// The tag by which it keeps apart.
    pub(crate) group: Option<String>,
    /// Other guests of its group on the node: more than none when there are more guests than nodes.
    pub(crate) companions: usize,
}

/// A node as a place for a guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) node: String,
    pub(crate) guests: usize,
    pub(crate) companions: usize,
    /// Memory less what its guests may claim; `None` where the account may not see it.
    pub(crate) free: Option<u64>,
}

/// Why no node will do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoPlace {
    /// None of them answers.
    #[error("none of the nodes {} is online", list(.0))]
    NoneOnline(BTreeSet<String>),
    /// The cluster has no such nodes.
    #[error("the cluster has no node {}; it has {}", list(.wanted), list(.there))]
    Unknown {
        /// Named, and not there.
        wanted: BTreeSet<String>,
        /// Those there are.
        there: BTreeSet<String>,
    },
}

fn list(nodes: &BTreeSet<String>) -> String {
    if nodes.is_empty() {
        return "that this account can see".to_owned();
    }
    nodes.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// Chooses a node. `placed` are guests of this run that may not be in the index yet, by name.
///
/// # Errors
/// [`NoPlace`].
pub(crate) fn place(
    inventory: &Inventory,
    wish: &Wish<'_>,
    placed: &BTreeMap<String, Placed>,
) -> Result<Placed, NoPlace> {
    let there: BTreeSet<String> = inventory.nodes().map(|node| node.node.clone()).collect();
    let unknown: BTreeSet<String> = wish.allowed.difference(&there).cloned().collect();
    if !wish.allowed.is_empty() && unknown.len() == wish.allowed.len() {
        return Err(NoPlace::Unknown { wanted: unknown, there });
    }
    let best =
        candidates(inventory, wish, placed).into_iter().min_by(|a, b| rank(wish, a).cmp(&rank(wish, b)));
    let best = best.ok_or_else(|| {
        NoPlace::NoneOnline(if wish.allowed.is_empty() { there } else { wish.allowed.clone() })
    })?;
    Ok(Placed {
        node: best.node,
        memory: wish.memory,
        group: wish.group.map(str::to_owned),
        companions: best.companions,
    })
}

/// What counts, the first first: keeping apart, room, the policy, and the name so that the answer is always the same.
fn rank<'a>(
    wish: &Wish<'_>,
    candidate: &'a Candidate,
) -> (usize, bool, std::cmp::Reverse<u64>, usize, &'a str) {
    let cramped = candidate.free.is_some_and(|free| free < wish.memory);
    let (free, guests) = match wish.policy {
        Policy::First => (0, 0),
        Policy::Spread => (0, candidate.guests),
        Policy::MostFreeMemory => (candidate.free.unwrap_or_default(), 0),
    };
    (candidate.companions, cramped, std::cmp::Reverse(free), guests, &candidate.node)
}

fn candidates(inventory: &Inventory, wish: &Wish<'_>, placed: &BTreeMap<String, Placed>) -> Vec<Candidate> {
    let allowed = |node: &str| wish.allowed.is_empty() || wish.allowed.contains(node);
    let online = inventory.nodes().filter(|node| node.is_online() && allowed(&node.node));
    let indexed: BTreeSet<&str> = inventory.guests().map(|guest| guest.name.as_str()).collect();
    let coming: Vec<&Placed> = placed
        .iter()
        .filter(|(name, _)| !indexed.contains(name.as_str()))
        .map(|(_, placed)| placed)
        .collect();
    online
        .map(|node| {
            let here = || inventory.guests().filter(|guest| guest.node == node.node && !guest.template);
            let coming = || coming.iter().filter(|placed| placed.node == node.node);
            let together = |group: &str| {
                here().filter(|guest| guest.tags.contains(group)).count()
                    + coming().filter(|placed| placed.group.as_deref() == Some(group)).count()
            };
            let claimed = here().map(|guest| guest.maxmem).sum::<u64>()
                + coming().map(|placed| placed.memory).sum::<u64>();
            Candidate {
                node: node.node.clone(),
                guests: here().count() + coming().count(),
                companions: wish.group.map(together).unwrap_or_default(),
                free: (node.maxmem > 0).then(|| node.maxmem.saturating_sub(claimed)),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn cluster(nodes: &[(&str, u64, bool)], guests: &[(&str, &str, u64, &str)]) -> Inventory {
        let nodes = nodes.iter().map(|(node, memory, up)| {
            json!({"type": "node", "node": node, "maxmem": memory, "status": if *up { "online" } else { "offline" }})
        });
        let guests = guests.iter().enumerate().map(|(number, (name, node, memory, tags))| {
            json!({"type": "qemu", "vmid": 100 + number, "name": name, "node": node, "maxmem": memory, "tags": tags})
        });
        serde_json::from_value(nodes.chain(guests).collect()).unwrap()
    }

    fn wish<'a>(allowed: &'a BTreeSet<String>, policy: Policy, group: Option<&'a str>) -> Wish<'a> {
        Wish { allowed, memory: 4, policy, group }
    }

    const THREE: &[(&str, u64, bool)] = &[("pve1", 64, true), ("pve2", 32, true), ("pve3", 48, true)];

    #[test]
    fn policies() {
        let cluster = cluster(THREE, &[("a", "pve1", 62, ""), ("b", "pve3", 1, "")]);
        let any = BTreeSet::new();
        let chosen = |policy| place(&cluster, &wish(&any, policy, None), &BTreeMap::new()).unwrap().node;
        assert_eq!(chosen(Policy::First), "pve2", "pve1 has no room");
        assert_eq!(chosen(Policy::Spread), "pve2");
        assert_eq!(chosen(Policy::MostFreeMemory), "pve3");
    }

    #[test]
    fn a_group_keeps_apart_also_from_what_is_only_planned() {
        let cluster = cluster(THREE, &[("s1", "pve2", 4, "rke2")]);
        let any = BTreeSet::new();
        let mut placed = BTreeMap::new();
        let mut nodes = Vec::new();
        for name in ["s2", "s3", "s4"] {
            let chosen = place(&cluster, &wish(&any, Policy::Spread, Some("rke2")), &placed).unwrap();
            nodes.push((chosen.node.clone(), chosen.companions));
            placed.insert(name.to_owned(), chosen);
        }
        assert_eq!(nodes[0].1 + nodes[1].1, 0);
        assert_eq!(
            BTreeSet::from([nodes[0].0.as_str(), nodes[1].0.as_str()]),
            BTreeSet::from(["pve1", "pve3"])
        );
        assert_eq!(nodes[2].1, 1, "a fourth must share");
    }

    #[test]
    fn nodes_that_are_down_or_unknown_are_told() {
        let cluster = cluster(&[("pve1", 64, false), ("pve2", 64, true)], &[]);
        let only = |node: &str| BTreeSet::from([node.to_owned()]);
        let tried = |allowed: &BTreeSet<String>| {
            place(&cluster, &wish(allowed, Policy::Spread, None), &BTreeMap::new())
                .map_err(|error| error.to_string())
        };
        assert_eq!(tried(&only("pve1")).unwrap_err(), "none of the nodes pve1 is online");
        assert_eq!(tried(&only("pve9")).unwrap_err(), "the cluster has no node pve9; it has pve1, pve2");
        assert_eq!(tried(&only("pve2")).unwrap().node, "pve2");
    }

    proptest! {
        #[test]
        fn the_chosen_node_is_allowed_online_and_least_shared(
            up in prop::collection::vec(any::<bool>(), 1..6),
            homes in prop::collection::vec(0usize..6, 0..12),
            policy in prop_oneof![Just(Policy::First), Just(Policy::Spread), Just(Policy::MostFreeMemory)],
            allowed in prop::collection::btree_set(0usize..6, 0..6),
        ) {
            let names: Vec<String> = (0..up.len()).map(|number| format!("pve{number}")).collect();
            let nodes: Vec<(&str, u64, bool)> =
                names.iter().zip(&up).map(|(name, up)| (name.as_str(), 64, *up)).collect();
            let guests: Vec<(&str, &str, u64, &str)> =
                homes.iter().filter_map(|home| Some(("g", names.get(*home)?.as_str(), 1, "grp"))).collect();
            let cluster = cluster(&nodes, &guests);
            let allowed: BTreeSet<String> = allowed.into_iter().map(|number| format!("pve{number}")).collect();
            let shared = |node: &str| guests.iter().filter(|guest| guest.1 == node).count();
            let may = |node: &str| allowed.is_empty() || allowed.contains(node);
            let open: Vec<&str> =
                nodes.iter().filter(|(name, _, up)| *up && may(name)).map(|(name, ..)| *name).collect();
            match place(&cluster, &wish(&allowed, policy, Some("grp")), &BTreeMap::new()) {
                Ok(chosen) => {
                    prop_assert!(open.contains(&chosen.node.as_str()));
                    prop_assert!(open.iter().all(|node| shared(node) >= shared(&chosen.node)));
                    prop_assert_eq!(chosen.companions, shared(&chosen.node));
                }
                Err(_) => prop_assert!(open.is_empty()),
            }
        }
    }
}
