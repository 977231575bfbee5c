//! Creating, changing and deleting.

use std::time::{Duration, Instant};

use serde_json::{Map, Value};
use transport_rest::{Budget, Method, Request, Secret};

use super::agreement::agrees;
use super::changelog::{only_message, with_message};
use super::client::{NetBox, address, endpoint, object};
use super::error::{Blocked, Error};
use super::object::{Etag, Object};

/// The first wait for objects in the way of a deletion; doubles up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// How a deletion ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// It was there and is no more.
    Deleted,
    /// There was nothing to delete.
    WasGone,
}

impl NetBox {
    /// Creates an object with one POST, never repeated once the server may have seen it.
    ///
    /// `stamp`, one word, is put at the end of the changelog message, so that [`NetBox::leftovers`] of a later run
    /// finds what this one made and could not report.
    ///
    /// # Errors
    /// [`Error`]; see [`Error::may_have_taken_effect`].
    pub async fn create(
        &self,
        path: &str,
        body: Map<String, Value>,
        stamp: Option<&str>,
        budget: &Budget,
    ) -> Result<Object, Error> {
        let message = self.message(stamp, budget).await?;
        let secrets = secrets(&body);
        let body = with_message(body, message.as_ref());
        let request = Request::post(endpoint(path)).json(&body).secrets(secrets);
        let (object, etag) = object(&self.change(path, request, budget).await?)?;
        self.core.history.wrote(path, object.id, None, etag);
        Ok(object)
    }

    /// Changes the fields named, and no others, with one PATCH. Changes of one object queue.
    ///
    /// `if_match` is the state the changes were decided on; where that state was only superseded by writes of this
    /// client, the newer one counts.
    ///
    /// # Errors
    /// [`Error`]; [`Error::Changed`] when someone else changed it since.
    pub async fn update(
        &self,
        path: &str,
        id: u64,
        changes: Map<String, Value>,
        if_match: Option<&Etag>,
        budget: &Budget,
    ) -> Result<Object, Error> {
        let message = self.message(None, budget).await?;
        let secrets = secrets(&changes);
        let body = with_message(changes.clone(), message.as_ref());
        let request = Request::patch(address(path, id)).json(&body).secrets(secrets).idempotent();
        let _turn = self.turn(path, id, budget).await?;
        let history = &self.core.history;
        // Without a wish of the caller's, a condition only serves to know whether others wrote in between.
        let insisted = if_match.map(|seen| history.current(path, id, seen));
        let condition = insisted.clone().or_else(|| history.latest(path, id));
        let mut outcome = self.change(path, on_condition(&request, condition.as_ref()), budget).await;
        let mut on = condition;
        if insisted.is_none() && matches!(outcome, Err(Error::Changed { .. })) {
            on = None;
            outcome = self.change(path, request, budget).await;
        }
        match outcome {
            Ok(answer) => {
                let (object, etag) = object(&answer)?;
                history.wrote(path, id, on.as_ref(), etag);
                Ok(object)
            }
            Err(Error::Changed { call, .. }) if call.tries > 1 => {
                // An earlier try may have been carried out, and its answer lost.
                let found = self.read_fresh(path, id, budget).await?;
                let done = found.filter(|object| is_done(&changes, &object.fields));
                let Some(object) = done else { return Err(Error::Changed { call, current: None }) };
                history.wrote(path, id, on.as_ref(), object.etag());
                Ok(object)
            }
            Err(error) => Err(error),
        }
    }

    /// Deletes an object. While others are in its way and become fewer, it is tried again.
    ///
    /// # Errors
    /// [`Error`]; [`Error::Blocked`] with the objects in its way.
    pub async fn delete(
        &self,
        path: &str,
        id: u64,
        if_match: Option<&Etag>,
        budget: &Budget,
    ) -> Result<Deleted, Error> {
        let _turn = self.turn(path, id, budget).await?;
        let condition = if_match.map(|seen| self.core.history.current(path, id, seen));
        let mut request = on_condition(&Request::delete(address(path, id)).idempotent(), condition.as_ref());
        if let Some(message) = self.message(None, budget).await? {
            request = request.json(&only_message(message));
        }
        let outcome = self.delete_patiently(path, &request, budget).await;
        let outcome = match outcome {
            Err(Error::Changed { call, current }) if call.tries > 1 => {
                match self.read_fresh(path, id, budget).await? {
                    None => Ok(Deleted::Deleted),
                    Some(_) => Err(Error::Changed { call, current }),
                }
            }
            other => other,
        };
        if outcome.is_ok() {
            self.core.history.forget(path, id);
        }
        outcome
    }

