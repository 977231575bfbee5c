//! Configuration objects: one store, one engine, and tables for what differs.
//!
//! Proxmox VE keeps most of its configuration in files of sections `type: id` with options. [`store`] holds such
//! files, [`engine`] answers lists, reads and changes of any of them, and a [`family::Family`] says what is its own:
//! paths, file, options of each type, texts of refusals, and a hook where there is a rule no table can tell.

pub(crate) mod engine;
pub(crate) mod families;
pub(crate) mod family;
pub(crate) mod options;
pub(crate) mod store;
pub(crate) mod view;
