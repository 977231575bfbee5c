//! Lists, page by page.

use std::collections::HashSet;

use catalogue::description::Version;
use serde::Deserialize;
use serde_json::Value;
use transport_rest::{Budget, Request};

use super::client::{NetBox, endpoint, json};
use super::error::Error;
use super::object::Object;

/// The longest request line sent: the usual servers refuse more than 4,094 bytes.
pub(super) const REQUEST_LINE: usize = 4_000;
/// The first version that pages by id.
const PAGES_BY_ID: Version = Version::new(4, 6);
/// The largest page a server gives unless configured otherwise.
const PAGE: u64 = 1_000;
/// How often a list is begun again because objects went away between its pages.
const RESTARTS: usize = 2;

/// One page.
pub(super) struct Page {
    pub(super) objects: Vec<Object>,
    /// Whether there are further ones.
    pub(super) next: bool,
    /// How many match in all, where the server counts.
    pub(super) count: Option<u64>,
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    count: Option<u64>,
    #[serde(default)]
    next: Option<Value>,
    results: Vec<Value>,
}

/// How the pages of a list follow each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Paging {
    /// From the id after the last one: nothing that others do disturbs it.
    ById,
    /// By position: what is taken away before it shifts the rest.
    ByPosition,
}

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
        let mut tries = 0;
        loop {
            tries += 1;
            let (objects, whole) = self.list_once(path, query, limit, budget).await?;
            if whole || tries > RESTARTS {
                return Ok(objects);
            }
        }
    }

    /// The list, and whether nothing was missed.
    async fn list_once(
        &self,
        path: &str,
        query: &[(String, String)],
        limit: Option<u64>,
        budget: &Budget,
    ) -> Result<(Vec<Object>, bool), Error> {
        let most = limit.unwrap_or(u64::MAX);
        let own_order = query.iter().any(|(name, _)| name == "ordering" || name == "offset");
        let (mut objects, mut seen) = (Vec::<Object>::new(), HashSet::new());
        let (mut position, mut by_position) = (0, false);
        while (objects.len() as u64) < most {
            let by_id = !own_order && self.known_version().is_some_and(|version| version >= PAGES_BY_ID);
            let paging = if by_id { Paging::ById } else { Paging::ByPosition };
            by_position |= paging == Paging::ByPosition && position > 0;
            let size = PAGE.min(most - objects.len() as u64);
            let after = objects.iter().map(|object| object.id + 1).max().unwrap_or(0);
            let mut request = query
                .iter()
                .filter(|(name, _)| name != "limit" && name != "start")
                .fold(Request::get(endpoint(path)), |request, (name, value)| request.query(name, value));
            request = match paging {
                Paging::ById => request.query("start", after.to_string()),
                Paging::ByPosition if own_order => request.query("offset", position.to_string()),
                // The order of ids: what is added comes last.
                Paging::ByPosition => request.query("ordering", "id").query("offset", position.to_string()),
            };
            let page = self.page(request.query("limit", size.to_string()), budget).await?;
            let came = page.objects.len() as u64;
            position += came;
            objects.extend(page.objects.into_iter().filter(|object| seen.insert(object.id)));
            if !page.next || came == 0 {
                let whole = !by_position || page.count.is_none_or(|count| count <= objects.len() as u64);
                return Ok((objects, whole));
            }
        }
        objects.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        Ok((objects, true))
    }

    /// One page of a list.
    pub(super) async fn page(&self, request: Request, budget: &Budget) -> Result<Page, Error> {
        let response = self.ask(request, budget).await?;
        let wire: Wire = json(&response)?;
        let objects = wire.results.into_iter().filter_map(Object::from_json).collect();
        Ok(Page { objects, next: wire.next.is_some_and(|next| !next.is_null()), count: wire.count })
    }

    /// Restricts a list to the ids from `start` on, in their order.
    pub(super) fn from_id(&self, request: Request, start: u64) -> Request {
        if self.known_version().is_some_and(|version| version >= PAGES_BY_ID) {
            return request.query("start", start.to_string());
        }
        request.query("id__gte", start.to_string()).query("ordering", "id")
    }

    /// The bytes of a request's first line.
    pub(super) fn line_length(&self, request: &Request) -> usize {
        let base = self.core.rest.endpoint().map_or(0, |url| url.path().len());
        "GET  HTTP/1.1 ?limit=1000".len() + base + request.path_text().len() + request.query_text().len()
    }
}
