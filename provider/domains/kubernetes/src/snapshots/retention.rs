//! Which snapshots stay. A pure function: nothing is deleted here.
//!
//! RKE2 and K3s keep the newest so many of each server's scheduled ones on disk, the newest so many over all servers in an
//! object store, and never delete what was asked for by hand. Here every server's snapshots are counted by themselves, in
//! each place by itself, so that a server that takes none does not live on those of the others.

use std::collections::{BTreeMap, BTreeSet};

/// Seconds of an hour, of a day, of a week.
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;
/// The first Monday after 1970 began, in seconds.
const MONDAY: i64 = 4 * DAY;
/// How long a snapshot that is not whole may still be on its way.
const UNDER_WAY: i64 = HOUR;

/// What must stay, of each server in each place. Where nothing is set everything stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// The newest so many.
    pub last: u32,
    /// The last one of each of so many hours that have one.
    pub hourly: u32,
    /// The last one of each of so many days that have one.
    pub daily: u32,
    /// The last one of each of so many weeks that have one; weeks begin on Monday.
    pub weekly: u32,
    /// Whether those that were asked for by hand go as those taken by schedule do.
    pub on_demand: bool,
    /// Names that always stay.
    pub permanent: BTreeSet<String>,
}

/// A snapshot, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// Name of its file.
    pub name: String,
    /// Where it is: a server's disk, or an object store.
    pub place: String,
    /// The server that took it.
    pub node: String,
    /// When it was taken, in seconds since 1970.
    pub at: i64,
    /// Whether it was taken by schedule.
    pub scheduled: bool,
    /// Whether it is whole, as far as its size tells.
    pub whole: bool,
    /// Whether it is of this cluster, as far as is known.
    pub ours: bool,
}

/// Why a snapshot stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keep {
    /// It is among the newest.
    Last,
    /// It is the last one of its hour.
    Hourly,
    /// It is the last one of its day.
    Daily,
    /// It is the last one of its week.
    Weekly,
    /// It is the newest whole one of all.
    Newest,
    /// It was asked for by hand.
    OnDemand,
    /// It is named as one that always stays.
    Permanent,
    /// It is another cluster's.
    Foreign,
    /// It is not whole, and so new that it may be on its way.
    UnderWay,
    /// The policy keeps everything.
    NoPolicy,
}

impl Policy {
    fn keeps_everything(&self) -> bool {
        self.last == 0 && self.hourly == 0 && self.daily == 0 && self.weekly == 0
    }
}

/// What stays and why, by place and name. What is not in it goes.
pub type Kept = BTreeMap<(String, String), BTreeSet<Keep>>;

/// What stays under a policy at the time `now`, in seconds since 1970.
pub fn kept(snapshots: &[Candidate], policy: &Policy, now: i64) -> Kept {
    let mut kept = Kept::new();
    let mut add = |snapshot: &Candidate, why| {
        kept.entry((snapshot.place.clone(), snapshot.name.clone())).or_default().insert(why);
    };
    let mut counted: BTreeMap<(&str, &str), Vec<&Candidate>> = BTreeMap::new();
    for snapshot in snapshots {
        if policy.keeps_everything() {
            add(snapshot, Keep::NoPolicy);
        }
        if policy.permanent.contains(&snapshot.name) {
            add(snapshot, Keep::Permanent);
        }
        if !snapshot.ours {
            add(snapshot, Keep::Foreign);
        } else if !snapshot.whole {
            if snapshot.at > now - UNDER_WAY {
                add(snapshot, Keep::UnderWay);
            }
        } else if !snapshot.scheduled && !policy.on_demand {
            add(snapshot, Keep::OnDemand);
        } else {
            counted.entry((&snapshot.place, &snapshot.node)).or_default().push(snapshot);
        }
    }
    let whole = snapshots.iter().filter(|snapshot| snapshot.ours && snapshot.whole);
    if let Some(newest) = whole.max_by_key(|snapshot| (snapshot.at, &snapshot.name)) {
        add(newest, Keep::Newest);
    }
    for mut group in counted.into_values() {
        group.sort_by_key(|snapshot| std::cmp::Reverse((snapshot.at, &snapshot.name)));
        group.iter().take(policy.last as usize).for_each(|snapshot| add(snapshot, Keep::Last));
        for (count, length, why) in [
            (policy.hourly, HOUR, Keep::Hourly),
            (policy.daily, DAY, Keep::Daily),
            (policy.weekly, WEEK, Keep::Weekly),
        ] {
            let mut periods = BTreeSet::new();
            for snapshot in &group {
                let period = (snapshot.at - MONDAY).div_euclid(length);
                if periods.len() < count as usize && periods.insert(period) {
                    add(snapshot, why);
                }
            }
        }
    }
    kept
}

