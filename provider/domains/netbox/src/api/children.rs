//! What belongs to an object: the interfaces of a virtual machine, its addresses, its disks.
//!
//! The children of many parents are read by one request, as single objects are: wishes at about the same time are
//! gathered, and from the second round on the children of other parents that were read of late come with them. What
//! was read is forgotten at the first write and after a while.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use transport_rest::{Budget, Request};

use super::client::{NetBox, endpoint};
use super::collect::Collector;
use super::error::Error;
use super::list::REQUEST_LINE;
use super::object::{Object, number};

/// The most parents asked about at once: with a few children each, about a page of answers.
const PARENTS: usize = 300;
/// Requests that read ahead on suspicion.
const SUSPICIONS: u64 = 3;
/// Parents answered from memory for one more of them.
const SERVED_PER_SUSPICION: u64 = 50;
/// Bytes that a list adds to a request line.
const LIST_PARAMETERS: usize = 100;

/// A kind of children: where they live, and how those of a parent are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Children {
    /// Where they live, `virtualization/interfaces`.
    pub path: &'static str,
    /// The filter that takes the parent's id.
    pub filter: &'static str,
    /// Where the parents live.
    pub parents: &'static str,
    /// The key that names the parent, in the child itself or in the object it is assigned to.
    pub key: &'static str,
}

/// The children of one parent, in the order of their ids; `None` where there is no such parent.
type Brood = Option<Arc<Vec<Object>>>;
type Found = Result<Arc<BTreeMap<u64, Brood>>, Error>;

/// What was read, by kind of children.
#[derive(Default)]
pub(super) struct Families(Mutex<HashMap<Children, Arc<Family>>>);

#[derive(Default)]
struct Family {
    collector: Collector<u64, Found>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    known: BTreeMap<u64, (Instant, Brood)>,
    /// How many writes had ended when this memory began.
    writes: u64,
    rounds: u64,
    suspicions: u64,
    served: u64,
    /// Children do not tell their parent, so each parent is asked about alone.
    one_by_one: bool,
}

