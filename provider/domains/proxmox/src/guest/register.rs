//! What one run knows of its guests: which it saw in state, which names it plans, where it puts what.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::placement::Placed;
use crate::api::{Inventory, Vmid};

/// The memory of one configured provider.
#[derive(Debug, Default)]
pub(crate) struct Register {
    /// The index as it was when the creations of earlier runs had ended.
    pub(super) beginning: OnceCell<Arc<Inventory>>,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Guests that are in state, by number.
    owned: BTreeSet<Vmid>,
    /// Guests to be made, by the key of their stamp, and the guest each replaces.
    wanted: HashMap<String, Option<Vmid>>,
    /// Guests in state by the key of their stamp.
    keys: HashMap<String, Vmid>,
    /// Keys that a creation was planned for.
    planned: BTreeSet<String>,
    placed: BTreeMap<String, Placed>,
}

impl Register {
    fn with<T>(&self, work: impl FnOnce(&mut Inner) -> T) -> T {
        work(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes a guest that is in state, so that no creation takes it for a leftover.
    ///
    /// Its key is left to the plan: the guest of a tainted resource is read like any other, and then planned as a
    /// creation that knows nothing of what it replaces.
    pub(crate) fn sees(&self, vmid: Vmid) {
        self.with(|inner| {
            inner.owned.insert(vmid);
        });
    }

    /// Notes a guest whose resource is planned with what is in state, under the key of its stamp. Answers whether a
    /// resource that is to be created has the same key: two resources of one configuration then have one name.
    pub(crate) fn owns(&self, vmid: Vmid, key: &str) -> bool {
        self.with(|inner| {
            inner.owned.insert(vmid);
            inner.keys.insert(key.to_owned(), vmid);
            inner.wanted.get(key).is_some_and(|replaced| *replaced != Some(vmid))
        })
    }

    /// Notes a guest that is to be created, and which it replaces. Answers the number of the guest in state that has
    /// the same key, where that is another.
    pub(crate) fn wants(&self, key: &str, replaces: Option<Vmid>) -> Option<Vmid> {
        self.with(|inner| {
            inner.wanted.insert(key.to_owned(), replaces);
            inner.keys.get(key).copied().filter(|vmid| Some(*vmid) != replaces)
        })
    }

    /// Notes that a creation is planned. Answers whether it is the first of its key: Terraform plans a creation once in
    /// a walk, and plan and apply are walks of their own with a provider each, so that a second one is another
    /// resource's.
    pub(crate) fn first(&self, key: &str) -> bool {
        self.with(|inner| inner.planned.insert(key.to_owned()))
    }

    /// Claims a guest that an earlier run left for one resource of this run. Answers whether it was free.
    pub(crate) fn take(&self, vmid: Vmid) -> bool {
        self.with(|inner| inner.owned.insert(vmid))
    }

    /// Gives up a claim.
    pub(crate) fn release(&self, vmid: Vmid) {
        self.with(|inner| {
            inner.owned.remove(&vmid);
        });
    }

    /// Chooses places one after the other: `choose` sees what was placed before, by the names of guests.
    pub(crate) fn place<E>(
        &self,
        guest: &str,
        choose: impl FnOnce(&BTreeMap<String, Placed>) -> Result<Placed, E>,
    ) -> Result<Placed, E> {
        self.with(|inner| {
            if let Some(placed) = inner.placed.get(guest) {
                return Ok(placed.clone());
            }
            let placed = choose(&inner.placed)?;
            inner.placed.insert(guest.to_owned(), placed.clone());
            Ok(placed)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_resources_of_one_name_are_told_in_either_order() {
        let register = Register::default();
        assert_eq!(register.wants("web", None), None);
        assert!(register.owns(101, "web"));

        let register = Register::default();
        assert!(!register.owns(101, "web"));
        assert_eq!(register.wants("web", None), Some(101));
    }

    #[test]
    fn a_replacement_has_the_name_of_what_it_replaces() {
        let register = Register::default();
        assert!(!register.owns(101, "web"));
        assert_eq!(register.wants("web", Some(101)), None);
        assert!(!register.owns(101, "web"));
    }

    #[test]
    fn two_creations_of_one_name_are_told() {
        let register = Register::default();
        assert!(register.first("web") && register.first("db") && !register.first("web"));
    }

    #[test]
    fn a_leftover_is_taken_once() {
        let register = Register::default();
        assert!(register.take(101) && !register.take(101));
        register.release(101);
        assert!(register.take(101));
    }
}
