//! The client: one connection policy, one memory.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use catalogue::description::Version;
use serde_json::Value;
use transport_rest::{
    Budget, Counters, Lane, Method, Path, Policy, Request, Response, RestClient, Secret, SharedRead, Widths,
};

use super::answers::{NetBoxAnswers, retries};
use super::auth::{Credentials, base_url};
use super::children::Families;
use super::choices::Choices;
use super::custom_fields::CustomFieldDefinition;
use super::error::Error;
use super::history::{History, Key, Locks};
use super::leftovers::Leftovers;
use super::look_up::LookUps;
use super::object::{Etag, Object};
use super::reads::Memory;
use super::refusal::{self, unreadable};
use super::settings::{Settings, SettingsError};

/// The lane all requests queue in: a NetBox is one server.
const LANE: &str = "NetBox";

/// A client of one server. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct NetBox {
    pub(super) core: Arc<Core>,
}

pub(super) struct Core {
    pub(super) rest: RestClient,
    pub(super) message: Option<String>,
    pub(super) delete_patience: Duration,
    /// What the client was made from, for one with another token.
    settings: Settings,
    pub(super) memory: Memory,
    pub(super) families: Families,
    pub(super) look_ups: LookUps,
    pub(super) history: History,
    /// One writer for each object.
    pub(super) objects: Locks<Key>,
    /// One taker for each pool.
    pub(super) pools: Locks<Key>,
    pub(super) choices: Mutex<HashMap<String, Arc<SharedRead<Choices, Error>>>>,
    pub(super) custom_fields: SharedRead<Vec<CustomFieldDefinition>, Error>,
    pub(super) leftovers: SharedRead<Leftovers, Error>,
    version: OnceLock<Version>,
    status: SharedRead<Version, Error>,
    /// Writes that have ended, by whatever outcome.
    writes: AtomicU64,
}

impl NetBox {
    /// A client. Opens no connection and reads no file.
    ///
    /// # Errors
    /// [`SettingsError`] for settings that cannot work.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        let endpoint = base_url(&settings.url)?;
        let credentials = Credentials::new(&settings)?;
        let throughput = settings.throughput;
        if throughput.requests_per_second.is_some_and(|rate| !(rate.is_finite() && rate > 0.0)) {
            return Err(SettingsError::Rate);
        }
        let secrets: Vec<Secret> = settings.token.iter().chain(settings.headers.values()).cloned().collect();
        let given = settings.clone();
        let policy = Policy {
            trust: settings.trust,
            // The usual server in front of NetBox drops idle connections after two seconds.
            idle_timeout: Duration::from_millis(1_500),
            retries: retries(),
            widths: Widths { reads: throughput.reads, heavy: throughput.writes },
            requests_per_second: throughput.requests_per_second,
            secrets,
            ..Policy::default()
        };
        let core = Core {
            rest: RestClient::new(vec![endpoint], policy, NetBoxAnswers, Some(Arc::new(credentials))),
            message: settings.changelog_message.filter(|message| !message.trim().is_empty()),
            delete_patience: settings.delete_patience,
            settings: given,
            memory: Memory::new(settings.prefetch),
            families: Families::default(),
            look_ups: LookUps::default(),
            history: History::default(),
            objects: Locks::default(),
            pools: Locks::default(),
            choices: Mutex::default(),
            custom_fields: SharedRead::default(),
            leftovers: SharedRead::default(),
            version: OnceLock::new(),
            status: SharedRead::default(),
            writes: AtomicU64::new(0),
        };
        Ok(Self { core: Arc::new(core) })
    }

    /// A client of the same server that shows another token, or none. It shares nothing with this one.
    ///
    /// # Errors
    /// [`SettingsError`] for a token that cannot be sent.
    pub fn with_token(&self, token: Option<Secret>) -> Result<Self, SettingsError> {
        Self::new(Settings { token, ..self.core.settings.clone() })
    }

    /// The server's version: told by any earlier answer, else asked.
    ///
    /// # Errors
    /// [`Error`] of the question.
    pub async fn version(&self, budget: &Budget) -> Result<Version, Error> {
        if let Some(version) = self.known_version() {
            return Ok(version);
        }
        let client = self.clone();
        let asked = self.core.status.get(|| async move { client.ask_version().await });
        Ok(*budget.run(|| "the server's version".to_owned(), asked).await??)
    }

    /// The server's version as far as answers have told it.
    pub fn known_version(&self) -> Option<Version> {
        self.core.version.get().copied()
    }

    /// What was asked so far.
    pub fn counters(&self) -> &Counters {
        self.core.rest.counters()
    }

    async fn ask_version(&self) -> Result<Version, Error> {
        let request = Request::get(endpoint("status")).lane(Lane::reads(LANE));
        let answer = self.call(request, &Budget::unlimited()).await;
        // Also a refusal tells it.
        if let Some(version) = self.known_version() {
            return Ok(version);
        }
        let response = answer?;
        // Something between us removes the header; the body tells it too.
        let body: Value = json(&response)?;
        let version = body.get("netbox-version").and_then(Value::as_str).and_then(|text| text.parse().ok());
        let version = version.ok_or_else(|| {
            unreadable(response.unexpected("the status names no version of NetBox"), response.status)
        })?;
        Ok(*self.core.version.get_or_init(|| version))
    }

    /// Sends a request and notes the version that the answer tells.
    pub(super) async fn call(&self, request: Request, budget: &Budget) -> Result<Response, Error> {
        self.noted(Box::pin(self.core.rest.send(request, budget)).await)
    }

    /// A GET, shared with the same GET when one is under way.
    pub(super) async fn ask(&self, request: Request, budget: &Budget) -> Result<Response, Error> {
        let request = request.lane(Lane::reads(LANE));
        self.noted(Box::pin(self.core.rest.send_merged(request, budget)).await)
    }

    /// A request that changes something. Whatever comes of it, what was read before no longer counts.
    pub(super) async fn change(
        &self,
        path: &str,
        request: Request,
        budget: &Budget,
    ) -> Result<Response, Error> {
        let deletes = request.method() == Method::DELETE;
        let _ended = Ended { client: self, path, deletes };
        self.call(request.lane(Lane::heavy(LANE)), budget).await
    }

    fn noted(&self, answer: Result<Response, transport_rest::RestError>) -> Result<Response, Error> {
        let headers = match &answer {
            Ok(response) => Some(&response.headers),
            Err(error) => error.status().map(|failure| &failure.headers),
        };
        let told = headers.and_then(|headers| headers.get("api-version")?.to_str().ok()?.parse().ok());
        if let Some(version) = told {
            let _ = self.core.version.set(version);
        }
        answer.map_err(refusal::read)
    }

    /// How many writes have ended: what was read before the last of them is of the past.
    pub(super) fn writes(&self) -> u64 {
        self.core.writes.load(Ordering::SeqCst)
    }

    /// Waits for an answer that many may wait for.
    pub(super) async fn shared<T, F>(
        &self,
        what: &str,
        shared: &SharedRead<T, Error>,
        read: impl FnOnce(Self) -> F,
        budget: &Budget,
    ) -> Result<Arc<T>, Error>
    where
        T: Send + Sync + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let client = self.clone();
        budget.run(|| what.to_owned(), shared.get(|| read(client))).await?
    }
}

