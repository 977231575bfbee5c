//! What every controller works with: the cache, a client, and when to look again.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::super::Kube;
use super::super::client::Client;
use super::super::hub::News;
use super::super::status::ApiResult;

/// Changes within this time lead to one look.
const GATHER: Duration = Duration::from_millis(60);
/// Without any change a controller looks again after this time (informer resync).
const RESYNC: Duration = Duration::from_secs(30);
/// After a refusal.
const RETRY: Duration = Duration::from_millis(500);

/// One controller's view.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) kube: Arc<Kube>,
    pub(crate) client: Client,
    wakes: &'static [&'static str],
    term: CancellationToken,
}

impl Context {
    /// `wakes`: folders under `/registry/` whose changes matter.
    pub(crate) fn new(
        kube: &Arc<Kube>,
        name: &str,
        wakes: &'static [&'static str],
        term: CancellationToken,
    ) -> Context {
        Context { kube: Arc::clone(kube), client: kube.client(name), wakes, term }
    }

    /// All objects of a type as the cache knows them.
    pub(crate) fn all(&self, resource: &str) -> Vec<Arc<Value>> {
        match self.kube.kinds.named(resource) {
            Some(kind) => self.kube.hub.objects(&kind.key_prefix(None)),
            None => Vec::new(),
        }
    }

    /// One object as the cache knows it.
    pub(crate) fn one(&self, resource: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        let kind = self.kube.kinds.named(resource)?;
        self.kube.hub.object(&kind.key(namespace, name))
    }

    /// Looks, waits for a change or for the time the look asked for, looks again, until the term ends.
    pub(crate) async fn repeat<F, R>(self, reconcile: F)
    where
        F: Fn(Context) -> R,
        R: Future<Output = ApiResult<Option<Duration>>>,
    {
        let mut news = self.kube.hub.listen();
        let work = async {
            loop {
                let again = match reconcile(self.clone()).await {
                    Ok(again) => again.unwrap_or(RESYNC).min(RESYNC),
                    Err(status) => {
                        tracing::debug!(message = status.message, "a controller was refused");
                        RETRY
                    }
                };
                let woken = self.woken(&mut news);
                if tokio::time::timeout(again, woken).await.is_ok() {
                    tokio::time::sleep(GATHER).await;
                    // What came meanwhile is covered by the look that follows.
                    news = self.kube.hub.listen();
                }
            }
        };
        tokio::select! {
            () = work => {}
            () = self.term.cancelled() => {}
        }
    }

    async fn woken(&self, news: &mut tokio::sync::broadcast::Receiver<News>) {
        loop {
            match news.recv().await {
                Ok(News::Event(event)) => {
                    let folder = event.key.strip_prefix("/registry/").unwrap_or_default();
                    // Leases and events come all the time and concern nobody who did not ask for them by name.
                    let noise = folder.starts_with("leases/") || folder.starts_with("events/");
                    if self.wakes.iter().any(|wake| folder.starts_with(wake) && !(wake.is_empty() && noise)) {
                        return;
                    }
                }
                Ok(News::Reset) | Err(RecvError::Lagged(_)) => return,
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}
