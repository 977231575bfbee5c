//! What the tests of containers share: a stand-in cluster, a configuration, and eyes to look with.

mod config;
mod look;
mod site;

pub(crate) use config::{Lxc, mounts};
pub(crate) use site::Site;

/// Address of the container in every configuration of these tests.
pub(crate) const ADDRESS: &str = "hybridops_proxmox_lxc.it";

/// The template that every node has.
pub(crate) const TEMPLATE: &str = "local:vztmpl/debian-12-standard_12.12-1_amd64.tar.zst";

/// Another one.
pub(crate) const OTHER: &str = "local:vztmpl/debian-13-standard_13.1-2_amd64.tar.zst";

/// What the tests write into volumes.
pub(crate) const DATA: &[u8] = b"what a database wrote";
