//! `hybridops_postgresql_restore_drill`: a backup is what was restored.

mod model;
mod run;

pub(crate) use model::*;
pub(crate) use run::Drill;
