//! NetBox: every object of its API as a Terraform resource.
//!
//! [`api`] is the client, without Terraform in it. The table of all objects is generated: see the `generator`
//! directory beside this one.

pub mod api;
pub mod table;
