//! Resources, data sources and lists whose schema is made at run time.
//!
//! The typed traits ([`Resource`](crate::Resource) and its kin) are made from a struct. What is described by data
//! has no struct: it works on whole [`Value`]s that fit its own schema. The server treats both alike: decoding,
//! planning by data, validation by data and the checks of every answer are done before and after.

use std::collections::BTreeSet;
use std::ops::Deref;

use async_trait::async_trait;
use serde_json::Value as Json;
use tf_value::{Path, Value};
use tokio::sync::mpsc::Sender;

use crate::context::{Call, Checkpoint, CheckpointSlot, PlannedAction, known_or_null};
use crate::diagnostic::{Diagnostics, Result};
use crate::erased::FoundValue;
use crate::private::PrivateState;
use crate::resource::{DefaultTimeouts, ImportId, MoveSource};
use crate::schema::{Block, IdentitySchema, Schema};

/// A managed resource described by data.
#[async_trait]
pub trait UntypedResource: Send + Sync + 'static {
    /// What the methods talk to.
    type Client: Send + Sync + 'static;

    /// Type name without the provider's prefix.
    fn name(&self) -> &'static str;

    /// Group on the registry.
    fn subcategory(&self) -> &'static str;

    /// Attributes, blocks, version. Asked for once.
    fn schema(&self) -> Schema;

    /// What names the object outside the state. Asked for once.
    fn identity(&self) -> Option<IdentitySchema> {
        None
    }

    /// How long operations may take where the configuration does not say.
    fn timeouts(&self) -> DefaultTimeouts {
        DefaultTimeouts::USUAL
    }

    /// Checks what validators cannot express, offline. Any of the configuration may be unknown.
    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics) {
        let _ = (config, diagnostics);
    }

    /// Changes or refuses the plan. Also asked for destroys.
    async fn plan(&self, cx: &Call<Self::Client>, plan: &mut UntypedPlan) -> Result<()> {
        let _ = (cx, plan);
        Ok(())
    }

    /// Makes the object. Call [`UntypedContext::checkpoint`] the moment it exists.
    async fn create(&self, cx: &mut UntypedContext<Self::Client>, plan: Value) -> Result<Value>;

    /// Reads the object; `None` only when it is proven gone.
    async fn read(&self, cx: &mut UntypedContext<Self::Client>, state: Value) -> Result<Option<Value>>;

    /// Changes the object in place.
    async fn update(&self, cx: &mut UntypedContext<Self::Client>, prior: Value, plan: Value)
    -> Result<Value>;

    /// Destroys the object and proves that it is gone.
    async fn delete(&self, cx: &mut UntypedContext<Self::Client>, state: Value) -> Result<()>;

    /// Finds an existing object and reads it whole.
    async fn import(&self, cx: &mut UntypedContext<Self::Client>, id: ImportId) -> Result<Value> {
        let _ = (cx, id);
        let detail = format!("{} objects cannot be imported.", self.name());
        Err(Diagnostics::error("Import is not supported", detail))
    }

    /// Takes over state of another resource type; `None` when the type is not known.
    fn move_from(&self, source: &MoveSource) -> Option<Result<Value>> {
        let _ = source;
        None
    }
}

/// A data source described by data.
#[async_trait]
pub trait UntypedDataSource: Send + Sync + 'static {
    /// What it talks to.
    type Client: Send + Sync + 'static;

    /// Type name without the provider's prefix.
    fn name(&self) -> &'static str;

    /// Group on the registry.
    fn subcategory(&self) -> &'static str;

    /// Attributes and blocks. Asked for once.
    fn block(&self) -> Block;

    /// Checks what validators cannot express, offline.
    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics) {
        let _ = (config, diagnostics);
    }

    /// Answers with every computed attribute filled in.
    async fn read(&self, cx: &Call<Self::Client>, config: Value) -> Result<Value>;
}

