//! Plays Terraform core in process, with core's own rules.
//!
//! [`Core`] drives a provider's protocol service as Terraform does, without a socket: it proposes, plans, checks
//! the plan, plans again, applies, checks the result, and keeps state, private state and identity by address.
//! Every answer is held against [`tf_framework::rules`]; a breach is an error that names the rule, so a provider
//! bug fails the test that meets it.
//!
//! ```ignore
//! let core = Core::new(ProviderServer::<Acme>::new());
//! core.configure(json!({ "proxmox": { "endpoints": [lab.url()] } })).await?;
//!
//! let image = core.resource("acme_image", json!({ "node": "pve1", "file_name": "debian.iso" }));
//! let state = image.apply().await?;                    // plan, apply, and find nothing left to do
//! assert_eq!(state.get("size"), Some(&2048.into()));
//! image.with(json!({ "node": "pve2", "file_name": "debian.iso" })).plan().await?.expect(PlannedAction::Replace)?;
//! image.destroy().await?;
//! ```
//!
//! A configuration is JSON, read by the schema: what is left out is null, blocks that are left out are empty. The
//! text [`UNKNOWN`] stands for a value that is not known yet.

mod action;
mod config;
mod core;
mod data;
mod ephemeral;
mod error;
mod function;
mod list;
mod resource;
mod schemas;
mod wire;

pub use self::action::Invoked;
pub use self::config::{Config, UNKNOWN};
pub use self::core::Core;
pub use self::ephemeral::OpenEphemeral;
pub use self::error::CoreError;
pub use self::list::Listed;
pub use self::resource::{Instance, MoveSource, Plan, Resource};
pub use self::schemas::{FunctionSignature, Schemas};

pub use tf_framework::rules::PlannedAction;
