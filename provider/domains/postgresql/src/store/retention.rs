//! Which backups and which log an archive no longer needs. Nothing is deleted here.
//!
//! The order of things is the order of time, told by when backups ended, and the order of the log on the ways between
//! timelines. Names are never compared: after a major upgrade, or a new cluster on an old prefix, they begin anew.

use std::collections::{BTreeMap, BTreeSet};

use time::{Duration, OffsetDateTime};

use super::archive::{Archive, WalObject};
use super::history::Way;
use super::names::{SegmentName, WalName};
use super::sentinel::Backup;
use super::window::Era;

/// What must stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How far back every point must stay recoverable.
    pub window: Duration,
    /// Verified backups that must stay at least; where fewer are there, nothing is deleted.
    pub minimum_verified: usize,
    /// The moment from which the window is counted back.
    pub now: OffsetDateTime,
}

/// Why a backup stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keep {
    /// It ended within the window.
    Window,
    /// The beginning of the window is recovered from it.
    Anchor,
    /// It is the newest one.
    Newest,
    /// It is one of the verified ones that must stay.
    Verified,
    /// It is marked as permanent.
    Permanent,
    /// A backup that stays holds the difference to it.
    Parent,
    /// It was not among those that the plan showed.
    NotPlanned,
}

/// Why nothing is deleted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Held {
    /// Too few backups are verified.
    #[error("{verified} of the backups are verified, and {minimum} must stay: run a restore drill first")]
    Floor {
        /// Those that are.
        verified: usize,
        /// Those that must stay.
        minimum: usize,
    },
}

/// What goes and what stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Backups that go, in the order in which they are deleted: differences before what they are differences to.
    pub expired: Vec<String>,
    /// Backups that stay, and why, the oldest first.
    pub kept: Vec<(String, BTreeSet<Keep>)>,
    /// The log that goes, for people.
    pub wal: Vec<WalRange>,
    /// The keys of the log that goes.
    pub wal_keys: Vec<String>,
    /// Keys of log that would go if it were known that another cluster wrote it: told by [`Owners`].
    pub doubtful: Vec<String>,
    /// Folders without a sentinel that an earlier deletion left behind.
    pub leftovers: Vec<String>,
    /// Why nothing goes, where that is so although the window is over for some.
    pub held: Option<Held>,
}

/// Segments of a timeline that go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalRange {
    /// The first of them.
    pub first: SegmentName,
    /// The last of them.
    pub last: SegmentName,
    /// How many.
    pub segments: usize,
    /// Their bytes in the store.
    pub bytes: u64,
}

/// Which cluster wrote an object of the log, by key: what their first pages say.
pub type Owners = BTreeMap<String, u64>;

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.expired.is_empty() && self.wal_keys.is_empty() && self.leftovers.is_empty()
    }
}

/// What goes under a policy. With `planned`, no other backups than these go: what was shown is what is deleted.
pub fn plan(archive: &Archive, policy: &Policy, planned: Option<&BTreeSet<String>>, owners: &Owners) -> Plan {
    let mut keep = Keeper::new(archive, policy);
    keep.all_reasons();
    let verified = keep.verified().len();
    let over = archive.backups.iter().any(|backup| !keep.why.contains_key(backup.name.as_str()));
    let held = (verified < policy.minimum_verified && over)
        .then_some(Held::Floor { verified, minimum: policy.minimum_verified });
    let leftovers = leftovers(archive);
    let floor = verified < policy.minimum_verified;
    for backup in &archive.backups {
        let shown = planned.is_none_or(|names| names.contains(&backup.name));
        if floor || !shown {
            keep.add_if_unkept(backup, Keep::NotPlanned);
        }
    }
    keep.parents();
    let expired = keep.expired();
    let kept: Vec<(String, BTreeSet<Keep>)> = archive
        .backups
        .iter()
        .filter_map(|backup| Some((backup.name.clone(), keep.why.get(backup.name.as_str())?.clone())))
        .collect();
    let (objects, doubtful) =
        if floor { Default::default() } else { Needs::new(archive, &keep).not_needed(owners) };
    Plan {
        expired,
        kept,
        wal: ranges(&objects),
        wal_keys: objects.iter().map(|entry| entry.object.key.clone()).collect(),
        doubtful,
        leftovers,
        held,
    }
}

