//! The wire forms of single values.

mod container;
pub mod lenient;
mod lxc_net;
mod mount_point;
mod nic;
mod property;
mod size;
mod ssh_keys;
mod tags;
mod volume;

pub use container::{LxcDevice, LxcFeatures};
pub use lxc_net::LxcNet;
pub use mount_point::{MountPoint, MountSource};
pub use nic::Nic;
pub use property::{PropertyError, PropertyString};
pub use size::{DiskSize, SizeError};
pub use ssh_keys::{decode_ssh_keys, encode_ssh_keys};
pub use tags::{TagOrder, TagStyle};
pub use volume::{VolumeError, VolumeId};
