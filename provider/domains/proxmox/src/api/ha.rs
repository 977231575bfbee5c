//! High availability: the guests it keeps running.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use transport_rest::{Budget, Form, Request};

use super::client::Client;
use super::codec::lenient;
use super::error::ApiError;
use super::guests::GuestRef;
use super::inventory::GuestKind;

/// A guest in high availability.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct HaResource {
    /// `vm:101` or `ct:102`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub sid: String,
    /// `started`, `stopped`, `disabled` or `ignored`; absent is `started`.
    #[serde(default, deserialize_with = "lenient::opt_text")]
    pub state: Option<String>,
    /// The group of nodes, before release 9.
    #[serde(default, deserialize_with = "lenient::opt_text")]
    pub group: Option<String>,
    /// Tries to start it on a node.
    #[serde(default, deserialize_with = "lenient::opt_u64")]
    pub max_restart: Option<u64>,
    /// Tries to move it to another node.
    #[serde(default, deserialize_with = "lenient::opt_u64")]
    pub max_relocate: Option<u64>,
}

/// What a guest in high availability is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HaSettings {
    /// `started`, `stopped`, `disabled` or `ignored`.
    pub state: String,
    /// The group of nodes; none takes it out of its group.
    pub group: Option<String>,
    /// Tries to start it on a node.
    pub max_restart: u32,
    /// Tries to move it to another node.
    pub max_relocate: u32,
}

/// How high availability names a guest.
pub fn ha_sid(guest: &GuestRef) -> String {
    let kind = match guest.kind {
        GuestKind::Qemu => "vm",
        GuestKind::Lxc => "ct",
    };
    format!("{kind}:{}", guest.vmid)
}

impl HaSettings {
    fn form(&self) -> Form {
        Form::new()
            .text("state", &self.state)
            .maybe("group", self.group.as_deref())
            .number("max_restart", self.max_restart)
            .number("max_relocate", self.max_relocate)
    }
}

impl Client {
    /// All guests in high availability, once for all readers until something is written.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn ha_resources(&self, budget: &Budget) -> Result<Arc<Vec<HaResource>>, ApiError> {
        let client = self.clone();
        let shared = self.core.ha.get(|| async move {
            // No budget of its own: it is shared by many, and stops with the last of them.
            client.read(["cluster", "ha", "resources"], &Budget::unlimited()).await
        });
        budget.run(|| "the guests in high availability".to_owned(), shared).await?
    }

    /// Puts a guest into high availability, or changes how it is kept there. `known` says that it is there.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn set_ha(
        &self,
        guest: &GuestRef,
        settings: &HaSettings,
        known: bool,
        budget: &Budget,
    ) -> Result<(), ApiError> {
        let sid = ha_sid(guest);
        let request = if known {
            let delete: &[&str] = if settings.group.is_none() { &["group"] } else { &[] };
            Request::put(["cluster", "ha", "resources", sid.as_str()])
                .form(settings.form().list("delete", delete))
                .idempotent()
        } else {
            Request::post(["cluster", "ha", "resources"]).form(settings.form().text("sid", sid))
        };
        self.write::<Option<Value>>(request, budget).await.map(drop)
    }

    /// Takes a guest out of high availability. One that is not in it is no error.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn unset_ha(&self, guest: &GuestRef, budget: &Budget) -> Result<(), ApiError> {
        let sid = ha_sid(guest);
        let request = Request::delete(["cluster", "ha", "resources", sid.as_str()]).idempotent();
        match self.write::<Option<Value>>(request, budget).await {
            Err(error) if error.is_missing() => Ok(()),
            removed => removed.map(drop),
        }
    }
}
