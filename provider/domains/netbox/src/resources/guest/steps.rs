//! From what there is to what there shall be: a pure function from facts and a wish to steps.
//!
//! The order is the one that the server takes at any point, and from which the rest can be done if a run ends there:
//! a primary address is let go before the address is, addresses make room before others come, an interface is left
//! by what shall survive before it goes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::facts::{Facts, Family, Ip, assigned_to, is_assigned, macs, normal_mac, primary_mac, text};
use super::wish::{AddressWish, Body, InterfaceWish, Place, Which, Wish, differences};
use crate::api::{Object, agrees};

/// One request that changes something. What it does not say by id is found in the facts by name.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    CreateVm { body: Body },
    UpdateVm { changes: Body },
    DeleteVm,
    CreateInterface { name: String, body: Body },
    UpdateInterface { id: u64, name: String, changes: Body },
    DeleteInterface { id: u64, name: String },
    CreateMac { interface: String, mac: String, body: Body },
    SetPrimaryMac { interface: String, mac: String },
    DeleteMac { id: u64, mac: String },
    CreateAddress { interface: String, ip: Ip, body: Body },
    UpdateAddress { id: u64, ip: Ip, assign_to: Option<String>, changes: Body },
    ReleaseAddress { id: u64, ip: String },
    DeleteAddress { id: u64, ip: String },
    CreateDisk { name: String, body: Body },
    UpdateDisk { id: u64, name: String, changes: Body },
    DeleteDisk { id: u64, name: String },
    SetPrimary { addresses: BTreeMap<Family, (String, Ip)> },
}

/// What of a guest is ours, by id. Everything else was made by others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ledger {
    pub(super) interfaces: BTreeSet<u64>,
    pub(super) macs: BTreeSet<u64>,
    /// Addresses that go with the guest.
    pub(super) addresses: BTreeSet<u64>,
    /// Addresses that were there before, and stay when the guest goes.
    pub(super) adopted: BTreeSet<u64>,
    pub(super) disks: BTreeSet<u64>,
}

/// How the steps are made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Rules {
    /// Whether what others made goes.
    pub(super) exclusive: bool,
    /// Whether a MAC address is a field of its interface, as before NetBox 4.2.
    pub(super) mac_is_field: bool,
}

/// Which address object each address wished for is.
pub(super) type Matches = BTreeMap<Place, u64>;

/// What is left to do.
pub(super) fn steps(facts: &Facts, wish: &Wish, ledger: &Ledger, rules: Rules) -> Vec<Step> {
    let work = Work { facts, wish, ledger, rules, matches: matches(facts, wish, ledger, rules) };
    let mut steps = Vec::new();
    work.machine(&mut steps);
    work.interfaces(&mut steps);
    work.leaving_addresses(&mut steps);
    work.wished_addresses(&mut steps);
    work.doomed_interfaces(&mut steps);
    work.disks(&mut steps);
    work.primary(&mut steps);
    steps
}

/// What is to be done so that nothing of the guest is left, and nothing of others is lost.
pub(super) fn farewell(facts: &Facts, ledger: &Ledger, rules: Rules) -> Vec<Step> {
    let Some(_) = facts.vm else { return Vec::new() };
    let stays = |address: &&Object| !goes(address, ledger, rules);
    let staying: Vec<&Object> = facts.addresses.iter().filter(stays).collect();
    let mut changes = Body::new();
    for family in Family::BOTH {
        if facts.primary(family).is_some_and(|id| staying.iter().any(|address| address.id == id)) {
            changes.insert(family.field().to_owned(), Json::Null);
        }
    }
    let mut steps = Vec::new();
    if !changes.is_empty() {
        steps.push(Step::UpdateVm { changes });
    }
    steps.extend(staying.into_iter().map(release));
    steps.push(Step::DeleteVm);
    steps
}

