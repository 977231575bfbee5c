//! The stand-in of Proxmox VE.

pub(crate) mod access;
pub(crate) mod api;
pub(crate) mod call;
pub(crate) mod cluster;
pub(crate) mod dispatch;
pub(crate) mod guest;
pub(crate) mod http;
pub(crate) mod locks;
pub(crate) mod personality;
pub(crate) mod reply;
pub(crate) mod schema;
pub(crate) mod storage;
pub(crate) mod tasks;