    async fn delete_patiently(
        &self,
        path: &str,
        request: &Request,
        budget: &Budget,
    ) -> Result<Deleted, Error> {
        let (mut progress, mut fewest, mut wait) = (Instant::now(), usize::MAX, FIRST_WAIT);
        loop {
            let blocked = match self.change(path, request.clone(), budget).await {
                Ok(_) => return Ok(Deleted::Deleted),
                // Gone at the second try: by the first, whose answer was lost.
                Err(Error::Gone { call, .. }) if call.tries > 1 => return Ok(Deleted::Deleted),
                Err(Error::Gone { .. }) => return Ok(Deleted::WasGone),
                Err(Error::Blocked(blocked)) => blocked,
                Err(error) => return Err(error),
            };
            let count = in_the_way(&blocked);
            if count < fewest {
                (progress, fewest, wait) = (Instant::now(), count, FIRST_WAIT);
            }
            if progress.elapsed() >= self.core.delete_patience || !budget.affords(wait) {
                return Err(Error::Blocked(blocked));
            }
            let what = || format!("{count} objects that are in the way of {}", blocked.call);
            budget.sleep(wait.min(self.core.delete_patience), what).await?;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// The right to write to an object: two writers at once would lose one's fields.
    pub(super) async fn turn(
        &self,
        path: &str,
        id: u64,
        budget: &Budget,
    ) -> Result<tokio::sync::OwnedMutexGuard<()>, Error> {
        let key = (path.trim_matches('/').to_owned(), id);
        Ok(self.core.objects.hold(key, &format!("{path} {id}"), budget).await?)
    }
}

fn on_condition(request: &Request, state: Option<&Etag>) -> Request {
    debug_assert!(matches!(*request.method(), Method::PATCH | Method::DELETE));
    match state {
        Some(state) => request.clone().header(http::header::IF_MATCH, state.as_str()),
        None => request.clone(),
    }
}

/// How many objects are in the way: the server counts them before it names them.
fn in_the_way(blocked: &Blocked) -> usize {
    let counted = blocked.detail.split_whitespace().find_map(|word| word.parse().ok());
    counted.unwrap_or(blocked.blockers.len())
}

/// Values of a body that no error may show, should the server repeat them.
pub(super) fn secrets(body: &Map<String, Value>) -> Vec<Secret> {
    const NAMES: &[&str] =
        &["password", "secret", "psk", "preshared", "token", "auth_key", "private", "plaintext"];
    let mut found = Vec::new();
    for (name, value) in body {
        match value {
            Value::String(text) if NAMES.iter().any(|part| name.contains(part)) => {
                found.push(Secret::new(text.clone()));
            }
            Value::Object(fields) => found.extend(secrets(fields)),
            _ => {}
        }
    }
    found
}

/// Whether an object holds all that was to be changed.
fn is_done(changes: &Map<String, Value>, fields: &Map<String, Value>) -> bool {
    let has_tag = |tag: &Value| {
        let tags = fields.get("tags").and_then(Value::as_array);
        tags.is_some_and(|tags| tags.iter().any(|there| agrees(tag, there)))
    };
    changes.iter().all(|(key, sent)| match (key.as_str(), sent) {
        ("add_tags", Value::Array(tags)) => tags.iter().all(has_tag),
        ("remove_tags", Value::Array(tags)) => !tags.iter().any(has_tag),
        _ => agrees(sent, fields.get(key).unwrap_or(&Value::Null)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_of_a_body_are_known_at_any_depth() {
        let Value::Object(body) =
            json!({"password": "a", "name": "b", "parameters": {"aws_secret": "c"}, "token": 5})
        else {
            panic!()
        };
        let mut found: Vec<_> = secrets(&body).iter().map(|secret| secret.expose().to_owned()).collect();
        found.sort();
        assert_eq!(found, ["a", "c"]);
    }

    #[test]
    fn tags_added_and_removed_count_as_done() {
        let map = |json: Value| json.as_object().cloned().unwrap();
        let there = map(json!({"tags": [{"id": 1, "slug": "a"}], "name": "x"}));
        let done = |changes| is_done(&map(changes), &there);
        assert!(done(json!({"add_tags": [{"slug": "a"}], "remove_tags": [{"slug": "b"}], "name": "x"})));
        assert!(!done(json!({"add_tags": [{"slug": "b"}]})));
        assert!(!done(json!({"remove_tags": [{"slug": "a"}]})));
        assert!(!done(json!({"name": "y"})));
    }
}
