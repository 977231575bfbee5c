//! The store of an archive: real servers where they are at hand, doubles for what no honest server does.

#![allow(
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the tests tell what they did, and end where something is not as it must be"
)]

mod conditional;
mod directory;
mod doubles;
mod layout;
mod moto;
mod real;
mod retention;
mod sample;
mod window;