fn leftovers(archive: &Archive) -> Vec<String> {
    archive.deleting.iter().filter(|name| archive.unfinished.contains(*name)).cloned().collect()
}

/// Finds what stays.
struct Keeper<'a> {
    archive: &'a Archive,
    policy: &'a Policy,
    why: BTreeMap<&'a str, BTreeSet<Keep>>,
}

impl<'a> Keeper<'a> {
    fn new(archive: &'a Archive, policy: &'a Policy) -> Self {
        Self { archive, policy, why: BTreeMap::new() }
    }

    fn add(&mut self, backup: &'a Backup, why: Keep) {
        self.why.entry(&backup.name).or_default().insert(why);
    }

    fn add_if_unkept(&mut self, backup: &'a Backup, why: Keep) {
        if !self.why.contains_key(backup.name.as_str()) {
            self.add(backup, why);
        }
    }

    /// The verified backups of the archive's own cluster, the newest first.
    fn verified(&self) -> Vec<&'a Backup> {
        let system = self.archive.system_id();
        let ours = self.archive.backups.iter().rev().filter(|backup| backup.system_id == system);
        ours.filter(|backup| backup.verified.is_some()).collect()
    }

    fn all_reasons(&mut self) {
        let archive = self.archive;
        let begin = self.policy.now - self.policy.window;
        for backup in &archive.backups {
            if backup.finish_time >= begin {
                self.add(backup, Keep::Window);
            }
            if backup.permanent {
                self.add(backup, Keep::Permanent);
            }
        }
        let windows = archive.windows();
        let unusable: BTreeSet<&str> =
            windows.iter().flat_map(|window| &window.unusable).map(|(name, _)| name.as_str()).collect();
        let systems: BTreeSet<Option<u64>> = archive.backups.iter().map(|backup| backup.system_id).collect();
        for system in systems {
            // A cluster whose time was over before the window began has nothing to be recovered in it.
            let in_window = Era::of(archive, system).ended().is_none_or(|ended| ended > begin);
            if !in_window {
                continue;
            }
            let own = archive.backups.iter().rev().filter(|backup| backup.system_id == system);
            let mut older = own.filter(|backup| backup.finish_time < begin);
            let Some(anchor) = older.next() else { continue };
            self.add(anchor, Keep::Anchor);
            // One that lacks log of its own recovers nothing today. It stays, for what it lacks may come yet, and with it
            // the newest one that does recover.
            if unusable.contains(anchor.name.as_str())
                && let Some(usable) = older.find(|backup| !unusable.contains(backup.name.as_str()))
            {
                self.add(usable, Keep::Anchor);
            }
        }
        for newest in newest(archive) {
            self.add(newest, Keep::Newest);
        }
        for backup in self.verified().into_iter().take(self.policy.minimum_verified) {
            self.add(backup, Keep::Verified);
        }
        self.parents();
    }

    /// Whoever stays keeps what it is a difference to.
    fn parents(&mut self) {
        let archive = self.archive;
        let mut open: Vec<&str> = self.why.keys().copied().collect();
        while let Some(name) = open.pop() {
            let Some(backup) = archive.backup(name) else { continue };
            for parent in backup.parent.iter().chain((backup.full != backup.name).then_some(&backup.full)) {
                if let Some(parent) = archive.backup(parent)
                    && self.why.entry(&parent.name).or_default().insert(Keep::Parent)
                {
                    open.push(&parent.name);
                }
            }
        }
    }

    /// Backups between a backup and the full one it begins with.
    fn depth(&self, backup: &Backup) -> usize {
        let above = |backup: &&'a Backup| self.archive.backup(backup.parent.as_deref()?);
        let Some(first) = self.archive.backup(&backup.name) else { return 0 };
        // Bounded: what others wrote may go in a circle.
        std::iter::successors(Some(first), above).take(self.archive.backups.len()).count()
    }

    /// What goes, differences first.
    fn expired(&self) -> Vec<String> {
        let gone = self.archive.backups.iter().filter(|backup| !self.why.contains_key(backup.name.as_str()));
        let mut gone: Vec<&Backup> = gone.collect();
        gone.sort_by_key(|backup| std::cmp::Reverse(self.depth(backup)));
        gone.into_iter().map(|backup| backup.name.clone()).collect()
    }
}

