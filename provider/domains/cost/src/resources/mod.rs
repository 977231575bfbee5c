//! Resources.

mod cost_artifact;
mod cost_decision;

pub use cost_artifact::{ArtifactTarget, Charged, CostArtifact, CostLine, Prices};
pub use cost_decision::{CostDecision, DecisionMode, OnChange};
