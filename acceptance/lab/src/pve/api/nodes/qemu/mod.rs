//! `/nodes/{node}/qemu`.

pub(super) mod agent;
mod changes;
mod clone;
mod cloudinit;
mod config;
mod create;
mod delete;
pub(super) mod disks;
mod hotplug;
mod list;
mod move_disk;
mod options;
mod permissions;
mod reassign;
mod resize;
mod restore;
pub(super) mod status;
mod template;

use std::time::Duration;

use super::super::Route;
use super::guests::{migrate, snapshot};
use crate::pve::guest::GuestKind;

/// How a worker waits for a configuration lock it takes inside a clone.
const CLONE_LOCK: Duration = Duration::from_secs(1);
/// Waiting limit for a storage's lock.
pub(super) const STORAGE_LOCK: Duration = Duration::from_secs(60);

pub(super) const ROUTES: &[Route] = &[
    ("GET", "/nodes/{node}/qemu", list::list),
    ("POST", "/nodes/{node}/qemu", create::create),
    ("DELETE", "/nodes/{node}/qemu/{vmid}", delete::delete),
    ("GET", "/nodes/{node}/qemu/{vmid}/config", config::read),
    ("PUT", "/nodes/{node}/qemu/{vmid}/config", config::update),
    ("POST", "/nodes/{node}/qemu/{vmid}/config", config::update_async),
    ("GET", "/nodes/{node}/qemu/{vmid}/pending", config::pending),
    ("PUT", "/nodes/{node}/qemu/{vmid}/unlink", config::unlink),
    ("PUT", "/nodes/{node}/qemu/{vmid}/resize", resize::resize),
    ("POST", "/nodes/{node}/qemu/{vmid}/move_disk", move_disk::move_disk),
    ("POST", "/nodes/{node}/qemu/{vmid}/template", template::convert),
    ("POST", "/nodes/{node}/qemu/{vmid}/clone", clone::clone),
    ("GET", "/nodes/{node}/qemu/{vmid}/cloudinit", cloudinit::read),
    ("PUT", "/nodes/{node}/qemu/{vmid}/cloudinit", cloudinit::regenerate),
    ("GET", "/nodes/{node}/qemu/{vmid}/cloudinit/dump", cloudinit::dump),
    ("GET", "/nodes/{node}/qemu/{vmid}/migrate", migrate::preconditions),
    ("POST", "/nodes/{node}/qemu/{vmid}/migrate", |call| migrate::migrate(call, GuestKind::Qemu)),
    ("GET", "/nodes/{node}/qemu/{vmid}/feature", |call| snapshot::feature(call, GuestKind::Qemu)),
    ("GET", "/nodes/{node}/qemu/{vmid}/snapshot", |call| snapshot::list(call, GuestKind::Qemu)),
    ("POST", "/nodes/{node}/qemu/{vmid}/snapshot", |call| snapshot::create(call, GuestKind::Qemu)),
    ("DELETE", "/nodes/{node}/qemu/{vmid}/snapshot/{snapname}", |call| {
        snapshot::delete(call, GuestKind::Qemu)
    }),
    ("GET", "/nodes/{node}/qemu/{vmid}/snapshot/{snapname}/config", |call| {
        snapshot::read(call, GuestKind::Qemu)
    }),
    ("PUT", "/nodes/{node}/qemu/{vmid}/snapshot/{snapname}/config", |call| {
        snapshot::describe(call, GuestKind::Qemu)
    }),
    ("POST", "/nodes/{node}/qemu/{vmid}/snapshot/{snapname}/rollback", |call| {
        snapshot::rollback(call, GuestKind::Qemu)
    }),
];

pub(super) const STATUS_ROUTES: &[Route] = &[
    ("GET", "/nodes/{node}/qemu/{vmid}/status/current", status::current),
    ("POST", "/nodes/{node}/qemu/{vmid}/status/start", status::start),
    ("POST", "/nodes/{node}/qemu/{vmid}/status/stop", status::stop),
    ("POST", "/nodes/{node}/qemu/{vmid}/status/shutdown", status::shutdown),
    ("POST", "/nodes/{node}/qemu/{vmid}/status/reboot", status::reboot),
    ("POST", "/nodes/{node}/qemu/{vmid}/status/reset", status::reset),
    ("POST", "/nodes/{node}/qemu/{vmid}/status/suspend", status::suspend),
    ("POST", "/nodes/{node}/qemu/{vmid}/status/resume", status::resume),
];

/// Lock file of a machine's configuration.
fn lock_name(vmid: u32) -> String {
    GuestKind::Qemu.lock_file(vmid)
}
