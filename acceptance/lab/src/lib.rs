//! Stand-ins for the systems the provider talks to, for tests and demonstrations.
//!
//! [`NetBoxServer::start`] brings up a NetBox stand-in in one of seven versions, by itself or, by
//! [`LabConfig::netbox`], in a laboratory; it is checked against recordings of a real 4.6.8.
//! [`Lab::start`] brings up a Proxmox VE stand-in (a double, not the product) on loopback: one TLS endpoint a node,
//! an artefact server for images, a control endpoint, and handles to look inside, break things and count requests.
//! What it answers is checked against recordings of a real 8.4.21 by the conformance replay ([`conformance`]).

mod api_table;
mod artefacts;
pub mod conformance;
mod control;
mod faults;
mod guests;
mod handles;
mod journal;
mod lab;
mod netbox;
mod peer;
mod proxy;
mod pve;
mod real;
mod tls;

pub use faults::{BadPattern, Effect, Faults, RequestFault, TaskEffect, TaskFaultRule};
pub use guests::{AgentState, GuestView, VolumeView};
pub use journal::{Entry, Journal};
pub use lab::{Held, Lab, LabConfig, LabError, NodeState};
pub use netbox::server::{NetBox, NetBoxConfig, NetBoxRefusal, NetBoxServer, TokenKind};
pub use netbox::table::reduce::ReduceError;
pub use netbox::version::NetBoxVersion;
pub use pve::personality::Release;
pub use real::{
    Command, Doors, Flavour, Moment, Mount, Nic, Reach, RealError, RealGuests, ReleaseFault, ReleaseRequest,
    Releases, S3, SFTP_USER, Seed, Shape, Stop, StoreFault, StoreRequest, Strike, TEMPLATE,
    TEMPLATE_KUBERNETES, TEMPLATE_POSTGRESQL, WAL_G_DOUBLE, read_seed, wal_g,
};
pub use tls::TlsError;

/// The API table of a release made from the API viewer's schema, for the paths the stand-in serves.
///
/// # Errors
/// The text is no JSON.
pub fn api_table(schema: &str, release: &str) -> Result<String, serde_json::Error> {
    let schema = serde_json::from_str(schema)?;
    Ok(api_table::reduce(&schema, release, &|method, path| pve::api::handler(method, path).is_some()))
}

/// The NetBox table made from OpenAPI documents, given as JSON in the order of their versions.
///
/// # Errors
/// A document is no JSON or tells no version.
pub fn netbox_table(documents: &[String]) -> Result<String, ReduceError> {
    netbox::table::reduce::reduce(documents)
}
