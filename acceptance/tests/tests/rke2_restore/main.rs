//! Snapshots of etcd and restores from them, through Terraform on machines of the laboratory that run the stand-in on a
//! real etcd.

mod back;
mod birth;
mod drill;
mod killed;
mod place;
mod refusals;
mod rotation;
mod snapshots;
