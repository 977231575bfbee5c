//! Data sources.

use std::borrow::Cow;
use std::sync::OnceLock;

use tf_value::Value;

use super::{BoxFuture, Environment, Shape, validate_partial};
use crate::data_source::{DataContext, DataSource};
use crate::diagnostic::{Diagnostics, Result};
use crate::resource::SelectClient;
use crate::schema::Schema;

pub(crate) trait ErasedDataSource<P>: Send + Sync {
    fn subcategory(&self) -> &'static str;
    fn shape(&self) -> &Shape;
    /// The schema for whoever wants to see it once. One that was not needed yet is not kept: a provider of hundreds of
    /// types uses a few in a run.
    fn schema_shown(&self) -> Cow<'_, Schema> {
        Cow::Borrowed(&self.shape().schema)
    }
    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics);
    fn read<'a>(&'a self, environment: Environment<P>, config: Value) -> BoxFuture<'a, Result<Value>>;
}

pub(crate) struct TypedDataSource<P, D: DataSource> {
    client: SelectClient<P, D::Client>,
    shape: OnceLock<Shape>,
}

impl<P, D: DataSource> TypedDataSource<P, D> {
    pub(crate) fn new(client: SelectClient<P, D::Client>) -> Self {
        Self { client, shape: OnceLock::new() }
    }
}

impl<P: Send + Sync + 'static, D: DataSource> ErasedDataSource<P> for TypedDataSource<P, D> {
    fn subcategory(&self) -> &'static str {
        D::SUBCATEGORY
    }

    fn shape(&self) -> &Shape {
        self.shape.get_or_init(Shape::of_model::<D>)
    }

    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics) {
        validate_partial::<D>(config, diagnostics, D::validate);
    }

    fn read<'a>(&'a self, environment: Environment<P>, config: Value) -> BoxFuture<'a, Result<Value>> {
        Box::pin(async move {
            let mut cx = DataContext::new(environment.call(self.client)?);
            let config = D::from_object(config)?;
            Ok(D::read(&mut cx, config).await?.to_object())
        })
    }
}
