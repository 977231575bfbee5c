//! Deletes what a plan of retention names, and nothing else.

use serde::{Deserialize, Serialize};
use transport_base::Budget;

use super::archive::{Archive, Cache, WalObject};
use super::names::{BACKUPS, WalName, sentinel_key, sentinel_of};
use super::object::{Condition, Object, Store, StoreError};
use super::retention::{self, Owners, Plan, Policy};
use super::{small, verified};

/// What a deletion is busy with: after a kill, the folders whose sentinels are gone are known by it from those of a
/// backup that is under way.
pub const KEY: &str = "hybridops/deleting.json";

/// Keys that are deleted with one call.
const CHUNK: usize = 1000;
/// First pages that are read at most to tell the clusters of doubtful segments.
const PAGES: usize = 512;

/// The note of what a deletion is busy with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleting {
    /// The backups.
    pub backups: Vec<String>,
}

/// What was deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deleted {
    /// The backups.
    pub backups: Vec<String>,
    /// Objects of the log.
    pub wal_objects: usize,
}

/// Whether anything may be over: two requests, where reading the archive takes more. One backup before the window is
/// what the window begins with.
///
/// # Errors
/// [`StoreError`].
pub async fn may_be_over(store: &dyn Store, policy: &Policy, budget: &Budget) -> Result<bool, StoreError> {
    let (backups, note) =
        futures::try_join!(store.list(BACKUPS, None, budget), store.get(KEY, None, budget))?;
    let begin = policy.now - policy.window;
    let old = |object: &&Object| sentinel_of(&object.key).is_some() && object.modified < begin;
    Ok(note.is_some() || backups.iter().filter(old).count() > 1)
}

/// What goes under a policy, by what is in the store now. Reads first pages where several clusters used the prefix.
///
/// # Errors
/// [`StoreError`].
pub async fn look(
    store: &dyn Store,
    archive: &Archive,
    policy: &Policy,
    planned: Option<&std::collections::BTreeSet<String>>,
    budget: &Budget,
) -> Result<Plan, StoreError> {
    let first = retention::plan(archive, policy, planned, &Owners::new());
    if first.doubtful.is_empty() {
        return Ok(first);
    }
    let mut owners = Owners::new();
    let doubtful = archive.wal.objects.iter().filter(|entry| first.doubtful.contains(&entry.object.key));
    let segments: Vec<&WalObject> =
        doubtful.filter(|entry| matches!(entry.name, WalName::Segment(_))).take(PAGES).collect();
    for entry in segments {
        if let Ok(page) = entry.page(store, budget).await? {
            owners.insert(entry.object.key.clone(), page.system_id);
        }
    }
    Ok(retention::plan(archive, policy, planned, &owners))
}

/// Deletes what the plan names: of each backup first the sentinel, so that nobody takes what is left for a backup; the
/// log last. May be killed and run again at any point.
///
/// # Errors
/// [`StoreError`]; what is left is deleted by the next run.
pub async fn run(
    store: &dyn Store,
    archive: &Archive,
    plan: &Plan,
    budget: &Budget,
) -> Result<Deleted, StoreError> {
    let backups: Vec<String> = plan.expired.iter().chain(&plan.leftovers).cloned().collect();
    if !backups.is_empty() {
        let note = Deleting { backups: backups.clone() };
        store.put(KEY, small::line(&note), Condition::Always, budget).await?;
    }
    for name in &backups {
        store.delete(&[sentinel_key(name)], budget).await?;
        let mut parts = archive.parts.get(name).cloned().unwrap_or_default();
        parts.push(verified::key(name));
        for chunk in parts.chunks(CHUNK) {
            store.delete(chunk, budget).await?;
        }
    }
    for chunk in plan.wal_keys.chunks(CHUNK) {
        store.delete(chunk, budget).await?;
    }
    if !backups.is_empty() || !archive.deleting.is_empty() {
        store.delete(&[KEY.to_owned()], budget).await?;
    }
    Ok(Deleted { backups: plan.expired.clone(), wal_objects: plan.wal_keys.len() })
}

/// Reads the archive, deletes what is over, and answers what that was. Of the backups only those go that `planned`
/// names.
///
/// # Errors
/// [`StoreError`].
pub async fn expire(
    store: &dyn Store,
    cache: &Cache,
    policy: &Policy,
    planned: &std::collections::BTreeSet<String>,
    budget: &Budget,
) -> Result<Deleted, StoreError> {
    let archive = Archive::read(store, cache, budget).await?;
    let plan = look(store, &archive, policy, Some(planned), budget).await?;
    run(store, &archive, &plan, budget).await
}
