//! What the engine needs of whoever runs it: the resource of this domain, or another domain by way of
//! [`hosts::Containers`].

use tf_framework::{Context, Diagnostic, Result};
use transport_rest::Budget;

use super::{Lxc, LxcPrivate};
use crate::client::budget;

/// Keeps track of a container while it is worked on.
pub(crate) trait Keeper: Send + Sync {
    /// The limits of the work.
    fn budget(&self) -> Budget;

    /// Tells the user something without failing.
    fn warn(&self, warning: Diagnostic);

    /// Keeps track of the container whatever happens from here on.
    ///
    /// # Errors
    /// It cannot be kept.
    fn keep(&mut self, container: &Lxc) -> Result<()>;

    /// Nothing was left behind of what was kept.
    fn forget(&mut self);

    /// What is remembered beside the container.
    fn memory(&self) -> &LxcPrivate;

    /// The same, to be changed. It is kept with the next [`Keeper::keep`], and in the end.
    fn memory_mut(&mut self) -> &mut LxcPrivate;
}

impl Keeper for Context<Lxc> {
    fn budget(&self) -> Budget {
        budget(self)
    }

    fn warn(&self, warning: Diagnostic) {
        tf_framework::Call::warn(self, warning);
    }

    fn keep(&mut self, container: &Lxc) -> Result<()> {
        self.checkpoint(container)
    }

    fn forget(&mut self) {
        Context::forget(self);
    }

    fn memory(&self) -> &LxcPrivate {
        &self.private
    }

    fn memory_mut(&mut self) -> &mut LxcPrivate {
        &mut self.private
    }
}
