//! `hybridops_proxmox_vm` through the real `terraform`, against the stand-in cluster.

mod agent;
mod apply_mode;
mod belongs;
mod budget;
mod cancel;
mod clone;
mod crash;
mod devices;
mod disks;
mod drift;
mod examples;
mod import;
mod lifecycle;
mod move_guest;
mod parallel;
mod refusals;
mod restore;
mod secrets;
mod seed;
mod support;

/// Begins a test, or ends it where what it needs is missing.
macro_rules! ready {
    () => {{
        fn here() {}
        if !$crate::support::ready(std::any::type_name_of_val(&here))? {
            return Ok(());
        }
    }};
}
use ready;
