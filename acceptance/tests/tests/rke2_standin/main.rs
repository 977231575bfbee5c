//! The contract that `rke2-standin` keeps: what RKE2 and K3s do towards systemd, their peers and their operators, and
//! nothing about the provider. Each row names the behaviour upstream that it mirrors. Rows that only look are run against
//! a real cluster as well, where `HYBRIDOPS_ACC_RKE2_SERVERS` or `HYBRIDOPS_ACC_K3S_SERVERS` names one (`real`).

mod faults;
mod membership;
mod real;
mod refusals;
mod rows;
mod server;
mod snapshots;
mod stand_in;
