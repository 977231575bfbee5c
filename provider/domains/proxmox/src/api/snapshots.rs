//! Snapshots of guests.

use serde::Deserialize;
use serde_json::Value;

use transport_rest::{Budget, Form, Request};

use super::client::Client;
use super::codec::lenient;
use super::error::ApiError;
use super::guest_config::GuestConfig;
use super::guests::GuestRef;
use super::upid::Upid;

/// What the list of snapshots calls the guest as it is now.
const NOW: &str = "current";

/// A snapshot.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub struct Snapshot {
    /// Its name.
    #[serde(deserialize_with = "lenient::text")]
    pub name: String,
    /// Its description.
    #[serde(default, deserialize_with = "lenient::text")]
    pub description: String,
    /// When it was taken, in seconds since the epoch; absent while it is being taken.
    #[serde(default, deserialize_with = "lenient::opt_u64")]
    pub snaptime: Option<u64>,
    /// The snapshot it follows.
    #[serde(default, deserialize_with = "lenient::opt_text")]
    pub parent: Option<String>,
    /// Whether the memory is in it.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub vmstate: bool,
    /// `prepare` or `delete` while a task works on it.
    #[serde(default, deserialize_with = "lenient::opt_text")]
    pub snapstate: Option<String>,
}

impl Snapshot {
    /// The description without the line break the server adds.
    pub fn description(&self) -> &str {
        self.description.strip_suffix('\n').unwrap_or(&self.description)
    }
}

/// A snapshot to be taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TakeSnapshot {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// Whether the memory goes into it; virtual machines only.
    pub vmstate: bool,
}

impl Client {
    /// A guest's snapshots.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn snapshots(&self, guest: &GuestRef, budget: &Budget) -> Result<Vec<Snapshot>, ApiError> {
        let mut listed: Vec<Snapshot> = self.read(guest.path(&["snapshot"]), budget).await?;
        listed.retain(|snapshot| snapshot.name != NOW);
        Ok(listed)
    }

    /// The configuration that a snapshot keeps.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn snapshot_config(
        &self,
        guest: &GuestRef,
        name: &str,
        budget: &Budget,
    ) -> Result<GuestConfig, ApiError> {
        self.read(guest.path(&["snapshot", name, "config"]), budget).await
    }

    /// Takes a snapshot.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn take_snapshot(
        &self,
        guest: &GuestRef,
        snapshot: &TakeSnapshot,
        budget: &Budget,
    ) -> Result<Upid, ApiError> {
        let form = Form::new()
            .text("snapname", &snapshot.name)
            .maybe("description", snapshot.description.as_deref());
        let form = if snapshot.vmstate { form.flag("vmstate", true) } else { form };
        self.write(Request::post(guest.path(&["snapshot"])).form(form), budget).await
    }

    /// Describes a snapshot anew.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn describe_snapshot(
        &self,
        guest: &GuestRef,
        name: &str,
        description: &str,
        budget: &Budget,
    ) -> Result<(), ApiError> {
        let request = Request::put(guest.path(&["snapshot", name, "config"]));
        let request = request.form(Form::new().text("description", description)).idempotent();
        self.write::<Option<Value>>(request, budget).await.map(drop)
    }

    /// Deletes a snapshot. With `force` also from the configuration where the storage does not delete it.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn delete_snapshot(
        &self,
        guest: &GuestRef,
        name: &str,
        force: bool,
        budget: &Budget,
    ) -> Result<Upid, ApiError> {
        let mut request = Request::delete(guest.path(&["snapshot", name]));
        if force {
            request = request.queries(Form::new().flag("force", true));
        }
        self.write(request, budget).await
    }

    /// Takes a guest back to a snapshot; `start` starts it afterwards.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn rollback_snapshot(
        &self,
        guest: &GuestRef,
        name: &str,
        start: bool,
        budget: &Budget,
    ) -> Result<Upid, ApiError> {
        let form = if start { Form::new().flag("start", true) } else { Form::new() };
        self.write(Request::post(guest.path(&["snapshot", name, "rollback"])).form(form), budget).await
    }
}
