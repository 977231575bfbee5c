//! What interrupted runs created and could not report.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use transport_rest::Budget;

use super::client::NetBox;
use super::error::Error;

/// Objects created of late, by kind and stamp. Some may be gone again, or have changed: read before use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leftovers {
    /// Whether the server let us see its changelog; where it did not, nothing is known.
    pub known: bool,
    pub(super) by_stamp: HashMap<(String, String), Vec<u64>>,
}

impl Leftovers {
    /// The ids of the objects of a kind (`dcim.site`) created with a stamp, the newest first.
    pub fn find(&self, model: &str, stamp: &str) -> &[u64] {
        self.by_stamp.get(&(model.to_owned(), stamp.to_owned())).map(Vec::as_slice).unwrap_or_default()
    }
}

impl NetBox {
    /// What was created with a stamp within `age` before now. Asked once for the life of the client, so that it
    /// tells of earlier runs.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn leftovers(&self, age: Duration, budget: &Budget) -> Result<Arc<Leftovers>, Error> {
        todo!("{age:?} {budget:?}")
    }
}
