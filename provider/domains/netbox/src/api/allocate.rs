//! Taking the next free objects from a pool.

use serde_json::{Map, Value};
use transport_rest::Budget;

use super::client::NetBox;
use super::error::Error;
use super::object::Object;

impl NetBox {
    /// Takes as many objects as there are bodies from the pool `id` of `path` (`ipam/prefixes`) by one POST to its
    /// `endpoint` (`available-ips`): all of them or none. Calls for one pool queue.
    ///
    /// # Errors
    /// [`Error`]; [`Error::Exhausted`] when not enough is free.
    pub async fn allocate(
        &self,
        path: &str,
        id: u64,
        endpoint: &str,
        bodies: Vec<Map<String, Value>>,
        stamp: Option<&str>,
        budget: &Budget,
    ) -> Result<Vec<Object>, Error> {
        todo!("{path} {id} {endpoint} {bodies:?} {stamp:?} {budget:?}")
    }
}
