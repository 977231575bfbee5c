//! One policy for every machine that is reached by a shell.
//!
//! A [`Shell`] runs one command line and streams; [`Machine`] is what the domains use: scripts, facts and files, as root
//! by way of `sudo`, and inside a container by way of its node; and
//! [`Tunnel`]s to what listens on it. [`Ssh`] makes shells of machines that are reached by SSH:
//! proven by their host keys, over connections that are kept open and shared.

mod auth;
mod connect;
mod credentials;
mod ending;
mod host_key;
mod known_hosts;
mod lines;
mod machine;
mod pool;
mod session;
mod shell;
mod trust;
mod tunnel;

pub use auth::AuthError;
pub use connect::ConnectError;
pub use credentials::{Credentials, KeyError};
pub use host_key::{HostKey, HostKeyFormat, Pin};
pub use known_hosts::{Known, KnownHosts, KnownHostsError, KnownHostsFault};
pub use machine::{FileSpec, Machine, MachineError, Wrap};
pub use pool::{Hop, Settings, Ssh, Target};
pub use shell::{Exec, Exit, Input, OnLine, Output, OutputStream, Shell, ShellError, told};
pub use transport_base::{Budget, Interrupted, Secret};
pub use trust::HostKeyError;
pub use tunnel::{Tunnel, TunnelError};
