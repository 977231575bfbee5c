//! List resources: what exists and could be imported (`terraform query`, Terraform 1.14).

use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;

use tokio::sync::mpsc::Sender;

use crate::context::Call;
use crate::diagnostic::{Diagnostics, Result};
use crate::model::Model;
use crate::resource::{Resource, ResourceModel};

/// Lists the objects of a managed resource. Has the name of the resource, which needs an identity.
pub trait ListResource: Send + Sync + 'static {
    /// The managed resource whose objects are listed.
    type Item: Resource;
    /// What may be filtered by.
    type Config: Model;

    /// Finds the objects and hands each to [`ListContext::found`] until that answers that it is enough.
    fn list(cx: &mut ListContext<Self>, config: Self::Config) -> impl Future<Output = Result<()>> + Send
    where
        Self: Sized;

    /// Checks what validators cannot express, offline.
    fn validate(config: &<Self::Config as Model>::Partial, diagnostics: &mut Diagnostics) {
        let _ = (config, diagnostics);
    }
}

/// An object that was found.
pub(crate) struct Found<M> {
    pub(crate) display_name: String,
    pub(crate) object: M,
}

/// The context of a list.
pub struct ListContext<L: ListResource> {
    call: Call<<L::Item as Resource>::Client>,
    found: Sender<Found<L::Item>>,
    left: u64,
    whole_objects: bool,
    list: PhantomData<fn() -> L>,
}

impl<L: ListResource> ListContext<L> {
    pub(crate) fn new(
        call: Call<<L::Item as Resource>::Client>,
        found: Sender<Found<L::Item>>,
        limit: u64,
        whole_objects: bool,
    ) -> Self {
        Self { call, found, left: limit, whole_objects, list: PhantomData }
    }

    /// Whether the user wants whole objects; otherwise the fields of the identity suffice and nothing else need
    /// be read.
    #[must_use]
    pub fn wants_whole_objects(&self) -> bool {
        self.whole_objects
    }

    /// Hands on an object. Answers whether more are wanted.
    pub async fn found(&mut self, display_name: impl Into<String>, object: L::Item) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        let found = Found { display_name: display_name.into(), object };
        self.found.send(found).await.is_ok() && self.left > 0
    }

    /// Name of the resource listed.
    #[must_use]
    pub fn name() -> &'static str {
        <L::Item as ResourceModel>::NAME
    }
}

impl<L: ListResource> Deref for ListContext<L> {
    type Target = Call<<L::Item as Resource>::Client>;

    fn deref(&self) -> &Self::Target {
        &self.call
    }
}
