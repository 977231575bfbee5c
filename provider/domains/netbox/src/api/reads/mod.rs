//! Reading objects one by one, as if there were no cost.
//!
//! Terraform asks for each object alone, ten at a time. Wishes for one path are gathered and answered by one request;
//! from the second round on (or a first one for several objects) a page of neighbours is read as well, and serves the
//! wishes to come. See [`planner`] for what is asked when.
//!
//! Three rules keep this true. Every write of this client, ended in whatever way, ends all that was read before. What
//! is older than [`Prefetch::max_age`] no longer counts. And an object that is missing in what was read is looked for
//! at its own address: only a refusal there, in the server's own words, says that it is gone.

mod planner;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use transport_rest::{Budget, Request};

use self::planner::{Batch, Known, Planner, Rules, Step};
use super::client::{NetBox, address, endpoint, object};
use super::collect::Collector;
use super::error::Error;
use super::list::REQUEST_LINE;
use super::object::Object;
use super::settings::Prefetch;

type Found = Arc<BTreeMap<u64, Arc<Object>>>;

/// What was read, by path and by what was left out.
pub(super) struct Memory {
    rules: Rules,
    groups: Mutex<HashMap<(String, String), Arc<Group>>>,
}

/// The reads of one path.
struct Group {
    path: String,
    omit: Omit,
    collector: Collector<u64, Result<Found, Error>>,
    state: Mutex<State>,
}

struct State {
    planner: Planner<Arc<Object>>,
    /// How many writes had ended when the planner's memory began.
    writes: u64,
}

