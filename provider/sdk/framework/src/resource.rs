//! Managed resources.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tf_value::Value;

use crate::context::{Context, PlanContext};
use crate::diagnostic::{Diagnostics, Result};
use crate::model::Model;
use crate::raw_state::RawState;
use crate::schema::{IdentitySchema, Schema};

/// What the derive knows of a managed resource. Use `#[derive(Resource)]`.
#[diagnostic::on_unimplemented(message = "`{Self}` has no resource schema", note = "add #[derive(Resource)]")]
pub trait ResourceModel: Model {
    /// Type name without the provider's prefix, `proxmox_template`.
    const NAME: &'static str;
    /// Group on the registry.
    const SUBCATEGORY: &'static str;
    /// Version of the stored state.
    const VERSION: i64;

    /// Attributes, blocks, version.
    #[must_use]
    fn schema() -> Schema {
        Schema { version: Self::VERSION, block: Self::block() }
    }

    /// What names the object outside the state.
    #[must_use]
    fn identity() -> Option<IdentitySchema> {
        None
    }

    /// Reads state written under an older version; `None` when that version was never known.
    #[must_use]
    fn upgrade(version: i64, state: &RawState) -> Option<Result<Self>> {
        let _ = (version, state);
        None
    }
}

/// A managed resource: what Terraform creates, reads, updates and deletes.
///
/// The server has done the planning, the defaults, the validation by data and the decoding before a method is
/// called. Fields of type `Computed` may be unknown in `plan` and must be filled in by the time a method returns.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a managed resource",
    note = "add #[derive(Resource)] and implement tf_framework::Resource"
)]
pub trait Resource: ResourceModel {
    /// What the methods talk to.
    type Client: Send + Sync + 'static;
    /// What is kept beside the state, invisible to the user: a running task, a journal. `()` for nothing.
    type Private: Serialize + DeserializeOwned + Default + Send + Sync + 'static;
    /// How long operations may take where the configuration does not say.
    const TIMEOUTS: DefaultTimeouts = DefaultTimeouts::USUAL;

    /// Makes the object. Call [`Context::checkpoint`] the moment it exists.
    fn create(cx: &mut Context<Self>, plan: Self) -> impl Future<Output = Result<Self>> + Send;

    /// Reads the object; `None` only when it is proven gone. Never waits for anything to become ready.
    fn read(cx: &mut Context<Self>, state: Self) -> impl Future<Output = Result<Option<Self>>> + Send;

    /// Changes the object in place.
    fn update(cx: &mut Context<Self>, prior: Self, plan: Self) -> impl Future<Output = Result<Self>> + Send;

    /// Destroys the object and proves that it is gone.
    fn delete(cx: &mut Context<Self>, state: Self) -> impl Future<Output = Result<()>> + Send;

    /// Checks what validators cannot express, offline.
    fn validate(config: &Self::Partial, diagnostics: &mut Diagnostics) {
        let _ = (config, diagnostics);
    }

    /// Changes or refuses the plan, with facts from the client where it is configured. Also asked for destroys.
    fn modify_plan(cx: &mut PlanContext<Self>) -> impl Future<Output = Result<()>> + Send {
        let _ = cx;
        async { Ok(()) }
    }

    /// Finds an existing object and reads it whole.
    fn import(cx: &mut Context<Self>, id: ImportId) -> impl Future<Output = Result<Self>> + Send {
        let _ = (cx, id);
        async {
            Err(Diagnostics::error(
                "Import is not supported",
                format!("{} objects cannot be imported.", Self::NAME),
            ))
        }
    }

    /// Takes over state of another resource type (a `moved` block); `None` when the type is not known.
    #[must_use]
    fn move_from(source: &MoveSource) -> Option<Result<Self>> {
        let _ = source;
        None
    }
}

/// How long operations may take where `timeouts` does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DefaultTimeouts {
    /// Limit for create.
    pub create: Duration,
    /// Limit for read, plan and import.
    pub read: Duration,
    /// Limit for update.
    pub update: Duration,
    /// Limit for delete.
    pub delete: Duration,
}

impl DefaultTimeouts {
    /// 20 minutes to change something, 5 to look at it.
    pub const USUAL: Self = Self {
        create: Duration::from_secs(20 * 60),
        read: Duration::from_secs(5 * 60),
        update: Duration::from_secs(20 * 60),
        delete: Duration::from_secs(20 * 60),
    };
}

/// What the user gave to name the object to import.
#[derive(Debug, Clone)]
pub enum ImportId {
    /// The text of `terraform import` or `id = …`.
    Id(String),
    /// The object of `identity = …`, with the attributes of the identity schema.
    Identity(Value),
}

/// The object a `moved` block takes over.
#[derive(Debug, Clone)]
pub struct MoveSource {
    /// Address of the provider that wrote the state, `registry.terraform.io/bpg/proxmox`.
    pub provider: String,
    /// Full type name, `proxmox_virtual_environment_vm`.
    pub type_name: String,
    /// Version of the state.
    pub version: i64,
    /// The state.
    pub state: RawState,
}

/// Finds the client of a resource in the configured provider: `Ok(None)` while it depends on values that are not
/// known yet, an error when the section of the configuration is missing.
pub type SelectClient<P, C> = fn(&P) -> Result<Option<Arc<C>>>;
