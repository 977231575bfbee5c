//! Every configuration object of Proxmox VE, through the real `terraform` against the lab.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the tests tell what they did")]

mod budget;
mod crash;
mod documented;
mod import;
mod lifecycle;
mod rules;
mod scene;
mod secrets;
mod staged;
