//! `hybridops_proxmox_template` through the real `terraform`, against the stand-in cluster.

mod adoption;
mod budget;
mod cancel;
mod change;
mod crash;
mod drift;
mod examples;
mod faults;
mod import;
mod lifecycle;
mod publisher;
mod refusals;
mod secrets;
mod support;
mod versions;

/// Begins a test: the image, or the end of the test where what it needs is missing.
macro_rules! image {
    () => {{
        fn here() {}
        match $crate::support::image_or_skip(std::any::type_name_of_val(&here))? {
            Some(image) => image,
            None => return Ok(()),
        }
    }};
}
use image;
