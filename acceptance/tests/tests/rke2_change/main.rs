//! Clusters that change, through real Terraform on machines whose `rke2` and `k3s` are the stand-in on a real etcd: upgrades,
//! rotation of what ages, and two operators.

mod operators;
mod rotation;
mod upgrade;