fn release(address: &Object) -> Step {
    Step::ReleaseAddress { id: address.id, ip: text(address, "address").to_owned() }
}

/// Whether an address goes when its place does.
fn goes(address: &Object, ledger: &Ledger, rules: Rules) -> bool {
    ledger.addresses.contains(&address.id) || (rules.exclusive && !ledger.adopted.contains(&address.id))
}

/// Finds the object of each address: by id, then where it should be, then elsewhere on the machine, then among those
/// that nobody uses.
pub(super) fn matches(facts: &Facts, wish: &Wish, ledger: &Ledger, rules: Rules) -> Matches {
    let mut found = Matches::new();
    let mut claimed = BTreeSet::new();
    for (place, address) in wish.addresses() {
        if let Which::Id(id) = address.which
            && facts.address(id).is_some()
            && claimed.insert(id)
        {
            found.insert(place, id);
        }
    }
    let managed = |id: u64| rules.exclusive || ledger.addresses.contains(&id) || ledger.adopted.contains(&id);
    type Fits<'f> = &'f dyn Fn(&Place, Ip, &AddressWish, &Object) -> bool;
    let here = |place: &Place, there: &Object| {
        facts.interface(&place.interface).is_some_and(|i| assigned_to(there) == Some(i.id))
    };
    let same_host = |ip: Ip, there: &Object| Ip::of(there).is_some_and(|there| there.host == ip.host);
    let same_vrf = |wish: &AddressWish, there: &Object| {
        let vrf = |body: &Body| body.get("vrf").cloned().unwrap_or(Json::Null);
        agrees(&vrf(&wish.fields), &vrf(&there.fields))
    };
    let passes: [(&[Object], Fits<'_>); 4] = [
        (&facts.addresses, &|place, ip, wish, there| {
            here(place, there) && Ip::of(there) == Some(ip) && same_vrf(wish, there)
        }),
        (&facts.addresses, &|place, ip, _, there| here(place, there) && same_host(ip, there)),
        (&facts.addresses, &|_, ip, wish, there| {
            managed(there.id) && same_host(ip, there) && same_vrf(wish, there)
        }),
        (&facts.loose, &|_, ip, wish, there| {
            !is_assigned(there) && same_host(ip, there) && same_vrf(wish, there)
        }),
    ];
    for (objects, fits) in passes {
        for (place, address) in wish.addresses() {
            let Which::Ip(ip) = address.which else { continue };
            if found.contains_key(&place) {
                continue;
            }
            let there = objects.iter().find(|o| !claimed.contains(&o.id) && fits(&place, ip, address, o));
            if let Some(object) = there {
                claimed.insert(object.id);
                found.insert(place, object.id);
            }
        }
    }
    found
}

struct Work<'a> {
    facts: &'a Facts,
    wish: &'a Wish,
    ledger: &'a Ledger,
    rules: Rules,
    matches: Matches,
}

