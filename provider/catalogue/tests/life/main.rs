//! The life of objects described by data, in core's own process, against a server in memory.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    clippy::cmp_owned,
    reason = "helpers of tests"
)]

mod lab;
mod named;
mod objects;
mod round_trip;
mod server;
mod table;
mod takers;
