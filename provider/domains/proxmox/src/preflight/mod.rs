//! What Proxmox would refuse later, found at plan.
//!
//! What is looked at is read once, by the caller; the judgement is pure, so that each message is tested without a
//! server. Every function answers the diagnostics a user should see; none when all is well.

mod node;
mod privileges;
mod storage;

pub(crate) use node::check_node;
pub(crate) use privileges::{Operation, Scope, lacking};
pub(crate) use storage::{StorageNeed, problems_of_each, storage_problems};
