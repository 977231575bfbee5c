//! Another cluster's backups and log under a prefix that has no marker: written by WAL-G before it was ours to look after,
//! or by somebody who does not mark.

use transport_base::Budget;

use super::archive::{Archive, Cache};
use super::names::WalName;
use super::object::{Store, StoreError};

/// First pages that are read at most.
const PAGES: usize = 16;

/// What is there of another cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stranger {
    /// What it is: a backup, or a segment of the log.
    pub what: String,
    /// The system identifier in it.
    pub system_id: u64,
}

/// Anything in the archive that another cluster wrote. What is encrypted, or of a WAL-G too old to say, tells nothing.
///
/// # Errors
/// [`StoreError`].
pub async fn stranger(
    store: &dyn Store,
    cache: &Cache,
    own: u64,
    budget: &Budget,
) -> Result<Option<Stranger>, StoreError> {
    let archive = Archive::read(store, cache, budget).await?;
    for backup in &archive.backups {
        if let Some(system_id) = backup.system_id.filter(|id| *id != own) {
            return Ok(Some(Stranger { what: format!("backup {}", backup.name), system_id }));
        }
    }
    // The first and the last of each timeline: clusters that share a prefix begin and end at different places.
    let mut ends = Vec::new();
    for timeline in archive.wal.timelines() {
        let mut numbers = archive.wal.numbers(timeline);
        let (first, last) = (numbers.next(), numbers.next_back());
        ends.extend(first.into_iter().chain(last).filter_map(|number| archive.wal.segment(timeline, number)));
    }
    for entry in ends.into_iter().take(PAGES) {
        let WalName::Segment(name) = entry.name else { continue };
        if let Ok(page) = entry.page(store, budget).await?
            && page.system_id != own
        {
            return Ok(Some(Stranger { what: format!("segment {name}"), system_id: page.system_id }));
        }
    }
    Ok(None)
}
