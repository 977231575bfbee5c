//! The client.

use std::sync::Arc;

use catalogue::description::Version;
use transport_rest::{Budget, Counters};

use super::error::Error;
use super::settings::{Settings, SettingsError};

/// A client of one server. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct NetBox {
    pub(super) core: Arc<Core>,
}

pub(super) struct Core {}

impl NetBox {
    /// A client. Opens no connection and reads no file.
    ///
    /// # Errors
    /// [`SettingsError`] for settings that cannot work.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        todo!("{settings:?}")
    }

    /// The server's version: told by any earlier answer, else asked.
    ///
    /// # Errors
    /// [`Error`] of the question.
    pub async fn version(&self, budget: &Budget) -> Result<Version, Error> {
        todo!("{budget:?}")
    }

    /// The server's version as far as answers have told it.
    pub fn known_version(&self) -> Option<Version> {
        todo!()
    }

    /// What was asked so far.
    pub fn counters(&self) -> &Counters {
        todo!()
    }
}
