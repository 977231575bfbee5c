//! A double of NetBox: tables of objects without a schema. It pages, filters, checks `If-Match` and counts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use domain_netbox::api::{NetBox, Settings};
use serde_json::{Map, Value, json};
use transport_rest::{Secret, Url};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// The double; it stops with the test.
pub(crate) struct Shelf {
    pub(crate) server: MockServer,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) version: String,
    pub(crate) tables: BTreeMap<String, BTreeMap<u64, Map<String, Value>>>,
    /// Method, path and query of each request.
    pub(crate) log: Vec<String>,
    /// Bodies of the writes.
    pub(crate) bodies: Vec<Value>,
    /// Answers given instead of the proper ones, the last first; with `true` after the effect.
    pub(crate) faults: Vec<(&'static str, bool, ResponseTemplate)>,
    /// Requests whose line holds a text are answered late, with what was true when they came.
    pub(crate) slow: Option<(&'static str, Duration)>,
    clock: u64,
}

struct Answers(Arc<Mutex<State>>);

impl Shelf {
    pub(crate) async fn start(version: &str) -> Self {
        let server = MockServer::start().await;
        let state = Arc::new(Mutex::new(State { version: version.to_owned(), ..State::default() }));
        Mock::given(any()).respond_with(Answers(state.clone())).mount(&server).await;
        Self { server, state }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn settings(&self) -> Settings {
        let mut settings = Settings::new(Url::parse(&self.server.uri()).unwrap());
        settings.token = Some(Secret::new("canary-token"));
        settings
    }

    pub(crate) fn client(&self) -> NetBox {
        NetBox::new(self.settings()).unwrap()
    }

    /// Puts objects on the shelf without a request.
    pub(crate) fn fill(&self, path: &str, ids: impl IntoIterator<Item = u64>) {
        let mut state = self.state();
        for id in ids {
            state.put(path, id, json!({"name": format!("{path} {id}"), "slug": format!("s{id}")}));
        }
    }

    /// Requests since the last call.
    pub(crate) fn taken(&self) -> Vec<String> {
        std::mem::take(&mut self.state().log)
    }
}

impl State {
    pub(crate) fn put(&mut self, path: &str, id: u64, fields: Value) -> Map<String, Value> {
        self.clock += 1;
        let (minute, second) = (self.clock / 60 % 60, self.clock % 60);
        let hour = self.clock / 3_600;
        let row = self.tables.entry(path.to_owned()).or_default().entry(id).or_default();
        row.extend(fields.as_object().unwrap().clone());
        row.insert("id".into(), id.into());
        row.insert("last_updated".into(), format!("2026-01-01T{hour:02}:{minute:02}:{second:02}Z").into());
        row.clone()
    }

    pub(crate) fn remove(&mut self, path: &str, id: u64) -> bool {
        self.tables.get_mut(path).is_some_and(|table| table.remove(&id).is_some())
    }

    fn pages_by_id(&self) -> bool {
        self.version.as_str() >= "4.6"
    }

    fn list(&self, path: &str, query: &[(String, String)]) -> Value {
        let one = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let number = |name: &str| one(name).and_then(|value| value.parse::<u64>().ok());
        let start = number("start").filter(|_| self.pages_by_id());
        let known = ["limit", "offset", "start", "ordering", "omit", "exclude", "brief", "id__gte", "fields"];
        let mut filters: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, value) in query.iter().filter(|(name, _)| !known.contains(&name.as_str())) {
            filters.entry(name).or_default().push(value);
        }
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let mut rows: Vec<&Map<String, Value>> =
            self.tables.get(path).into_iter().flatten().map(|(_, row)| row).collect();
        rows.retain(|row| {
            let id = row["id"].as_u64().unwrap();
            let fits = |(name, values): (&&str, &Vec<&str>)| {
                row.get(*name).is_none_or(|value| values.contains(&text(value).as_str()))
            };
            id >= start.unwrap_or(0) && id >= number("id__gte").unwrap_or(0) && filters.iter().all(fits)
        });
        if start.is_none() && one("ordering").as_deref() != Some("id") {
            // The order of names: not that of ids.
            rows.sort_by_key(|row| text(row.get("name").unwrap_or(&Value::Null)));
        }
        let count = rows.len();
        let limit = number("limit").unwrap_or(50).clamp(1, 1_000) as usize;
        let offset = number("offset").unwrap_or(0) as usize;
        let next = (count > offset + limit).then_some("http://next/");
        let results: Vec<_> = rows.into_iter().skip(offset).take(limit).collect();
        let count = if start.is_some() { Value::Null } else { count.into() };
        json!({"count": count, "next": next, "previous": null, "results": results})
    }

    fn answer(&mut self, request: &Request) -> ResponseTemplate {
        let path = request.url.path().trim_start_matches("/api/").trim_end_matches('/').to_owned();
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let (collection, id) = match path.rsplit_once('/') {
            Some((collection, last)) if last.parse::<u64>().is_ok() => {
                (collection.to_owned(), last.parse().ok())
            }
            _ => (path.clone(), None),
        };
        let row = id.and_then(|id: u64| self.tables.get(&collection)?.get(&id).cloned());
        let etag = |row: &Map<String, Value>| {
            format!("W/\"{}\"", row["last_updated"].as_str().unwrap().replace('Z', "+00:00"))
        };
        let gone = || {
            ResponseTemplate::new(404).set_body_json(json!({"detail": "No Thing matches the given query."}))
        };
        let condition = request.headers.get("if-match").map(|value| value.to_str().unwrap().to_owned());
        match (request.method.as_str(), id, row) {
            ("GET", None, _) if path == "status" => ResponseTemplate::new(200)
                .set_body_json(json!({"netbox-version": format!("{}.8", self.version)})),
            ("GET", None, _) => {
                let query: Vec<_> = request.url.query_pairs().into_owned().collect();
                ResponseTemplate::new(200).set_body_json(self.list(&path, &query))
            }
            ("POST", None, _) => {
                let id = self.tables.get(&path).and_then(|table| table.keys().max()).unwrap_or(&0) + 1;
                let row = self.put(&path, id, body);
                ResponseTemplate::new(201).insert_header("ETag", etag(&row).as_str()).set_body_json(row)
            }
            ("OPTIONS", None, _) => {
                let status = json!({"choices": [{"value": "active", "display_name": "Active"}]});
                ResponseTemplate::new(200).set_body_json(json!({"actions": {"POST": {"status": status}}}))
            }
            (_, _, None) => gone(),
            ("GET", _, Some(row)) => {
                ResponseTemplate::new(200).insert_header("ETag", etag(&row).as_str()).set_body_json(row)
            }
            (_, _, Some(row))
                if self.pages_by_id() && condition.as_ref().is_some_and(|c| *c != etag(&row)) =>
            {
                ResponseTemplate::new(412)
                    .insert_header("ETag", etag(&row).as_str())
                    .set_body_json(json!({"detail": "Precondition failed."}))
            }
            ("PATCH", Some(id), _) => {
                let row = self.put(&collection, id, body);
                ResponseTemplate::new(200).insert_header("ETag", etag(&row).as_str()).set_body_json(row)
            }
            ("DELETE", Some(id), _) => {
                self.remove(&collection, id);
                ResponseTemplate::new(204)
            }
            other => panic!("{other:?}"),
        }
    }
}

impl Respond for Answers {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut state = self.0.lock().unwrap();
        let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
        state.log.push(format!("{} {}{query}", request.method, request.url.path()));
        assert!(request.url.path().ends_with('/'), "{}", request.url);
        assert!(state.log.last().unwrap().len() < 4_050, "the request line is too long");
        if !request.body.is_empty() {
            let body = serde_json::from_slice(&request.body).unwrap_or_default();
            state.bodies.push(body);
        }
        let fault = state.faults.last().filter(|(method, ..)| *method == request.method.as_str()).is_some();
        let fault = fault.then(|| state.faults.pop().unwrap());
        if let Some((_, false, answer)) = fault {
            return answer;
        }
        let version = state.version.clone();
        let answer = state.answer(request).insert_header("API-Version", version.as_str());
        match fault {
            Some((_, _, fault)) => fault,
            None => {
                let line = state.log.last().unwrap();
                let slow = state.slow.filter(|(text, _)| line.contains(text)).map(|(_, delay)| delay);
                answer.set_delay(slow.unwrap_or(Duration::from_millis(10)))
            }
        }
    }
}
