//! A machine as a node: facts, our journal and our lease on it, and what is found before it becomes one.

pub(crate) mod facts;
pub(crate) mod journal;
pub(crate) mod lease;
pub(crate) mod preflight;
pub(crate) mod probe;
mod run;

pub(crate) use facts::{Facts, gather, glance};
pub(crate) use journal::Journal;
pub(crate) use run::Run;
