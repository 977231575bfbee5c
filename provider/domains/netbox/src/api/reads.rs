//! Reading objects one by one.

use std::sync::Arc;

use transport_rest::Budget;

use super::client::NetBox;
use super::error::Error;
use super::object::Object;

impl NetBox {
    /// One object of a path such as `dcim/sites`; `None` only where the server itself says that it does not exist.
    /// Reads of one path at about the same time become one request, and more of the path is read ahead.
    ///
    /// `omit` names fields that are costly and not wanted.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn read(
        &self,
        path: &str,
        id: u64,
        omit: &[&str],
        budget: &Budget,
    ) -> Result<Option<Arc<Object>>, Error> {
        todo!("{path} {id} {omit:?} {budget:?}")
    }
}
