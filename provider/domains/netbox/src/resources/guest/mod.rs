//! `hybridops_netbox_guest`.

mod facts;
mod steps;
mod wish;
