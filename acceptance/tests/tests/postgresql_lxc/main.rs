//! `hybridops_postgresql_lxc` through the real `terraform`, on real containers of the lab.

mod crash;
mod import;
mod lifecycle;
mod rebuild;
mod refusals;
mod standby;
mod support;
mod volume;
