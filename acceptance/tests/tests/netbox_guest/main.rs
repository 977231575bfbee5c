//! `hybridops_netbox_guest`, `hybridops_netbox_object` and the ephemeral `hybridops_netbox_token`, through the real
//! `terraform` against the lab's NetBox, in an old and a new version.

#![allow(clippy::print_stdout, reason = "the log of a test tells what things cost")]

mod budget;
mod crash;
mod import;
mod lifecycle;
mod object;
mod refusals;
mod scene;
mod token;
