//! The client of a NetBox server, without Terraform in it.
//!
//! [`NetBox`] holds one connection policy, one memory of what was read and one of what was written; its methods
//! stand in the files named after what they do. Two parts are pure functions, to be read and tested alone: the
//! planner of reads, which decides what to ask when many objects are wanted one by one, and the reader of
//! refusals, which turns the server's answers into [`Error`]s.

mod agreement;
mod allocate;
mod answers;
mod auth;
mod changelog;
mod children;
mod choices;
mod client;
mod collect;
mod custom_fields;
mod error;
mod faults;
mod history;
mod leftovers;
mod list;
mod look_up;
mod object;
mod own_user;
mod permission;
mod reads;
mod refusal;
mod settings;
mod upload;
mod write;

pub use agreement::agrees;
pub use children::Children;
pub use choices::{ChoiceValue, Choices};
pub use client::NetBox;
pub use custom_fields::CustomFieldDefinition;
pub use error::{
    Blocked, Blocker, Call, Error, Fault, FaultKind, Forbidden, Invalid, NotTheApi, PathStep, Rejected,
};
pub use leftovers::Leftovers;
pub use object::{Etag, Object};
pub use settings::{Prefetch, Settings, SettingsError, Throughput};
pub use upload::FilePart;
pub use write::Deleted;