/// A list resource described by data.
#[async_trait]
pub trait UntypedList: Send + Sync + 'static {
    /// What it talks to.
    type Client: Send + Sync + 'static;

    /// Type name, without the provider's prefix, of the resource whose objects are listed.
    fn name(&self) -> &'static str;

    /// What may be filtered by. Asked for once.
    fn block(&self) -> Block;

    /// Checks what validators cannot express, offline.
    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics) {
        let _ = (config, diagnostics);
    }

    /// Finds the objects and hands each to [`UntypedListContext::found`] until that answers that it is enough.
    async fn list(&self, cx: &mut UntypedListContext<Self::Client>, config: Value) -> Result<()>;
}

/// A plan that may still be changed.
#[derive(Debug, Clone)]
pub struct UntypedPlan {
    /// The configuration; null when destroying.
    pub config: Value,
    /// The object in state; null when creating.
    pub prior: Value,
    /// The plan as it stands; null when destroying.
    pub planned: Value,
    /// The attributes whose change replaces the object.
    pub replace: BTreeSet<Path>,
    /// What is kept beside the state.
    pub private: Json,
}

/// The context of an operation on an object described by data.
pub struct UntypedContext<C> {
    call: Call<C>,
    /// What is kept beside the state. Returned with the result, and with every checkpoint.
    pub private: Json,
    stored: PrivateState,
    slot: CheckpointSlot,
}

/// The context of a list.
pub struct UntypedListContext<C> {
    call: Call<C>,
    found: Sender<FoundValue>,
    left: u64,
    whole_objects: bool,
}

// === impl UntypedPlan ===

impl UntypedPlan {
    /// What the plan would do.
    #[must_use]
    pub fn action(&self) -> PlannedAction {
        match (self.prior.is_null(), self.planned.is_null()) {
            (_, true) => PlannedAction::Destroy,
            (true, false) => PlannedAction::Create,
            (false, false) => PlannedAction::Update,
        }
    }
}

// === impl UntypedContext ===

impl<C> UntypedContext<C> {
    pub(crate) fn new(call: Call<C>, stored: PrivateState, slot: CheckpointSlot) -> Result<Self> {
        Ok(Self { call, private: stored.data()?, stored, slot })
    }

    /// Keeps the object in state whatever happens from here on. What is still unknown is kept as null.
    ///
    /// # Errors
    /// The private data cannot be written.
    pub fn checkpoint(&mut self, object: Value) -> Result<()> {
        let checkpoint = Checkpoint { state: known_or_null(object), private: self.stored()? };
        *self.slot.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(checkpoint);
        Ok(())
    }

    /// Forgets the checkpoint: the object that was recorded is gone again.
    pub fn forget(&mut self) {
        *self.slot.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
    }

    pub(crate) fn stored(&self) -> Result<PrivateState> {
        let mut stored = self.stored.clone();
        stored.set_data(&self.private)?;
        Ok(stored)
    }
}

impl<C> Deref for UntypedContext<C> {
    type Target = Call<C>;

    fn deref(&self) -> &Self::Target {
        &self.call
    }
}

// === impl UntypedListContext ===

impl<C> UntypedListContext<C> {
    pub(crate) fn new(call: Call<C>, found: Sender<FoundValue>, limit: u64, whole_objects: bool) -> Self {
        Self { call, found, left: limit, whole_objects }
    }

    /// Whether the user wants whole objects; otherwise the attributes of the identity suffice.
    #[must_use]
    pub fn wants_whole_objects(&self) -> bool {
        self.whole_objects
    }

    /// How many objects are still wanted.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Hands on an object. Answers whether more are wanted.
    pub async fn found(&mut self, display_name: impl Into<String> + Send, object: Value) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        let found = FoundValue { display_name: display_name.into(), object };
        self.found.send(found).await.is_ok() && self.left > 0
    }
}

impl<C> Deref for UntypedListContext<C> {
    type Target = Call<C>;

    fn deref(&self) -> &Self::Target {
        &self.call
    }
}
