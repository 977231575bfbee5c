//! `/nodes`.

mod qemu;
mod storage;
mod system;
mod tasks;

use super::Route;

pub(super) fn routes() -> [&'static [Route]; 5] {
    [system::ROUTES, tasks::ROUTES, storage::ROUTES, qemu::ROUTES, qemu::STATUS_ROUTES]
}
