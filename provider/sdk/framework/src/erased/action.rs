//! Actions.

use std::sync::OnceLock;

use tf_value::Value;
use tokio::sync::mpsc::UnboundedSender;

use super::{BoxFuture, Environment, Shape, validate_partial};
use crate::action::{Action, ActionContext};
use crate::diagnostic::{Diagnostics, Result};
use crate::resource::SelectClient;

pub(crate) trait ErasedAction<P>: Send + Sync {
    fn subcategory(&self) -> &'static str;
    fn shape(&self) -> &Shape;
    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics);
    fn plan<'a>(&'a self, environment: Environment<P>, config: Value) -> BoxFuture<'a, Result<()>>;
    fn invoke<'a>(
        &'a self,
        environment: Environment<P>,
        config: Value,
        progress: UnboundedSender<String>,
    ) -> BoxFuture<'a, Result<()>>;
}

pub(crate) struct TypedAction<P, A: Action> {
    client: SelectClient<P, A::Client>,
    shape: OnceLock<Shape>,
}

impl<P, A: Action> TypedAction<P, A> {
    pub(crate) fn new(client: SelectClient<P, A::Client>) -> Self {
        Self { client, shape: OnceLock::new() }
    }
}

impl<P: Send + Sync + 'static, A: Action> ErasedAction<P> for TypedAction<P, A> {
    fn subcategory(&self) -> &'static str {
        A::SUBCATEGORY
    }

    fn shape(&self) -> &Shape {
        self.shape.get_or_init(Shape::of_model::<A>)
    }

    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics) {
        validate_partial::<A>(config, diagnostics, A::validate);
    }

    fn plan<'a>(&'a self, environment: Environment<P>, config: Value) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let mut cx = ActionContext::new(environment.call(self.client)?, None);
            A::plan(&mut cx, &A::partial(&config)?).await
        })
    }

    fn invoke<'a>(
        &'a self,
        environment: Environment<P>,
        config: Value,
        progress: UnboundedSender<String>,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let mut cx = ActionContext::new(environment.call(self.client)?, Some(progress));
            A::invoke(&mut cx, A::from_object(config)?).await
        })
    }
}
