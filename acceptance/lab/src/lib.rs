//! Stand-ins for the systems the provider talks to, for tests and demonstrations.
//!
//! [`Lab::start`] brings up a Proxmox VE stand-in (a double, not the product) on loopback: one TLS endpoint a node,
//! an artefact server for images, a control endpoint, and handles to look inside, break things and count requests.
//! What it answers is checked against recordings of a real 8.4.21 by the conformance replay ([`conformance`]).

mod artefacts;
pub mod conformance;
mod control;
mod faults;
mod journal;
mod lab;
mod peer;
mod pve;
mod tls;

pub use faults::{BadPattern, Effect, Faults, RequestFault, TaskEffect, TaskFaultRule};
pub use journal::{Entry, Journal};
pub use lab::{Held, Lab, LabConfig, LabError, NodeState};
pub use pve::personality::Release;
pub use tls::TlsError;
