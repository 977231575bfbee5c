//! `/nodes/{node}/lxc`.

mod clone;
mod config;
mod create;
mod delete;
mod interfaces;
mod list;
mod move_volume;
mod options;
mod pending;
mod permissions;
mod resize;
mod restore;
pub(super) mod status;
mod template;
mod volumes;

use super::super::Route;
use super::guests::{migrate, snapshot};
use crate::pve::cluster::State;
use crate::pve::guest::{Guest, GuestKind};
use crate::pve::reply::Outcome;

pub(super) const ROUTES: &[Route] = &[
    ("GET", "/nodes/{node}/lxc", list::list),
    ("POST", "/nodes/{node}/lxc", create::create),
    ("DELETE", "/nodes/{node}/lxc/{vmid}", delete::delete),
    ("GET", "/nodes/{node}/lxc/{vmid}/config", config::read),
    ("PUT", "/nodes/{node}/lxc/{vmid}/config", config::update),
    ("GET", "/nodes/{node}/lxc/{vmid}/pending", config::pending),
    ("PUT", "/nodes/{node}/lxc/{vmid}/resize", resize::resize),
    ("POST", "/nodes/{node}/lxc/{vmid}/move_volume", move_volume::move_volume),
    ("POST", "/nodes/{node}/lxc/{vmid}/template", template::convert),
    ("POST", "/nodes/{node}/lxc/{vmid}/clone", clone::clone),
    ("GET", "/nodes/{node}/lxc/{vmid}/interfaces", interfaces::list),
    ("POST", "/nodes/{node}/lxc/{vmid}/migrate", |call| migrate::migrate(call, GuestKind::Lxc)),
    ("GET", "/nodes/{node}/lxc/{vmid}/feature", |call| snapshot::feature(call, GuestKind::Lxc)),
    ("GET", "/nodes/{node}/lxc/{vmid}/snapshot", |call| snapshot::list(call, GuestKind::Lxc)),
    ("POST", "/nodes/{node}/lxc/{vmid}/snapshot", |call| snapshot::create(call, GuestKind::Lxc)),
    ("DELETE", "/nodes/{node}/lxc/{vmid}/snapshot/{snapname}", |call| snapshot::delete(call, GuestKind::Lxc)),
    ("POST", "/nodes/{node}/lxc/{vmid}/snapshot/{snapname}/rollback", |call| {
        snapshot::rollback(call, GuestKind::Lxc)
    }),
    ("GET", "/nodes/{node}/lxc/{vmid}/snapshot/{snapname}/config", |call| {
        snapshot::read(call, GuestKind::Lxc)
    }),
    ("PUT", "/nodes/{node}/lxc/{vmid}/snapshot/{snapname}/config", |call| {
        snapshot::describe(call, GuestKind::Lxc)
    }),
];

pub(super) const STATUS_ROUTES: &[Route] = &[
    ("GET", "/nodes/{node}/lxc/{vmid}/status/current", status::current),
    ("POST", "/nodes/{node}/lxc/{vmid}/status/start", status::start),
    ("POST", "/nodes/{node}/lxc/{vmid}/status/stop", status::stop),
    ("POST", "/nodes/{node}/lxc/{vmid}/status/shutdown", status::shutdown),
    ("POST", "/nodes/{node}/lxc/{vmid}/status/reboot", status::reboot),
    ("POST", "/nodes/{node}/lxc/{vmid}/status/suspend", status::suspend),
    ("POST", "/nodes/{node}/lxc/{vmid}/status/resume", status::resume),
];

/// Lock file of a container's configuration.
fn lock_name(vmid: u32) -> String {
    GuestKind::Lxc.lock_file(vmid)
}

fn container<'s>(state: &'s State, node: &str, vmid: u32) -> Outcome<&'s Guest> {
    state.guest_of(GuestKind::Lxc, node, vmid)
}

fn container_mut<'s>(state: &'s mut State, node: &str, vmid: u32) -> Outcome<&'s mut Guest> {
    state.guest_of_mut(GuestKind::Lxc, node, vmid)
}
