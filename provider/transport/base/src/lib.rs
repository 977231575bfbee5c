//! What every transport shares: how long an operation may take, and text that is never shown.

mod budget;
mod secret;

pub use budget::{Budget, Interrupted};
pub use secret::Secret;
