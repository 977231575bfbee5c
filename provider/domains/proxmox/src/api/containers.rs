//! Calls that only containers have.

use transport_rest::{Budget, Form, Request};

use super::Vmid;
use super::client::Client;
use super::error::ApiError;
use super::guests::GuestRef;
use super::upid::Upid;

/// Where a container's volume goes. The container must not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MoveVolume {
    /// To another storage: copied, and the original freed when the copy is complete.
    Storage {
        /// The storage.
        storage: String,
    },
    /// To another container on the same node, which then owns it: renamed, not copied.
    Container {
        /// The container that gets it.
        vmid: Vmid,
        /// The slot it gets there, `mp0` or `unused0`, which must be free.
        slot: String,
        /// The digest of that container's configuration as it was read.
        digest: Option<String>,
    },
}

impl Client {
    /// Moves a container's volume to another storage or another container.
    ///
    /// # Errors
    /// [`ApiError`]; [`super::Kind::Running`] or an unclassified refusal when the container runs.
    pub async fn move_volume(
        &self,
        guest: &GuestRef,
        slot: &str,
        to: &MoveVolume,
        digest: Option<&str>,
        budget: &Budget,
    ) -> Result<Upid, ApiError> {
        let form = Form::new().text("volume", slot).maybe("digest", digest);
        let form = match to {
            MoveVolume::Storage { storage } => form.text("storage", storage).flag("delete", true),
            MoveVolume::Container { vmid, slot, digest } => form
                .number("target-vmid", vmid)
                .text("target-volume", slot)
                .maybe("target-digest", digest.as_deref()),
        };
        self.write(Request::post(guest.path(&["move_volume"])).form(form), budget).await
    }
}
