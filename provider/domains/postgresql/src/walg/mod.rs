//! WAL-G on the machine of an instance: program, configuration, archiving, backups, proofs.

mod apply;
mod config;
mod differences;
mod expire;
mod keys;
mod layout;
mod model;
mod objectives;
mod program;
mod prove;
mod release;
mod schedule;
mod scripts;
mod sealed;
mod seen;
mod setback;
mod units;

pub(crate) use apply::{Prepared, for_restore, ready};
pub(crate) use config::Place;
pub(crate) use differences::differences;
pub(crate) use expire::{expire, foresee_expired};
pub(crate) use layout::Layout;
pub(crate) use model::*;
pub(crate) use objectives::{Measured, forecast, server_settings};
pub(crate) use prove::Archive;
pub(crate) use seen::{Seen, seen};

/// What the script that asks for all facts has of this.
pub(crate) const FACTS_SH: &str = include_str!("facts.sh");
