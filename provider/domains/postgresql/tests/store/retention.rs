//! What goes and what stays.

use std::collections::BTreeSet;

use domain_postgresql::store::archive::{Cache, WalObject};
use domain_postgresql::store::names::{WalName, sentinel_key};
use domain_postgresql::store::retention::{Held, Keep, Plan, Policy, plan};
use domain_postgresql::store::{Archive, Lsn, Store, Verified, retention_run};
use proptest::prelude::*;
use time::Duration;
use transport_ssh::Budget;

use crate::sample::{Made, SYSTEM, backup_name, hour, lz4, memory, owners, put, segment, sentinel, wal_key};

fn policy(now: i64, window: i64, minimum: usize) -> Policy {
    Policy { window: Duration::hours(window), minimum_verified: minimum, now: hour(now) }
}

fn why(plan: &Plan, name: &str) -> Vec<Keep> {
    let found = plan.kept.iter().find(|(kept, _)| kept == name);
    found.map(|(_, why)| why.iter().copied().collect()).unwrap_or_default()
}

/// Backups every ten hours, segments every hour.
fn regular(backups: u64) -> Made {
    let mut made = Made::new();
    for index in 0..backups {
        made.verified(1, index * 10 + 1, i64::try_from(index).unwrap() * 10 + 1);
    }
    for number in 1..backups * 10 {
        made.wal(1, number, i64::try_from(number).unwrap());
    }
    made
}

#[test]
fn the_window_stays_recoverable() {
    let archive = regular(6).done();
    let plan = plan(&archive, &policy(55, 20, 1), None, &owners());
    assert_eq!(plan.expired, [backup_name(1, 1), backup_name(1, 11), backup_name(1, 21)]);
    assert_eq!(
        why(&plan, &backup_name(1, 31)),
        [Keep::Anchor],
        "the beginning of the window is recovered from it"
    );
    assert_eq!(plan.wal.len(), 1);
    assert_eq!(
        (plan.wal[0].first.to_string(), plan.wal[0].segments),
        ("000000010000000000000001".into(), 30)
    );
    assert!(plan.held.is_none());
}

#[test]
fn nothing_goes_below_the_floor() {
    let mut made = regular(6);
    for backup in &mut made.archive.backups {
        backup.verified = None;
    }
    let held = plan(&made.done(), &policy(55, 20, 1), None, &owners());
    assert!(held.is_empty() && held.held == Some(Held::Floor { verified: 0, minimum: 1 }));
    made.archive.backups[0].verified = Some(Verified::now("x", SYSTEM, "drill", Lsn(0)));
    let one = plan(&made.done(), &policy(55, 20, 1), None, &owners());
    assert_eq!(
        why(&one, &backup_name(1, 1)),
        [Keep::Verified],
        "the only proven one stays, and its log with it"
    );
    assert!(one.wal_keys.is_empty() && one.expired.len() == 2);
}

#[test]
fn permanent_backups_keep_themselves_and_what_they_need() {
    let mut made = regular(6);
    made.archive.backups[1].permanent = true;
    made.archive.backups[1].parent = Some(backup_name(1, 1));
    made.archive.backups[1].full = backup_name(1, 1);
    let plan = plan(&made.done(), &policy(55, 20, 1), None, &owners());
    assert_eq!(plan.expired, [backup_name(1, 21)]);
    assert_eq!(why(&plan, &backup_name(1, 1)), [Keep::Parent]);
    assert!(!plan.wal_keys.contains(&wal_key(1, 11, ".lz4")), "the segment that makes it consistent stays");
    assert!(plan.wal_keys.contains(&wal_key(1, 12, ".lz4")), "what only rolls it forward goes");
}

#[test]
fn only_what_was_shown_goes() {
    let archive = regular(6).done();
    let shown = BTreeSet::from([backup_name(1, 1), backup_name(1, 51)]);
    let plan = plan(&archive, &policy(55, 20, 1), Some(&shown), &owners());
    assert_eq!(plan.expired, [backup_name(1, 1)], "what must stay stays although it was asked for");
    assert_eq!(why(&plan, &backup_name(1, 11)), [Keep::NotPlanned]);
    assert!(!plan.wal_keys.contains(&wal_key(1, 11, ".lz4")), "and keeps its log");
}

