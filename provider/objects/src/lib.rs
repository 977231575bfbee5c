//! Object stores as sections of the configuration name them: places, credentials, clients.

mod build;
mod connect;
mod counters;
mod credentials;
mod location;

pub use build::{Built, S3Server, azure, gcs, s3};
pub use connect::{ConnectError, Connector};
pub use counters::Counters;
pub use credentials::{Credentials, Environment, ObjectStorage, ObjectStoragePartial, S3Keys};
pub use location::{BadPrefix, Bucket, Location};
