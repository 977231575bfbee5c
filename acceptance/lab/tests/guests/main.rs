//! Guests of the Proxmox VE stand-in, through its API: what a recording of one node cannot show.

// A test says aloud what it skips, and fails where it must.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod agent;
mod backup;
mod client;
mod ha;
mod lxc;
mod migrate;
mod qemu;
