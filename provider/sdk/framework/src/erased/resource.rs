//! Managed resources.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::OnceLock;

use tf_value::{Path, Value};

use super::{BoxFuture, Environment, Shape, validate_partial};
use crate::context::{CheckpointSlot, Context, PlanContext, PlanParts};
use crate::diagnostic::{Diagnostics, Result};
use crate::private::PrivateState;
use crate::raw_state::RawState;
use crate::resource::{DefaultTimeouts, ImportId, MoveSource, Resource, SelectClient};
use crate::schema::{IdentitySchema, Schema};

/// What an operation answers: the object, absent when there is none any more, and what is kept beside it.
pub(crate) struct Outcome {
    pub(crate) state: Option<Value>,
    pub(crate) private: PrivateState,
}

/// What planning answers.
pub(crate) struct PlanOutcome {
    pub(crate) planned: Value,
    pub(crate) replace: BTreeSet<Path>,
    pub(crate) private: PrivateState,
}

pub(crate) trait ErasedResource<P>: Send + Sync {
    fn subcategory(&self) -> &'static str;
    fn shape(&self) -> &Shape;
    /// The schema for whoever wants to see it once. One that was not needed yet is not kept: a provider of hundreds of
    /// types uses a few in a run.
    fn schema_shown(&self) -> Cow<'_, Schema> {
        Cow::Borrowed(&self.shape().schema)
    }
    fn identity(&self) -> Option<&IdentitySchema>;
    fn timeouts(&self) -> DefaultTimeouts;
    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics);
    fn upgrade(&self, version: i64, state: &RawState) -> Option<Result<Value>>;
    fn move_from(&self, source: &MoveSource) -> Option<Result<Value>>;
    fn plan<'a>(
        &'a self,
        environment: Environment<P>,
        private: PrivateState,
        parts: PlanParts,
    ) -> BoxFuture<'a, Result<PlanOutcome>>;
    fn create<'a>(
        &'a self,
        environment: Environment<P>,
        private: PrivateState,
        slot: CheckpointSlot,
        plan: Value,
    ) -> BoxFuture<'a, Result<Outcome>>;
    fn read<'a>(
        &'a self,
        environment: Environment<P>,
        private: PrivateState,
        state: Value,
    ) -> BoxFuture<'a, Result<Outcome>>;
    fn update<'a>(
        &'a self,
        environment: Environment<P>,
        private: PrivateState,
        slot: CheckpointSlot,
        prior: Value,
        plan: Value,
    ) -> BoxFuture<'a, Result<Outcome>>;
    fn delete<'a>(
        &'a self,
        environment: Environment<P>,
        private: PrivateState,
        slot: CheckpointSlot,
        state: Value,
    ) -> BoxFuture<'a, Result<Outcome>>;
    fn import<'a>(&'a self, environment: Environment<P>, id: ImportId) -> BoxFuture<'a, Result<Outcome>>;
}

pub(crate) struct TypedResource<P, R: Resource> {
    client: SelectClient<P, R::Client>,
    shape: OnceLock<Shape>,
    identity: OnceLock<Option<IdentitySchema>>,
}

impl<P, R: Resource> TypedResource<P, R> {
    pub(crate) fn new(client: SelectClient<P, R::Client>) -> Self {
        Self { client, shape: OnceLock::new(), identity: OnceLock::new() }
    }

    fn context(
        &self,
        environment: &Environment<P>,
        private: PrivateState,
        slot: CheckpointSlot,
    ) -> Result<Context<R>> {
        Context::new(environment.call(self.client)?, private, slot)
    }
}

fn outcome<R: Resource>(cx: &Context<R>, object: Option<R>) -> Result<Outcome> {
    Ok(Outcome { state: object.map(|object| object.to_object()), private: cx.stored()? })
}

impl<P: Send + Sync + 'static, R: Resource> ErasedResource<P> for TypedResource<P, R> {
    fn subcategory(&self) -> &'static str {
        R::SUBCATEGORY
    }

    fn shape(&self) -> &Shape {
        self.shape.get_or_init(|| Shape::new(R::schema()))
    }

    fn identity(&self) -> Option<&IdentitySchema> {
        self.identity.get_or_init(R::identity).as_ref()
    }

    fn timeouts(&self) -> DefaultTimeouts {
        R::TIMEOUTS
    }

    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics) {
        validate_partial::<R>(config, diagnostics, R::validate);
    }

    fn upgrade(&self, version: i64, state: &RawState) -> Option<Result<Value>> {
        R::upgrade(version, state).map(|upgraded| upgraded.map(|object| object.to_object()))
    }

    fn move_from(&self, source: &MoveSource) -> Option<Result<Value>> {
        R::move_from(source).map(|moved| moved.map(|object| object.to_object()))
    }

    fn plan<'a>(
        &'a self,
        environment: Environment<P>,
        private: PrivateState,
        parts: PlanParts,
    ) -> BoxFuture<'a, Result<PlanOutcome>> {
        Box::pin(async move {
            let call = environment.call(self.client)?;
            let mut cx = PlanContext::<R>::new(call, &private, parts)?;
            R::modify_plan(&mut cx).await?;
            let (planned, replace, data) = cx.into_parts();
            let mut private = private;
            private.set_data(&data)?;
            Ok(PlanOutcome { planned, replace, private })
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
            let object = R::create(&mut cx, R::from_object(plan)?).await?;
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
            let object = R::read(&mut cx, R::from_object(state)?).await?;
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
            let object = R::update(&mut cx, R::from_object(prior)?, R::from_object(plan)?).await?;
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
            R::delete(&mut cx, R::from_object(state)?).await?;
            Ok(Outcome { state: None, private: PrivateState::default() })
        })
    }

    fn import<'a>(&'a self, environment: Environment<P>, id: ImportId) -> BoxFuture<'a, Result<Outcome>> {
        Box::pin(async move {
            let mut cx = self.context(&environment, PrivateState::default(), CheckpointSlot::default())?;
            let object = R::import(&mut cx, id).await?;
            outcome(&cx, Some(object))
        })
    }
}
