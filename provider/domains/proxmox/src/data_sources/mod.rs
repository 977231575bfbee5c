//! Data sources, one file a type.

mod backups;
mod guest_addresses;
mod guests;
mod nodes;
mod storages;
mod tags;
mod templates;
mod version;

pub use backups::{BackupInfo, Backups};
pub(crate) use backups::{backup_kind, backup_nodes};
pub use guest_addresses::GuestAddresses;
pub use guests::{GuestInfo, Guests};
pub use nodes::{NodeInfo, Nodes};
pub use storages::{StorageInfo, Storages};
pub use tags::TagFilter;
pub(crate) use tags::Tags;
pub use templates::{TemplateInfo, Templates};
pub use version::VersionInfo;
