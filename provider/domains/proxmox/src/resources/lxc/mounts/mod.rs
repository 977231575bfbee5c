//! Mount points: from what is, what was and what is wanted to steps.
//!
//! Pure. Data safety is decided here and tested by properties: a volume is destroyed only when its mount is taken out
//! of the configuration and said so before.

mod plan;
#[cfg(test)]
mod properties;

pub(super) use plan::{Effect, Observed, Problem, Step, Wanted, WantedSource, plan};
