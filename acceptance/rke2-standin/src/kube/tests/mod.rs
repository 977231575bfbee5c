//! The API as a whole: by its own client, over TLS, and with the kubectl of the machine. On the store in memory, or on
//! a real etcd whose program `RKE2_STANDIN_ETCD` names.

mod addons;
mod apply;
mod certificates;
mod disruption;
mod helm;
mod kubectl;
mod rig;
mod servers;
mod watches;
mod workloads;
