//! `/nodes/{node}/qemu`.

mod agent;
mod clone;
mod cloudinit;
mod config;
mod create;
mod delete;
pub(super) mod disks;
mod list;
mod move_disk;
mod options;
mod permissions;
mod resize;
mod snapshot;
mod status;
mod template;

use std::time::Duration;

use super::super::Route;

/// How a worker waits for a configuration lock it takes inside a clone.
const CLONE_LOCK: Duration = Duration::from_secs(1);
/// Waiting limit for a storage's lock.
const STORAGE_LOCK: Duration = Duration::from_secs(60);

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
    ("GET", "/nodes/{node}/qemu/{vmid}/feature", snapshot::feature),
    ("GET", "/nodes/{node}/qemu/{vmid}/snapshot", snapshot::list),
    ("POST", "/nodes/{node}/qemu/{vmid}/snapshot", snapshot::create),
    ("DELETE", "/nodes/{node}/qemu/{vmid}/snapshot/{snapname}", snapshot::delete),
    ("POST", "/nodes/{node}/qemu/{vmid}/snapshot/{snapname}/rollback", snapshot::rollback),
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
    ("POST", "/nodes/{node}/qemu/{vmid}/agent/ping", agent::ping),
    ("POST", "/nodes/{node}/qemu/{vmid}/agent/exec", agent::ping),
    ("GET", "/nodes/{node}/qemu/{vmid}/agent/network-get-interfaces", agent::ping),
];

/// Lock file of a guest's configuration.
fn lock_name(vmid: u32) -> String {
    format!("/var/lock/qemu-server/lock-{vmid}.conf")
}
