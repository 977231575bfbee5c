//! What one run knows of a cluster's configuration objects.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use catalogue::Run;
use catalogue::description::Version;
use catalogue::store::Defaults;
use serde_json::{Map, Value as Json};
use tokio::sync::{OnceCell, OwnedMutexGuard};
use transport_rest::{Budget, SharedRead};

use super::address::Address;
use super::place::Place;
use crate::api::{ApiError, Client};

/// The entries of a listing.
pub(super) type Entries = Vec<Map<String, Json>>;

/// What one run knows of a cluster's configuration objects.
pub(crate) struct Known {
    pub(super) run: Run,
    pub(super) defaults: Defaults,
    pub(super) version: OnceCell<Version>,
    places: HashMap<&'static str, &'static Place>,
    listings: Mutex<HashMap<String, Arc<SharedRead<Entries, ApiError>>>>,
    writers: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Known").field("places", &self.places.len()).finish_non_exhaustive()
    }
}

impl Known {
    /// Nothing yet, of the objects at these places.
    pub(crate) fn new(places: impl IntoIterator<Item = &'static Place>) -> Self {
        Self {
            run: Run::default(),
            defaults: Defaults::default(),
            version: OnceCell::new(),
            places: places.into_iter().map(|place| (place.kind, place)).collect(),
            listings: Mutex::default(),
            writers: Mutex::default(),
        }
    }

    /// The place of the objects of a kind.
    pub(super) fn place(&self, kind: &str) -> Option<&'static Place> {
        self.places.get(kind).copied()
    }

    /// A listing: one request serves all that ask until something is written to it.
    pub(super) async fn listing(
        &self,
        api: &Client,
        address: &Address,
        budget: &Budget,
    ) -> Result<Arc<Entries>, ApiError> {
        let shared = {
            let mut listings = self.listings.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(listings.entry(address.to_string()).or_default())
        };
        let (api, path, query) = (api.clone(), address.path(), address.query());
        let read = shared.get(|| async move {
            // No budget of its own: it is shared by many, and stops with the last of them.
            let lines: Vec<Json> = api.read_with(path, query, &Budget::unlimited()).await?;
            Ok(lines.into_iter().filter_map(entry).collect())
        });
        budget.run(|| format!("the listing {address}"), read).await?
    }

    /// Forgets all listings: something was written.
    pub(super) fn forget(&self) {
        self.listings.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Waits until nobody else of this run writes there.
    pub(super) async fn alone(&self, place: &Place) -> OwnedMutexGuard<()> {
        let writer = {
            let mut writers = self.writers.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(writers.entry(file_of(place)).or_default())
        };
        writer.lock_owned().await
    }
}

/// What a digest is of: all objects of a folder, or of several, stand in one file.
fn file_of(place: &Place) -> String {
    let folder = place.collection.split('?').next().unwrap_or(place.collection);
    let shared = ["cluster/notifications", "cluster/backup", "cluster/jobs"];
    if let Some((before, _)) = folder.split_once("/firewall/") {
        return format!("{before}/firewall");
    }
    match shared.iter().find(|start| folder.starts_with(**start)) {
        Some(&"cluster/backup") => "cluster/jobs".to_owned(),
        Some(start) => (*start).to_owned(),
        None => folder.to_owned(),
    }
}

fn entry(line: Json) -> Option<Map<String, Json>> {
    match line {
        Json::Object(members) => Some(members),
        _ => None,
    }
}