#[test]
fn a_new_cluster_on_the_prefix_keeps_its_new_backups() {
    // Names begin anew: an order by name would take the newest backups for the oldest.
    let mut made = regular(4);
    for (number, finish) in [(1, 61), (2, 62), (3, 63)] {
        let backup = made.verified(1, number, finish);
        backup.system_id = Some(9);
        backup.name = format!("base_00000001000000000000000{number}_D_000000010000000000000000");
    }
    let archive = made.done();
    let soon = plan(&archive, &policy(65, 20, 1), None, &owners());
    let newest: Vec<&str> = archive.backups[4..].iter().map(|backup| backup.name.as_str()).collect();
    assert!(newest.iter().all(|name| !why(&soon, name).is_empty()), "{:?}", soon.kept);
    assert_eq!(
        why(&soon, &backup_name(1, 31)),
        [Keep::Anchor],
        "the window begins in the life of the old cluster"
    );
    let later = plan(&archive, &policy(90, 20, 1), None, &owners());
    assert!(later.expired.contains(&backup_name(1, 31)), "its time was over before the window began");
    assert!(!later.expired.contains(&archive.backups[6].name));
    assert_eq!(later.wal_keys.len(), 2, "nobody needs what is before the new cluster's backup");
    assert_eq!(later.doubtful.len(), 37, "names do not tell whose the others are");
    let owners = later.doubtful.iter().map(|key| (key.clone(), SYSTEM)).collect();
    let known = plan(&archive, &policy(90, 20, 1), None, &owners);
    assert_eq!(known.wal_keys.len(), 39, "their first pages do");
}

#[test]
fn an_anchor_whose_log_has_a_gap_is_not_the_only_one() {
    // Found by the property below: the newest backup before the window lacks its log, the one before it does not.
    let backups = vec![(1, 4, false, false, false), (1, 7, false, false, false), (4, 6, false, false, false)];
    let archive = made(&Case { backups, other: 5, window: 41, minimum: 0 });
    let plan = plan(&archive, &policy(100, 41, 0), None, &owners());
    assert_eq!(why(&plan, &backup_name(1, 4)), [Keep::Anchor], "{:?}", plan.kept);
    let target = domain_postgresql::store::Target::Time(hour(59));
    assert_eq!(archive.reachable(&target, None, None).unwrap().backup, backup_name(1, 4));
}

#[derive(Debug, Clone)]
struct Case {
    backups: Vec<(u64, i64, bool, bool, bool)>,
    /// From when on another cluster uses the prefix.
    other: i64,
    window: i64,
    minimum: usize,
}

fn cases() -> impl Strategy<Value = Case> {
    let backup = (1_u64..60, 1_i64..100, any::<bool>(), any::<bool>(), any::<bool>());
    let backups = prop::collection::vec(backup, 0..8);
    (backups, 0_i64..200, 0_i64..80, 0_usize..4).prop_map(|(backups, other, window, minimum)| Case {
        backups,
        other,
        window,
        minimum,
    })
}

fn made(case: &Case) -> Archive {
    let mut made = Made::new();
    let mut last: Option<String> = None;
    for (number, finish, verified, permanent, delta) in &case.backups {
        let other = *finish >= case.other;
        let backup = made.backup(1, *number, *finish);
        if made_twice(&last, &backup.name) {
            backup.name = format!("{}_D_000000010000000000000000", backup.name);
        }
        backup.system_id = Some(if other { 9 } else { SYSTEM });
        backup.permanent = *permanent;
        backup.verified =
            verified.then(|| Verified::now(&backup.name, if other { 9 } else { SYSTEM }, "drill", Lsn(0)));
        if *delta && let Some(parent) = last.as_ref().filter(|last| **last != backup.name) {
            backup.parent = Some(parent.clone());
            backup.full = parent.clone();
            backup.delta_count = 1;
        }
        last = Some(backup.name.clone());
    }
    made.archive.backups.sort_by(|a, b| a.name.cmp(&b.name));
    made.archive.backups.dedup_by(|a, b| a.name == b.name);
    for number in 1..60 {
        made.wal(1, number, i64::try_from(number).unwrap());
    }
    made.done()
}

fn made_twice(last: &Option<String>, name: &str) -> bool {
    last.as_deref() == Some(name)
}

