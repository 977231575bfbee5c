//! Who one is to the server.

use serde_json::Value;
use transport_rest::{Budget, Request};

use super::client::{NetBox, endpoint, json};
use super::error::Error;
use super::object::number;

impl NetBox {
    /// The id of the user whose token this client shows; `None` where the server is too old to
    /// tell.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn own_user(&self, budget: &Budget) -> Result<Option<u64>, Error> {
        match self.ask(Request::get(endpoint("authentication-check")), budget).await {
            Ok(answer) => {
                let user: Value = json(&answer)?;
                Ok(user.get("id").and_then(number))
            }
            Err(Error::Gone { .. }) => Ok(None),
            Err(Error::NotTheApi(page)) if page.call.status == 404 => Ok(None),
            Err(error) => Err(error),
        }
    }
}
