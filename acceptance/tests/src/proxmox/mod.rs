//! Examples of Proxmox VE's configuration objects for the documentation.

pub mod examples;
mod samples;

pub use samples::{KindSamples, Link, Samples, SamplesError};
