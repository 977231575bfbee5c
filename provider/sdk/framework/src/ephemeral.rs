//! Ephemeral resources: values that live for one run and are never stored (Terraform 1.10).

use std::future::Future;
use std::ops::Deref;
use std::time::SystemTime;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::Call;
use crate::diagnostic::{Diagnostics, Result};
use crate::model::Model;

/// An ephemeral resource.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an ephemeral resource",
    note = "add #[derive(Model)] and implement tf_framework::EphemeralResource"
)]
pub trait EphemeralResource: Model {
    /// Type name without the provider's prefix.
    const NAME: &'static str;
    /// Group on the registry.
    const SUBCATEGORY: &'static str;
    /// What it talks to.
    type Client: Send + Sync + 'static;
    /// What renew and close need to know.
    type Private: Serialize + DeserializeOwned + Default + Send + Sync + 'static;

    /// Opens it.
    fn open(
        cx: &mut EphemeralContext<Self>,
        config: Self,
    ) -> impl Future<Output = Result<Opened<Self, Self::Private>>> + Send;

    /// Extends its life; answers when to ask again.
    fn renew(
        cx: &mut EphemeralContext<Self>,
        private: Self::Private,
    ) -> impl Future<Output = Result<Renewed<Self::Private>>> + Send {
        let _ = cx;
        async { Ok(Renewed { renew_at: None, private }) }
    }

    /// Ends it. Called once at the end of the run. Terraform (to 1.11 at least) hands over what `open` answered, not what
    /// the last `renew` did.
    fn close(
        cx: &mut EphemeralContext<Self>,
        private: Self::Private,
    ) -> impl Future<Output = Result<()>> + Send {
        let _ = (cx, private);
        async { Ok(()) }
    }

    /// Checks what validators cannot express, offline.
    fn validate(config: &Self::Partial, diagnostics: &mut Diagnostics) {
        let _ = (config, diagnostics);
    }
}

/// An opened ephemeral resource.
#[derive(Debug, Clone)]
pub struct Opened<M, P> {
    /// The values, with every computed field filled in.
    pub value: M,
    /// When to renew.
    pub renew_at: Option<SystemTime>,
    /// What renew and close need to know.
    pub private: P,
}

/// A renewed ephemeral resource.
#[derive(Debug, Clone)]
pub struct Renewed<P> {
    /// When to renew again.
    pub renew_at: Option<SystemTime>,
    /// What the next renew and close need to know.
    pub private: P,
}

/// The context of an ephemeral resource's operation.
pub struct EphemeralContext<E: EphemeralResource> {
    call: Call<E::Client>,
}

impl<E: EphemeralResource> EphemeralContext<E> {
    pub(crate) fn new(call: Call<E::Client>) -> Self {
        Self { call }
    }
}

impl<E: EphemeralResource> Deref for EphemeralContext<E> {
    type Target = Call<E::Client>;

    fn deref(&self) -> &Self::Target {
        &self.call
    }
}
