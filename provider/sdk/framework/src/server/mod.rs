//! The plugin protocol over a provider.
//!
//! Each file answers one group of calls. All of them decode values by schema, run typed code inside a guard that
//! turns a panic into a diagnostic, and encode what came out.

mod actions;
mod data_sources;
mod encode;
mod ephemerals;
mod functions;
mod guard;
mod lifecycle;
mod lists;
mod locate;
mod resources;
mod rpc;
mod wire;

use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::diagnostic::{Diagnostic, Diagnostics, Result};
use crate::docs::ProviderDocs;
use crate::erased::{Environment, Shape};
use crate::provider::{Provider, Registry};
use crate::schema::Block;

/// Greatest message either way, as Go providers have it.
pub const MAX_MESSAGE_BYTES: usize = go_plugin::MAX_MESSAGE_SIZE;

/// How long a cancelled operation may take to put down what it holds before it is dropped.
const CANCEL_GRACE: Duration = Duration::from_secs(30);

/// How much longer than its deadline an operation may run to report that the deadline has passed.
const DEADLINE_GRACE: Duration = Duration::from_secs(5);

/// A provider behind the protocol's service.
pub struct ProviderServer<P: Provider> {
    inner: Arc<Inner<P>>,
}

impl<P: Provider> Clone for ProviderServer<P> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone() }
    }
}

struct Inner<P: Provider> {
    registry: Registry<P>,
    provider_shape: OnceLock<Shape>,
    configured: RwLock<Option<Arc<P>>>,
    /// How far the core that has configured us follows paths.
    reach: RwLock<locate::Reach>,
    /// Cancelled when the user interrupts Terraform; a fresh one for each Terraform that configures us.
    cancel: RwLock<CancellationToken>,
}

impl<P: Provider> Default for ProviderServer<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Provider> ProviderServer<P> {
    /// A server of everything the provider registers, not yet configured.
    #[must_use]
    pub fn new() -> Self {
        Self {
            inner: Arc::new(Inner {
                registry: Registry::of_provider(),
                provider_shape: OnceLock::new(),
                configured: RwLock::new(None),
                reach: RwLock::default(),
                cancel: RwLock::default(),
            }),
        }
    }

    /// Everything the documentation is made of.
    #[must_use]
    pub fn docs(&self) -> ProviderDocs {
        encode::provider_docs(&self.inner)
    }
}

type Warnings = Arc<Mutex<Vec<Diagnostic>>>;

impl<P: Provider> Inner<P> {
    fn provider_shape(&self) -> &Shape {
        self.provider_shape.get_or_init(Shape::of_model::<P::Config>)
    }

    fn cancellation(&self) -> CancellationToken {
        self.cancel.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn environment(&self, timeout: Duration, warnings: &Warnings) -> Environment<P> {
        let provider = self.configured.read().unwrap_or_else(PoisonError::into_inner).clone();
        Environment { provider, cancel: self.cancellation(), timeout, warnings: warnings.clone() }
    }

    fn reach(&self) -> locate::Reach {
        *self.reach.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Diagnostics about a configuration of this schema on their way out. At DEBUG an error carries what was asked
    /// of the provider's servers so far.
    fn told(
        &self,
        block: Option<&Block>,
        mut diagnostics: Diagnostics,
    ) -> Vec<tfplugin_proto::tfplugin6::Diagnostic> {
        if diagnostics.has_errors() && tracing::enabled!(tracing::Level::DEBUG) {
            let provider = self.configured.read().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(tally) = provider.and_then(|provider| provider.tally()) {
                diagnostics.append_to_errors(&format!("\n\n{tally}"));
            }
        }
        wire::diagnostics(match block {
            Some(block) => locate::diagnostics(block, self.reach(), diagnostics),
            None => diagnostics,
        })
    }
}

/// Runs checks of a configuration of this schema.
fn check(
    what: &str,
    block: &Block,
    reach: locate::Reach,
    checks: impl FnOnce() -> Result<Diagnostics>,
) -> Diagnostics {
    let found = guard::run_now(what, checks).and_then(|found| found).unwrap_or_else(|errors| errors);
    locate::diagnostics(block, reach, found)
}

/// The warnings that were collected while an operation ran.
fn collected(warnings: &Warnings) -> Diagnostics {
    std::mem::take(&mut *warnings.lock().unwrap_or_else(PoisonError::into_inner)).into_iter().collect()
}

fn unknown_type(kind: &str, name: &str) -> Diagnostics {
    Diagnostics::error(
        format!("Unknown {kind}"),
        format!(
            "This version of the provider has no {kind} {name:?}. Check the name, or upgrade the provider."
        ),
    )
}
