//! Recovery windows and targets.

use domain_postgresql::store::names::SegmentSize;
use domain_postgresql::store::{Lsn, Target, Unreachable};

use crate::sample::{Made, SEGMENT, backup_name, hour};

fn lsn(number: u64) -> Target {
    Target::Lsn(Lsn(number * SEGMENT + 0x1000))
}

/// Timeline 1 with backups at 2 and 6, a hole at 9, and a fork to timeline 2 in segment 7.
fn forked() -> Made {
    let mut made = Made::new();
    made.backup(1, 2, 2);
    made.backup(1, 6, 6);
    for number in [2, 3, 4, 5, 6, 7, 8, 10, 11] {
        made.wal(1, number, i64::try_from(number).unwrap());
    }
    made.history(2, "1\t0/7000500\tbefore a mistake");
    for number in 7..=9 {
        made.wal(2, number, 20 + i64::try_from(number).unwrap());
    }
    made
}

#[test]
fn windows_end_at_holes_and_at_the_end_of_each_timeline() {
    let archive = forked().done();
    let windows = archive.windows();
    assert_eq!(windows.iter().map(|window| window.timeline).collect::<Vec<_>>(), [1, 2]);
    let [first, second] = windows.as_slice() else { panic!("two timelines") };
    for span in &first.spans {
        assert_eq!(span.to.lsn, Lsn(9 * SEGMENT));
        let gap = span.gap.unwrap();
        assert_eq!((gap.first, gap.segments), (SegmentSize::default().name(1, 9), 1));
    }
    assert!(second.spans.iter().all(|span| span.gap.is_none() && span.to.lsn == Lsn(10 * SEGMENT)));
    assert_eq!(archive.latest_timeline(), Some(2));
    assert_eq!(archive.rpo_bytes(Lsn(10 * SEGMENT + 77), None), Some(77));
    assert_eq!(archive.rpo_bytes(Lsn(9 * SEGMENT), Some(1)), Some(0));
}

#[test]
fn targets_choose_the_newest_backup_before_them() {
    let archive = forked().done();
    let reach = |target: &Target, timeline| archive.reachable(target, timeline, None);
    let reached = reach(&lsn(8), None).unwrap();
    assert_eq!((reached.backup, reached.timeline), (backup_name(1, 6), 2));
    assert_eq!(reach(&lsn(4), None).unwrap().backup, backup_name(1, 2));
    assert_eq!(reach(&Target::Time(hour(4)), Some(1)).unwrap().backup, backup_name(1, 2));
    assert!(
        matches!(reach(&Target::Time(hour(2)), None), Err(Unreachable::TooEarly { .. })),
        "not before its end"
    );
    assert!(matches!(reach(&Target::Lsn(Lsn(2 * SEGMENT)), None), Err(Unreachable::TooEarly { .. })));
    assert!(matches!(reach(&lsn(10), Some(1)), Err(Unreachable::Gap { .. })));
    assert!(matches!(reach(&lsn(10), None), Err(Unreachable::TooLate { .. })));
    assert!(matches!(reach(&Target::Time(hour(40)), None), Err(Unreachable::TooLate { .. })));
    assert!(matches!(reach(&lsn(4), Some(3)), Err(Unreachable::Timeline { .. })));
    let xid = reach(&Target::Xid(7), None).unwrap();
    assert!(xid.undecided && xid.backup == backup_name(1, 2));
    assert!(reach(&Target::Name("x".into()), None).unwrap().undecided);
    assert_eq!(reach(&Target::Latest, None).unwrap().backup, backup_name(1, 6));
    let named = archive.reachable(&lsn(8), None, Some(&backup_name(1, 2))).unwrap();
    assert_eq!(named.backup, backup_name(1, 2));
    let other = archive.reachable(&lsn(8), None, Some("base_x"));
    assert!(matches!(other, Err(Unreachable::NotThatBackup(..))));
}

#[test]
fn a_backup_after_the_fork_is_not_on_the_way() {
    let mut made = forked();
    made.backup(1, 8, 8);
    let archive = made.done();
    let second = archive.window(archive.system_id(), 2).unwrap();
    assert!(second.spans.iter().all(|span| span.backup != backup_name(1, 8)));
}

#[test]
fn a_backup_without_its_own_segments_cannot_be_restored() {
    let mut made = Made::new();
    made.backup(1, 2, 2);
    made.wal(1, 3, 3);
    let archive = made.done();
    let window = archive.window(archive.system_id(), 1).unwrap();
    assert!(window.spans.is_empty() && window.unusable.len() == 1);
    assert!(matches!(archive.reachable(&Target::Latest, None, None), Err(Unreachable::NoBackup(Some(_)))));
    assert_eq!(archive.integrity().gaps.len(), 1);
}

#[test]
fn timelines_without_history_are_told() {
    let mut made = Made::new();
    made.backup(1, 2, 2);
    made.wal(1, 2, 2).wal(2, 3, 3);
    let archive = made.done();
    assert!(matches!(
        archive.reachable(&Target::Latest, None, None),
        Err(Unreachable::Timeline { timeline: 2, .. })
    ));
    assert_eq!(archive.integrity().chain.len(), 1);
    assert!(archive.reachable(&Target::Latest, Some(1), None).is_ok());
}

#[test]
fn another_cluster_on_the_prefix_does_not_extend_a_window() {
    let mut made = Made::new();
    made.backup(1, 2, 2);
    made.wal(1, 2, 2).wal(1, 3, 3);
    // A new cluster, whose log begins anew and runs on where the old one ended.
    made.backup(1, 4, 12).system_id = Some(9);
    made.wal(1, 4, 13).wal(1, 5, 14);
    let archive = made.done();
    let of = |system: u64| archive.window(Some(system), 1).unwrap().spans[0].to.lsn;
    assert_eq!(of(crate::sample::SYSTEM), Lsn(4 * SEGMENT));
    assert_eq!(of(9), Lsn(6 * SEGMENT));
    assert_eq!(archive.system_id(), Some(9), "the newest backup tells whose archive it is");
}

#[test]
fn an_empty_archive_is_told_as_one() {
    let archive = Made::new().done();
    assert!(archive.windows().is_empty() && archive.integrity().is_whole());
    assert!(matches!(archive.reachable(&Target::Latest, None, None), Err(Unreachable::NoBackup(None))));
    assert_eq!(archive.rpo_bytes(Lsn(5), None), None);
}
