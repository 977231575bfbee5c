//! The resources that are not made from the table.

mod failure;
mod guest;
mod object;
mod references;

pub use guest::{Adopt, Guest};
pub use object::AnyObject;

pub(crate) use failure::failed;
pub(crate) use object::verified;
pub(crate) use references::reference_on_wire;
