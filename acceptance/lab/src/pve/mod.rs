//! The stand-in of Proxmox VE.

pub(crate) mod access;
pub(crate) mod api;
pub(crate) mod call;
pub(crate) mod cluster;
pub(crate) mod config;
pub(crate) mod dispatch;
pub(crate) mod firewall;
pub(crate) mod guest;
pub(crate) mod ha;
pub(crate) mod http;
pub(crate) mod locks;
pub(crate) mod network;
pub(crate) mod personality;
pub(crate) mod reply;
pub(crate) mod schema;
pub(crate) mod storage;
pub(crate) mod tasks;
