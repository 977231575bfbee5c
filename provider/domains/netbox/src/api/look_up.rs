//! Finding objects by slug or name.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use transport_rest::{Budget, Request};

use super::client::{NetBox, endpoint};
use super::collect::Collector;
use super::error::Error;
use super::list::REQUEST_LINE;
use super::object::Object;

/// The objects of each value, none included.
type Answers = Arc<BTreeMap<String, Vec<Arc<Object>>>>;

/// What was looked up, by path and filter.
#[derive(Default)]
pub(super) struct LookUps(Mutex<HashMap<(String, String), Arc<Book>>>);

/// The look-ups of one filter of one path.
#[derive(Default)]
struct Book {
    collector: Collector<String, Result<Answers, Error>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    known: BTreeMap<String, Vec<Arc<Object>>>,
    /// How often this book was closed: answers asked for before do not enter it.
    edition: u64,
    /// Objects do not tell which value they match, so each is asked for alone.
    one_by_one: bool,
}

impl NetBox {
    /// The objects (brief) of a path whose `filter` (`slug`, `name`) has one of `values`. Look-ups at about the
    /// same time become one request, and answers are kept, also "none", until something is written there.
    ///
    /// A value may match none or several: compare the field to tell which object goes with which value.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn look_up(
        &self,
        path: &str,
        filter: &str,
        values: &[String],
        budget: &Budget,
    ) -> Result<Vec<Arc<Object>>, Error> {
        let book = self.core.look_ups.book(path, filter);
        let mut answers = Vec::new();
        let mut missing = BTreeSet::new();
        {
            let state = book.state();
            for value in values {
                match state.known.get(value) {
                    Some(objects) => answers.extend(objects.iter().cloned()),
                    None => drop(missing.insert(value.clone())),
                }
            }
        }
        if !missing.is_empty() {
            let (client, work) = (self.clone(), book.clone());
            let (path, filter) = (path.to_owned(), filter.to_owned());
            let what = format!("the {filter} of {path}");
            let flight = book.collector.join(missing.clone(), |values| async move {
                client.look_up_batch(&path, &filter, work, values).await
            });
            let found = budget.run(|| what.clone(), flight).await??;
            answers.extend(missing.iter().filter_map(|value| found.get(value)).flatten().cloned());
        }
        let mut seen = HashSet::new();
        answers.retain(|object| seen.insert(object.id));
        Ok(answers)
    }

    async fn look_up_batch(
        &self,
        path: &str,
        filter: &str,
        book: Arc<Book>,
        values: BTreeSet<String>,
    ) -> Result<Answers, Error> {
        let (mut answers, mut left, edition) = {
            let state = book.state();
            let known = |value: &String| Some((value.clone(), state.known.get(value)?.clone()));
            let answers: BTreeMap<_, _> = values.iter().filter_map(known).collect();
            let left: Vec<String> = values.into_iter().filter(|value| !answers.contains_key(value)).collect();
            (answers, left, state.edition)
        };
        while !left.is_empty() {
            let count = if book.state().one_by_one { 1 } else { self.fitting(path, filter, &left) };
            let asked: Vec<String> = left.drain(..count).collect();
            let objects = self.look_up_now(path, filter, &asked).await?;
            match sorted(filter, &asked, objects) {
                Some(sorted) => answers.extend(sorted),
                None => {
                    // Which object matches which value cannot be told from these objects.
                    book.state().one_by_one = true;
                    left.splice(..0, asked);
                }
            }
        }
        let mut state = book.state();
        if state.edition == edition {
            state.known.extend(answers.clone());
        }
        Ok(Arc::new(answers))
    }

    async fn look_up_now(&self, path: &str, filter: &str, values: &[String]) -> Result<Vec<Object>, Error> {
        let budget = Budget::unlimited();
        let request = request(path, filter, values).query("brief", "1").query("limit", "1000");
        let page = self.page(request, &budget).await?;
        if !page.next {
            return Ok(page.objects);
        }
        let pair = |value: &String| (filter.to_owned(), value.clone());
        let query: Vec<_> = values.iter().map(pair).chain([("brief".to_owned(), "1".to_owned())]).collect();
        self.list(path, &query, None, &budget).await
    }

    /// How many of the values fit one request; at least one.
    fn fitting(&self, path: &str, filter: &str, values: &[String]) -> usize {
        // The list that follows a long answer adds a few parameters of its own.
        let room = REQUEST_LINE.saturating_sub(self.line_length(&request(path, "", &[])) + 100);
        let lengths = values.iter().scan(0, |total, value| {
            *total += request("", filter, std::slice::from_ref(value)).query_text().len() + 1;
            Some(*total)
        });
        lengths.take_while(|total| *total <= room).count().max(1)
    }
}

