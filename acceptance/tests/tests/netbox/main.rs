//! Every object of NetBox, through the real `terraform`: against the lab, and, where the environment names one,
//! against a real server.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the tests tell what they did")]

mod budget;
mod crash;
mod documented;
mod drift;
mod import;
mod lifecycle;
mod real;
mod refusals;
mod scene;
mod secrets;
mod sources;
