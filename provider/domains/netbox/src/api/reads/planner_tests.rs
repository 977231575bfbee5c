//! The planner against a table that changes under it.

use super::*;
use proptest::prelude::*;

/// A server's table, and what is known of each moment of it.
#[derive(Clone, Debug)]
struct Table {
    ids: BTreeSet<u64>,
    /// The largest page it gives.
    cap: u64,
    /// Whether it knows ids in a query at all.
    pages_by_id: bool,
    requests: u64,
}

impl Table {
    fn dense(ids: std::ops::RangeInclusive<u64>) -> Self {
        Self { ids: ids.collect(), cap: PAGE, pages_by_id: true, requests: 0 }
    }

    fn page(&mut self, start: u64, limit: u64) -> (Vec<(u64, u64)>, bool) {
        self.requests += 1;
        let start = if self.pages_by_id { start } else { 0 };
        let limit = usize::try_from(limit.min(self.cap)).unwrap();
        let page: Vec<_> = self.ids.range(start..).take(limit).map(|id| (*id, *id)).collect();
        let more = page.last().is_some_and(|(last, _)| self.ids.range(last + 1..).next().is_some());
        (page, more)
    }

    fn named(&mut self, asked: &[u64]) -> (Vec<(u64, u64)>, bool) {
        self.requests += 1;
        let found: Vec<_> = asked.iter().filter(|id| self.ids.contains(id)).map(|id| (*id, *id)).collect();
        let cap = usize::try_from(self.cap).unwrap();
        let more = found.len() > cap;
        (found.into_iter().take(cap).collect(), more)
    }
}

const ROOM: usize = 3_900;

fn rules() -> Rules {
    Rules { ahead: true, pages: 5, max_age: Duration::from_secs(30) }
}

/// Answers wishes as the client does; what is not found it would look for at its own address, for one request.
fn answer(planner: &mut Planner<u64>, table: &mut Table, wanted: &[u64], now: Instant) -> BTreeMap<u64, u64> {
    let mut batch = planner.begin(wanted.iter().copied().collect(), now);
    let mut steps = 0;
    while let Some(step) = planner.next(&mut batch, ROOM, now) {
        steps += 1;
        assert!(steps <= wanted.len() + 2, "no progress: {batch:?}");
        match step {
            Step::Page { start, limit } => {
                let (objects, more) = table.page(start, limit);
                planner.page_came(&mut batch, (start, limit), objects, more, Some(now));
            }
            Step::Ids(ids) => {
                let length: usize = ids.iter().map(|id| 4 + id.to_string().len()).sum();
                assert!(length <= ROOM);
                let (objects, more) = table.named(&ids);
                planner.ids_came(&mut batch, &ids, objects, more);
            }
        }
    }
    assert!(batch.found.iter().all(|(id, object)| id == object));
    batch.found
}

/// All ids once, in an order that depends on `seed`, ten at a time.
fn refresh(table: &mut Table, ids: impl Iterator<Item = u64>, seed: u64) -> u64 {
    let mut ids: Vec<u64> = ids.collect();
    ids.sort_by_key(|id| (id ^ seed).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(17));
    let mut planner = Planner::new(rules());
    let now = Instant::now();
    for wanted in ids.chunks(10) {
        let found = answer(&mut planner, table, wanted, now);
        assert_eq!(found.len(), wanted.len());
    }
    table.requests
}

#[test]
fn a_refresh_of_one_kind_takes_three_requests_at_most() {
    for seed in 0..50 {
        for first in [1, 17, 40_000] {
            let requests = refresh(&mut Table::dense(first..=first + 999), first..=first + 999, seed);
            assert!(requests <= 3, "{requests} requests, seed {seed}, from {first}");
        }
    }
}

#[test]
fn a_thousand_objects_in_a_table_of_many_take_a_few_requests() {
    for seed in 0..50 {
        let requests = refresh(&mut Table::dense(1..=60_000), 30_000..=30_999, seed);
        assert!(requests <= 5, "{requests} requests, seed {seed}");
    }
}

#[test]
fn five_thousand_objects_take_some_twenty_requests() {
    for seed in 0..20 {
        let requests = refresh(&mut Table::dense(1..=5_000), 1..=5_000, seed);
        assert!(requests <= 24, "{requests} requests, seed {seed}");
    }
}

#[test]
fn objects_scattered_over_a_huge_table_are_asked_for_by_name() {
    let ids = || (0..500).map(|number| 1_000 + number * 1_997);
    let requests = refresh(&mut Table::dense(1..=1_000_000), ids(), 7);
    // Fifty rounds, and the pages that were tried in vain.
    assert!(requests <= 50 + 5, "{requests} requests");
}

#[test]
fn a_first_wish_for_one_object_reads_nothing_else() {
    let mut planner = Planner::<u64>::new(rules());
    let now = Instant::now();
    let mut batch = planner.begin([7].into(), now);
    assert_eq!(planner.next(&mut batch, ROOM, now), Some(Step::Ids(vec![7])));
    planner.ids_came(&mut batch, &[7], vec![(7, 7)], false);
    assert_eq!(planner.next(&mut batch, ROOM, now), None);
    let mut batch = planner.begin([507].into(), now);
    assert_eq!(planner.next(&mut batch, ROOM, now), Some(Step::Page { start: 307, limit: 1_000 }));
}