impl Work<'_> {
    fn machine(&self, steps: &mut Vec<Step>) {
        let Some(vm) = &self.facts.vm else {
            let mut body = self.wish.vm.clone();
            body.retain(|_, value| !value.is_null() && value.as_str() != Some(""));
            steps.push(Step::CreateVm { body });
            return;
        };
        let mut changes = differences(&self.wish.vm, &vm.fields);
        self.respect_ignored_tags(&mut changes, vm);
        for family in Family::BOTH {
            if self.facts.primary(family).is_some_and(|id| self.lets_go(id)) {
                changes.insert(family.field().to_owned(), Json::Null);
            }
        }
        if !changes.is_empty() {
            steps.push(Step::UpdateVm { changes });
        }
    }

    /// Tags of others neither count as a difference nor get lost.
    fn respect_ignored_tags(&self, changes: &mut Body, vm: &Object) {
        let slug = |tag: &Json| tag.get("slug").and_then(Json::as_str).unwrap_or_default().to_owned();
        let there: Vec<&Json> =
            vm.fields.get("tags").and_then(Json::as_array).into_iter().flatten().collect();
        let ignored: Vec<&Json> =
            there.iter().copied().filter(|tag| self.wish.ignored_tags.contains(&slug(tag))).collect();
        let Some(Json::Array(wanted)) = changes.get("tags").cloned().filter(|_| !ignored.is_empty()) else {
            return;
        };
        let rest: BTreeSet<String> =
            there.iter().map(|tag| slug(tag)).filter(|slug| !self.wish.ignored_tags.contains(slug)).collect();
        if rest == wanted.iter().map(slug).collect() {
            changes.remove("tags");
            return;
        }
        let kept = ignored.iter().map(|tag| serde_json::json!({"slug": slug(tag)}));
        changes.insert("tags".to_owned(), wanted.into_iter().chain(kept).collect());
    }

    /// Whether a primary address is one that is taken off its interface, which the server refuses.
    fn lets_go(&self, id: u64) -> bool {
        self.facts.addresses.iter().any(|address| address.id == id && self.fate(address) == Fate::Released)
            || self.matches.iter().any(|(place, matched)| *matched == id && self.moves(place, id))
    }

    /// Whether an address comes to its place from elsewhere.
    fn moves(&self, place: &Place, id: u64) -> bool {
        let target = self.facts.interface(&place.interface).map(|interface| interface.id);
        let at = self.facts.address(id).and_then(assigned_to);
        target.is_none() || at != target
    }

    fn is_doomed(&self, interface: &Object) -> bool {
        let managed = self.rules.exclusive || self.ledger.interfaces.contains(&interface.id);
        managed && !self.wish.interfaces.contains_key(text(interface, "name"))
    }

    /// What becomes of an address on the machine.
    fn fate(&self, address: &Object) -> Fate {
        if self.matches.values().any(|id| *id == address.id) {
            return Fate::Kept;
        }
        let on = assigned_to(address);
        let doomed = self.facts.interfaces.iter().any(|i| Some(i.id) == on && self.is_doomed(i));
        match (goes(address, self.ledger, self.rules), self.ledger.adopted.contains(&address.id)) {
            (true, _) if doomed => Fate::GoesAlong,
            (true, _) => Fate::Deleted,
            (false, true) => Fate::Released,
            (false, false) if doomed => Fate::Released,
            (false, false) => Fate::Kept,
        }
    }

    fn interfaces(&self, steps: &mut Vec<Step>) {
        for (name, wish) in &self.wish.interfaces {
            let mut fields = wish.fields.clone();
            if self.rules.mac_is_field {
                fields.insert("mac_address".to_owned(), wish.mac.clone().map_or(Json::Null, Json::from));
            }
            match self.facts.interface(name) {
                None => {
                    fields.retain(|_, value| !value.is_null() && value.as_str() != Some(""));
                    let body = with(fields, &self.wish.born_with.all);
                    steps.push(Step::CreateInterface { name: name.clone(), body });
                }
                Some(there) => {
                    let changes = differences(&fields, &there.fields);
                    if !changes.is_empty() {
                        let name = name.clone();
                        steps.push(Step::UpdateInterface { id: there.id, name, changes });
                    }
                }
            }
            if !self.rules.mac_is_field {
                self.mac(name, wish, steps);
            }
        }
    }

    fn mac(&self, name: &str, wish: &InterfaceWish, steps: &mut Vec<Step>) {
        let there = self.facts.interface(name);
        let known = there.map(macs).unwrap_or_default();
        let primary = there.and_then(primary_mac);
        let is_wanted = |text: &str| wish.mac.as_deref() == Some(text);
        // Several objects may have the same text: the one that is primary is meant.
        let wanted = known.iter().filter(|mac| is_wanted(&mac.text));
        let found = wanted.max_by_key(|mac| (primary == Some(mac.id), self.ledger.macs.contains(&mac.id)));
        if let (Some(mac), None) = (&wish.mac, found) {
            let (interface, mac, body) = (name.to_owned(), mac.clone(), self.wish.born_with.all.clone());
            steps.push(Step::CreateMac { interface, mac, body });
        }
        for mac in &known {
            let managed = self.rules.exclusive || self.ledger.macs.contains(&mac.id);
            if managed && found.is_none_or(|found| found.id != mac.id) {
                steps.push(Step::DeleteMac { id: mac.id, mac: mac.text.clone() });
            }
        }
        // Last, so that a run that ends before is seen to have something left to do.
        if let Some(mac) = wish.mac.as_ref().filter(|_| found.is_none_or(|found| primary != Some(found.id))) {
            steps.push(Step::SetPrimaryMac { interface: name.to_owned(), mac: mac.clone() });
        }
    }

    fn leaving_addresses(&self, steps: &mut Vec<Step>) {
        for address in &self.facts.addresses {
            match self.fate(address) {
                Fate::Kept | Fate::GoesAlong => {}
                Fate::Released => steps.push(release(address)),
                Fate::Deleted => steps
                    .push(Step::DeleteAddress { id: address.id, ip: text(address, "address").to_owned() }),
            }
        }
    }

    fn wished_addresses(&self, steps: &mut Vec<Step>) {
        for (place, wish) in self.wish.addresses() {
            let there = self.matches.get(&place).and_then(|id| self.facts.address(*id));
            match (there, wish.which) {
                (Some(there), which) => steps.extend(self.changed_address(&place, wish, which, there)),
                (None, Which::Ip(ip)) => {
                    let mut body = wish.fields.clone();
                    body.retain(|_, value| !value.is_null() && value.as_str() != Some(""));
                    body.insert("address".to_owned(), ip.to_string().into());
                    let body = with(with(body, &self.wish.born_with.addresses), &self.wish.born_with.all);
                    steps.push(Step::CreateAddress { interface: place.interface, ip, body });
                }
                // One that does not exist is refused before any step is made.
                (None, Which::Id(_)) => {}
            }
        }
    }

    fn changed_address(
        &self,
        place: &Place,
        wish: &AddressWish,
        which: Which,
        there: &Object,
    ) -> Option<Step> {
        let ip = Ip::of(there)?;
        let mut changes = differences(&wish.fields, &there.fields);
        let mut is = ip;
        if let Which::Ip(wanted) = which
            && wanted != ip
        {
            changes.insert("address".to_owned(), wanted.to_string().into());
            is = wanted;
        }
        let assign_to = self.moves(place, there.id).then(|| place.interface.clone());
        let nothing = changes.is_empty() && assign_to.is_none();
        (!nothing).then_some(Step::UpdateAddress { id: there.id, ip: is, assign_to, changes })
    }

    fn doomed_interfaces(&self, steps: &mut Vec<Step>) {
        for interface in self.facts.interfaces.iter().filter(|interface| self.is_doomed(interface)) {
            let name = text(interface, "name").to_owned();
            steps.push(Step::DeleteInterface { id: interface.id, name });
        }
    }

    fn disks(&self, steps: &mut Vec<Step>) {
        for disk in &self.facts.disks {
            let managed = self.rules.exclusive || self.ledger.disks.contains(&disk.id);
            let name = text(disk, "name");
            if managed && !self.wish.disks.contains_key(name) {
                steps.push(Step::DeleteDisk { id: disk.id, name: name.to_owned() });
            }
        }
        for (name, fields) in &self.wish.disks {
            match self.facts.disk(name) {
                None => {
                    let mut body = fields.clone();
                    body.retain(|_, value| !value.is_null() && value.as_str() != Some(""));
                    let body = with(body, &self.wish.born_with.all);
                    steps.push(Step::CreateDisk { name: name.clone(), body });
                }
                Some(there) => {
                    let changes = differences(fields, &there.fields);
                    if !changes.is_empty() {
                        steps.push(Step::UpdateDisk { id: there.id, name: name.clone(), changes });
                    }
                }
            }
        }
    }

    fn primary(&self, steps: &mut Vec<Step>) {
        let mut addresses = BTreeMap::new();
        for (family, place) in &self.wish.primary {
            let Some((_, wish)) = self.wish.addresses().find(|(at, _)| at == place) else { continue };
            let there = self.matches.get(place).copied();
            let is =
                there.is_some_and(|id| self.facts.primary(*family) == Some(id) && !self.moves(place, id));
            let ip = match wish.which {
                Which::Ip(ip) => Some(ip),
                Which::Id(id) => self.facts.address(id).and_then(Ip::of),
            };
            if let (false, Some(ip)) = (is, ip) {
                addresses.insert(*family, (place.interface.clone(), ip));
            }
        }
        if !addresses.is_empty() {
            steps.push(Step::SetPrimary { addresses });
        }
    }
}

