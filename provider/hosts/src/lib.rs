//! Machines as resources name them.

mod check;
mod connection;
pub mod containers;
pub mod drill;
mod hosts;
mod section;

pub use connection::{Connection, ConnectionPartial};
pub use hosts::{Hosts, diagnose};
pub use section::{Become, Environment, Jump, JumpPartial, SshConfig, SshConfigPartial};
pub use transport_ssh::{Machine, MachineError};
