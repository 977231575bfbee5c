//! A cluster none of whose servers works: whether it is proven to be lost, so that its nodes may go without telling it.

use std::collections::BTreeMap;

use super::asked::Asked;
use super::birth::Look;
use super::cluster::survey;
use crate::errors::{Error, Refusal, chain};
use crate::host::{Facts, gather};

/// What is left of one server.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Left {
    /// It answers, and has no database of the cluster.
    Nothing(String),
    /// It was not reached, or something else answered in its place.
    Silent(String),
    /// It has the database.
    Database,
}

/// Lets a node go though no server of its cluster works: the cluster is lost, and that is told. `why` says what became of
/// asking them, `restores` is the number of a restore that is planned.
///
/// # Errors
/// The cluster may live, or come back by itself.
pub(super) async fn proven(asked: &Asked, restores: Option<u64>, why: &Error) -> Result<(), Error> {
    let mut looks = survey(asked).await?;
    if asked.is_server() {
        let own = match gather(&asked.run).await {
            Ok(facts) => Look::Seen(Box::new(facts)),
            Err(error) => Look::Unreached(chain(&error)),
        };
        looks.insert(asked.name().to_owned(), own);
    }
    let cluster = &asked.spec().name;
    match verdict(cluster, &looks, restores) {
        Ok(seen) => {
            let detail = format!(
                "None of its servers works, so there is nobody to tell that {} leaves, and nothing to take it out of. What was \
                 seen of them:\n{seen}",
                asked.name()
            );
            let summary = format!("The cluster {cluster} is lost: {} leaves without it", asked.name());
            tracing::warn!(node = asked.name(), "{detail}");
            asked.tell(summary, detail);
            Ok(())
        }
        Err(refusal) => {
            let why = match why {
                Error::Refused(refusal) => refusal.detail.clone(),
                other => chain(other),
            };
            Err(Refusal::new(refusal.summary, format!("{}\n\n{why}", refusal.detail)).into())
        }
    }
}

/// What is left of a server.
fn left(cluster: &str, look: &Look) -> Left {
    let facts: &Facts = match look {
        Look::Unreached(why) => return Left::Silent(format!("it was not reached: {why}")),
        Look::Seen(facts) => facts,
    };
    let journal = facts.journal.as_ref();
    let stranger = journal.filter(|journal| !journal.cluster.is_empty() && journal.cluster != cluster);
    // One that is being made anew has a database, and not that of the cluster that was.
    let anew = journal.is_some_and(|journal| journal.birth && !journal.joined);
    let host = &facts.os.host;
    match stranger {
        Some(journal) => Left::Nothing(format!(
            "its machine answers ({host}), and is the node {} of the cluster {}",
            journal.node, journal.cluster
        )),
        None if (facts.database.etcd || facts.database.sqlite) && !anew => Left::Database,
        None => Left::Nothing(format!("its machine answers ({host}), and has no database of the cluster")),
    }
}

/// Whether the cluster is lost, with a line for each server. Machines that have nothing prove it. A machine that is silent
/// proves nothing, for it may only be out of reach from here: then it takes a restore that is planned, which says that the
/// cluster is to come back from what was saved.
fn verdict(cluster: &str, looks: &BTreeMap<String, Look>, restores: Option<u64>) -> Result<String, Refusal> {
    let all: BTreeMap<&String, Left> = looks.iter().map(|(name, look)| (name, left(cluster, look))).collect();
    let of = |wanted: fn(&Left) -> bool| -> Vec<&str> {
        all.iter().filter(|(_, left)| wanted(left)).map(|(name, _)| name.as_str()).collect()
    };
    let holders = of(|left| *left == Left::Database);
    if !holders.is_empty() {
        let detail = format!(
            "{} has its database still: the cluster is not lost. Start its service there, or restore it in place, with the \
             `machine_id` of that node as it was. Nothing was changed.",
            holders.join(", ")
        );
        return Err(Refusal::new(format!("No server of the cluster {cluster:?} works"), detail));
    }
    let silent = of(|left| matches!(left, Left::Silent(_)));
    if !silent.is_empty() && restores.is_none() {
        let detail = format!(
            "That {} cannot be reached from here does not prove that the cluster is lost. If it is, say so by planning its \
             `restore` with a new `epoch` in the same apply: its nodes then go without it, and it is born from the snapshot on \
             the new machines. Else make its servers reachable. Nothing was changed.",
            silent.join(", ")
        );
        return Err(Refusal::new(format!("No server of the cluster {cluster:?} works"), detail));
    }
    let mut lines: Vec<String> = all
        .iter()
        .map(|(name, left)| match left {
            Left::Nothing(seen) | Left::Silent(seen) => format!("  - {name}: {seen}"),
            Left::Database => format!("  - {name}: it has the database"),
        })
        .collect();
    if let Some(epoch) = restores {
        lines.push(format!("\nRestore {epoch} of the cluster is planned: it comes back from its snapshot."));
    }
    Ok(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Journal;
    use crate::host::facts::Database;

    fn seen(database: bool, journal: Option<Journal>) -> Look {
        let database = Database { etcd: database, ..Database::default() };
        Look::Seen(Box::new(Facts { database, journal, ..Facts::default() }))
    }

    fn of(cluster: &str, birth: bool) -> Option<Journal> {
        Some(Journal {
            cluster: cluster.into(),
            node: "x".into(),
            birth,
            joined: !birth,
            ..Journal::default()
        })
    }

    fn decide(looks: Vec<Look>, restores: Option<u64>) -> Result<String, Refusal> {
        let names = ["a", "b", "c"].map(str::to_owned);
        verdict("platform", &names.into_iter().zip(looks).collect(), restores)
    }

    #[test]
    fn gone_is_proven_and_never_guessed() {
        let silent = || Look::Unreached("no route".to_owned());
        // Machines that were installed anew, or belong to somebody else.
        let said = decide(vec![seen(false, None), seen(true, of("other", false))], None).unwrap();
        assert!(said.contains("a: its machine answers") && said.contains("x of the cluster other"), "{said}");
        // Out of reach from here is no proof, but with a restore it is meant.
        let refused = decide(vec![seen(false, None), silent()], None).unwrap_err();
        assert!(refused.detail.contains("That b cannot be reached"), "{}", refused.detail);
        let said = decide(vec![silent(), silent(), silent()], Some(2)).unwrap();
        assert!(said.contains("c: it was not reached: no route") && said.contains("Restore 2"), "{said}");
        // Who has the database keeps everybody.
        for restores in [None, Some(1)] {
            let refused = decide(vec![silent(), seen(true, of("platform", false))], restores).unwrap_err();
            assert!(refused.detail.starts_with("b has its database still"), "{}", refused.detail);
            assert!(decide(vec![seen(true, None)], restores).is_err());
        }
        // One that is being born in its place is not the cluster that was.
        assert!(decide(vec![seen(true, of("platform", true))], None).is_ok());
    }
}
