//! Data sources.

mod cost_gate;
mod dr_target;
mod prometheus_query;

pub use cost_gate::{CostGate, Enforce};
pub use dr_target::{DrCandidate, DrPolicy, DrRanked, DrRejection, DrSignal, DrTarget, DrWeights, OnNone};
pub use prometheus_query::{OnFault, PrometheusQuery};
