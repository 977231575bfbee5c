//! `/nodes`.

mod apt;
mod archive;
mod certificates;
pub(super) mod guests;
mod hardware;
mod lxc;
mod network;
mod qemu;
mod services;
mod settings;
mod storage;
mod system;
mod tasks;
mod vzdump;

use super::Route;
use crate::pve::call::Call;
use crate::pve::guest::GuestKind;
use crate::pve::reply::Outcome;

const BULK_ROUTES: &[Route] = &[
    ("POST", "/nodes/{node}/startall", guests::bulk::start),
    ("POST", "/nodes/{node}/stopall", guests::bulk::stop),
    ("POST", "/nodes/{node}/suspendall", guests::bulk::suspend),
    ("POST", "/nodes/{node}/migrateall", guests::bulk::migrate_all),
];

/// Starts a guest, past HA.
pub(crate) fn start(call: &Call, kind: GuestKind) -> Outcome {
    match kind {
        GuestKind::Qemu => qemu::status::start_now(call),
        GuestKind::Lxc => lxc::status::start_now(call),
    }
}

/// Shuts a guest down, past HA.
pub(crate) fn shutdown(call: &Call, kind: GuestKind) -> Outcome {
    match kind {
        GuestKind::Qemu => qemu::status::shutdown_now(call),
        GuestKind::Lxc => lxc::status::shutdown_now(call),
    }
}

/// Switches a guest off, past HA.
pub(crate) fn stop(call: &Call, kind: GuestKind) -> Outcome {
    match kind {
        GuestKind::Qemu => qemu::status::stop_now(call),
        GuestKind::Lxc => lxc::status::stop_now(call),
    }
}

/// Suspends a guest.
pub(crate) fn suspend(call: &Call, kind: GuestKind) -> Outcome {
    match kind {
        GuestKind::Qemu => qemu::status::suspend(call),
        GuestKind::Lxc => lxc::status::suspend(call),
    }
}

/// Moves a running guest, past HA: a machine with its disks, a container by a restart.
pub(crate) fn relocate(call: &Call, kind: GuestKind, vmid: u32, target: &str) -> Outcome {
    let target = target.to_owned();
    let storages = None;
    let (online, restart, local_disks) = (true, true, true);
    guests::migrate::spawn(
        call,
        guests::migrate::Job { kind, vmid, target, online, restart, local_disks, storages },
    )
}

pub(super) fn routes() -> [&'static [Route]; 16] {
    [
        system::ROUTES,
        tasks::ROUTES,
        storage::ROUTES,
        qemu::ROUTES,
        qemu::STATUS_ROUTES,
        lxc::ROUTES,
        lxc::STATUS_ROUTES,
        vzdump::ROUTES,
        BULK_ROUTES,
        qemu::agent::ROUTES,
        network::ROUTES,
        settings::ROUTES,
        services::ROUTES,
        certificates::ROUTES,
        apt::ROUTES,
        hardware::ROUTES,
    ]
}
