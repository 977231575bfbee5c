//! Actions, one file a type: what is done once, without state (Terraform 1.14 and later).

mod backup;
mod bulk_power;
mod migrate;
mod power;
mod restore_test;
mod rollback;
mod run;
mod snapshot;

pub use backup::Backup;
pub use bulk_power::BulkPower;
pub use migrate::Migrate;
pub use power::Power;
pub use restore_test::RestoreTest;
pub use rollback::Rollback;
pub use run::ActionTimeouts;
pub use snapshot::TakeSnapshotAction;
