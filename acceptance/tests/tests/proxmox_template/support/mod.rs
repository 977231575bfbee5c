//! What the tests of templates share: a stand-in cluster, an image, a configuration, and eyes to look with.

mod config;
mod image;
mod look;
mod site;

pub(crate) use config::Template;
pub(crate) use image::{Image, image_or_skip};
pub(crate) use site::Site;

/// Address of the template in every configuration of these tests.
pub(crate) const ADDRESS: &str = "hybridops_proxmox_template.it";
