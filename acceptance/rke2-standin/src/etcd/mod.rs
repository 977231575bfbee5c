//! The real etcd: its client over the JSON gateway, the child process, membership.

mod child;
mod client;
mod membership;
mod message;
mod store;

pub(crate) use child::{Launch, member_name};
pub(crate) use client::{EtcdClient, EtcdError, EtcdTls, cause};
pub(crate) use membership::{Progress, join, promote_learners};
pub(crate) use message::Member;
pub(crate) use store::EtcdStore;
