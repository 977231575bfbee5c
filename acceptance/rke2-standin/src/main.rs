//! A stand-in for `rke2` and `k3s`, for tests and demonstrations only: it runs no containers and is no Kubernetes. It
//! behaves towards systemd, its peers and its operators as the real ones do, on a real etcd.

mod agent;
mod api;
mod bootstrap;
mod commands;
mod config;
mod context;
mod distribution;
mod encryption;
mod etcd;
mod faults;
mod files;
mod host;
mod kube;
mod logline;
mod notify;
mod pki;
mod pods;
mod rotation;
mod server;
mod settings;
mod snapshots;
mod staged;
mod supervisor;
mod token;
mod version;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    match commands::run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            logline::fatal(format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
