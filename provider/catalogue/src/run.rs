//! What the objects of one run of the provider know of each other.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::id::Id;

/// Shared by all resources of a table.
#[derive(Debug, Default)]
pub struct Run {
    planned: Mutex<HashSet<(&'static str, String, String)>>,
    made: Mutex<HashSet<(&'static str, Id)>>,
    allocations: Mutex<HashMap<String, Option<u64>>>,
    taken: Mutex<HashSet<String>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Run {
    /// Notes that the plan makes an object that will be known by this text.
    pub fn will_make(&self, path: &'static str, field: &str, text: &str) {
        locked(&self.planned).insert((path, field.to_owned(), text.to_owned()));
    }

    /// Whether the plan makes such an object.
    #[must_use]
    pub fn makes(&self, path: &'static str, field: &str, text: &str) -> bool {
        locked(&self.planned).contains(&(path, field.to_owned(), text.to_owned()))
    }

    /// Notes that an object is managed by this run. Answers whether that is news.
    pub fn claim(&self, path: &'static str, id: impl Into<Id>) -> bool {
        locked(&self.made).insert((path, id.into()))
    }

    /// Whether an object is managed by this run already.
    #[must_use]
    pub fn is_claimed(&self, path: &'static str, id: impl Into<Id>) -> bool {
        locked(&self.made).contains(&(path, id.into()))
    }

    /// Notes that something is taken under a mark now. Answers whether nothing else was.
    pub fn takes(&self, mark: &str) -> bool {
        locked(&self.taken).insert(mark.to_owned())
    }

    /// Notes what was taken under a mark.
    pub fn took(&self, mark: &str, id: u64) {
        locked(&self.allocations).insert(mark.to_owned(), Some(id));
    }

    /// Notes that what was taken under a mark is given back, or was not to be had.
    pub fn releases(&self, mark: &str) {
        locked(&self.taken).remove(mark);
        locked(&self.allocations).remove(mark);
    }

    /// Notes who has an allocation's mark: an object, or one that is still to be taken.
    ///
    /// # Errors
    /// Another one has the same mark.
    pub fn mark(&self, mark: &str, id: Option<u64>) -> Result<(), Marked> {
        let mut allocations = locked(&self.allocations);
        match (allocations.get(mark).copied(), id) {
            (None, _) => {
                allocations.insert(mark.to_owned(), id);
                Ok(())
            }
            (Some(known), id) if known == id && id.is_some() => Ok(()),
            (Some(Some(known)), None) => Err(Marked::Object(known)),
            (Some(None), None) => Ok(()),
            (Some(_), Some(_)) => Err(Marked::Planned),
        }
    }
}

/// Who has a mark already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marked {
    /// An object that exists.
    Object(u64),
    /// One that is planned, or another object.
    Planned,
}
