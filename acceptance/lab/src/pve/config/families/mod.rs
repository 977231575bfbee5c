//! The families of objects, by where Proxmox VE keeps them.

mod access;
mod cluster;
mod ha;
mod jobs;
mod mapping;
mod notify;
mod sdn;

use super::family::Family;

pub(crate) use access::builtin_realms;
pub(crate) use jobs::remember_replicated;
pub(crate) use notify::{TARGET_FILES, builtin as builtin_notifications, origin};
pub(crate) use sdn::FILES as SDN_FILES;
pub(crate) use sdn::builtin as builtin_sdn;

/// All families.
pub(crate) fn all() -> impl Iterator<Item = &'static Family> {
    [
        access::FAMILIES,
        cluster::FAMILIES,
        ha::FAMILIES,
        jobs::FAMILIES,
        mapping::FAMILIES,
        notify::FAMILIES,
        sdn::FAMILIES,
    ]
    .into_iter()
    .flatten()
}
