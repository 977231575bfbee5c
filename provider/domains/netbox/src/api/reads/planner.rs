//! Which requests answer reads of single objects. Pure: ids wanted and answers that came go in, requests to make come
//! out.
//!
//! Objects are known by segments: ranges of ids of which a page has shown everything. What a segment covers and does
//! not hold was not there when the page was made; whether it is gone for good, only the object's own address tells.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// The largest page a server gives unless configured otherwise.
const PAGE: u64 = 1_000;
/// Ids below the lowest one wanted with which a page begins: wishes do not come in order.
const LEAD: u64 = 200;
/// Reads that must have been answered from memory for one more page on suspicion.
const READS_PER_PAGE: u64 = 50;

/// The rules.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// Whether to read ahead.
    pub(super) ahead: bool,
    /// Pages read on suspicion.
    pub(super) pages: u64,
    /// The age at which a segment no longer counts.
    pub(super) max_age: Duration,
}

/// A request to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Objects from an id on, in the order of ids.
    Page { start: u64, limit: u64 },
    /// These objects.
    Ids(Vec<u64>),
}

/// What is known of an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Known<T> {
    Present(T),
    /// It was not among its neighbours.
    Absent,
    /// Nothing.
    Unknown,
}

/// The ids wanted together, and what was found of them.
#[derive(Debug)]
pub(super) struct Batch<T> {
    wanted: BTreeSet<u64>,
    may_page: bool,
    pub(super) found: BTreeMap<u64, T>,
}

#[derive(Debug)]
struct Segment<T> {
    /// Both inclusive.
    from: u64,
    to: u64,
    since: Instant,
    objects: BTreeMap<u64, T>,
}

/// The memory of one path.
#[derive(Debug)]
pub(super) struct Planner<T> {
    rules: Rules,
    /// The newest last.
    segments: Vec<Segment<T>>,
    batches: u64,
    pages: u64,
    /// Reads answered from memory.
    served: u64,
    /// The largest page this server gives, as far as known.
    page: u64,
}

impl<T: Clone> Planner<T> {
    pub(super) fn new(rules: Rules) -> Self {
        Self { rules, segments: Vec::new(), batches: 0, pages: 0, served: 0, page: PAGE }
    }

    /// Forgets objects, but not how reads have gone.
    pub(super) fn clear(&mut self) {
        self.segments.clear();
    }

    /// What is known of an id without asking.
    pub(super) fn look(&mut self, id: u64, now: Instant) -> Known<T> {
        let known = match self.covering(id, now) {
            None => Known::Unknown,
            Some(segment) => segment.objects.get(&id).cloned().map_or(Known::Absent, Known::Present),
        };
        self.served += u64::from(known_present(&known));
        known
    }

    /// The ids of the objects that are remembered.
    pub(super) fn remembered(&self, now: Instant) -> impl Iterator<Item = u64> {
        let max_age = self.rules.max_age;
        let fresh = self.segments.iter().filter(move |segment| now.duration_since(segment.since) <= max_age);
        fresh.flat_map(|segment| segment.objects.keys().copied())
    }

    /// Begins to work on wishes.
    pub(super) fn begin(&mut self, wanted: BTreeSet<u64>, now: Instant) -> Batch<T> {
        let max_age = self.rules.max_age;
        self.segments.retain(|segment| now.duration_since(segment.since) <= max_age);
        let mut batch = Batch { may_page: false, found: BTreeMap::new(), wanted };
        for id in batch.wanted.clone() {
            match self.look(id, now) {
                Known::Unknown => continue,
                Known::Present(object) => drop(batch.found.insert(id, object)),
                Known::Absent => {}
            }
            batch.wanted.remove(&id);
        }
        if !batch.wanted.is_empty() {
            self.batches += 1;
        }
        let repeated = self.batches > 1 || batch.wanted.len() > 1;
        let allowed = self.rules.pages + self.served / READS_PER_PAGE;
        batch.may_page = self.rules.ahead && repeated && self.pages < allowed;
        batch
    }