/// Fields to leave out of answers.
#[derive(Clone, Debug, Default)]
struct Omit(Vec<(&'static str, String)>);

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
        let group = self.core.memory.group(path, omit);
        let known = group.state(self.writes()).planner.look(id, Instant::now());
        let found = match known {
            Known::Present(object) => Some(object),
            Known::Absent => None,
            Known::Unknown => {
                let (client, work) = (self.clone(), group.clone());
                let flight =
                    group.collector.join([id], |ids| async move { client.read_batch(work, ids).await });
                let found = budget.run(|| format!("{path} {id}"), flight).await??;
                found.get(&id).cloned()
            }
        };
        let found = match found {
            Some(object) => Some(object),
            None => self.read_alone(path, id, &group.omit, budget).await?.map(Arc::new),
        };
        if let Some(object) = &found {
            self.core.history.saw(path, object);
        }
        Ok(found)
    }

    /// The object at its own address: what is not there does not exist.
    pub(super) async fn read_fresh(
        &self,
        path: &str,
        id: u64,
        budget: &Budget,
    ) -> Result<Option<Object>, Error> {
        self.read_alone(path, id, &Omit::default(), budget).await
    }

    async fn read_alone(
        &self,
        path: &str,
        id: u64,
        omit: &Omit,
        budget: &Budget,
    ) -> Result<Option<Object>, Error> {
        match self.ask(omit.on(Request::get(address(path, id))), budget).await {
            Ok(answer) => Ok(Some(object(&answer)?.0)),
            Err(Error::Gone { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Answers gathered wishes.
    async fn read_batch(&self, group: Arc<Group>, wanted: BTreeSet<u64>) -> Result<Found, Error> {
        let writes = self.writes();
        let mut batch = group.state(writes).planner.begin(wanted, Instant::now());
        let room = REQUEST_LINE.saturating_sub(self.line_length(&group.omit.on(list_request(&group.path))));
        loop {
            let step = group.state(writes).planner.next(&mut batch, room, Instant::now());
            match step {
                None => return Ok(Arc::new(batch.found)),
                Some(Step::Page { start, limit }) => {
                    self.read_page(&group, &mut batch, (start, limit), writes).await?;
                }
                Some(Step::Ids(ids)) => {
                    let request = ids
                        .iter()
                        .fold(list_request(&group.path), |request, id| request.query("id", id.to_string()));
                    let request = group.omit.on(request).query("limit", PAGE_LIMIT);
                    let page = self.page(request, &Budget::unlimited()).await?;
                    let more = page.next;
                    group.state(writes).planner.ids_came(&mut batch, &ids, numbered(page.objects), more);
                }
            }
        }
    }

    async fn read_page(
        &self,
        group: &Group,
        batch: &mut Batch<Arc<Object>>,
        (start, limit): (u64, u64),
        writes: u64,
    ) -> Result<(), Error> {
        let since = Instant::now();
        let request = self.beginning_at(list_request(&group.path), start);
        let request = group.omit.on(request).query("limit", limit.to_string());
        let page = match self.page(request, &Budget::unlimited()).await {
            Ok(page) => page,
            // Reading ahead is a courtesy: where it costs more than the server can give, do without.
            Err(error) if is_about_size(&error) => {
                tracing::debug!(path = group.path, "reading ahead is given up: {error}");
                group.state(writes).planner.page_failed();
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        // What a write may have changed meanwhile serves those who wait already, and nobody else.
        let keep = (self.writes() == writes).then_some(since);
        let (objects, more) = (numbered(page.objects), page.next);
        group.state(writes).planner.page_came(batch, (start, limit), objects, more, keep);
        Ok(())
    }
}

/// The page size asked for: what a server allows unless configured otherwise.
const PAGE_LIMIT: &str = "1000";

impl Memory {
    pub(super) fn new(settings: Prefetch) -> Self {
        let pages = settings.objects.div_ceil(1_000);
        let rules = Rules { ahead: settings.enabled && pages > 0, pages, max_age: settings.max_age };
        Self { rules, groups: Mutex::default() }
    }

    /// How long what was read ahead may serve; zero where nothing is read ahead.
    pub(super) fn max_age(&self) -> std::time::Duration {
        if self.rules.ahead { self.rules.max_age } else { std::time::Duration::ZERO }
    }

    /// The ids of the objects of a path that are remembered, after `writes` writes.
    pub(super) fn remembered(&self, path: &str, writes: u64) -> BTreeSet<u64> {
        let groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        let of_path = groups.values().filter(|group| group.path == path);
        let now = Instant::now();
        of_path.flat_map(|group| group.state(writes).planner.remembered(now).collect::<Vec<_>>()).collect()
    }

    fn group(&self, path: &str, omit: &[&str]) -> Arc<Group> {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (path.trim_matches('/').to_owned(), omit.join(","));
        let path = key.0.clone();
        let group = groups.entry(key).or_insert_with(|| {
            let state = Mutex::new(State { planner: Planner::new(self.rules), writes: 0 });
            Arc::new(Group { path, omit: Omit::new(omit), collector: Collector::default(), state })
        });
        group.clone()
    }
}

impl Group {
    /// The planner, without what was read before the last write.
    fn state(&self, writes: u64) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.writes < writes {
            state.planner.clear();
            state.writes = writes;
        }
        state
    }
}

impl Omit {
    fn new(fields: &[&str]) -> Self {
        let mut parameters = Vec::new();
        if !fields.is_empty() {
            parameters.push(("omit", fields.join(",")));
        }
        // Versions before 4.5.2 do not know `omit`, but the one field that costs most can be excluded in all.
        if fields.contains(&"config_context") {
            parameters.push(("exclude", "config_context".to_owned()));
        }
        Self(parameters)
    }

    fn on(&self, request: Request) -> Request {
        self.0.iter().fold(request, |request, (name, value)| request.query(*name, value.clone()))
    }
}

fn list_request(path: &str) -> Request {
    Request::get(endpoint(path))
}

fn numbered(objects: Vec<Object>) -> Vec<(u64, Arc<Object>)> {
    objects.into_iter().map(|object| (object.id, Arc::new(object))).collect()
}

/// Whether a page may have failed because it was a large one.
fn is_about_size(error: &Error) -> bool {
    match error {
        Error::Transport(error) => {
            let timeout = matches!(error.cause(), transport_rest::Cause::Timeout(_));
            timeout || matches!(error.cause(), transport_rest::Cause::TooLarge { .. })
        }
        Error::NotTheApi(page) => page.call.status >= 500,
        Error::Rejected(rejected) => rejected.call.status >= 500,
        _ => false,
    }
}
