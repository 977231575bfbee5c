//! Retention: what the recovery window no longer needs is shown by the plan and deleted by the apply.

use std::collections::BTreeSet;

use hosts::Machine;
use tf_framework::Diagnostic;
use time::{Duration, OffsetDateTime};
use transport_ssh::Budget;

use super::apply::at;
use super::model::Backup;
use super::prove::told;
use crate::client::Postgresql;
use crate::errors::{Error, chain};
use crate::instance::Run;
use crate::store::retention::Policy;
use crate::store::{Archive, Files, OpenError, Storage, Store, StoreError, retention_run};

/// Why it is not known what is over.
#[derive(Debug, thiserror::Error)]
enum Unforeseen {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What stays, by the block.
fn policy(backup: &Backup) -> Policy {
    Policy {
        window: window(&backup.window),
        minimum_verified: usize::try_from(backup.minimum_verified).unwrap_or(1),
        now: OffsetDateTime::now_utc(),
    }
}

/// A number of hours, days or weeks. Validation let nothing else through; what cannot be read keeps everything.
fn window(text: &str) -> Duration {
    let number = text.get(..text.len().saturating_sub(1)).and_then(|digits| digits.parse::<i64>().ok());
    let unit = match text.chars().last() {
        Some('h') => Some(Duration::HOUR),
        Some('d') => Some(Duration::DAY),
        Some('w') => Some(Duration::WEEK),
        _ => None,
    };
    let length = number.zip(unit).and_then(|(number, unit)| unit.checked_mul(i32::try_from(number).ok()?));
    length.unwrap_or(Duration::weeks(53 * 1000))
}

/// Where the files of a storage are, seen from the instance.
fn files(storage: &Storage, machine: Option<Machine>) -> Files {
    match machine {
        Some(machine) if storage.file.is_some() => Files::On(machine),
        _ => Files::Unknown,
    }
}

/// What an apply would delete.
#[derive(Debug, Default)]
pub(crate) struct Expired {
    /// The backups.
    pub(crate) backups: BTreeSet<String>,
    /// Why nothing is deleted although the window is over for some.
    pub(crate) held: Option<Diagnostic>,
}

/// The backups that an apply would delete now. Two requests while there is nothing to delete. A store that does not
/// answer is no fault of the plan.
///
/// # Errors
/// The warning to give: nothing is deleted then.
pub(crate) async fn foresee_expired(
    client: &Postgresql,
    backup: &Backup,
    machine: Option<Machine>,
    budget: &Budget,
) -> Result<Expired, Diagnostic> {
    let foreseen = foresee(client, backup, machine, budget).await;
    foreseen.map_err(|error| {
        let detail = format!("{}. Nothing is deleted from the archive by this apply.", chain(&error));
        Diagnostic::warning("It is not known which backups are over", detail).at(at("storage"))
    })
}

async fn foresee(
    client: &Postgresql,
    backup: &Backup,
    machine: Option<Machine>,
    budget: &Budget,
) -> Result<Expired, Unforeseen> {
    let store = client.stores.open(&backup.storage, &files(&backup.storage, machine))?;
    let policy = policy(backup);
    if !retention_run::may_be_over(store.as_ref(), &policy, budget).await? {
        return Ok(Expired::default());
    }
    let archive = Archive::read(store.as_ref(), client.stores.cache(), budget).await?;
    let plan = retention_run::look(store.as_ref(), &archive, &policy, None, budget).await?;
    let held = plan.held.map(|held| {
        let detail = format!(
            "{held}. The window is over for some, and nothing is deleted from the archive by this apply."
        );
        Diagnostic::warning("Backups are kept although they are over", detail).at(at("minimum_verified"))
    });
    Ok(Expired { backups: plan.expired.into_iter().chain(plan.leftovers).collect(), held })
}

/// Deletes what the plan showed, as far as it is still over.
///
/// # Errors
/// The store fails; the next apply goes on.
pub(crate) async fn expire(run: &Run, backup: &Backup, store: &dyn Store) -> Result<(), Error> {
    let Some(planned) = backup.expired_backups.known().filter(|planned| !planned.is_empty()) else {
        return Ok(());
    };
    let cache = run.client.stores.cache();
    let deleted = retention_run::expire(store, cache, &policy(backup), planned, &run.budget).await;
    let deleted = deleted.map_err(|error| told("Old backups cannot be deleted", &error))?;
    tracing::info!(backups = ?deleted.backups, wal = deleted.wal_objects, store = store.place(), "deleted what is over");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_have_units() {
        let told = |text| window(text);
        assert_eq!(
            (told("72h"), told("30d"), told("2w")),
            (Duration::hours(72), Duration::days(30), Duration::days(14))
        );
        for odd in ["", "d", "30", "x3d", "99999999999d", "3\u{e9}"] {
            assert!(window(odd) > Duration::days(365_000), "{odd:?} keeps everything");
        }
    }
}