/// The newest backup of all, and the newest one of the archive's own cluster.
fn newest(archive: &Archive) -> impl Iterator<Item = &Backup> {
    let system = archive.system_id();
    let own = archive.backups.iter().rev().find(move |backup| backup.system_id == system);
    archive.backups.last().into_iter().chain(own)
}

/// What log the backups that stay need.
struct Needs<'a> {
    archive: &'a Archive,
    ways: Vec<Way>,
    /// Backups that are rolled forward as far as the log goes.
    rolled: Vec<&'a Backup>,
    /// Backups that stay for their own sake: they need what makes them consistent.
    alone: Vec<&'a Backup>,
}

impl<'a> Needs<'a> {
    fn new(archive: &'a Archive, keep: &Keeper<'a>) -> Self {
        let ways = archive.timelines().into_iter().filter_map(|timeline| archive.way(timeline)).collect();
        let alone =
            |why: &BTreeSet<Keep>| why.iter().all(|why| matches!(why, Keep::Permanent | Keep::Parent));
        let (mut rolled, mut own) = (Vec::new(), Vec::new());
        for backup in &archive.backups {
            match keep.why.get(backup.name.as_str()) {
                Some(why) if alone(why) => own.push(backup),
                Some(_) => rolled.push(backup),
                None => {}
            }
        }
        Self { archive, ways, rolled, alone: own }
    }

    /// The objects that no backup needs, and the keys of those that none would if another cluster wrote them.
    fn not_needed(&self, owners: &Owners) -> (Vec<&'a WalObject>, Vec<String>) {
        // Without a backup nothing tells what is old.
        let Some(bound) = self.rolled.iter().map(|backup| backup.start_time).min() else {
            return Default::default();
        };
        let several = self.archive.system_ids().len() > 1;
        let (mut gone, mut doubtful) = (Vec::new(), Vec::new());
        for entry in &self.archive.wal.objects {
            let name = match entry.name {
                WalName::Segment(name) | WalName::Partial(name) | WalName::Label(name) => name,
                // The number of a new timeline is the first one without a history: a history is never deleted.
                WalName::History(_) => continue,
            };
            if entry.object.modified >= bound {
                continue;
            }
            let owner = owners.get(&entry.object.key).copied();
            if !self.needed(name, owner) {
                gone.push(entry);
            } else if several && owner.is_none() {
                doubtful.push(entry.object.key.clone());
            }
        }
        (gone, doubtful)
    }

    fn needed(&self, name: SegmentName, owner: Option<u64>) -> bool {
        let size = self.archive.segment_size;
        let Some(number) = name.number(size) else { return true };
        let same =
            |backup: &Backup| owner.is_none_or(|owner| backup.system_id.is_none_or(|own| own == owner));
        let rolled = |backup: &&&Backup| same(backup) && size.number(backup.start_lsn) <= number;
        let known = self.ways.iter().any(|way| way.timeline == name.timeline);
        let on_way = |backup: &Backup| {
            name.timeline == backup.timeline()
                || !known
                || self.ways.iter().any(|way| {
                    way.owner(number) == name.timeline && way.passes(backup.timeline(), backup.finish_lsn)
                })
        };
        let own = |backup: &&&Backup| {
            same(backup)
                && name.timeline == backup.timeline()
                && (size.number(backup.start_lsn)..=size.number(backup.finish_lsn)).contains(&number)
        };
        self.rolled.iter().filter(rolled).any(|backup| on_way(backup)) || self.alone.iter().any(|b| own(&b))
    }
}

/// Neighbouring segments as one range each.
fn ranges(objects: &[&WalObject]) -> Vec<WalRange> {
    let segments: BTreeMap<SegmentName, u64> = objects
        .iter()
        .filter_map(|entry| match entry.name {
            WalName::Segment(name) => Some((name, entry.object.size)),
            _ => None,
        })
        .collect();
    let mut ranges: Vec<WalRange> = Vec::new();
    for (name, bytes) in segments {
        match ranges.last_mut() {
            Some(range) if range.first.timeline == name.timeline => {
                range.last = name;
                range.segments += 1;
                range.bytes += bytes;
            }
            _ => ranges.push(WalRange { first: name, last: name, segments: 1, bytes }),
        }
    }
    ranges
}
