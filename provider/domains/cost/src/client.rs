//! What the objects of this domain share: the way to the documents.

use cost_engine::files::Source;
use cost_engine::ledger::Ledger;
use objects::Credentials;
use tf_framework::{Diagnostics, Path, Result};

use crate::config::CostConfig;
use crate::places::{Opener, PlaceError};

/// What the provider configured for the gate. Nothing is opened before it is needed, and then only that.
#[derive(Debug)]
pub struct Cost {
    pub(crate) config: CostConfig,
    credentials: Result<Option<Credentials>>,
}

impl Cost {
    /// Documents are where `config` says, object stores are opened with `credentials` when one is needed first.
    #[must_use]
    pub fn new(config: CostConfig, credentials: Result<Option<Credentials>>) -> Self {
        Self { config, credentials }
    }

    /// Documents at a place.
    pub(crate) fn source(&self, location: &str, at: &Path) -> Result<Source> {
        self.open(location, at, |opener| opener.source(location))
    }

    /// The ledger of an environment; nothing where its directory is not there yet and shall not be made.
    pub(crate) fn ledger(&self, location: &str, env: &str, make: bool, at: &Path) -> Result<Option<Ledger>> {
        self.open(location, at, |opener| opener.ledger(location, env, make))
    }

    fn open<T>(
        &self,
        location: &str,
        at: &Path,
        open: impl FnOnce(&Opener<'_>) -> std::result::Result<T, PlaceError>,
    ) -> Result<T> {
        let none = Credentials::default();
        // Files need no credentials: half of a pair for a store must not stop a gate that needs none.
        let credentials = if location.contains("://") { self.credentials.clone()? } else { None };
        let opener = Opener { config: &self.config, credentials: credentials.as_ref().unwrap_or(&none) };
        open(&opener).map_err(|error| {
            Diagnostics::error_at(
                at.clone(),
                "A place of the cost gate cannot be opened",
                format!("{error}."),
            )
        })
    }
}
