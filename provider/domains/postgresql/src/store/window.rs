//! To which points an archive can be recovered, and why not to others.

use std::collections::BTreeSet;

use time::OffsetDateTime;

use super::Lsn;
use super::archive::{Archive, WalObject};
use super::history::Way;
use super::names::SegmentName;
use super::sentinel::Backup;

/// The points of a timeline that can be recovered to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The timeline at whose end it ends.
    pub timeline: u32,
    /// The cluster, where its backups tell it.
    pub system_id: Option<u64>,
    /// What each backup can be rolled forward to, the oldest backup first.
    pub spans: Vec<Span>,
    /// Backups that cannot be restored, because a segment is missing that they need themselves.
    pub unusable: Vec<(String, Gap)>,
}

/// A point in the life of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// Its position in the log.
    pub lsn: Lsn,
    /// Its time: of a backup when it ended, of a segment when it arrived in the store, by which time everything in it
    /// had happened.
    pub time: OffsetDateTime,
}

/// What a backup can be rolled forward to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The backup.
    pub backup: String,
    /// The first point: the end of the backup.
    pub from: Point,
    /// The last point: the end of the last segment without a hole before it.
    pub to: Point,
    /// The hole that ends it; `None` where it is simply the end of the log.
    pub gap: Option<Gap>,
}

/// Segments that are missing although later ones are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// The first missing segment.
    pub first: SegmentName,
    /// The last missing segment.
    pub last: SegmentName,
    /// How many.
    pub segments: u64,
}

/// What shall be recovered to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The end of the log.
    Latest,
    /// The end of the backup.
    Immediate,
    /// The last commit before this time.
    Time(OffsetDateTime),
    /// A position in the log.
    Lsn(Lsn),
    /// A transaction.
    Xid(u64),
    /// A named restore point.
    Name(String),
}

/// A way to a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The backup to begin with.
    pub backup: String,
    /// The timeline to follow.
    pub timeline: u32,
    /// The last point that the archive can be rolled forward to from there.
    pub until: Point,
    /// Whether the archive cannot tell that the target is there: transactions and names are only seen while the log is
    /// replayed. The oldest backup without a hole behind it is chosen then.
    pub undecided: bool,
}

/// Why a target cannot be reached.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    /// There is no backup that can be restored.
    #[error("the archive has no backup that can be restored{}", .0.map(|gap| format!(": WAL segment {} is missing", gap.first)).unwrap_or_default())]
    NoBackup(Option<Gap>),
    /// The named backup is not there, or cannot be restored.
    #[error("backup {0} is not there, is not on the way to timeline {1}, or lacks WAL segments of its own")]
    NotThatBackup(String, u32),
    /// Nothing is known of the timeline.
    #[error("timeline {timeline} is not known: the archive has {known}")]
    Timeline {
        /// The timeline.
        timeline: u32,
        /// Those that are known, as text.
        known: String,
    },
    /// It is before the end of the first backup.
    #[error("it is before the end of the oldest backup {backup}: recovery begins at {} ({})", earliest.lsn, told(earliest.time))]
    TooEarly {
        /// The oldest backup.
        backup: String,
        /// Its end.
        earliest: Point,
    },
    /// Segments on the way are missing.
    #[error("{} WAL segments from {} to {} are missing: recovery from backup {backup} ends at {} ({})", gap.segments, gap.first, gap.last, until.lsn, told(until.time))]
    Gap {
        /// The backup that comes closest.
        backup: String,
        /// The hole.
        gap: Gap,
        /// The last point before it.
        until: Point,
    },
    /// It is after the end of the log.
    #[error("it is after the last WAL segment in the store, which ends at {} and arrived at {}", until.lsn, told(until.time))]
    TooLate {
        /// The last point.
        until: Point,
    },
}

/// A time as messages and attributes tell it: in UTC, as RFC 3339 writes it.
pub fn told(time: OffsetDateTime) -> String {
    time.to_offset(time::UtcOffset::UTC)
        .format(&time::format_description::well_known::Rfc3339)
        .unwrap_or_else(|_| time.to_string())
}