impl NetBox {
    /// The children of an object; `None` where the server says that there is no such object. Reads at about the same
    /// time become one request.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn children(
        &self,
        of: Children,
        parent: u64,
        budget: &Budget,
    ) -> Result<Option<Arc<Vec<Object>>>, Error> {
        let family = self.core.families.family(of);
        let max_age = self.core.memory.max_age();
        if let Some(brood) = family.state(self.writes()).look(parent, max_age) {
            return Ok(brood);
        }
        let (client, work) = (self.clone(), family.clone());
        let flight = family.collector.join([parent], move |parents| async move {
            client.broods(of, work, parents).await.map(Arc::new)
        });
        let found = budget.run(|| format!("{} of {} {parent}", of.path, of.parents), flight).await??;
        Ok(found.get(&parent).cloned().flatten())
    }

    async fn broods(
        &self,
        of: Children,
        family: Arc<Family>,
        wanted: BTreeSet<u64>,
    ) -> Result<BTreeMap<u64, Brood>, Error> {
        let writes = self.writes();
        let max_age = self.core.memory.max_age();
        let (mut found, mut left, ahead) = {
            let mut state = family.state(writes);
            state.rounds += 1;
            let mut found = BTreeMap::new();
            for parent in &wanted {
                if let Some(brood) = state.look(*parent, max_age) {
                    found.insert(*parent, brood);
                }
            }
            let left: Vec<u64> = wanted.into_iter().filter(|parent| !found.contains_key(parent)).collect();
            (found, left, state.may_read_ahead(max_age))
        };
        let mut more = match ahead && !left.is_empty() {
            true => self.neighbours(of, &family, writes, &left),
            false => Vec::new(),
        };
        while !left.is_empty() {
            let single = family.state(writes).one_by_one;
            let count = if single { 1 } else { self.parents_that_fit(of, &left) };
            let mut asked: Vec<u64> = left.drain(..count).collect();
            if !single && left.is_empty() && !more.is_empty() {
                let with: Vec<u64> = asked.iter().copied().chain(more.drain(..)).take(PARENTS).collect();
                let fits = self.parents_that_fit(of, &with);
                asked = with.into_iter().take(fits.max(asked.len())).collect();
            }
            let since = Instant::now();
            match self.brood_list(of, &asked).await {
                Ok(Some(broods)) => {
                    if self.writes() == writes {
                        let mut state = family.state(writes);
                        state.known.extend(broods.iter().map(|(id, brood)| (*id, (since, brood.clone()))));
                    }
                    found.extend(broods);
                }
                // Whose child is whose cannot be told.
                Ok(None) => {
                    family.state(writes).one_by_one = true;
                    left.splice(..0, asked);
                }
                Err(Error::Invalid(_)) if asked.len() > 1 => {
                    // One of them is gone, and the server refuses to speak of the others.
                    for parent in asked {
                        found.insert(parent, self.brood_alone(of, parent).await?);
                    }
                }
                Err(Error::Invalid(refused)) => match asked.first() {
                    Some(parent) => {
                        found.insert(
                            *parent,
                            self.brood_of_doubt(of, *parent, Error::Invalid(refused)).await?,
                        );
                    }
                    None => return Err(Error::Invalid(refused)),
                },
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    async fn brood_alone(&self, of: Children, parent: u64) -> Result<Brood, Error> {
        match self.brood_list(of, &[parent]).await {
            Ok(broods) => Ok(broods.and_then(|mut broods| broods.remove(&parent)).flatten()),
            Err(error @ Error::Invalid(_)) => self.brood_of_doubt(of, parent, error).await,
            Err(error) => Err(error),
        }
    }

    /// The server does not take the parent's id: because there is none, or for another reason.
    async fn brood_of_doubt(&self, of: Children, parent: u64, error: Error) -> Result<Brood, Error> {
        match self.read_fresh(of.parents, parent, &Budget::unlimited()).await? {
            None => Ok(None),
            Some(_) => Err(error),
        }
    }

    /// The children of several parents; `None` when they do not tell whose they are.
    async fn brood_list(&self, of: Children, parents: &[u64]) -> Result<Option<BTreeMap<u64, Brood>>, Error> {
        let query: Vec<(String, String)> =
            parents.iter().map(|parent| (of.filter.to_owned(), parent.to_string())).collect();
        let mut objects = self.list(of.path, &query, None, &Budget::unlimited()).await?;
        objects.sort_by_key(|object| object.id);
        let mut sorted: BTreeMap<u64, Vec<Object>> = parents.iter().map(|id| (*id, Vec::new())).collect();
        for object in objects {
            let parent = match parents {
                [only] => Some(*only),
                _ => parent_of(of.key, &object),
            };
            let Some(brood) = parent.and_then(|parent| sorted.get_mut(&parent)) else { return Ok(None) };
            brood.push(object);
        }
        Ok(Some(sorted.into_iter().map(|(id, brood)| (id, Some(Arc::new(brood)))).collect()))
    }

    /// Other parents that were read of late and may be asked about next, the nearest first.
    fn neighbours(&self, of: Children, family: &Family, writes: u64, wanted: &[u64]) -> Vec<u64> {
        let first = wanted.first().copied().unwrap_or(0);
        let remembered = self.core.memory.remembered(of.parents, writes);
        let mut state = family.state(writes);
        let unknown = |id: &u64| !state.known.contains_key(id) && !wanted.contains(id);
        let mut others: Vec<u64> = remembered.into_iter().filter(unknown).collect();
        others.sort_by_key(|id| id.abs_diff(first));
        others.truncate(PARENTS);
        state.suspicions += u64::from(!others.is_empty());
        others
    }

    /// How many parents fit one request; at least one.
    fn parents_that_fit(&self, of: Children, parents: &[u64]) -> usize {
        let room =
            REQUEST_LINE.saturating_sub(self.line_length(&Request::get(endpoint(of.path))) + LIST_PARAMETERS);
        let lengths = parents.iter().scan(0, |total, parent| {
            *total += of.filter.len() + parent.to_string().len() + "&=".len();
            Some(*total)
        });
        lengths.take_while(|total| *total <= room).count().clamp(1, PARENTS)
    }
}

impl Families {
    fn family(&self, of: Children) -> Arc<Family> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(of).or_default().clone()
    }
}

impl Family {
    /// What is known, without what was read before the last write.
    fn state(&self, writes: u64) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.writes < writes {
            state.known.clear();
            state.writes = writes;
        }
        state
    }
}

impl State {
    fn look(&mut self, parent: u64, max_age: Duration) -> Option<Brood> {
        let (since, brood) = self.known.get(&parent)?;
        let found = (since.elapsed() <= max_age).then(|| brood.clone());
        self.served += u64::from(found.is_some());
        found
    }

    fn may_read_ahead(&self, max_age: Duration) -> bool {
        let allowed = SUSPICIONS + self.served / SERVED_PER_SUSPICION;
        !max_age.is_zero() && self.rounds > 1 && !self.one_by_one && self.suspicions < allowed
    }
}

/// Whose child an object is: it says so itself, or the object it is assigned to does.
fn parent_of(key: &str, object: &Object) -> Option<u64> {
    let id = |value: &Value| value.get("id").and_then(number).or_else(|| number(value));
    let assigned = || object.fields.get("assigned_object")?.get(key);
    id(object.fields.get(key).filter(|value| !value.is_null()).or_else(assigned)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn children_tell_their_parent() {
        let parent = |json: Value| parent_of("virtual_machine", &Object::from_json(json).unwrap());
        assert_eq!(parent(json!({"id": 1, "virtual_machine": {"id": 7}})), Some(7));
        assert_eq!(parent(json!({"id": 1, "virtual_machine": 7})), Some(7));
        let address = json!({"id": 1, "assigned_object": {"id": 3, "virtual_machine": {"id": 7}}});
        assert_eq!(parent(address), Some(7));
        assert_eq!(parent(json!({"id": 1, "assigned_object": {"id": 3}})), None);
    }
}
