//! RKE2 clusters through real Terraform, on machines whose `rke2` is the stand-in on a real etcd.

mod bring_up;
mod membership;
mod refusals;
