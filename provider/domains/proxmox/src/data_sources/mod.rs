//! Data sources, one file a type.

mod nodes;
mod storages;
mod templates;
mod version;

pub use nodes::{NodeInfo, Nodes};
pub use storages::{StorageInfo, Storages};
pub use templates::{TagFilter, TemplateInfo, Templates};
pub use version::VersionInfo;
