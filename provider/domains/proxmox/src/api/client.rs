//! The client: one connection policy, one login, one shared inventory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use transport_rest::{
    Authenticate, Bearer, Budget, Counters, Form, HttpVersions, Lane, Limits, Path, Permits, Policy, Request,
    RestClient, SharedRead, Width,
};

use super::access::{Permissions, Principal};
use super::auth::TicketLogin;
use super::config::{Config, ConfigError, Credentials, base_urls, token};
use super::error::ApiError;
use super::failures::{ProxmoxAnswers, retries};
use super::ha::HaResource;
use super::inventory::Inventory;
use super::storage::Volume;

/// A client of one cluster. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Client {
    pub(super) core: Arc<Core>,
}

type Listings = HashMap<String, Arc<SharedRead<Vec<Volume>, ApiError>>>;

pub(super) struct Core {
    pub(super) rest: RestClient,
    pub(super) inventory: SharedRead<Inventory, ApiError>,
    pub(super) permissions: SharedRead<Permissions, ApiError>,
    pub(super) ha: SharedRead<Vec<HaResource>, ApiError>,
    /// By node, storage and content.
    pub(super) listings: Mutex<Listings>,
    principal: Principal,
    /// Tasks and other long work, apart from the requests themselves: a task outlives its request.
    work: Limits,
}

/// What every answer is wrapped in.
#[derive(Deserialize)]
struct Envelope<T> {
    data: T,
    #[serde(default)]
    total: Option<u64>,
}

