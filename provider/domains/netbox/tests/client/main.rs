//! The client against a server that answers as NetBox was seen to answer, and against the recordings of a real one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::needless_pass_by_value,
    reason = "tests"
)]

mod answers;
mod look_ups;
mod reads;
mod recordings;
mod shelf;
mod writes;