/// What becomes of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    Released,
    Deleted,
    /// It goes when its interface does.
    GoesAlong,
}

fn with(mut body: Body, more: &Body) -> Body {
    for (key, value) in more {
        body.entry(key.clone()).or_insert_with(|| value.clone());
    }
    body
}

impl Ledger {
    /// What is ours once the wish is fulfilled. `before` are the facts that the run began with: an address that was
    /// there then, and that we have no record of, is ours only where nobody has touched it since it was made in its
    /// place, as a run does that was interrupted.
    pub(super) fn settled(
        &self,
        before: &Facts,
        after: &Facts,
        wish: &Wish,
        made: &BTreeSet<u64>,
        rules: Rules,
    ) -> Self {
        let mut ledger = Self::default();
        for (name, interface) in &wish.interfaces {
            let Some(there) = after.interface(name) else { continue };
            ledger.interfaces.insert(there.id);
            let wanted = interface.mac.as_deref().map(normal_mac);
            let ours = macs(there).into_iter().filter(|mac| Some(&mac.text) == wanted.as_ref());
            ledger.macs.extend(ours.filter(|mac| primary_mac(there) == Some(mac.id)).map(|mac| mac.id));
        }
        ledger.disks.extend(wish.disks.keys().filter_map(|name| after.disk(name)).map(|disk| disk.id));
        for (place, id) in matches(after, wish, self, rules) {
            let by_id =
                wish.addresses().any(|(at, address)| at == place && matches!(address.which, Which::Id(_)));
            let undisturbed = || before.addresses.iter().any(|a| a.id == id && born_assigned(a));
            let ours = !by_id
                && !self.adopted.contains(&id)
                && (self.addresses.contains(&id) || made.contains(&id) || undisturbed());
            if ours {
                ledger.addresses.insert(id)
            } else {
                ledger.adopted.insert(id)
            };
        }
        ledger
    }

    /// Everything that is there is ours.
    pub(super) fn of_all(facts: &Facts) -> Self {
        let ids = |objects: &[Object]| objects.iter().map(|object| object.id).collect();
        Self {
            interfaces: ids(&facts.interfaces),
            macs: facts.interfaces.iter().filter_map(primary_mac).collect(),
            addresses: ids(&facts.addresses),
            adopted: BTreeSet::new(),
            disks: ids(&facts.disks),
        }
    }
}

/// Whether an object is as it was made: the server notes both times a moment apart.
fn born_assigned(object: &Object) -> bool {
    use time::OffsetDateTime;
    use time::format_description::well_known::Rfc3339;
    let time = |key: &str| OffsetDateTime::parse(text(object, key), &Rfc3339).ok();
    match (time("created"), time("last_updated")) {
        (Some(created), Some(updated)) => (updated - created).abs() < time::Duration::seconds(1),
        _ => false,
    }
}

#[cfg(test)]
#[path = "steps_tests.rs"]
mod tests;
