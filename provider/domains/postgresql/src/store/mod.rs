//! The store of an archive, read and written from the machine on which Terraform runs: alive when the database is not.

pub mod archive;
pub mod content;
mod directory;
pub mod epoch;
pub mod history;
pub mod identity;
pub mod integrity;
mod lsn;
pub mod names;
mod object;
mod open;
pub mod page;
pub mod probe;
mod remote;
pub mod retention;
pub mod retention_run;
pub mod sentinel;
mod small;
mod storage;
mod stranger;
mod verified;
pub mod window;

pub use archive::{Archive, Cache};
pub use directory::Directory;
pub use epoch::Epoch;
pub use identity::{Claim, Identity};
pub use integrity::{Depth, Integrity};
pub use lsn::{BadLsn, Lsn};
pub use object::{Condition, Counters, Fetched, Object, Store, StoreError, Version};
pub use objects::{
    BadPrefix, Bucket, ConnectError, Credentials, Environment, Location, ObjectStorage, ObjectStoragePartial,
    S3Keys,
};
pub use open::{Files, OpenError, Stores};
pub use probe::{Effort, Probe};
pub use remote::Remote;
pub use sentinel::Backup;
pub use storage::{
    AzureStorage, FileStorage, GcsStorage, ObjectLockMode, S3Storage, ServerSideEncryption, SftpStorage,
    Storage,
};
pub use stranger::{Stranger, stranger};
pub use verified::Verified;
pub use window::{Gap, Point, Reached, Span, Target, Unreachable, Window};
