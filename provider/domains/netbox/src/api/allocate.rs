//! Taking the next free objects from a pool.

use serde_json::{Map, Value};
use transport_rest::{Budget, Request};

use super::changelog::with_message;
use super::client::{NetBox, below, json};
use super::error::Error;
use super::object::Object;
use super::refusal::unreadable;
use super::write::secrets;

/// How often a call is repeated that lost against another in the database.
const REPETITIONS: usize = 2;

/// Where the objects live that an endpoint makes. What was looked up of the pools still holds.
fn made_at<'p>(pool: &'p str, endpoint: &str) -> &'p str {
    match endpoint {
        "available-ips" => "ipam/ip-addresses",
        "available-vlans" => "ipam/vlans",
        "available-asns" => "ipam/asns",
        _ => pool,
    }
}

impl NetBox {
    /// Takes as many objects as there are bodies from the pool `id` of `path` (`ipam/prefixes`) by one POST to its
    /// `endpoint` (`available-ips`): all of them or none. Calls for one pool queue.
    ///
    /// # Errors
    /// [`Error`]; [`Error::Exhausted`] when not enough is free. See [`Error::may_have_taken_effect`].
    pub async fn allocate(
        &self,
        path: &str,
        id: u64,
        endpoint: &str,
        bodies: Vec<Map<String, Value>>,
        stamp: Option<&str>,
        budget: &Budget,
    ) -> Result<Vec<Object>, Error> {
        let message = self.message(stamp, budget).await?;
        let count = bodies.len();
        let secrets: Vec<_> = bodies.iter().flat_map(secrets).collect();
        let mut bodies: Vec<Value> =
            bodies.into_iter().map(|body| with_message(body, message.as_ref()).into()).collect();
        let body = match bodies.len() {
            0 => return Err(Error::Argument("nothing is asked for".to_owned())),
            1 => bodies.remove(0),
            _ => Value::from(bodies),
        };
        let request = Request::post(below(path, id, endpoint)).json(&body).secrets(secrets);
        let key = (path.trim_matches('/').to_owned(), id);
        let _turn = self.core.pools.hold(key, &format!("the pool {path} {id}"), budget).await?;
        let mut repetitions = 0;
        let response = loop {
            match self.change(made_at(path, endpoint), request.clone(), budget).await {
                // The database undid all of it: nothing was taken.
                Err(Error::Rejected(rejected)) if repetitions < REPETITIONS && rejected.is_deadlock() => {
                    repetitions += 1;
                }
                outcome => break outcome?,
            }
        };
        let objects = match json(&response)? {
            Value::Array(items) => items,
            one => vec![one],
        };
        let objects: Vec<Object> = objects.into_iter().filter_map(Object::from_json).collect();
        if objects.len() != count {
            let told = format!("{count} objects were asked for, and it holds {}", objects.len());
            return Err(unreadable(response.unexpected(told), response.status));
        }
        for object in &objects {
            // What the endpoint makes lives at a path of its own, which the object's URL tells.
            if let Some(path) = object.path() {
                self.core.history.wrote(&path, object.id, None, object.etag());
            }
        }
        Ok(objects)
    }
}
