//! Scenes for RKE2 and K3s: real containers with systemd, sshd and a real etcd, in which `rke2-standin` (a stand-in, for
//! tests only) takes the place of the distributions; releases, a store, faults, and eyes to look past the provider with.

mod by_hand;
mod declare;
mod distribution;
mod look;
mod scene;
mod secrets;
mod standin;
mod virtual_machine;
mod watch;

pub use by_hand::{Config, TOKEN};
pub use declare::ACCEPTED;
pub use distribution::Distribution;
pub use look::{Member, Unit};
pub use scene::{Scene, Wanted};
pub use secrets::{JOIN_TOKEN, REGISTRY_PASSWORD, S3_KEY, S3_SECRET, Secrets};
pub use standin::STANDIN;
pub use virtual_machine::Seeded;
pub use watch::{Quorum, Watched};

pub use crate::real::{BUCKET, CommandLines, Declared, Kills, Machine, Store, settings, steps};
