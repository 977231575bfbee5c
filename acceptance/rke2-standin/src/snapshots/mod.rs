//! Snapshots of etcd: made on request and by schedule, on disk and in S3 (k3s pkg/etcd/snapshot.go, s3/s3.go).

mod command;
mod cron;
mod file;
mod objects;
mod options;
mod route;
mod s3;
mod schedule;

pub(crate) use command::run as run_command;
pub(crate) use file::trailer_fits;
pub(crate) use objects::reconcile;
pub(crate) use options::{Options, S3Options, folder};
pub(crate) use route::request;
pub(crate) use s3::Store;
pub(crate) use schedule::run as run_schedule;
