//! `config.yaml` of a node: what we write into it, and what is in force with the files of others.

mod merge;
mod parity;
mod render;

pub(crate) use merge::{File, InForce, merge};
pub(crate) use parity::parity;
pub(crate) use render::{NodeConfig, S3_SECRET, Wanted, fingerprint, refused, render, wanted};

/// Name of our file in `config.yaml.d`.
pub(crate) const FILE: &str = "50-hybridops.yaml";

#[cfg(test)]
pub(crate) use render::tests::spec as tests_spec;
