//! Acceptance tests: the real `terraform` binary, the real provider processes, and nothing of either mocked.
//!
//! The usual test:
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! use acceptance_tests::{Provider, Workspace, terraform_or_skip};
//!
//! if !terraform_or_skip("the first test")? {
//!     return Ok(());
//! }
//! let ws = Workspace::ready(&[Provider::probe()?])?;
//! ws.write("main.tf", r#"resource "probe_null" "it" {}"#)?;
//! ws.apply()?.ok()?;
//! ws.expect_empty_plan()?;
//! assert!(ws.state()?.get("probe_null.it", "id")?.is_string());
//! ws.destroy()?.ok()?;
//! # Ok(())
//! # }
//! ```
//!
//! Everything blocks the calling thread: a test that serves a stand-in from the same process uses
//! `#[tokio::test(flavor = "multi_thread")]` or a runtime of its own.

mod archive;
mod binaries;
mod command;
pub mod kubernetes;
pub mod netbox;
mod output;
mod plan;
mod plugin;
pub mod postgresql;
mod process;
mod provider;
pub mod proxmox;
pub mod real;
mod reattach;
pub mod runbook;
mod state;
mod sweep;
mod workspace;

pub use archive::zip_entries;
pub use binaries::{
    REQUIRE, TERRAFORM, named_or_skip, provider_binary, target_directory, terraform, terraform_or_skip,
};
pub use command::{Running, Terraform};
pub use output::Output;
pub use plan::{Change, Plan};
pub use plugin::{Handshake, Identity, PluginClient, PluginProcess, channel};
pub use process::{Process, wait_until};
pub use provider::Provider;
pub use reattach::Debugged;
pub use state::State;
pub use sweep::{Leak, Sweep};
pub use workspace::Workspace;
