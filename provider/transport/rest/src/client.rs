//! The client: sends requests, repeats what may be repeated, shares what may be shared.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::Method;
use tokio::sync::OnceCell;
use url::Url;

use crate::auth::{Authenticate, Stamp};
use crate::classify::{Class, Classify};
use crate::counters::Counters;
use crate::endpoints::Endpoints;
use crate::error::{Cause, RestError};
use crate::exchange::Failure;
use crate::flight::Flights;
use crate::limits::Limits;
use crate::pace::Pace;
use crate::policy::{HttpVersions, Policy};
use crate::redact::Redactor;
use crate::request::{Request, Target};
use crate::response::Response;
use crate::retry::RetryPlan;
use crate::tls;
use transport_base::{Budget, Interrupted};

/// A client for one service. Cheap to clone; clones share connections, limits and counters.
#[derive(Clone)]
pub struct RestClient {
    pub(crate) core: Arc<Core>,
}

pub(crate) struct Core {
    pub(crate) policy: Policy,
    pub(crate) endpoints: Endpoints,
    pub(crate) classify: Arc<dyn Classify>,
    pub(crate) auth: Option<Arc<dyn Authenticate>>,
    pub(crate) redactor: Redactor,
    pub(crate) counters: Counters,
    limits: Limits,
    pace: Pace,
    http: OnceCell<Http>,
    /// Counts writes, so that a read joined by others never predates one of them.
    writes: AtomicU64,
    reads: Flights<(u64, String), Result<Response, RestError>>,
}

impl RestClient {
    /// A client of a service reachable at `endpoints`, the preferred first. Opens nothing.
    ///
    /// Without endpoints it can only fetch absolute URLs ([`Request::get_url`]).
    pub fn new(
        endpoints: Vec<Url>,
        policy: Policy,
        classify: impl Classify,
        auth: Option<Arc<dyn Authenticate>>,
    ) -> Self {
        let core = Core {
            redactor: Redactor::new(policy.secrets.iter().cloned()),
            limits: Limits::new(policy.widths),
            pace: Pace::new(policy.requests_per_second),
            endpoints: Endpoints::new(endpoints),
            classify: Arc::new(classify),
            auth,
            counters: Counters::default(),
            http: OnceCell::new(),
            writes: AtomicU64::new(0),
            reads: Flights::default(),
            policy,
        };
        Self { core: Arc::new(core) }
    }

    /// What was asked so far.
    pub fn counters(&self) -> &Counters {
        &self.core.counters
    }

    /// The endpoint that answered last, or the preferred one.
    pub fn endpoint(&self) -> Option<&Url> {
        self.core.endpoints.current()
    }

    /// Sends a request; repeats it as the retry table allows and the budget affords.
    ///
    /// # Errors
    /// [`RestError`] with the last failure.
    pub async fn send(&self, request: Request, budget: &Budget) -> Result<Response, RestError> {
        let _written = request.writes().then(|| Written(&self.core.writes));
        let mut run = Run::new(self, &request, budget)?;
        loop {
            let permits = run.enter().await?;
            let attempt = budget.run(|| run.shown.clone(), self.exchange(&request, run.attempt(), budget));
            // Boxed: the exchange's state is large, and most callers only hold it while it waits.
            let failure = match Box::pin(attempt).await {
                Ok(Ok(response)) => return Ok(response),
                Ok(Err(failure)) => failure,
                Err(interrupted) => return Err(run.interrupted(interrupted)),
            };
            drop(permits);
            run.after(failure).await?;
        }
    }

    /// Sends a GET, or joins the same GET when one is under way that began after every write seen so far.
    ///
    /// # Errors
    /// As [`RestClient::send`]; a shared failure is shared.
    pub async fn send_merged(&self, request: Request, budget: &Budget) -> Result<Response, RestError> {
        if request.writes() {
            return self.send(request, budget).await;
        }
        let Some(url) = request.url(self.endpoint()) else {
            return self.send(request, budget).await;
        };
        let key = (self.core.writes.load(Ordering::SeqCst), url.to_string());
        let (method, shown) = (request.method.clone(), self.redacted(&request));
        let client = self.clone();
        // The shared request has no budget of its own: each waiter brings its own, and it stops with the last.
        let shared =
            self.core.reads.join(key, || async move { client.send(request, &Budget::unlimited()).await });
        match budget.run(|| format!("{method} {shown}"), shared).await {
            Ok(answer) => answer,
            Err(interrupted) => {
                let cause = Cause::Interrupted { interrupted, last: None };
                Err(RestError::new(method.clone(), shown.clone(), 1, Class::TIMEOUT, cause))
            }
        }
    }

    /// An error of an [`Authenticate`] implementation.
    pub fn login_error(&self, reason: impl Into<String>) -> RestError {
        let url = self.endpoint().map(|url| self.core.redactor.url(url)).unwrap_or_default();
        let reason = self.core.redactor.text(&reason.into()).into_owned();
        RestError::new(Method::POST, url, 1, Class::UNAUTHORIZED, Cause::Login(reason))
    }

    pub(crate) fn redacted(&self, request: &Request) -> String {
        match request.url(self.endpoint()) {
            Some(url) => self.redactor(request).url(&url),
            None => request.path().to_owned(),
        }
    }

    pub(crate) fn redactor(&self, request: &Request) -> Redactor {
        let mut redactor = self.core.redactor.clone();
        redactor.learn(request.secrets.iter().cloned());
        redactor
    }

    /// The HTTP client, built at first use: this is where system roots are read.
    pub(crate) async fn http(&self) -> Result<&Http, Cause> {
        self.core.http.get_or_try_init(|| async { build(&self.core.policy, &self.core.endpoints) }).await
    }
}

