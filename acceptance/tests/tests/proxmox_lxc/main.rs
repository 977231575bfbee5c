//! `hybridops_proxmox_lxc` through the real `terraform`, against the stand-in cluster.

mod budget;
mod crash;
mod drift;
mod examples;
mod lifecycle;
mod mounts;
mod real;
mod rebuild;
mod secrets;
mod support;

/// Begins a test, or ends it where what it needs is missing.
macro_rules! ready {
    () => {{
        fn here() {}
        if !acceptance_tests::terraform_or_skip(std::any::type_name_of_val(&here))? {
            return Ok(());
        }
    }};
}
use ready;
