//! Finding objects by slug or name.

use std::sync::Arc;

use transport_rest::Budget;

use super::client::NetBox;
use super::error::Error;
use super::object::Object;

impl NetBox {
    /// The objects (brief) of a path whose `filter` (`slug`, `name`) has one of `values`. Look-ups at about the
    /// same time become one request, and answers are kept, also "none", until something is written there.
    ///
    /// A value may match none or several: compare the field to tell which object goes with which value.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn look_up(
        &self,
        path: &str,
        filter: &str,
        values: &[String],
        budget: &Budget,
    ) -> Result<Vec<Arc<Object>>, Error> {
        todo!("{path} {filter} {values:?} {budget:?}")
    }
}