impl Archive {
    /// The windows of each cluster and timeline that has a backup on its way, in order.
    pub fn windows(&self) -> Vec<Window> {
        let systems: BTreeSet<Option<u64>> = self.backups.iter().map(|backup| backup.system_id).collect();
        let mut windows = Vec::new();
        for system in systems {
            for timeline in self.timelines() {
                windows.extend(self.window(system, timeline));
            }
        }
        windows
    }

    /// The window of a timeline; `None` where no backup is on the way to it, or its history is missing.
    pub fn window(&self, system: Option<u64>, timeline: u32) -> Option<Window> {
        let way = self.way(timeline)?;
        let era = Era::of(self, system);
        let mut window = Window { timeline, system_id: system, spans: Vec::new(), unusable: Vec::new() };
        for backup in self.backups.iter().filter(|backup| backup.system_id == system) {
            if !way.passes(backup.timeline(), backup.finish_lsn) {
                continue;
            }
            match self.roll(backup, &way, &era) {
                Ok(span) => window.spans.push(span),
                Err(gap) => window.unusable.push((backup.name.clone(), gap)),
            }
        }
        (!window.spans.is_empty() || !window.unusable.is_empty()).then_some(window)
    }

    /// A segment on the way, if it was written by the cluster.
    fn on_way(&self, way: &Way, number: u64, era: &Era) -> Option<&WalObject> {
        self.wal.segment(way.owner(number), number).filter(|entry| era.contains(entry.object.modified))
    }

    /// How far a backup can be rolled forward; the hole where that is not even to its own end.
    fn roll(&self, backup: &Backup, way: &Way, era: &Era) -> Result<Span, Gap> {
        let size = self.segment_size;
        let first = size.number(backup.start_lsn);
        // A backup that ends at the very end of a segment needs no byte of the next one.
        let needed = size.number(Lsn(backup.finish_lsn.0.saturating_sub(1).max(backup.start_lsn.0)));
        let mut number = first;
        let mut last: Option<&WalObject> = None;
        while let Some(entry) = self.on_way(way, number, era) {
            last = Some(entry);
            number += 1;
        }
        let gap = self.gap(way, number, era);
        let Some(last) = last.filter(|_| number > needed) else {
            let one = size.name(way.owner(number), number);
            return Err(gap.unwrap_or(Gap { first: one, last: one, segments: 1 }));
        };
        let from = Point { lsn: backup.finish_lsn, time: backup.finish_time };
        let to = Point { lsn: size.start(number), time: last.object.modified.max(backup.finish_time) };
        Ok(Span { backup: backup.name.clone(), from, to, gap })
    }

    /// The hole that begins at a segment, if there is anything on the way after it.
    fn gap(&self, way: &Way, missing: u64, era: &Era) -> Option<Gap> {
        let mut later: Option<u64> = None;
        for timeline in self.wal.timelines() {
            let mut after = self.wal.numbers(timeline).filter(|number| {
                *number > missing
                    && way.owner(*number) == timeline
                    && self.on_way(way, *number, era).is_some()
            });
            later = later.into_iter().chain(after.next()).min();
        }
        let next = later?;
        let name = |number: u64| self.segment_size.name(way.owner(number), number);
        Some(Gap { first: name(missing), last: name(next - 1), segments: next - missing })
    }

    /// The timeline that recovery follows unless told otherwise: the latest one.
    pub fn latest_timeline(&self) -> Option<u32> {
        self.timelines().into_iter().next_back()
    }

