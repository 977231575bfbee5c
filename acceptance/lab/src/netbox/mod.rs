//! The NetBox stand-in: a double of NetBox's REST API for tests and demonstrations, in any of seven versions.

mod access;
mod allocate;
mod bodies;
mod cables;
mod changes;
mod clean;
mod components;
mod computed;
mod context;
mod custom_fields;
mod decode;
mod delete;
mod dispatch;
mod display;
mod effects;
#[cfg(test)]
mod every_type;
mod filter;
mod http;
mod net;
mod options;
mod order;
mod page;
mod pages;
mod ports;
mod provision;
mod reference;
mod refusal;
mod render;
pub(crate) mod server;
mod store;
pub(crate) mod table;
pub(crate) mod version;
mod write;
