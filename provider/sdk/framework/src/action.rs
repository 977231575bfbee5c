//! Actions: something done once, without state (Terraform 1.14).

use std::future::Future;
use std::ops::Deref;

use tokio::sync::mpsc::UnboundedSender;

use crate::context::Call;
use crate::diagnostic::{Diagnostics, Result};
use crate::model::Model;

/// An action.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an action",
    note = "add #[derive(Model)] and implement tf_framework::Action"
)]
pub trait Action: Model {
    /// Type name without the provider's prefix.
    const NAME: &'static str;
    /// Group on the registry.
    const SUBCATEGORY: &'static str;
    /// What it talks to.
    type Client: Send + Sync + 'static;

    /// Refuses at plan what cannot work.
    fn plan(cx: &mut ActionContext<Self>, config: &Self::Partial) -> impl Future<Output = Result<()>> + Send {
        let _ = (cx, config);
        async { Ok(()) }
    }

    /// Does it, telling of its progress.
    fn invoke(cx: &mut ActionContext<Self>, config: Self) -> impl Future<Output = Result<()>> + Send;

    /// Checks what validators cannot express, offline.
    fn validate(config: &Self::Partial, diagnostics: &mut Diagnostics) {
        let _ = (config, diagnostics);
    }
}

/// The context of an action.
pub struct ActionContext<A: Action> {
    call: Call<A::Client>,
    progress: Option<UnboundedSender<String>>,
}

impl<A: Action> ActionContext<A> {
    pub(crate) fn new(call: Call<A::Client>, progress: Option<UnboundedSender<String>>) -> Self {
        Self { call, progress }
    }

    /// Tells the user how far it is.
    pub fn progress(&self, message: impl Into<String>) {
        if let Some(progress) = &self.progress {
            // Nobody listens once the run is over, which is no fault of the action.
            let _ = progress.send(message.into());
        }
    }
}

impl<A: Action> Deref for ActionContext<A> {
    type Target = Call<A::Client>;

    fn deref(&self) -> &Self::Target {
        &self.call
    }
}
