//! Pools and the guests in them.

use serde_json::Value;

use transport_rest::{Budget, Form, Request};

use super::Vmid;
use super::client::Client;
use super::error::ApiError;

impl Client {
    /// Puts a guest into a pool, out of the one it is in.
    ///
    /// # Errors
    /// [`ApiError`]; [`super::Kind::Missing`] when there is no such pool.
    pub async fn pool_add(&self, pool: &str, vmid: Vmid, budget: &Budget) -> Result<(), ApiError> {
        let form = Form::new().text("poolid", pool).number("vms", vmid).flag("allow-move", true);
        // Pools of other pools have a slash in their names, which only this form of the call takes.
        let request = Request::put(["pools"]).form(form).idempotent();
        self.write::<Option<Value>>(request, budget).await.map(drop)
    }

    /// Takes a guest out of a pool.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn pool_remove(&self, pool: &str, vmid: Vmid, budget: &Budget) -> Result<(), ApiError> {
        let form = Form::new().text("poolid", pool).number("vms", vmid).flag("delete", true);
        let request = Request::put(["pools"]).form(form).idempotent();
        self.write::<Option<Value>>(request, budget).await.map(drop)
    }
}
