//! Typed traits behind object-safe ones: values in, values out.

mod action;
mod data_source;
mod ephemeral;
mod list;
mod resource;
mod untyped;

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tf_value::{Type, Value};
use tokio_util::sync::CancellationToken;

use crate::context::Call;
use crate::diagnostic::{Diagnostic, Diagnostics, Result};
use crate::model::Model;
use crate::resource::SelectClient;
use crate::schema::Schema;

pub(crate) use action::{ErasedAction, TypedAction};
pub(crate) use data_source::{ErasedDataSource, TypedDataSource};
pub(crate) use ephemeral::{ErasedEphemeral, OpenedValue, RenewedValue, TypedEphemeral};
pub(crate) use list::{ErasedList, FoundValue, TypedList};
pub(crate) use resource::{ErasedResource, Outcome, TypedResource};
pub(crate) use untyped::Untyped;

pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A schema with its type, built once when first asked for.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) schema: Schema,
    pub(crate) ty: Type,
}

impl Shape {
    pub(crate) fn new(schema: Schema) -> Self {
        let ty = schema.value_type();
        Self { schema, ty }
    }

    pub(crate) fn of_model<M: Model>() -> Self {
        Self::new(Schema::new(M::block()))
    }
}

/// What an operation is run with.
pub(crate) struct Environment<P> {
    /// The configured provider; absent before configuration (validation of the schema never gets here).
    pub(crate) provider: Option<Arc<P>>,
    pub(crate) cancel: CancellationToken,
    pub(crate) timeout: Duration,
    pub(crate) warnings: Arc<Mutex<Vec<Diagnostic>>>,
}

impl<P> Environment<P> {
    fn call<C>(&self, select: SelectClient<P, C>) -> Result<Call<C>> {
        let client = match &self.provider {
            Some(provider) => select(provider)?,
            None => None,
        };
        Ok(Call::new(client, self.timeout, self.cancel.clone(), self.warnings.clone()))
    }
}

/// The typed part of a validation. A value that does not fit the type is told of only where no validator has told of
/// it already.
fn validate_partial<M: Model>(
    config: &Value,
    diagnostics: &mut Diagnostics,
    validate: impl FnOnce(&M::Partial, &mut Diagnostics),
) {
    match M::partial(config) {
        Ok(partial) => validate(&partial, diagnostics),
        Err(_) if diagnostics.has_errors() => {}
        Err(mismatch) => diagnostics.extend(Diagnostics::from(mismatch)),
    }
}
