//! Serves a go-plugin plugin: handshake, mutual TLS, listener, services, process life.
//!
//! [go-plugin](https://github.com/hashicorp/go-plugin) is how programs written in Go start plugins as processes of their
//! own and speak gRPC with them. This crate is the plugin's side, for any host: what hosts differ in (cookie, protocol
//! versions, names of variables) is given by the caller.
//!
//! ```no_run
//! use std::process::ExitCode;
//! use go_plugin::{Environment, MagicCookie, ServeConfig};
//!
//! #[tokio::main]
//! async fn main() -> ExitCode {
//!     let env = Environment::of_process();
//!     go_plugin::install_panic_hook();
//!     go_plugin::install_logging(&env, &["MY_LOG"], "my-plugin");
//!     let config = ServeConfig::new(MagicCookie { key: "MY_PLUGIN", value: "3c1b5e" }, [1]);
//!     match go_plugin::serve(config, &env, |_handle| tonic::service::Routes::default()).await {
//!         Ok(_) => ExitCode::SUCCESS,
//!         Err(error) => error.report(),
//!     }
//! }
//! ```
//!
//! Leave `main` by returning: the socket's file is removed by drops, which `std::process::exit` skips.

mod address;
mod broker;
mod config;
mod debug;
mod environment;
mod error;
mod handshake;
mod hclog;
mod incoming;
mod lifecycle;
mod listen;
mod panic;
mod serve;
mod services;
mod tls;

pub use address::Address;
pub use broker::{Broker, BrokerError};
pub use config::{Limits, MAX_MESSAGE_SIZE, MagicCookie, ServeConfig};
pub use debug::{Reattach, serve_debug};
pub use environment::Environment;
pub use error::ServeError;
pub use hclog::{HclogLayer, install_logging, level_from};
pub use lifecycle::StopReason;
pub use listen::ListenError;
pub use panic::{CaughtPanic, catch_panic, install_panic_hook};
pub use serve::{ServeHandle, serve};
pub use tls::{TlsError, crypto_provider};
