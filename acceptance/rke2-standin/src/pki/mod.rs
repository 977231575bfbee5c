//! Certificate authorities and what they sign (k3s pkg/daemons/control/deps).

mod authority;
mod files;
mod inspect;
mod tls;

pub(crate) use authority::{Authority, Leaf, Pair, private_key};
pub(crate) use files::{LEAVES, make_authorities, make_leaves};
pub(crate) use inspect::{inspect, names};
pub(crate) use tls::client as tls_client;
