//! `hybridops_rke2_restore_drill` and `hybridops_k3s_restore_drill`: a snapshot is what was restored.

mod check;
mod model;
mod run;

pub use model::{
    ClusterDrillChecks, ClusterDrillChecksPartial, ClusterDrillResult, ClusterObjectives,
    ClusterObjectivesPartial,
};
pub(crate) use run::Drill;
