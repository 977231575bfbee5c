//! What NetBox shall have of a guest, in the terms of the wire.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};

use super::facts::{Family, Ip};

/// Keys and values to be sent.
pub(super) type Body = Map<String, Json>;

/// A guest as it shall be.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Wish {
    /// Fields of the machine. What is not among them is left as it is.
    pub(super) vm: Body,
    /// Tags of the machine that are not ours to see or to remove.
    pub(super) ignored_tags: BTreeSet<String>,
    /// Interfaces by name.
    pub(super) interfaces: BTreeMap<String, InterfaceWish>,
    /// Fields of the disks by name.
    pub(super) disks: BTreeMap<String, Body>,
    /// The primary addresses.
    pub(super) primary: BTreeMap<Family, Place>,
    /// What every new interface, disk and address gets beside its own.
    pub(super) born_with: BornWith,
}

/// Fields that objects are made with and that are not looked at afterwards.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct BornWith {
    /// Of interfaces, disks, addresses and MAC addresses.
    pub(super) all: Body,
    /// Of addresses.
    pub(super) addresses: Body,
}

/// An interface as it shall be.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct InterfaceWish {
    /// Fields.
    pub(super) fields: Body,
    /// The primary MAC address, as the server writes it; `None` for none of ours.
    pub(super) mac: Option<String>,
    /// The addresses, in the order of the configuration.
    pub(super) addresses: Vec<AddressWish>,
}

/// An address as it shall be.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct AddressWish {
    /// Which one.
    pub(super) which: Which,
    /// Fields.
    pub(super) fields: Body,
}

/// Which address is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// One that something else has made.
    Id(u64),
    /// One with this text.
    Ip(Ip),
}

/// An address among those wished for: the interface's name, and its place there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) interface: String,
    pub(super) index: usize,
}

impl Wish {
    /// The addresses wished for, each with its place.
    pub(super) fn addresses(&self) -> impl Iterator<Item = (Place, &AddressWish)> {
        self.interfaces.iter().flat_map(|(name, interface)| {
            let place = |index| Place { interface: name.clone(), index };
            interface.addresses.iter().enumerate().map(move |(index, address)| (place(index), address))
        })
    }
}

/// Of several fields those whose value is not what an object has.
pub(super) fn differences(wanted: &Body, there: &Body) -> Body {
    let differs = |(key, value): &(&String, &Json)| {
        !crate::api::agrees(value, there.get(key.as_str()).unwrap_or(&Json::Null))
    };
    wanted.iter().filter(differs).map(|(key, value)| (key.clone(), value.clone())).collect()
}
