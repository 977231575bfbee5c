//! Data sources.

use std::future::Future;
use std::ops::Deref;

use crate::context::Call;
use crate::diagnostic::{Diagnostics, Result};
use crate::model::Model;

/// A data source: reads, changes nothing, waits for nothing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a data source",
    note = "add #[derive(Model)] and implement tf_framework::DataSource"
)]
pub trait DataSource: Model {
    /// Type name without the provider's prefix, `proxmox_nodes`.
    const NAME: &'static str;
    /// Group on the registry.
    const SUBCATEGORY: &'static str;
    /// What it talks to.
    type Client: Send + Sync + 'static;

    /// Answers with every computed field filled in.
    fn read(cx: &mut DataContext<Self>, config: Self) -> impl Future<Output = Result<Self>> + Send;

    /// Checks what validators cannot express, offline.
    fn validate(config: &Self::Partial, diagnostics: &mut Diagnostics) {
        let _ = (config, diagnostics);
    }
}

/// The context of a data source's read.
pub struct DataContext<D: DataSource> {
    call: Call<D::Client>,
}

impl<D: DataSource> DataContext<D> {
    pub(crate) fn new(call: Call<D::Client>) -> Self {
        Self { call }
    }
}

impl<D: DataSource> Deref for DataContext<D> {
    type Target = Call<D::Client>;

    fn deref(&self) -> &Self::Target {
        &self.call
    }
}
