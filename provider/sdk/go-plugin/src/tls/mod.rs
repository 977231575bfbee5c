//! The session with the host: two throw-away certificates, each pinned by the other side.

mod crypto;
mod p521;
mod pinned;
mod session;

pub use crypto::crypto_provider;
pub(crate) use session::Session;
pub use session::TlsError;
