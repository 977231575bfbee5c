//! Whether the log of an archive is whole, and all of one cluster.

use std::collections::BTreeSet;

use futures::{StreamExt, TryStreamExt, stream};
use transport_base::Budget;

use super::archive::{Archive, Broken, WalObject};
use super::content::Unreadable;
use super::names::WalName;
use super::object::{Store, StoreError};
use super::page::Page;
use super::window::Gap;

/// Requests under way at once.
const WIDTH: usize = 8;

/// Which segments are looked into. Every look is one request for the beginning of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// None: names, sizes and histories only.
    Names,
    /// The first and the last of every timeline, and the last ones before and first ones after a hole.
    Ends,
    /// All.
    All,
}

/// What a check of the log found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Integrity {
    /// Segments that are missing on the way from a backup to the end of a timeline.
    pub gaps: Vec<Gap>,
    /// Objects that are not what their names say: torn, of another cluster, of another place.
    pub broken: Vec<Broken>,
    /// Timelines whose descent cannot be told, or is told in two ways.
    pub chain: Vec<String>,
    /// Segments whose first page was checked.
    pub checked: usize,
    /// Segments that are encrypted or compressed in a way that is not read here: nothing is known of their content.
    pub opaque: usize,
}

impl Integrity {
    /// Whether nothing is wrong, as far as could be seen.
    pub fn is_whole(&self) -> bool {
        self.gaps.is_empty() && self.broken.is_empty() && self.chain.is_empty()
    }
}

impl Archive {
    /// Checks names, sizes and histories; reads nothing.
    pub fn integrity(&self) -> Integrity {
        let mut gaps = BTreeSet::new();
        for window in self.windows() {
            gaps.extend(window.spans.iter().filter_map(|span| span.gap));
            gaps.extend(window.unusable.iter().map(|(_, gap)| *gap));
        }
        // A hole seen from two backups begins at the same segment.
        let torn = self.wal.objects.iter().filter(|entry| entry.is_torn(self.segment_size));
        let torn = torn.map(|entry| Broken {
            key: entry.object.key.clone(),
            problem: format!("it is torn: it has {} bytes", entry.object.size),
        });
        Integrity {
            gaps: gaps.into_iter().collect(),
            broken: self.broken.iter().cloned().chain(torn).collect(),
            chain: self.chain(),
            ..Integrity::default()
        }
    }

    /// What is wrong with the descent of the timelines.
    fn chain(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for timeline in self.wal.timelines().into_iter().filter(|timeline| *timeline > 1) {
            let Some(history) = self.histories.get(&timeline) else {
                wrong.push(format!("timeline {timeline} has segments but no history file"));
                continue;
            };
            let Some(parent) = history.parent() else { continue };
            let Some(theirs) = self.histories.get(&parent.timeline) else { continue };
            if !history.0.starts_with(&theirs.0) {
                wrong.push(format!(
                    "timeline {timeline} descends from timeline {}, but their histories tell different ancestors",
                    parent.timeline
                ));
            }
        }
        wrong
    }

    /// Checks names, sizes, histories, and the first pages of segments: timeline, position, system identifier, size.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn check(
        &self,
        store: &dyn Store,
        depth: Depth,
        budget: &Budget,
    ) -> Result<Integrity, StoreError> {
        let mut found = self.integrity();
        let chosen = self.chosen(depth);
        let mut reads = Vec::with_capacity(chosen.len());
        for entry in chosen {
            reads.push(look(entry, store, budget));
        }
        let pages: Vec<_> = stream::iter(reads).buffer_unordered(WIDTH).try_collect::<Vec<_>>().await?;
        let system = self.system_id();
        for (entry, page) in pages {
            let WalName::Segment(name) = entry.name else { continue };
            let problem = match page {
                Ok(page) => {
                    found.checked += 1;
                    page.check(name, system).err().map(|error| error.to_string())
                }
                Err(Unreadable::Encrypted | Unreadable::Compression(_)) => {
                    found.opaque += 1;
                    None
                }
                Err(error) => Some(error.to_string()),
            };
            found.broken.extend(problem.map(|problem| Broken { key: entry.object.key.clone(), problem }));
        }
        found.broken.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(found)
    }

    fn chosen(&self, depth: Depth) -> Vec<&WalObject> {
        let mut chosen = Vec::new();
        for timeline in self.wal.timelines() {
            let numbers: Vec<u64> = self.wal.numbers(timeline).collect();
            let have: BTreeSet<u64> = numbers.iter().copied().collect();
            let end = |number: &u64| {
                !have.contains(&(number + 1)) || number.checked_sub(1).is_none_or(|n| !have.contains(&n))
            };
            let wanted = numbers.iter().filter(|number| match depth {
                Depth::Names => false,
                Depth::Ends => end(number),
                Depth::All => true,
            });
            chosen.extend(wanted.filter_map(|number| self.wal.segment(timeline, *number)));
        }
        chosen
    }
}

async fn look<'a>(
    entry: &'a WalObject,
    store: &dyn Store,
    budget: &Budget,
) -> Result<(&'a WalObject, Result<Page, Unreadable>), StoreError> {
    Ok((entry, entry.page(store, budget).await?))
}