/// Those that go: the oldest first.
pub fn expired<'a>(snapshots: &'a [Candidate], kept: &Kept) -> Vec<&'a Candidate> {
    let stays = |snapshot: &&Candidate| kept.contains_key(&(snapshot.place.clone(), snapshot.name.clone()));
    let mut gone: Vec<&Candidate> = snapshots.iter().filter(|snapshot| !stays(snapshot)).collect();
    gone.sort_by_key(|snapshot| (snapshot.at, &snapshot.place, &snapshot.name));
    gone
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn snapshot(node: &str, at: i64) -> Candidate {
        Candidate {
            name: format!("etcd-snapshot-{node}-{at}"),
            place: "s3".into(),
            node: node.into(),
            at,
            scheduled: true,
            whole: true,
            ours: true,
        }
    }

    fn gone(snapshots: &[Candidate], policy: &Policy, now: i64) -> Vec<i64> {
        expired(snapshots, &kept(snapshots, policy, now)).iter().map(|snapshot| snapshot.at).collect()
    }

    #[test]
    fn a_server_does_not_live_on_the_snapshots_of_another() {
        let mut all: Vec<_> = (0..5).map(|hour| snapshot("a", hour * HOUR)).collect();
        all.push(snapshot("b", 0));
        let policy = Policy { last: 2, ..Policy::default() };
        assert_eq!(gone(&all, &policy, 6 * HOUR), [0, HOUR, 2 * HOUR]);
    }

    #[test]
    fn periods_keep_their_last_one() {
        let all: Vec<_> = (0..72).map(|half| snapshot("a", MONDAY + half * HOUR / 2)).collect();
        let policy = Policy { daily: 2, ..Policy::default() };
        let kept = kept(&all, &policy, MONDAY + 2 * DAY);
        let names: Vec<i64> = all
            .iter()
            .filter(|s| kept.contains_key(&(s.place.clone(), s.name.clone())))
            .map(|s| s.at - MONDAY)
            .collect();
        assert_eq!(names, [DAY - HOUR / 2, DAY + 23 * HOUR / 2]);
    }

    #[test]
    fn what_is_not_counted_stays_or_goes_by_itself() {
        let policy = Policy { last: 1, ..Policy::default() };
        let by_hand = Candidate { scheduled: false, name: "mine".into(), ..snapshot("a", 1) };
        let foreign = Candidate { ours: false, name: "theirs".into(), ..snapshot("a", 2) };
        let torn = Candidate { whole: false, name: "torn".into(), ..snapshot("a", 3) };
        let now = 10 * HOUR;
        let coming = Candidate { whole: false, name: "coming".into(), ..snapshot("a", now - 1) };
        let all = [by_hand, foreign, torn, coming, snapshot("a", 4), snapshot("a", 5)];
        assert_eq!(gone(&all, &policy, now), [3, 4]);
        let policy = Policy { on_demand: true, permanent: BTreeSet::from(["torn".to_owned()]), ..policy };
        assert_eq!(gone(&all, &policy, now), [1, 4]);
        assert!(gone(&all, &Policy::default(), now).is_empty());
    }

    prop_compose! {
        fn any_snapshot()(node in "[ab]", at in 0..40 * DAY, scheduled in prop::bool::weighted(0.8),
                          whole in prop::bool::weighted(0.9), ours in prop::bool::weighted(0.9)) -> Candidate {
            Candidate { scheduled, whole, ours, ..snapshot(&node, at) }
        }
    }

    proptest! {
        #[test]
        fn the_newest_whole_one_always_stays_and_nothing_foreign_goes(
            all in prop::collection::vec(any_snapshot(), 0..60),
            last in 0_u32..4, hourly in 0_u32..4, daily in 0_u32..4, weekly in 0_u32..4, on_demand: bool,
        ) {
            let policy = Policy { last, hourly, daily, weekly, on_demand, permanent: BTreeSet::new() };
            let stays = kept(&all, &policy, 40 * DAY);
            let gone = expired(&all, &stays);
            prop_assert!(gone.iter().all(|snapshot| snapshot.ours));
            prop_assert!(on_demand || gone.iter().all(|snapshot| snapshot.scheduled || !snapshot.whole));
            let newest = all.iter().filter(|s| s.ours && s.whole).map(|s| s.at).max();
            prop_assert!(newest.is_none() || gone.iter().all(|s| !s.whole || Some(s.at) != newest
                || all.iter().filter(|o| o.ours && o.whole && Some(o.at) == newest).count() > 1));
            // What stayed once stays when the rest is gone: a second run deletes nothing.
            let left: Vec<Candidate> = all.iter().filter(|s| !gone.contains(s)).cloned().collect();
            let again = expired(&left, &kept(&left, &policy, 40 * DAY)).len();
            prop_assert_eq!(again, 0);
        }
    }
}
