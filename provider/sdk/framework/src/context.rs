//! What an operation may use: its client, its deadline, its cancellation, and a way to keep what it has made.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tf_value::{Path, Value};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, Diagnostics, Result};
use crate::model::{AttributeType, Model};
use crate::private::PrivateState;
use crate::resource::Resource;

/// What every operation has.
#[derive(Debug)]
pub struct Call<C> {
    client: Option<Arc<C>>,
    deadline: Instant,
    cancel: CancellationToken,
    warnings: Arc<Mutex<Vec<Diagnostic>>>,
}

impl<C> Call<C> {
    pub(crate) fn new(
        client: Option<Arc<C>>,
        timeout: Duration,
        cancel: CancellationToken,
        warnings: Arc<Mutex<Vec<Diagnostic>>>,
    ) -> Self {
        Self { client, deadline: Instant::now() + timeout, cancel, warnings }
    }

    /// What the operation talks to.
    ///
    /// # Errors
    /// The provider's configuration depends on values that are known after apply only. Never during apply.
    pub fn client(&self) -> Result<Arc<C>> {
        self.client.clone().ok_or_else(|| {
            Diagnostics::error(
                "Provider configuration is not known yet",
                "The provider's configuration depends on values that are known after apply only, and this operation \
                 needs it now. Apply what the configuration depends on first, with -target.",
            )
        })
    }

    /// What the operation talks to, or nothing while the provider's configuration is not wholly known.
    #[must_use]
    pub fn try_client(&self) -> Option<Arc<C>> {
        self.client.clone()
    }

    /// When the operation must have ended.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Cancelled when the user interrupts Terraform: stop what is in flight, keep what exists.
    #[must_use]
    pub fn cancellation(&self) -> &CancellationToken {
        &self.cancel
    }

    /// Tells the user something without failing.
    pub fn warn(&self, warning: Diagnostic) {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(warning);
    }
}

/// What a resource's operation leaves behind if it does not come to its end.
#[derive(Debug, Clone)]
pub(crate) struct Checkpoint {
    pub(crate) state: Value,
    pub(crate) private: PrivateState,
}

/// Where a checkpoint is kept, so that a panic or a dropped operation does not take it along.
pub(crate) type CheckpointSlot = Arc<Mutex<Option<Checkpoint>>>;

/// The context of a managed resource's operation.
pub struct Context<R: Resource> {
    call: Call<R::Client>,
    /// What is kept beside the state. Returned with the result, and with every checkpoint.
    pub private: R::Private,
    stored: PrivateState,
    slot: CheckpointSlot,
}

impl<R: Resource> Context<R> {
    pub(crate) fn new(call: Call<R::Client>, stored: PrivateState, slot: CheckpointSlot) -> Result<Self> {
        Ok(Self { call, private: stored.data()?, stored, slot })
    }

    /// Keeps the object in state whatever happens from here on. Call it the moment the object exists, and again
    /// whenever losing what was learnt since would lose track of something. What is still unknown is kept as null.
    ///
    /// # Errors
    /// The private data cannot be written.
    pub fn checkpoint(&mut self, object: &R) -> Result<()> {
        let private = self.stored()?;
        let state = known_or_null(object.to_object());
        *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(Checkpoint { state, private });
        Ok(())
    }

    /// Forgets the checkpoint: the object that was recorded is gone again.
    pub fn forget(&mut self) {
        *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(crate) fn stored(&self) -> Result<PrivateState> {
        let mut stored = self.stored.clone();
        stored.set_data(&self.private)?;
        Ok(stored)
    }
}

impl<R: Resource> Deref for Context<R> {
    type Target = Call<R::Client>;

    fn deref(&self) -> &Self::Target {
        &self.call
    }
}

/// A value in which what is unknown has become null.
pub(crate) fn known_or_null(value: Value) -> Value {
    value.transform(&mut |_, value| if value.is_unknown() { Value::Null } else { value })
}

/// What a plan would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlannedAction {
    /// Makes the object.
    Create,
    /// Changes it in place, or nothing.
    Update,
    /// Destroys it.
    Destroy,
}