impl Client {
    /// A client. Opens no connection and reads no file.
    ///
    /// # Errors
    /// [`ConfigError`] for addresses or credentials that cannot work.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let endpoints = base_urls(&config.endpoints)?;
        let (auth, principal, secrets): (Arc<dyn Authenticate>, _, _) = match config.credentials {
            Credentials::ApiToken(text) => {
                let (header, user) = token(&text)?;
                let secret = header.expose().rsplit('=').next().unwrap_or_default().into();
                let auth = Bearer::new(&header).ok_or(ConfigError::Token)?;
                (Arc::new(auth), Principal::token(user), vec![header, secret])
            }
            Credentials::Password { username, password, otp } => {
                if !username.contains('@') {
                    return Err(ConfigError::Username(username));
                }
                if password.is_empty() {
                    return Err(ConfigError::Password);
                }
                let secrets = std::iter::once(password.clone()).chain(otp.clone()).collect();
                let principal = Principal::ticket(username.clone());
                (Arc::new(TicketLogin::new(username, password, otp)), principal, secrets)
            }
        };
        let policy = Policy {
            trust: config.trust,
            // Messages stand in the reason phrase, which HTTP/2 does not have.
            versions: HttpVersions::Http1Only,
            // The server closes idle connections after five seconds.
            idle_timeout: Duration::from_secs(4),
            // It proxies to other nodes for up to thirty seconds, and waits for locks up to ten.
            attempt_timeout: Duration::from_secs(60),
            retries: retries(),
            widths: config.concurrency,
            secrets,
            ..Policy::default()
        };
        let rest = RestClient::new(endpoints, policy, ProxmoxAnswers, Some(auth));
        let work = Limits::new(config.concurrency);
        let (inventory, permissions, ha) =
            (SharedRead::default(), SharedRead::default(), SharedRead::default());
        let listings = Mutex::default();
        Ok(Self { core: Arc::new(Core { rest, inventory, permissions, ha, listings, principal, work }) })
    }

    /// Who the client is.
    pub fn principal(&self) -> &Principal {
        &self.core.principal
    }

    /// What was asked so far.
    pub fn counters(&self) -> &Counters {
        self.core.rest.counters()
    }

    /// The transport, for calls this client has no method for.
    pub fn rest(&self) -> &RestClient {
        &self.core.rest
    }

    /// Waits for a place for long work (a clone, an import, a conversion) at each of `keys`, such as
    /// `node:pve1`, `storage:local`, `guest:300`. Hold the permits until the task has ended.
    ///
    /// # Errors
    /// [`ApiError::Interrupted`].
    pub async fn begin_work<S: AsRef<str>>(
        &self,
        keys: impl IntoIterator<Item = S>,
        budget: &Budget,
    ) -> Result<Permits, ApiError> {
        let lanes: Vec<Lane> = keys.into_iter().map(|key| Lane::heavy(key.as_ref())).collect();
        Ok(self.core.work.enter(&lanes, budget).await?)
    }

    /// GET of any path, decoded.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn read<T: DeserializeOwned>(
        &self,
        path: impl Into<Path>,
        budget: &Budget,
    ) -> Result<T, ApiError> {
        self.read_with(path, Form::new(), budget).await
    }

    /// GET with parameters.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn read_with<T: DeserializeOwned>(
        &self,
        path: impl Into<Path>,
        query: Form,
        budget: &Budget,
    ) -> Result<T, ApiError> {
        Ok(self.read_page(path, query, budget).await?.0)
    }

    /// GET of an answer that says something beside its data.
    ///
    /// # Errors
    /// [`ApiError`].
    pub(crate) async fn read_whole<T: DeserializeOwned>(
        &self,
        path: impl Into<Path>,
        budget: &Budget,
    ) -> Result<T, ApiError> {
        let path = path.into();
        let text = path.as_str().to_owned();
        let request = Request::get(path).lane(lane(&text, Width::Reads));
        let fault = |error| ApiError::from_call(error, &text);
        Ok(self.core.rest.send_merged(request, budget).await.map_err(fault)?.json()?)
    }

    /// GET of a list that tells how long it is as a whole.
    pub(super) async fn read_page<T: DeserializeOwned>(
        &self,
        path: impl Into<Path>,
        query: Form,
        budget: &Budget,
    ) -> Result<(T, Option<u64>), ApiError> {
        let path = path.into();
        let text = path.as_str().to_owned();
        let request = Request::get(path).queries(query).lane(lane(&text, Width::Reads));
        let fault = |error| ApiError::from_call(error, &text);
        let response = self.core.rest.send_merged(request, budget).await.map_err(fault)?;
        let envelope: Envelope<T> = response.json()?;
        Ok((envelope.data, envelope.total))
    }

    /// Sends a request that changes something, and decodes the answer. The shared inventory is forgotten.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn write<T: DeserializeOwned>(&self, request: Request, budget: &Budget) -> Result<T, ApiError> {
        let text = request.path_text().to_owned();
        let request = request.lane(lane(&text, Width::Heavy));
        let _changed = Changed(self);
        let fault = |error| ApiError::from_call(error, &text);
        let response = self.core.rest.send(request, budget).await.map_err(fault)?;
        Ok(response.json::<Envelope<T>>()?.data)
    }

    /// Forgets what was read for all: the next reader asks anew.
    pub fn invalidate(&self) {
        self.core.inventory.invalidate();
        self.core.permissions.invalidate();
        self.core.ha.invalidate();
        // Readers under way keep the read they wait for; new ones begin anew.
        self.core.listings.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("rest", &self.core.rest)
            .field("principal", &self.core.principal)
            .finish()
    }
}

/// Forgets the inventory when a write ends, however it ends.
struct Changed<'a>(&'a Client);

impl Drop for Changed<'_> {
    fn drop(&mut self) {
        self.0.invalidate();
    }
}

/// Requests queue by the node they are for; the rest queue together.
fn lane(path: &str, width: Width) -> Lane {
    let mut segments = path.split('/').skip(1);
    let key = match (segments.next(), segments.next()) {
        (Some("nodes"), Some(node)) => node,
        _ => "the cluster",
    };
    Lane { key: key.to_owned(), width }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_queue_by_node() {
        assert_eq!(lane("/nodes/pve1/qemu", Width::Reads), Lane::reads("pve1"));
        assert_eq!(lane("/cluster/resources", Width::Reads), Lane::reads("the cluster"));
        assert_eq!(lane("/nodes", Width::Heavy), Lane::heavy("the cluster"));
    }
}
