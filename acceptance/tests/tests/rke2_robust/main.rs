//! Clusters of RKE2 under what they must bear: a provider that dies at commands over SSH, one after the other, of create,
//! change and removal; and what bringing one up may cost.

mod figures;
mod killed;
