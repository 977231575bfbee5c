//! A typed client of the Proxmox VE API. It knows nothing of Terraform.
//!
//! [`Client`] holds one connection policy, one login and one shared inventory; its methods stand in the files
//! named after the API's own folders. What the server says in prose (it has few status codes) is sorted by two
//! tables in [`Kind`]'s module: one for answers, one for the exit texts of tasks.

mod access;
mod auth;
mod client;
mod cluster;
mod codec;
mod config;
mod containers;
mod error;
mod failures;
mod guest_config;
mod guests;
mod ha;
mod inventory;
mod nodes;
mod pools;
mod snapshots;
mod storage;
mod tasks;
mod tokens;
mod upid;
mod version;

pub use access::{Permissions, Principal};
pub use client::Client;
pub use cluster::{Availability, ClusterOptions, Presence};
pub use codec::lenient;
pub use codec::{
    DiskSize, LxcDevice, LxcFeatures, LxcNet, MountPoint, MountSource, Nic, PropertyError, PropertyString,
    SizeError, TagOrder, TagStyle, VolumeError, VolumeId, decode_ssh_keys, encode_ssh_keys,
};
pub use config::{Config, ConfigError, Credentials};
pub use containers::MoveVolume;
pub use error::{ApiError, Forbidden, Refusal, TaskFailed};
pub use failures::{Kind, classify_answer, classify_task};
pub use guest_config::{ConfigView, GuestConfig, Pending, PendingEntry};
pub use guests::{CloneGuest, Destroy, GuestRef, GuestStatus, PowerAction};
pub use ha::{HaResource, HaSettings, ha_sid};
pub use inventory::{Guest, GuestKind, Inventory, NodeEntry, StorageEntry};
pub use nodes::{NetworkInterface, Node};
pub use snapshots::{Snapshot, TakeSnapshot};
pub use storage::{
    Checksum, DownloadUrl, Storage, StorageConfig, UploadImage, UrlMetadata, Volume, VolumeInfo,
};
pub use tasks::{Exit, Finished, LogPage, TaskEntry, TaskFilter, TaskStatus};
pub use tokens::{NewToken, TokenEntry, TokenRole};
pub use upid::{Upid, UpidError};
pub use version::Version;

/// A guest's number, unique in a cluster.
pub type Vmid = u32;