impl std::fmt::Debug for NetBox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NetBox").field("rest", &self.core.rest).finish_non_exhaustive()
    }
}

/// The end of a write.
struct Ended<'a> {
    client: &'a NetBox,
    path: &'a str,
    deletes: bool,
}

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        let core = &self.client.core;
        core.writes.fetch_add(1, Ordering::SeqCst);
        let path = self.path.trim_matches('/');
        core.look_ups.wrote(path, self.deletes);
        if path.starts_with("extras/custom-field") {
            core.custom_fields.invalidate();
        }
    }
}

/// The address of a path such as `dcim/sites`.
pub(super) fn endpoint(path: &str) -> Path {
    Path::new(path.split('/').filter(|segment| !segment.is_empty())).join("")
}

/// The address of an object.
pub(super) fn address(path: &str, id: u64) -> Path {
    Path::new(path.split('/').filter(|segment| !segment.is_empty())).join(&id.to_string()).join("")
}

/// The address of what is below an object.
pub(super) fn below(path: &str, id: u64, endpoint: &str) -> Path {
    let id = id.to_string();
    let segments = path.split('/').chain([id.as_str(), endpoint]);
    Path::new(segments.filter(|segment| !segment.is_empty())).join("")
}

/// The body of an answer.
pub(super) fn json<T: serde::de::DeserializeOwned>(response: &Response) -> Result<T, Error> {
    response.json().map_err(|error| unreadable(error, response.status))
}

/// The one object that an answer holds, and its state.
pub(super) fn object(response: &Response) -> Result<(Object, Option<Etag>), Error> {
    let body: Value = json(response)?;
    let object = Object::from_json(body)
        .ok_or_else(|| unreadable(response.unexpected("it holds no object with an id"), response.status))?;
    let etag = response.header("etag").map(Etag::new).or_else(|| object.etag());
    Ok((object, etag))
}
