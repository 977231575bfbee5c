//! Ephemeral resources.

use std::sync::OnceLock;
use std::time::SystemTime;

use tf_value::Value;

use super::{BoxFuture, Environment, Shape, validate_partial};
use crate::diagnostic::{Diagnostics, Result};
use crate::ephemeral::{EphemeralContext, EphemeralResource};
use crate::private::PrivateState;
use crate::resource::SelectClient;

pub(crate) struct OpenedValue {
    pub(crate) value: Value,
    pub(crate) renewed: RenewedValue,
}

pub(crate) struct RenewedValue {
    pub(crate) renew_at: Option<SystemTime>,
    pub(crate) private: Vec<u8>,
}

pub(crate) trait ErasedEphemeral<P>: Send + Sync {
    fn subcategory(&self) -> &'static str;
    fn shape(&self) -> &Shape;
    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics);
    fn open<'a>(&'a self, environment: Environment<P>, config: Value) -> BoxFuture<'a, Result<OpenedValue>>;
    fn renew<'a>(
        &'a self,
        environment: Environment<P>,
        private: Vec<u8>,
    ) -> BoxFuture<'a, Result<RenewedValue>>;
    fn close<'a>(&'a self, environment: Environment<P>, private: Vec<u8>) -> BoxFuture<'a, Result<()>>;
}

pub(crate) struct TypedEphemeral<P, E: EphemeralResource> {
    client: SelectClient<P, E::Client>,
    shape: OnceLock<Shape>,
}

impl<P, E: EphemeralResource> TypedEphemeral<P, E> {
    pub(crate) fn new(client: SelectClient<P, E::Client>) -> Self {
        Self { client, shape: OnceLock::new() }
    }
}

fn renewed<T: serde::Serialize>(renew_at: Option<SystemTime>, private: &T) -> Result<RenewedValue> {
    let mut stored = PrivateState::default();
    stored.set_data(private)?;
    Ok(RenewedValue { renew_at, private: stored.encode() })
}

impl<P: Send + Sync + 'static, E: EphemeralResource> ErasedEphemeral<P> for TypedEphemeral<P, E> {
    fn subcategory(&self) -> &'static str {
        E::SUBCATEGORY
    }

    fn shape(&self) -> &Shape {
        self.shape.get_or_init(Shape::of_model::<E>)
    }

    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics) {
        validate_partial::<E>(config, diagnostics, E::validate);
    }

    fn open<'a>(&'a self, environment: Environment<P>, config: Value) -> BoxFuture<'a, Result<OpenedValue>> {
        Box::pin(async move {
            let mut cx = EphemeralContext::new(environment.call(self.client)?);
            let opened = E::open(&mut cx, E::from_object(config)?).await?;
            Ok(OpenedValue {
                value: opened.value.to_object(),
                renewed: renewed(opened.renew_at, &opened.private)?,
            })
        })
    }

    fn renew<'a>(
        &'a self,
        environment: Environment<P>,
        private: Vec<u8>,
    ) -> BoxFuture<'a, Result<RenewedValue>> {
        Box::pin(async move {
            let mut cx = EphemeralContext::<E>::new(environment.call(self.client)?);
            let answer = E::renew(&mut cx, PrivateState::decode(&private)?.data()?).await?;
            renewed(answer.renew_at, &answer.private)
        })
    }

    fn close<'a>(&'a self, environment: Environment<P>, private: Vec<u8>) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let mut cx = EphemeralContext::<E>::new(environment.call(self.client)?);
            E::close(&mut cx, PrivateState::decode(&private)?.data()?).await
        })
    }
}
