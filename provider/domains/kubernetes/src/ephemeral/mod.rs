//! Values of this domain that live for one run.

mod kubeconfig;
mod request;

pub use kubeconfig::{KubeconfigAccess, ServiceAccountRef};
