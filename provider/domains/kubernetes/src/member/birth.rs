//! How a server comes into its cluster: a pure decision from what is true of all of them.

use std::collections::BTreeMap;

use crate::errors::Refusal;
use crate::host::Facts;

/// What is known of another server.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Look {
    /// It was not reached, and why.
    Unreached(String),
    /// What is true of it.
    Seen(Box<Facts>),
}

/// How a server comes into its cluster.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Way {
    /// It is in it already: it goes on with its own database.
    Member,
    /// It makes the cluster.
    Birth,
    /// It joins through this server.
    Join(String),
    /// Another one must come first.
    Wait(String),
    /// It would make the cluster, and these do not answer: each by its name, and why.
    Unasked(BTreeMap<String, String>),
}

/// What is told when servers cannot be asked though they were waited for.
pub(crate) fn unasked(servers: &BTreeMap<String, String>) -> Refusal {
    let lines: Vec<String> = servers.iter().map(|(name, why)| format!("  - {name}: {why}")).collect();
    Refusal::new(
        "A cluster is not made while a server of it cannot be asked",
        format!(
            "Any of them may have its database already, and a second cluster would be made beside it:\n{}\n\nNothing was changed. Make \
             them reachable, or take them out of the cluster's `servers`. Where their machines are made in the same run, let every node \
             depend on all of the machines.",
            lines.join("\n")
        ),
    )
}

/// Decides.
///
/// # Errors
/// It must not come into being now.
pub(crate) fn way(name: &str, own: &Facts, others: &BTreeMap<String, Look>) -> Result<Way, Refusal> {
    let ours = own.journal.as_ref();
    if own.database.etcd && !own.database.tombstone && ours.is_some() {
        return Ok(Way::Member);
    }
    let seen = || {
        others.iter().filter_map(|(name, look)| match look {
            Look::Seen(facts) => Some((name, facts.as_ref())),
            Look::Unreached(_) => None,
        })
    };
    let with_data = || seen().filter(|(_, facts)| facts.database.etcd);
    // One that was ready before is the better one to join through.
    let joined = |facts: &Facts| facts.journal.as_ref().is_some_and(|journal| journal.joined);
    let active = || with_data().filter(|(_, facts)| facts.server.active == "active");
    if let Some((other, _)) = active().find(|(_, facts)| joined(facts)).or_else(|| active().next()) {
        return Ok(Way::Join(other.clone()));
    }
    if let Some((other, facts)) = with_data().next() {
        if facts.server.runs() || !joined(facts) {
            return Ok(Way::Wait(other.clone()));
        }
        return Err(Refusal::new(
            format!("The cluster of {name} exists, and none of its servers runs"),
            format!(
                "{other} has its database, and its service is {}. A second cluster beside it is not made. Start it, or restore the \
                 cluster.",
                facts.server.active
            ),
        ));
    }
    let unreached: BTreeMap<String, String> = others
        .iter()
        .filter_map(|(other, look)| match look {
            Look::Unreached(why) => Some((other.clone(), why.clone())),
            Look::Seen(_) => None,
        })
        .collect();
    if !unreached.is_empty() {
        return Ok(Way::Unasked(unreached));
    }
    let begun =
        |facts: &Facts| facts.journal.as_ref().is_some_and(|journal| journal.birth && !journal.joined);
    match seen().find(|(_, facts)| begun(facts)) {
        Some((other, _)) if !begun(own) => Ok(Way::Wait(other.clone())),
        _ => Ok(Way::Birth),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Journal;
    use crate::host::facts::{Database, Unit};
    use proptest::prelude::*;

    fn facts(data: bool, active: &str, journal: Option<(bool, bool)>) -> Facts {
        Facts {
            database: Database { etcd: data, ..Database::default() },
            server: Unit { active: active.into(), ..Unit::default() },
            journal: journal.map(|(birth, joined)| Journal { birth, joined, ..Journal::default() }),
            ..Facts::default()
        }
    }

    fn others(list: Vec<(&str, Look)>) -> BTreeMap<String, Look> {
        list.into_iter().map(|(name, look)| (name.to_owned(), look)).collect()
    }

    fn seen(data: bool, active: &str, journal: Option<(bool, bool)>) -> Look {
        Look::Seen(Box::new(facts(data, active, journal)))
    }

    #[test]
    fn table() {
        let nothing = facts(false, "inactive", None);
        let go = |own: &Facts, list| way("a", own, &others(list));
        assert_eq!(go(&nothing, vec![]), Ok(Way::Birth));
        assert_eq!(go(&nothing, vec![("b", seen(false, "inactive", None))]), Ok(Way::Birth));
        assert_eq!(
            go(&nothing, vec![("b", seen(true, "active", Some((true, true))))]),
            Ok(Way::Join("b".into()))
        );
        assert_eq!(
            go(&nothing, vec![("b", seen(true, "activating", Some((true, false))))]),
            Ok(Way::Wait("b".into()))
        );
        assert!(go(&nothing, vec![("b", seen(true, "inactive", Some((false, true))))]).is_err());
        // A birth that was begun elsewhere is not begun again here.
        assert_eq!(
            go(&nothing, vec![("b", seen(false, "inactive", Some((true, false))))]),
            Ok(Way::Wait("b".into()))
        );
        let begun = facts(false, "inactive", Some((true, false)));
        assert_eq!(go(&begun, vec![("b", seen(false, "inactive", None))]), Ok(Way::Birth));
        assert_eq!(go(&facts(true, "inactive", Some((false, true))), vec![]), Ok(Way::Member));
        let unreached = BTreeMap::from([("b".to_owned(), "no route".to_owned())]);
        let dark = vec![("b", Look::Unreached("no route".into())), ("c", seen(false, "inactive", None))];
        assert_eq!(go(&nothing, dark), Ok(Way::Unasked(unreached.clone())));
        assert!(unasked(&unreached).detail.contains("b: no route"));
        // One that answers is enough to join.
        let list = vec![("b", Look::Unreached("x".into())), ("c", seen(true, "active", Some((false, true))))];
        assert_eq!(go(&nothing, list), Ok(Way::Join("c".into())));
    }

    fn any_look() -> impl Strategy<Value = Look> {
        let state = prop_oneof![Just("active"), Just("activating"), Just("inactive"), Just("failed")];
        let journal = prop::option::of((any::<bool>(), any::<bool>()));
        prop_oneof![
            Just(Look::Unreached("x".to_owned())),
            (any::<bool>(), state, journal).prop_map(|(data, active, journal)| seen(data, active, journal)),
        ]
    }

    proptest! {
        /// A cluster is made only where every server answers and none has a database.
        #[test]
        fn no_second_cluster(list in prop::collection::vec(any_look(), 0..4), own in (any::<bool>(), any::<bool>())) {
            let own = facts(false, "inactive", Some(own));
            let names = ["b", "c", "d", "e"];
            let all = others(names.into_iter().zip(list).collect());
            if way("a", &own, &all) == Ok(Way::Birth) {
                for look in all.values() {
                    let Look::Seen(facts) = look else { panic!("one was not asked") };
                    prop_assert!(!facts.database.etcd);
                }
            }
        }
    }
}
