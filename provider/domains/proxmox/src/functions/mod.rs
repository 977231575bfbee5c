//! Provider functions: pure computations on the names that Proxmox VE uses.

mod seed_instance_id;
mod upid;
mod volume_id;

pub use seed_instance_id::SeedInstanceId;
pub(crate) use upid::timestamp;
pub use upid::{ParseUpid, UpidParts};
pub(crate) use volume_id::backup_vmid;
pub use volume_id::{ParseVolumeId, VolumeParts};
