//! Configuration as the programs read it: flags, `config.yaml`, `config.yaml.d` (k3s pkg/configfilearg).

mod flags;
mod merge;
mod parse;

pub(crate) use merge::Config;
pub(crate) use parse::{Role, load};
