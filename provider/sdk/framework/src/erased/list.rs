//! List resources.

use std::borrow::Cow;
use std::sync::OnceLock;

use futures::StreamExt;
use tf_value::Value;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::{BoxFuture, Environment, Shape, validate_partial};
use crate::diagnostic::{Diagnostics, Result};
use crate::list::{ListContext, ListResource};
use crate::model::Model;
use crate::resource::{Resource, SelectClient};
use crate::schema::Schema;

pub(crate) struct FoundValue {
    pub(crate) display_name: String,
    pub(crate) object: Value,
}

pub(crate) trait ErasedList<P>: Send + Sync {
    fn shape(&self) -> &Shape;
    /// The schema for whoever wants to see it once. One that was not needed yet is not kept: a provider of hundreds of
    /// types uses a few in a run.
    fn schema_shown(&self) -> Cow<'_, Schema> {
        Cow::Borrowed(&self.shape().schema)
    }
    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics);
    fn list<'a>(
        &'a self,
        environment: Environment<P>,
        config: Value,
        limit: u64,
        whole_objects: bool,
        found: mpsc::Sender<FoundValue>,
    ) -> BoxFuture<'a, Result<()>>;
}

pub(crate) struct TypedList<P, L: ListResource> {
    client: SelectClient<P, <L::Item as Resource>::Client>,
    shape: OnceLock<Shape>,
}

impl<P, L: ListResource> TypedList<P, L> {
    pub(crate) fn new(client: SelectClient<P, <L::Item as Resource>::Client>) -> Self {
        Self { client, shape: OnceLock::new() }
    }
}

impl<P: Send + Sync + 'static, L: ListResource> ErasedList<P> for TypedList<P, L> {
    fn shape(&self) -> &Shape {
        self.shape.get_or_init(Shape::of_model::<L::Config>)
    }

    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics) {
        validate_partial::<L::Config>(config, diagnostics, L::validate);
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
            // A small buffer: the list may read ahead a little, but not the whole estate.
            let (typed, receiver) = mpsc::channel(16);
            let mut cx = ListContext::<L>::new(environment.call(self.client)?, typed, limit, whole_objects);
            let config = L::Config::from_object(config)?;
            let listing = async move {
                let result = L::list(&mut cx, config).await;
                drop(cx);
                result
            };
            let forwarding = async move {
                let mut stream = ReceiverStream::new(receiver);
                while let Some(item) = stream.next().await {
                    let value =
                        FoundValue { display_name: item.display_name, object: item.object.to_object() };
                    if found.send(value).await.is_err() {
                        break;
                    }
                }
            };
            let (result, ()) = tokio::join!(listing, forwarding);
            result
        })
    }
}
