//! Lists, page by page.

use transport_rest::Budget;

use super::client::NetBox;
use super::error::Error;
use super::object::Object;

impl NetBox {
    /// The objects of a path that match a query, in the order of their ids unless `ordering` is asked for; all of
    /// them, or the first `limit`. Objects that are added meanwhile do not disturb it.
    ///
    /// The server ignores filters it does not know and returns everything: check their names first.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn list(
        &self,
        path: &str,
        query: &[(String, String)],
        limit: Option<u64>,
        budget: &Budget,
    ) -> Result<Vec<Object>, Error> {
        todo!("{path} {query:?} {limit:?} {budget:?}")
    }
}
