//! Ephemeral resources: what lives for one run and is in no plan and no state.

mod user_token;

pub use user_token::{TokenGrant, UserToken};