fn needs(archive: &Archive, name: &str, entry: &WalObject) -> bool {
    let backup = archive.backup(name).unwrap();
    let WalName::Segment(segment) = entry.name else { return false };
    let number = segment.number(archive.segment_size).unwrap();
    let (first, last) =
        (archive.segment_size.number(backup.start_lsn), archive.segment_size.number(backup.finish_lsn));
    (first..=last).contains(&number)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn whatever_is_there_the_promises_hold(case in cases()) {
        let archive = made(&case);
        let policy = policy(100, case.window, case.minimum);
        let plan = plan(&archive, &policy, None, &owners());
        let gone: BTreeSet<&str> = plan.expired.iter().map(String::as_str).collect();
        let kept: BTreeSet<&str> = plan.kept.iter().map(|(name, _)| name.as_str()).collect();
        prop_assert!(gone.is_disjoint(&kept));
        prop_assert_eq!(gone.len() + kept.len(), archive.backups.len());
        if let Some(newest) = archive.backups.last() {
            prop_assert!(kept.contains(newest.name.as_str()), "the newest stays");
        }
        for backup in &archive.backups {
            let stays = kept.contains(backup.name.as_str());
            prop_assert!(stays || !backup.permanent, "permanent ones stay");
            prop_assert!(stays || backup.finish_time < policy.now - policy.window, "the window stays");
            if stays && let Some(parent) = &backup.parent && archive.backup(parent).is_some() {
                prop_assert!(kept.contains(parent.as_str()), "parents stay");
            }
        }
        let system = archive.system_id();
        let verified = |names: &BTreeSet<&str>| archive.backups.iter().filter(|backup| {
            backup.verified.is_some() && backup.system_id == system && names.contains(backup.name.as_str())
        }).count();
        prop_assert!(gone.is_empty() || verified(&kept) >= case.minimum, "the floor holds");
        // Children before parents.
        for (index, name) in plan.expired.iter().enumerate() {
            let parent = archive.backup(name).unwrap().parent.clone();
            let before = parent.is_some_and(|parent| plan.expired[..index].contains(&parent));
            prop_assert!(!before, "{name} is deleted after what it is a difference to");
        }
        // No backup that stays loses a segment of its own.
        for entry in &archive.wal.objects {
            if plan.wal_keys.contains(&entry.object.key) {
                for name in &kept {
                    prop_assert!(!needs(&archive, name, entry), "{name} needs {}", entry.object.key);
                }
            }
        }
        // Every point of the window that could be recovered to can be recovered to afterwards.
        let mut after = archive.clone();
        after.backups.retain(|backup| kept.contains(backup.name.as_str()));
        after.wal.objects.retain(|entry| !plan.wal_keys.contains(&entry.object.key));
        after.wal.number(after.segment_size);
        for moment in (100 - case.window)..100 {
            let target = domain_postgresql::store::Target::Time(hour(moment));
            if archive.reachable(&target, None, None).is_ok() {
                prop_assert!(after.reachable(&target, None, None).is_ok(), "hour {moment}");
            }
        }
    }
}

async fn filled() -> std::sync::Arc<domain_postgresql::store::Remote> {
    let store = memory();
    for (index, number) in [1_u64, 11, 21, 31].into_iter().enumerate() {
        let name = backup_name(1, number);
        let finish = hour(i64::try_from(number).unwrap());
        put(store.as_ref(), &sentinel_key(&name), sentinel(number, SYSTEM, finish)).await;
        for part in ["metadata.json", "files_metadata.json", "tar_partitions/part_001.tar.lz4"] {
            put(store.as_ref(), &format!("basebackups_005/{name}/{part}"), "{}").await;
        }
        if index > 0 {
            let mark = Verified::now(&name, SYSTEM, "drill", Lsn(0));
            mark.write(store.as_ref(), &Budget::unlimited()).await.unwrap();
        }
    }
    for number in 1..=32 {
        put(store.as_ref(), &wal_key(1, number, ".lz4"), lz4(&segment(1, number, SYSTEM))).await;
    }
    put(store.as_ref(), "basebackups_005/base_000000010000000000000029/tar_partitions/part_1.tar.lz4", "x")
        .await;
    store
}

/// Every key that is left.
async fn keys(store: &dyn Store) -> BTreeSet<String> {
    store.list("", None, &Budget::unlimited()).await.unwrap().into_iter().map(|object| object.key).collect()
}

#[tokio::test]
async fn what_was_planned_is_what_is_deleted_and_a_killed_deletion_goes_on() {
    let budget = Budget::unlimited();
    let store = filled().await;
    let before = keys(store.as_ref()).await;
    let archive = Archive::read(store.as_ref(), &Cache::default(), &budget).await.unwrap();
    assert_eq!(archive.unfinished.len(), 1, "a backup under way");
    let policy = policy(33, 5, 2);
    let planned = retention_run::look(store.as_ref(), &archive, &policy, None, &budget).await.unwrap();
    assert_eq!(planned.expired, [backup_name(1, 1), backup_name(1, 11)]);
    // Killed between the sentinel and the rest.
    put(store.as_ref(), retention_run::KEY, format!(r#"{{"backups":["{}"]}}"#, backup_name(1, 1))).await;
    store.delete(&[sentinel_key(&backup_name(1, 1))], &budget).await.unwrap();
    let shown: BTreeSet<String> = planned.expired.iter().cloned().collect();
    let done =
        retention_run::expire(store.as_ref(), &Cache::default(), &policy, &shown, &budget).await.unwrap();
    assert_eq!(done.backups, [backup_name(1, 11)]);
    let after = keys(store.as_ref()).await;
    let gone: BTreeSet<&String> = before.difference(&after).collect();
    let of = |name: &str| before.iter().filter(|key| key.contains(name)).count();
    // The objects in memory are all of one moment: no log is older than the oldest backup that stays.
    assert_eq!(gone.len(), of(&backup_name(1, 1)) + of(&backup_name(1, 11)));
    assert!(gone.iter().all(|key| key.contains(&backup_name(1, 1)) || key.contains(&backup_name(1, 11))));
    assert!(after.iter().any(|key| key.contains("base_000000010000000000000029")), "the one under way stays");
    assert!(!after.contains(retention_run::KEY), "nothing is left of the note");
}