    /// The next request; `None` when all is told. `room` is how many bytes a request may spend on ids.
    pub(super) fn next(&mut self, batch: &mut Batch<T>, room: usize, now: Instant) -> Option<Step> {
        let lowest = *batch.wanted.first()?;
        if std::mem::take(&mut batch.may_page) {
            self.pages += 1;
            let (start, limit) = self.page_around(lowest, now);
            return Some(Step::Page { start, limit });
        }
        let mut bytes = 0;
        let fits = |id: &&u64| {
            bytes += "&id=".len() + id.to_string().len();
            bytes <= room
        };
        let most = usize::try_from(self.page).unwrap_or(usize::MAX);
        let mut ids: Vec<u64> = batch.wanted.iter().take_while(fits).take(most).copied().collect();
        if ids.is_empty() {
            ids.push(lowest);
        }
        Some(Step::Ids(ids))
    }

    /// A page came. `more` says that the server has further objects; `keep` that it may serve others too.
    pub(super) fn page_came(
        &mut self,
        batch: &mut Batch<T>,
        (start, limit): (u64, u64),
        objects: Vec<(u64, T)>,
        more: bool,
        keep: Option<Instant>,
    ) {
        let ordered = objects.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let honest = ordered && objects.first().is_none_or(|(id, _)| *id >= start);
        let last = objects.last().map(|(id, _)| *id);
        let to = match (more, last) {
            (false, _) => Some(u64::MAX),
            (true, Some(last)) => Some(last),
            (true, None) => None,
        };
        let (Some(to), true) = (to, honest) else {
            // This server does not page by id: each is asked for by name from now on.
            self.rules.ahead = false;
            return;
        };
        let count = objects.len() as u64;
        if more && count < limit {
            self.page = self.page.min(count);
        }
        let objects: BTreeMap<u64, T> = objects.into_iter().collect();
        for id in batch.wanted.clone().range(start..=to) {
            batch.wanted.remove(id);
            if let Some(object) = objects.get(id) {
                batch.found.insert(*id, object.clone());
            }
        }
        if let Some(since) = keep {
            self.segments.push(Segment { from: start, to, since, objects });
        }
    }

    /// A page could not be had: reading ahead costs this server too much.
    pub(super) fn page_failed(&mut self) {
        self.rules.ahead = false;
    }

    /// The answer to a question for ids came. What it lacks is not found, unless the server cut the answer.
    pub(super) fn ids_came(
        &mut self,
        batch: &mut Batch<T>,
        asked: &[u64],
        objects: Vec<(u64, T)>,
        more: bool,
    ) {
        let count = objects.len() as u64;
        let mut progress = false;
        for (id, object) in objects {
            if batch.wanted.remove(&id) {
                batch.found.insert(id, object);
                progress = true;
            }
        }
        if more && progress {
            self.page = self.page.min(count.max(1));
        } else {
            asked.iter().for_each(|id| {
                batch.wanted.remove(id);
            });
        }
    }

    fn covering(&self, id: u64, now: Instant) -> Option<&Segment<T>> {
        let fresh = |segment: &&Segment<T>| now.duration_since(segment.since) <= self.rules.max_age;
        let covers = |segment: &&Segment<T>| segment.from <= id && id <= segment.to;
        self.segments.iter().rev().filter(fresh).find(covers)
    }

    /// Where a page that holds `id` begins, and how long it is: a gap that fits a page is filled exactly.
    fn page_around(&self, id: u64, now: Instant) -> (u64, u64) {
        let fresh = |segment: &&Segment<T>| now.duration_since(segment.since) <= self.rules.max_age;
        let below = |segment: &Segment<T>| (segment.to < id).then(|| segment.to + 1);
        let above = |segment: &Segment<T>| (segment.from > id).then_some(segment.from);
        let floor = self.segments.iter().filter(fresh).filter_map(below).max().unwrap_or(0);
        let ceiling = self.segments.iter().filter(fresh).filter_map(above).min();
        match ceiling {
            Some(ceiling) if ceiling - floor <= self.page => (floor, ceiling - floor),
            _ => (floor.max(id.saturating_sub(LEAD.min(self.page / 5))), self.page),
        }
    }
}

#[cfg(test)]
#[path = "planner_tests.rs"]
mod tests;

fn known_present<T>(known: &Known<T>) -> bool {
    matches!(known, Known::Present(_))
}
