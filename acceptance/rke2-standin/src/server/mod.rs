//! `rke2 server`: from configuration to "up and running".

mod apiserver;
mod controllers;
mod database;
mod identity;
mod kubeconfig;
mod members;
mod reset;
mod run;

pub(crate) use apiserver::{images::kubernetes_image, run_pod};
pub(crate) use database::save as save_bootstrap;
pub(crate) use identity::write_files as write_identity;
pub(crate) use run::run;