impl LookUps {
    /// Something was written to a path: what was found there, or not found, no longer counts. A deletion may take
    /// objects of any path with it, and a creation may bring them along.
    pub(super) fn wrote(&self, path: &str, deletes: bool) {
        let books = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for ((of, _), book) in books.iter() {
            let mut state = book.state();
            if deletes || path.starts_with(of.as_str()) {
                state.known.clear();
                state.edition += 1;
            } else {
                state.known.retain(|_, objects| !objects.is_empty());
            }
        }
    }

    fn book(&self, path: &str, filter: &str) -> Arc<Book> {
        let mut books = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        books.entry((path.trim_matches('/').to_owned(), filter.to_owned())).or_default().clone()
    }
}

impl Book {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn request(path: &str, filter: &str, values: &[String]) -> Request {
    values.iter().fold(Request::get(endpoint(path)), |request, value| request.query(filter, value))
}

/// Puts each object to the value it matches; `None` when one matches none of several.
fn sorted(
    filter: &str,
    values: &[String],
    objects: Vec<Object>,
) -> Option<BTreeMap<String, Vec<Arc<Object>>>> {
    let mut sorted: BTreeMap<String, Vec<Arc<Object>>> =
        values.iter().map(|value| (value.clone(), Vec::new())).collect();
    for mut object in objects {
        let told = text(object.fields.get(filter));
        let exact = values.iter().find(|value| told.as_ref() == Some(value));
        // Some databases compare without case.
        let alike = |value: &&String| told.as_ref().is_some_and(|told| told.eq_ignore_ascii_case(value));
        let value = match values {
            [only] => only,
            several => exact.or_else(|| several.iter().find(alike))?,
        };
        if told.is_none() {
            // Brief objects of some types leave out their slug: whoever asks shall find what was asked for.
            object.fields.insert(filter.to_owned(), Value::from(value.as_str()));
        }
        sorted.get_mut(value)?.push(Arc::new(object));
    }
    Some(sorted)
}

fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        // A choice.
        Value::Object(fields) => text(fields.get("value")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn objects_go_to_the_value_they_match() {
        let objects = |json: Value| {
            json.as_array().unwrap().iter().cloned().filter_map(Object::from_json).collect::<Vec<_>>()
        };
        let values = ["a".to_owned(), "B".to_owned(), "7".to_owned()];
        let found = objects(
            json!([{"id": 1, "k": "a"}, {"id": 2, "k": "b"}, {"id": 3, "k": 7}, {"id": 4, "k": "a"}]),
        );
        let ids_of = |values: &[String], found| {
            let ids = |objects: Vec<Arc<Object>>| objects.iter().map(|o| o.id).collect::<Vec<_>>();
            sorted("k", values, found).map(|s| s.into_iter().map(|(v, o)| (v, ids(o))).collect::<Vec<_>>())
        };
        let expected = [("7", vec![3]), ("B", vec![2]), ("a", vec![1, 4])].map(|(v, i)| (v.to_owned(), i));
        assert_eq!(ids_of(&values, found).as_deref(), Some(&expected[..]));
        assert_eq!(ids_of(&values, objects(json!([{"id": 1}]))), None);
        assert_eq!(ids_of(&values[..1], objects(json!([{"id": 1}]))), Some(vec![("a".to_owned(), vec![1])]));
    }
}