    /// Which backup and timeline lead to a target: of the cluster that the archive belongs to, on `timeline` or the
    /// latest one, and from `backup` if it is named.
    ///
    /// # Errors
    /// [`Unreachable`]: why not.
    pub fn reachable(
        &self,
        target: &Target,
        timeline: Option<u32>,
        backup: Option<&str>,
    ) -> Result<Reached, Unreachable> {
        let timeline = timeline.or_else(|| self.latest_timeline()).ok_or(Unreachable::NoBackup(None))?;
        if self.way(timeline).is_none() || !self.timelines().contains(&timeline) {
            let known: Vec<String> =
                self.timelines().iter().filter(|t| self.way(**t).is_some()).map(u32::to_string).collect();
            let known =
                if known.is_empty() { "none".to_owned() } else { format!("timelines {}", known.join(", ")) };
            return Err(Unreachable::Timeline { timeline, known });
        }
        let window = self.window(self.system_id(), timeline).ok_or(Unreachable::NoBackup(None))?;
        let spans: Vec<&Span> =
            window.spans.iter().filter(|span| backup.is_none_or(|name| span.backup == name)).collect();
        let Some((oldest, newest)) = spans.first().zip(spans.last()) else {
            return Err(backup.map_or_else(
                || Unreachable::NoBackup(window.unusable.last().map(|(_, gap)| *gap)),
                |name| Unreachable::NotThatBackup(name.to_owned(), timeline),
            ));
        };
        let reached = |span: &Span, undecided| {
            Ok(Reached { backup: span.backup.clone(), timeline, until: span.to, undecided })
        };
        let (begins, covers): (Holds<'_>, Holds<'_>) = match target {
            Target::Latest | Target::Immediate => return reached(newest, false),
            Target::Xid(_) | Target::Name(_) => {
                let whole = spans.iter().find(|span| span.gap.is_none()).unwrap_or(newest);
                return reached(whole, true);
            }
            Target::Time(time) => (&|span| span.from.time < *time, &|span| span.to.time >= *time),
            Target::Lsn(lsn) => (&|span| span.from.lsn <= *lsn, &|span| span.to.lsn >= *lsn),
        };
        let Some(span) = spans.iter().rev().find(|span| begins(span)) else {
            return Err(Unreachable::TooEarly { backup: oldest.backup.clone(), earliest: oldest.from });
        };
        match span.gap {
            _ if covers(span) => reached(span, false),
            Some(gap) => Err(Unreachable::Gap { backup: span.backup.clone(), gap, until: span.to }),
            None => Err(Unreachable::TooLate { until: span.to }),
        }
    }

    /// The last point that the archive can be recovered to on a timeline, or the latest one.
    pub fn end(&self, timeline: Option<u32>) -> Option<Point> {
        let timeline = timeline.or_else(|| self.latest_timeline())?;
        let window = self.window(self.system_id(), timeline)?;
        window.spans.iter().map(|span| span.to).max_by_key(|to| to.lsn)
    }

    /// Bytes of log that would be lost now: from the last point that the archive can be recovered to up to `current`.
    /// `None` where nothing can be recovered.
    pub fn rpo_bytes(&self, current: Lsn, timeline: Option<u32>) -> Option<u64> {
        Some(current.since(self.end(timeline)?.lsn))
    }
}

/// Whether something holds of a span.
type Holds<'a> = &'a dyn Fn(&Span) -> bool;

/// When a cluster wrote to a prefix that several clusters used, one after the other: names alone do not tell their
/// segments apart.
pub(super) struct Era {
    from: Option<OffsetDateTime>,
    until: Option<OffsetDateTime>,
}

impl Era {
    pub(super) fn of(archive: &Archive, system: Option<u64>) -> Self {
        let (ours, others): (Vec<&Backup>, Vec<&Backup>) =
            archive.backups.iter().partition(|backup| backup.system_id == system);
        let first = ours.iter().map(|backup| backup.start_time).min();
        let last = ours.iter().map(|backup| backup.finish_time).max();
        let from =
            others.iter().map(|backup| backup.finish_time).filter(|time| first.is_some_and(|f| *time < f));
        let until =
            others.iter().map(|backup| backup.start_time).filter(|time| last.is_some_and(|l| *time > l));
        Self { from: from.max(), until: until.min() }
    }

    pub(super) fn contains(&self, moment: OffsetDateTime) -> bool {
        self.from.is_none_or(|from| moment >= from) && self.until.is_none_or(|until| moment < until)
    }

    /// When the cluster gave way to another.
    pub(super) fn ended(&self) -> Option<OffsetDateTime> {
        self.until
    }
}
