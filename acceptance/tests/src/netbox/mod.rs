//! Configurations of every NetBox object, made from the table and sample values.
//!
//! A [`Catalogue`] answers what instances of each kind a run makes and with which values in each [`Stage`]; the
//! values know how they are written ([`hcl`]) and what the server must show for them ([`expect`]). What cannot be
//! told from the table stands in `netbox/samples.toml`, next to this crate's manifest.

mod automatic;
mod catalogue;
mod config;
pub mod examples;
pub mod expect;
pub mod hcl;
mod samples;
mod server;
mod value;

pub use automatic::Naming;
pub use catalogue::{Catalogue, Coverage, Instance, Operation, Stage};
pub use expect::Known;
pub use samples::{Exception, Samples, SamplesError};
pub use server::{Server, ServerError};
pub use value::{Form, Link, Sample};
