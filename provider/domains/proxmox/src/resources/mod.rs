//! Managed resources, one folder or file a type.

mod guest_list;
mod image;
pub(crate) mod lxc;
mod pending;
mod snapshot;
mod template;
mod vm;

pub use guest_list::GuestListFilter;
pub use image::{Image, ImageFilter, Images};
pub use lxc::{Lxc, LxcList};
pub use pending::{NodeNetworkApply, SdnApply};
pub use snapshot::Snapshot;
pub use template::{Template, TemplateFilter, Templates};
pub use vm::{Vm, VmList};