#[test]
fn what_is_old_is_not_used() {
    let mut planner = Planner::new(rules());
    let mut table = Table::dense(1..=10);
    let start = Instant::now();
    answer(&mut planner, &mut table, &[1, 2], start);
    assert_eq!(planner.look(5, start + Duration::from_secs(29)), Known::Present(5));
    assert_eq!(planner.look(11, start), Known::Absent);
    assert_eq!(planner.look(5, start + Duration::from_secs(31)), Known::Unknown);
    planner.clear();
    assert_eq!(planner.look(5, start), Known::Unknown);
}

#[test]
fn reading_ahead_can_be_switched_off() {
    let mut planner = Planner::new(Rules { ahead: false, ..rules() });
    let mut table = Table::dense(1..=1_000);
    for first in [1, 11, 21] {
        answer(&mut planner, &mut table, &(first..first + 10).collect::<Vec<_>>(), Instant::now());
    }
    assert_eq!((table.requests, planner.look(5, Instant::now())), (3, Known::Unknown));
}

/// What happens to a table between two rounds of wishes.
#[derive(Clone, Debug)]
enum Event {
    Wish(Vec<u64>),
    Add(u64),
    Remove(u64),
    Pass(u64),
    Write,
}

fn event() -> impl Strategy<Value = Event> {
    let id = 0..400_u64;
    prop_oneof![
        4 => prop::collection::vec(id.clone(), 1..12).prop_map(Event::Wish),
        1 => id.clone().prop_map(Event::Add),
        1 => id.prop_map(Event::Remove),
        1 => (0..40_u64).prop_map(Event::Pass),
        1 => Just(Event::Write),
    ]
}

proptest! {
    /// Whatever changes meanwhile: an object that has been there all along is found or named as not known, an
    /// object shown was there within the age allowed, and one said to be absent was absent within it.
    #[test]
    fn no_object_is_wrongly_there_or_wrongly_absent(
        ids in prop::collection::btree_set(0..400_u64, 0..200),
        cap in prop_oneof![Just(PAGE), 1..60_u64],
        pages_by_id in prop::bool::weighted(0.9),
        events in prop::collection::vec(event(), 1..40),
    ) {
        let mut table = Table { ids, cap, pages_by_id, requests: 0 };
        let mut planner = Planner::new(rules());
        let mut now = Instant::now();
        // Each state the table was in, from when on; and the last write, which ends all memory.
        let mut past = vec![(now, table.ids.clone())];
        let mut written = now;
        for event in events {
            match event {
                Event::Add(id) => { table.ids.insert(id); past.push((now, table.ids.clone())); }
                Event::Remove(id) => { table.ids.remove(&id); past.push((now, table.ids.clone())); }
                Event::Pass(seconds) => now += Duration::from_secs(seconds),
                Event::Write => { planner.clear(); written = now; past.push((now, table.ids.clone())); }
                Event::Wish(wanted) => {
                    let oldest = now.checked_sub(rules().max_age).unwrap_or(written).max(written);
                    let recent = |there: bool, id: u64| {
                        let last_before = past.iter().rposition(|(since, _)| *since < oldest).unwrap_or(0);
                        past[last_before..].iter().any(|(_, ids)| ids.contains(&id) == there)
                    };
                    let found = answer(&mut planner, &mut table, &wanted, now);
                    for id in wanted {
                        prop_assert!(recent(found.contains_key(&id), id), "{id} of {found:?}");
                        match planner.look(id, now) {
                            Known::Present(_) => prop_assert!(recent(true, id)),
                            Known::Absent => prop_assert!(recent(false, id)),
                            Known::Unknown => {}
                        }
                    }
                }
            }
        }
    }

    /// A table at rest: everything that exists is found without a look at its own address.
    #[test]
    fn at_rest_everything_is_found(
        ids in prop::collection::btree_set(0..5_000_u64, 1..400),
        cap in prop_oneof![Just(PAGE), 10..100_u64],
        seed: u64,
        gone in prop::collection::vec(5_000..6_000_u64, 0..5),
    ) {
        let mut table = Table { ids: ids.clone(), cap, pages_by_id: true, requests: 0 };
        let mut planner = Planner::new(rules());
        let mut wanted: Vec<u64> = ids.iter().copied().chain(gone).collect();
        wanted.sort_by_key(|id| (id ^ seed).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let now = Instant::now();
        let rounds = wanted.chunks(10).count() as u64;
        for wanted in wanted.chunks(10) {
            let found = answer(&mut planner, &mut table, wanted, now);
            for id in wanted {
                prop_assert_eq!(found.contains_key(id), ids.contains(id));
            }
        }
        prop_assert!(table.requests <= 2 * rounds + 5, "{} requests in {rounds} rounds", table.requests);
    }
}