/// The context of a managed resource's plan: reads the plan, changes it, or refuses it.
pub struct PlanContext<R: Resource> {
    call: Call<R::Client>,
    /// What is kept beside the planned state.
    pub private: R::Private,
    config: R::Partial,
    prior: Option<R>,
    prior_value: Value,
    planned: Value,
    replace: BTreeSet<Path>,
}

pub(crate) struct PlanParts {
    pub(crate) config: Value,
    pub(crate) prior: Value,
    pub(crate) planned: Value,
    pub(crate) replace: BTreeSet<Path>,
}

impl<R: Resource> PlanContext<R> {
    pub(crate) fn new(call: Call<R::Client>, stored: &PrivateState, parts: PlanParts) -> Result<Self> {
        let config = if parts.config.is_null() { empty_partial::<R>()? } else { R::partial(&parts.config)? };
        let prior = if parts.prior.is_null() { None } else { Some(R::from_object(parts.prior.clone())?) };
        Ok(Self {
            call,
            private: stored.data()?,
            config,
            prior,
            prior_value: parts.prior,
            planned: parts.planned,
            replace: parts.replace,
        })
    }

    /// What the plan would do.
    #[must_use]
    pub fn action(&self) -> PlannedAction {
        match (self.prior.is_none(), self.planned.is_null()) {
            (_, true) => PlannedAction::Destroy,
            (true, false) => PlannedAction::Create,
            (false, false) => PlannedAction::Update,
        }
    }

    /// Whether anything would change.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        self.planned != self.prior_value
    }

    /// Whether the object would be replaced.
    #[must_use]
    pub fn replaces(&self) -> bool {
        !self.replace.is_empty()
    }

    /// The configuration. Everything is null when destroying.
    #[must_use]
    pub fn config(&self) -> &R::Partial {
        &self.config
    }

    /// The object in state; `None` when creating.
    #[must_use]
    pub fn prior(&self) -> Option<&R> {
        self.prior.as_ref()
    }

    /// The plan as it stands. Everything is null when destroying.
    ///
    /// # Errors
    /// The planned values do not fit the model.
    pub fn planned(&self) -> Result<R::Partial> {
        if self.planned.is_null() { empty_partial::<R>() } else { Ok(R::partial(&self.planned)?) }
    }

    /// The planned object as a value.
    #[must_use]
    pub fn planned_value(&self) -> &Value {
        &self.planned
    }

    /// Whether a planned attribute differs from the state.
    #[must_use]
    pub fn changes(&self, path: &Path) -> bool {
        self.planned.at(path) != self.prior_value.at(path)
    }

    /// Plans a value for a computed attribute.
    ///
    /// # Errors
    /// There is no such attribute.
    pub fn plan<T: AttributeType>(&mut self, path: &Path, value: &T) -> Result<()> {
        self.plan_value(path, value.to_value())
    }

    /// Plans "known after apply" for a computed attribute.
    ///
    /// # Errors
    /// There is no such attribute.
    pub fn plan_unknown(&mut self, path: &Path) -> Result<()> {
        self.plan_value(path, Value::UNKNOWN)
    }

    fn plan_value(&mut self, path: &Path, value: Value) -> Result<()> {
        self.planned.set_at(path, value).map_err(|error| {
            Diagnostics::error_at(
                path.clone(),
                "Plan names an attribute that does not exist",
                format!("{error}. This is a bug in the provider; please report it."),
            )
        })
    }

    /// Replaces the object because of this attribute.
    pub fn require_replace(&mut self, path: Path) {
        self.replace.insert(path);
    }

    /// Changes in place after all.
    pub fn cancel_replace(&mut self, path: &Path) {
        self.replace.remove(path);
    }

    pub(crate) fn into_parts(self) -> (Value, BTreeSet<Path>, R::Private) {
        (self.planned, self.replace, self.private)
    }
}

impl<R: Resource> Deref for PlanContext<R> {
    type Target = Call<R::Client>;

    fn deref(&self) -> &Self::Target {
        &self.call
    }
}

fn empty_partial<R: Model>() -> Result<R::Partial> {
    Ok(R::partial(&Value::Object(std::collections::BTreeMap::new()))?)
}