impl std::fmt::Debug for RestClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RestClient").field("endpoints", &self.core.endpoints).finish_non_exhaustive()
    }
}

/// Notes a write when it ends, however it ends: also a cancelled one may have taken effect.
struct Written<'a>(&'a AtomicU64);

impl Drop for Written<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// The state of one request over all its tries.
pub(crate) struct Run<'a> {
    client: &'a RestClient,
    request: &'a Request,
    budget: &'a Budget,
    plan: RetryPlan<'a>,
    attempts: u32,
    renewed: bool,
    last: Option<(Class, String)>,
    pub(crate) shown: String,
}

/// Which try this is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt {
    pub(crate) number: u32,
}

impl<'a> Run<'a> {
    pub(crate) fn new(
        client: &'a RestClient,
        request: &'a Request,
        budget: &'a Budget,
    ) -> Result<Self, RestError> {
        let run = Self {
            client,
            request,
            budget,
            plan: client.core.policy.retries.plan(request.idempotency),
            attempts: 0,
            renewed: false,
            last: None,
            shown: format!("{} {}", request.method, client.redacted(request)),
        };
        request.check().map_err(|cause| run.error(Class::REFUSED, cause))?;
        Ok(run)
    }

    /// Waits for the request's lanes and its moment, and counts the try.
    pub(crate) async fn enter(&mut self) -> Result<crate::limits::Permits, RestError> {
        let entered = self.client.core.limits.enter(&self.request.lanes, self.budget).await;
        let permits = entered.map_err(|interrupted| self.interrupted(interrupted))?;
        let turn = self.client.core.pace.turn(self.budget).await;
        turn.map_err(|interrupted| self.interrupted(interrupted))?;
        self.attempts += 1;
        Ok(permits)
    }

    pub(crate) fn attempt(&self) -> Attempt {
        Attempt { number: self.attempts }
    }

    /// Decides what follows a failure: returns when another try is due, fails when none is.
    pub(crate) async fn after(&mut self, failure: Failure) -> Result<(), RestError> {
        if failure.class == Class::UNAUTHORIZED && self.renew(failure.stamp).await? {
            return Ok(());
        }
        if let (Some(pause), Target::Path(_)) = (failure.retry_after, &self.request.target) {
            // What the server asks of one request, it asks of all.
            self.client.core.pace.hold(pause);
        }
        let Some(delay) = self.plan.next_delay(failure.class, failure.retry_after) else {
            return Err(self.error(failure.class, failure.cause));
        };
        let told = failure.cause.to_string();
        tracing::debug!(
            request = self.shown,
            attempt = self.attempts,
            class = failure.class.name(),
            delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
            "trying again: {told}"
        );
        self.last = Some((failure.class, told));
        self.pause(delay).await
    }

    /// Forgets earlier failures: what followed them was a success.
    pub(crate) fn progressed(&mut self) {
        self.plan = self.client.core.policy.retries.plan(self.request.idempotency);
    }

    async fn pause(&self, delay: Duration) -> Result<(), RestError> {
        let waiting_for = || format!("the next try of {} in {delay:?}", self.shown);
        self.budget.sleep(delay, waiting_for).await.map_err(|interrupted| self.interrupted(interrupted))
    }

    /// One renewal for each request: a second refusal is final.
    async fn renew(&mut self, stamp: Option<Stamp>) -> Result<bool, RestError> {
        let (Some(auth), Some(stamp), false) = (&self.client.core.auth, stamp, self.renewed) else {
            return Ok(false);
        };
        self.renewed = true;
        let renewal = self
            .budget
            .run(|| format!("a new login for {}", self.shown), auth.renew(self.client, stamp, self.budget));
        renewal.await.map_err(|interrupted| self.interrupted(interrupted))?
    }

    pub(crate) fn interrupted(&self, interrupted: Interrupted) -> RestError {
        let (class, last) = match &self.last {
            Some((class, told)) => (*class, Some(told.clone())),
            None => (Class::TIMEOUT, None),
        };
        self.error(class, Cause::Interrupted { interrupted, last })
    }

    pub(crate) fn error(&self, class: Class, cause: Cause) -> RestError {
        let url = self.client.redacted(self.request);
        RestError::new(self.request.method.clone(), url, self.attempts, class, cause)
    }
}

/// The connections of one client.
pub(crate) struct Http {
    /// Decodes compressed answers.
    pub(crate) decoding: reqwest::Client,
    /// Hands bytes over as they come: a download of a `.gz` file must stay one.
    pub(crate) verbatim: reqwest::Client,
}

fn build(policy: &Policy, endpoints: &Endpoints) -> Result<Http, Cause> {
    let tls = tls::client_config(&policy.trust, policy.versions)?;
    let client = |builder: reqwest::ClientBuilder| {
        builder.build().map_err(|error| Cause::Setup(error.without_url().to_string()))
    };
    Ok(Http {
        decoding: client(builder(policy, endpoints, tls.clone()))?,
        verbatim: client(builder(policy, endpoints, tls).no_gzip())?,
    })
}

fn builder(policy: &Policy, endpoints: &Endpoints, tls: rustls::ClientConfig) -> reqwest::ClientBuilder {
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(&policy.user_agent)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(policy.connect_timeout)
        .pool_idle_timeout(policy.idle_timeout)
        .pool_max_idle_per_host(policy.idle_per_host)
        .tcp_nodelay(true);
    if policy.versions == HttpVersions::Http1Only {
        builder = builder.http1_only();
    }
    // As other clients do: a proxy named in the environment is not meant for the local machine.
    if endpoints.are_loopback() {
        builder = builder.no_proxy();
    }
    builder
}

/// Whether the client's credentials belong on this request.
pub(crate) fn carries_credentials(request: &Request) -> bool {
    !request.anonymous && matches!(request.target, Target::Path(_))
}
