//! The resources of this domain, one file or directory for each Terraform name.

mod face;
mod host;
mod lxc;
mod primary;
mod restore_drill;

pub use host::PostgresqlHost;
pub use lxc::PostgresqlLxc;
pub use primary::PostgresqlPrimary;
pub use restore_drill::RestoreDrill;
