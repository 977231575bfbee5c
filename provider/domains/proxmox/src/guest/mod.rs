//! What virtual machines and containers have in common: how they are claimed, found again, read, started, moved and
//! removed without one being lost, doubled or mistaken for another.
//!
//! A guest's number is claimed by the call that makes it. From the moment a task for it exists the guest is kept in
//! state ([`Claim`]). What a killed run made is found by the [`Stamp`] in its notes ([`leftover`]).

mod addresses;
mod claim;
pub(crate) mod cost_tags;
mod ha;
mod identity;
mod leftover;
mod look;
mod migrate;
mod notes;
mod owner;
mod placement;
mod power;
mod register;
mod remove;
mod resume;
mod stamp;

pub(crate) use addresses::{Addresses, addresses, wait_for_addresses};
pub(crate) use claim::{Claim, ClaimFailure, Lost};
pub(crate) use ha::check_ha_group;
pub(crate) use identity::import_place;
pub(crate) use leftover::leftover;
pub(crate) use look::{Here, Look, look, look_up};
pub(crate) use migrate::{Migration, migrate};
pub(crate) use notes::{join_notes, split_notes};
pub(crate) use owner::default_owner;
pub(crate) use placement::{Placed, Policy, Wish, place};
pub(crate) use power::{ensure_running, ensure_stopped};
pub(crate) use register::Register;
pub(crate) use remove::{Removal, Removed, remove};
pub(crate) use resume::settle_tasks;
pub(crate) use stamp::Stamp;
