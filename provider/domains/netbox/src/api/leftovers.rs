//! What interrupted runs created and could not report.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use transport_rest::{Budget, Request};

use super::changelog::{RECORDS_MESSAGES, stamp_of};
use super::client::{NetBox, endpoint, json};
use super::error::Error;
use super::object::number;

/// The most pages of the changelog read: 20,000 creations.
const PAGES: usize = 20;

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    next: Option<Value>,
    results: Vec<Value>,
}

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

impl Leftovers {
    /// The same of any kind, for objects whose kind nobody knows by name.
    pub fn find_any(&self, stamp: &str) -> Vec<u64> {
        let stamped = self.by_stamp.iter().filter(|((_, known), _)| known == stamp);
        stamped.flat_map(|(_, ids)| ids.iter().copied()).collect()
    }
}

impl NetBox {
    /// What was created with a stamp within `age` before now. Asked once for the life of the client, so that it
    /// tells of earlier runs.
    ///
    /// # Errors
    /// [`Error`]; a token that may not see the changelog is none: see [`Leftovers::known`].
    pub async fn leftovers(&self, age: Duration, budget: &Budget) -> Result<Arc<Leftovers>, Error> {
        let ask = move |client: Self| async move {
            match client.created_since(OffsetDateTime::now_utc() - age).await {
                Err(Error::Forbidden(_)) => Ok(Leftovers::default()),
                outcome => outcome,
            }
        };
        self.shared("the changelog", &self.core.leftovers, ask, budget).await
    }

    async fn created_since(&self, since: OffsetDateTime) -> Result<Leftovers, Error> {
        let budget = Budget::unlimited();
        if self.version(&budget).await? < RECORDS_MESSAGES {
            return Ok(Leftovers::default());
        }
        let since = since.replace_nanosecond(0).unwrap_or(since).format(&Rfc3339);
        let since = since.map_err(|error| Error::Argument(format!("a time that cannot be told: {error}")))?;
        let mut found = Leftovers { known: true, ..Leftovers::default() };
        let mut position = 0;
        for _ in 0..PAGES {
            // The newest first: what is recorded meanwhile moves the rest down, so that nothing is missed.
            let request = Request::get(endpoint("core/object-changes"))
                .query("action", "create")
                .query("time_after", &since)
                .query("fields", "id,changed_object_type,changed_object_id,message")
                .query("ordering", "-time")
                .query("limit", "1000")
                .query("offset", position.to_string());
            let page: Page = json(&self.ask(request, &budget).await?)?;
            position += page.results.len();
            page.results.iter().for_each(|change| found.add(change));
            if page.results.is_empty() || page.next.is_none_or(|next| next.is_null()) {
                break;
            }
        }
        Ok(found)
    }
}

impl Leftovers {
    fn add(&mut self, change: &Value) {
        let text = |key: &str| change.get(key).and_then(Value::as_str);
        let stamp = text("message").and_then(stamp_of);
        let id = change.get("changed_object_id").and_then(number);
        if let (Some(model), Some(stamp), Some(id)) = (text("changed_object_type"), stamp, id) {
            let ids = self.by_stamp.entry((model.to_owned(), stamp.to_owned())).or_default();
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
    }
}
