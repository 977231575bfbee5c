//! What is described by data, behind the same object-safe traits as what is typed.

use std::borrow::Cow;
use std::sync::OnceLock;

use tf_value::Value;
use tokio::sync::mpsc;

use super::resource::PlanOutcome;
use super::{
    BoxFuture, Environment, ErasedDataSource, ErasedList, ErasedResource, FoundValue, Outcome, Shape,
};
use crate::context::{CheckpointSlot, PlanParts};
use crate::diagnostic::{Diagnostics, Result};
use crate::private::PrivateState;
use crate::raw_state::RawState;
use crate::resource::{DefaultTimeouts, ImportId, MoveSource, SelectClient};
use crate::schema::{IdentitySchema, Schema};
use crate::untyped::{
    UntypedContext, UntypedDataSource, UntypedList, UntypedListContext, UntypedPlan, UntypedResource,
};

/// One of the traits of [`crate::untyped`] with its client.
pub(crate) struct Untyped<P, T, C> {
    client: SelectClient<P, C>,
    object: T,
    shape: OnceLock<Shape>,
    identity: OnceLock<Option<IdentitySchema>>,
}

impl<P, T, C> Untyped<P, T, C> {
    pub(crate) fn new(client: SelectClient<P, C>, object: T) -> Self {
        Self { client, object, shape: OnceLock::new(), identity: OnceLock::new() }
    }

    fn context(
        &self,
        environment: &Environment<P>,
        private: PrivateState,
        slot: CheckpointSlot,
    ) -> Result<UntypedContext<C>> {
        UntypedContext::new(environment.call(self.client)?, private, slot)
    }
}

fn shown(kept: &OnceLock<Shape>, make: impl FnOnce() -> Schema) -> Cow<'_, Schema> {
    kept.get().map_or_else(|| Cow::Owned(make()), |shape| Cow::Borrowed(&shape.schema))
}

fn outcome<C>(cx: &UntypedContext<C>, state: Option<Value>) -> Result<Outcome> {
    Ok(Outcome { state, private: cx.stored()? })
}

impl<P: Send + Sync + 'static, T: UntypedResource> ErasedResource<P> for Untyped<P, T, T::Client> {
    fn subcategory(&self) -> &'static str {
        self.object.subcategory()
    }

    fn shape(&self) -> &Shape {
        self.shape.get_or_init(|| Shape::new(self.object.schema()))
    }

    fn schema_shown(&self) -> Cow<'_, Schema> {
        shown(&self.shape, || self.object.schema())
    }

    fn identity(&self) -> Option<&IdentitySchema> {
        self.identity.get_or_init(|| self.object.identity()).as_ref()
    }

    fn timeouts(&self) -> DefaultTimeouts {
        self.object.timeouts()
    }

    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics) {
        self.object.validate(config, diagnostics);
    }

    fn upgrade(&self, _: i64, _: &RawState) -> Option<Result<Value>> {
        None
    }

    fn move_from(&self, source: &MoveSource) -> Option<Result<Value>> {
        self.object.move_from(source)
    }

    fn plan<'a>(
        &'a self,
        environment: Environment<P>,
        mut private: PrivateState,
        parts: PlanParts,
    ) -> BoxFuture<'a, Result<PlanOutcome>> {
        Box::pin(async move {
            let call = environment.call(self.client)?;
            let PlanParts { config, prior, planned, replace } = parts;
            let mut plan = UntypedPlan { config, prior, planned, replace, private: private.data()? };
            self.object.plan(&call, &mut plan).await?;
            private.set_data(&plan.private)?;
            Ok(PlanOutcome { planned: plan.planned, replace: plan.replace, private })
        })
    }

    fn create<'a>(
        &'a self,
        environment: Environment<P>,
        private: PrivateState,
        slot: CheckpointSlot,
        plan: Value,
    ) -> BoxFuture<'a, Result<Outcome>> {
        Box::pin(async move {
            let mut cx = self.context(&environment, private, slot)?;
            let object = self.object.create(&mut cx, plan).await?;
            outcome(&cx, Some(object))
        })
    }

    fn read<'a>(
        &'a self,
        environment: Environment<P>,
        private: PrivateState,
        state: Value,
    ) -> BoxFuture<'a, Result<Outcome>> {
        Box::pin(async move {
            let mut cx = self.context(&environment, private, CheckpointSlot::default())?;
            let object = self.object.read(&mut cx, state).await?;
            outcome(&cx, object)
        })
    }

    fn update<'a>(
        &'a self,
        environment: Environment<P>,
        private: PrivateState,
        slot: CheckpointSlot,
        prior: Value,
        plan: Value,
    ) -> BoxFuture<'a, Result<Outcome>> {
        Box::pin(async move {
            let mut cx = self.context(&environment, private, slot)?;
            let object = self.object.update(&mut cx, prior, plan).await?;
            outcome(&cx, Some(object))
        })
    }

    fn delete<'a>(
        &'a self,
        environment: Environment<P>,
        private: PrivateState,
        slot: CheckpointSlot,
        state: Value,
    ) -> BoxFuture<'a, Result<Outcome>> {
        Box::pin(async move {
            let mut cx = self.context(&environment, private, slot)?;
            self.object.delete(&mut cx, state).await?;
            Ok(Outcome { state: None, private: PrivateState::default() })
        })
    }

    fn import<'a>(&'a self, environment: Environment<P>, id: ImportId) -> BoxFuture<'a, Result<Outcome>> {
        Box::pin(async move {
            let mut cx = self.context(&environment, PrivateState::default(), CheckpointSlot::default())?;
            let object = self.object.import(&mut cx, id).await?;
            outcome(&cx, Some(object))
        })
    }
}

impl<P: Send + Sync + 'static, T: UntypedDataSource> ErasedDataSource<P> for Untyped<P, T, T::Client> {
    fn subcategory(&self) -> &'static str {
        self.object.subcategory()
    }

    fn shape(&self) -> &Shape {
        self.shape.get_or_init(|| Shape::new(Schema::new(self.object.block())))
    }

    fn schema_shown(&self) -> Cow<'_, Schema> {
        shown(&self.shape, || Schema::new(self.object.block()))
    }

    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics) {
        self.object.validate(config, diagnostics);
    }

    fn read<'a>(&'a self, environment: Environment<P>, config: Value) -> BoxFuture<'a, Result<Value>> {
        Box::pin(async move { self.object.read(&environment.call(self.client)?, config).await })
    }
}

impl<P: Send + Sync + 'static, T: UntypedList> ErasedList<P> for Untyped<P, T, T::Client> {
    fn shape(&self) -> &Shape {
        self.shape.get_or_init(|| Shape::new(Schema::new(self.object.block())))
    }

    fn schema_shown(&self) -> Cow<'_, Schema> {
        shown(&self.shape, || Schema::new(self.object.block()))
    }

    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics) {
        self.object.validate(config, diagnostics);
    }

    fn list<'a>(
        &'a self,
        environment: Environment<P>,
        config: Value,
        limit: u64,
        whole_objects: bool,
        found: mpsc::Sender<FoundValue>,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let call = environment.call(self.client)?;
            let mut cx = UntypedListContext::new(call, found, limit, whole_objects);
            self.object.list(&mut cx, config).await
        })
    }
}
