//! Restores and recovery to a point in time, on the machine of a new instance.

mod bring;
mod choice;
mod model;
mod recovery;
mod target;

pub(crate) use bring::{Bring, foresee, unused};
pub(crate) use choice::Choice;
pub(crate) use model::*;
pub(crate) use recovery::{Recovery, milliseconds, place, unread};
pub(crate) use target::{Arrived, Target, rfc3339};
