//! Making a container: claim a number by the call that makes it, then bring it to its plan like any other.

use std::collections::BTreeSet;
use std::time::Duration;

use tf_framework::{Computed, Diagnostic, Diagnostics, GoDuration, Result};
use tf_value::Path;
use transport_rest::{Budget, Form, Secret};

use super::apply::{Work, seen};
use super::disks::{ROOT, new_root, wanted_mounts};
use super::keeper::Keeper;
use super::model::*;
use super::mounts::{self, Observed, Step};
use super::settings::{group_tag, settings};
use super::state::{observe, remember, settle};
use crate::api::{
    ApiError, CloneGuest, ConfigView, GuestConfig, GuestKind, GuestRef, Inventory, MountPoint, Upid, Vmid,
};
use crate::client::Proxmox;
use crate::errors::failure;
use crate::guest::{
    Claim, ClaimFailure, Here, Placed, Policy, Stamp, Wish, leftover, look_up, place, wait_for_addresses,
};

/// How long an address is waited for where the configuration does not say.
const PATIENCE: Duration = Duration::from_secs(300);

/// Makes the container, or goes on with what an earlier run began. `itself` is the container it replaces.
pub(super) async fn create(
    keeper: &mut dyn Keeper,
    px: &Proxmox,
    plan: Lxc,
    itself: Option<Vmid>,
) -> Result<Lxc> {
    let budget = keeper.budget();
    let what = format!("Creating container {:?} failed", plan.name);
    let failed = |error: ApiError| failure(&what, &error);
    let inventory = px.api.inventory(&budget).await.map_err(failed)?;
    let mut stamp = Stamp::new(&px.owner, GuestKind::Lxc, &plan.name, plan.vmid.known().copied());
    stamp.made = remember(&plan);
    let not: Vec<Vmid> = itself.into_iter().collect();
    let found = leftover(px, GuestKind::Lxc, &plan.name, &stamp, &not, &budget).await.map_err(failed)?;
    let node = match &found {
        // It was placed when it was begun.
        Some(here) if may_be(&plan, &here.guest.node) => here.guest.node.clone(),
        _ => chosen(px, &inventory, &plan).map_err(Diagnostics::from)?.node,
    };
    let here = match found {
        Some(here) => {
            keeper.keep(&half_made(&plan, here.guest.vmid, &here.guest.node))?;
            here
        }
        None => {
            let making =
                Making { px, plan: &plan, stamp: stamp.clone(), node: node.clone(), budget: budget.clone() };
            let order = making.order(&inventory).await?;
            let mut keep = |vmid: Option<Vmid>, node: &str| match vmid {
                Some(vmid) => keeper.keep(&half_made(&plan, vmid, node)),
                None => {
                    keeper.forget();
                    Ok(())
                }
            };
            let (here, warnings) = making.claim(order, &mut keep).await?;
            tell(keeper, &plan, warnings);
            here
        }
    };
    let work = Work::new(keeper, px, None, &plan, stamp);
    let here = work.run(keeper, here, &node).await?;
    let seen = seen(px, here, Some(&plan), &budget).await.map_err(|error| work.failed(&error))?;
    let fresh = observe(&seen, Some(&Lxc { addresses: Computed::Known(Vec::new()), ..plan.clone() }))?;
    let mut made = settle(&plan, &fresh)?;
    keeper.keep(&made)?;
    let waited = wait(px, &plan, &seen.here.place(), &budget).await?;
    if let Computed::Known(addresses) = &mut made.addresses {
        let new: Vec<String> = waited.into_iter().filter(|address| !addresses.contains(address)).collect();
        addresses.extend(new);
    }
    Ok(made)
}

pub(super) fn tell(keeper: &dyn Keeper, plan: &Lxc, warnings: Vec<String>) {
    for warning in warnings {
        keeper.warn(Diagnostic::warning(format!("Container {:?}", plan.name), warning));
    }
}

/// Whether the configuration lets the container be on a node.
pub(super) fn may_be(plan: &Lxc, node: &str) -> bool {
    match (&plan.node, &plan.nodes) {
        (Some(only), _) => only == node,
        (None, Some(nodes)) => nodes.contains(node),
        (None, None) => true,
    }
}

/// The node a new container goes to.
///
/// # Errors
/// None will do.
pub(super) fn chosen(px: &Proxmox, inventory: &Inventory, plan: &Lxc) -> Result<Placed, Diagnostic> {
    if let Some(node) = &plan.node {
        return Ok(Placed { node: node.clone(), memory: 0, group: None, companions: 0 });
    }
    let allowed: BTreeSet<String> = plan.nodes.clone().unwrap_or_default();
    let policy = match plan.placement.as_ref().map_or(PlacementPolicy::Spread, |placement| placement.policy) {
        PlacementPolicy::First => Policy::First,
        PlacementPolicy::Spread => Policy::Spread,
        PlacementPolicy::MostFreeMemory => Policy::MostFreeMemory,
    };
    let memory = u64::from(plan.memory.known().copied().unwrap_or(512)) << 20;
    let group = group_tag(plan);
    let wish = Wish { allowed: &allowed, memory, policy, group: group.as_deref() };
    px.register.place(&plan.name, |placed| place(inventory, &wish, placed)).map_err(|error| {
        Diagnostic::error("There is no place for the container", format!("{error}."))
            .at(Path::root().attribute("nodes"))
    })
}

/// What is in state of a container that is being made: enough to find and remove it.
fn half_made(plan: &Lxc, vmid: Vmid, node: &str) -> Lxc {
    Lxc {
        vmid: Computed::Known(vmid),
        id: Computed::Known(vmid.to_string()),
        current_node: Computed::Known(node.to_owned()),
        ..plan.clone()
    }
}

/// Waits for what the configuration wants to see before the container counts as made.
async fn wait(px: &Proxmox, plan: &Lxc, guest: &GuestRef, budget: &Budget) -> Result<Vec<String>> {
    let Some(wait) = plan.wait_for.as_ref().filter(|wait| wait.addresses) else { return Ok(Vec::new()) };
    let patience = wait.timeout.as_ref().map_or(PATIENCE, GoDuration::length);
    let found = wait_for_addresses(px, guest, &budget.shortened(patience)).await.map_err(|error| {
        let what = format!("Container {:?} (VMID {}) was made, but has no address", plan.name, guest.vmid);
        failure(what, &error).at(&Path::root().attribute("wait_for"))
    })?;
    Ok(found.all().map(|address| address.to_string()).collect())
}

/// One making of a container.
pub(super) struct Making<'a> {
    pub(super) px: &'a Proxmox,
    pub(super) plan: &'a Lxc,
    pub(super) stamp: Stamp,
    pub(super) node: String,
    pub(super) budget: Budget,
}

/// The call that makes a container.
#[derive(Clone)]
pub(super) enum Order {
    /// A clone.
    Clone { source: GuestRef, clone: Box<CloneGuest> },
    /// From a template or a backup.
    Create { node: String, form: Form, storage: Option<String> },
}

impl Making<'_> {
    fn what(&self) -> String {
        format!("Creating container {:?} on {} failed", self.plan.name, self.node)
    }

    /// Claims a number. `keep` keeps track of the container, or forgets it where nothing was left behind.
    pub(super) async fn claim(
        &self,
        order: Order,
        keep: &mut (dyn FnMut(Option<Vmid>, &str) -> Result<()> + Send),
    ) -> Result<(Here, Vec<String>)> {
        let vmid = self.plan.vmid.known().copied();
        let places = order.places();
        let claim = Claim { px: self.px, kind: GuestKind::Lxc, vmid, places, budget: &self.budget };
        let node = order.node().to_owned();
        let mut kept = false;
        let claimed = {
            let dispatch = |vmid, budget| order.clone().send(self.px, vmid, budget);
            let started = |vmid, _: &Upid| {
                kept = true;
                keep(Some(vmid), &node)
            };
            claim.run(dispatch, started).await
        };
        match claimed {
            Ok(claimed) => {
                let here = look_up(self.px, claimed.vmid, &self.budget).await;
                Ok((here.map_err(|error| failure(self.what(), &error))?, claimed.warnings))
            }
            Err(ClaimFailure::Told(errors)) => Err(errors),
            Err(ClaimFailure::Taken { vmid, error }) => {
                if kept {
                    keep(None, &node)?;
                }
                Err(Diagnostics::error_at(
                    Path::root().attribute("vmid"),
                    format!("VMID {vmid} is taken"),
                    format!(
                        "{error}. Leave `vmid` out to let the cluster choose, choose a free one, or import the guest that has it."
                    ),
                ))
            }
            Err(ClaimFailure::Failed { left, error }) => {
                if left.is_none() && kept {
                    keep(None, &node)?;
                }
                Err(failure(self.what(), &error))
            }
        }
    }

    /// The call that makes the container, with everything it can say at once.
    pub(super) async fn order(&self, inventory: &Inventory) -> Result<Order> {
        match (&self.plan.clone, &self.plan.restore, &self.plan.template) {
            (Some(clone), ..) => self.cloned(inventory, clone).await,
            (None, Some(restore), _) => {
                let form = self.settings()?.text("ostemplate", &restore.archive).flag("restore", true);
                let form = form.text("storage", &restore.storage).flag("unique", restore.unique);
                Ok(Order::Create { node: self.node.clone(), form, storage: Some(restore.storage.clone()) })
            }
            (None, None, Some(template)) => self.order_from_template(template, true),
            (None, None, None) => Err(Diagnostics::error(
                self.what(),
                "It has no source. Set `template`, `clone` or `restore`.",
            )),
        }
    }

    /// From a template. Without `with_mounts` it has a root disk only: its mount points are handed over to it.
    pub(super) fn order_from_template(&self, template: &str, with_mounts: bool) -> Result<Order> {
        let root = self.plan.root_disk.known();
        let Some(text) = root.and_then(new_root) else {
            return Err(Diagnostics::error_at(
                Path::root().attribute("root_disk"),
                "A container made from a template needs a root disk",
                "Set `root_disk = { storage = \"…\", size = \"8G\" }`.",
            ));
        };
        let mut form = self.settings()?.text("ostemplate", template).text(ROOT, text);
        if with_mounts {
            form = self.mounts(form)?;
        }
        form = form.flag("unprivileged", self.plan.unprivileged.known().copied().unwrap_or(true));
        if let Some(keys) = &self.plan.ssh_keys {
            form = form.text("ssh-public-keys", keys.join("\n"));
        }
        if let Some(password) = self.plan.password.get() {
            form = form.secret("password", &Secret::from(password.as_str()));
        }
        let storage = root.and_then(|root| root.storage.known().cloned());
        Ok(Order::Create { node: self.node.clone(), form, storage })
    }

    fn settings(&self) -> Result<Form> {
        let unwritable =
            |error: crate::api::PropertyError| Diagnostics::error(self.what(), format!("{error}."));
        let keys = settings(self.plan).map_err(unwritable)?;
        // Protection is switched on when everything else is done.
        let keys = keys.into_iter().filter(|(key, _)| key != "protection");
        let form = keys.fold(Form::new(), |form, (key, value)| form.text(key, value));
        let text = self.plan.description.known().and_then(Option::as_deref);
        let pool = self.plan.pool.known().and_then(Option::as_deref);
        Ok(form.text("description", self.stamp.notes(text)).maybe("pool", pool))
    }

    fn mounts(&self, mut form: Form) -> Result<Form> {
        let nothing = Observed { vmid: 0, mounts: Default::default(), unused: Default::default() };
        let wanted = wanted_mounts(self.plan).unwrap_or_default();
        let steps = mounts::plan(&nothing, &wanted, &BTreeSet::new());
        let steps = steps.map_err(|problems| super::apply::refused(problems, "mounts"))?;
        for step in steps {
            if let Step::Mount { slot, point } = step {
                let text = point.format();
                let text = text.map_err(|error| Diagnostics::error(self.what(), format!("{error}.")))?;
                form = form.text(slot, text);
            }
        }
        Ok(form)
    }

    async fn cloned(&self, inventory: &Inventory, clone: &LxcClone) -> Result<Order> {
        let at = Path::root().attribute("clone").attribute("vmid");
        let Some(guest) = inventory.guest(clone.vmid).filter(|guest| guest.kind == GuestKind::Lxc) else {
            return Err(Diagnostics::error_at(
                at,
                self.what(),
                format!("There is no container {} that this account may see.", clone.vmid),
            ));
        };
        let source = GuestRef::from(guest);
        let config = self.px.api.guest_config(&source, ConfigView::Current, &self.budget).await;
        let config = config.map_err(|error| failure(self.what(), &error).at(&at))?;
        let full = clone.full.unwrap_or(!guest.template);
        let storage = clone.storage.clone().filter(|_| full);
        // To another node a clone goes at once where both see its storages; else it is migrated afterwards.
        let direct = guest.node != self.node && is_shared(inventory, &config, storage.as_deref());
        let text = self.plan.description.known().and_then(Option::as_deref);
        let clone = CloneGuest {
            newid: 0,
            name: Some(self.plan.name.clone()),
            target: direct.then(|| self.node.clone()),
            full: Some(full),
            storage,
            format: None,
            pool: self.plan.pool.known().cloned().flatten(),
            description: Some(self.stamp.notes(text)),
            snapname: clone.snapshot.clone(),
        };
        Ok(Order::Clone { source, clone: Box::new(clone) })
    }
}

/// Whether every node sees the volumes of a container, and those of its clone.
fn is_shared(inventory: &Inventory, config: &GuestConfig, storage: Option<&str>) -> bool {
    let shared = |name: &str| inventory.storages().any(|entry| entry.storage == name && entry.shared);
    let points = config.iter().filter(|(key, _)| *key == ROOT || key.starts_with("mp"));
    let mut volumes = points.filter_map(|(_, text)| MountPoint::parse(text).ok());
    volumes.all(|point| point.source.storage().is_none_or(shared)) && storage.is_none_or(shared)
}

impl Order {
    /// Where the container is first.
    fn node(&self) -> &str {
        match self {
            Self::Clone { source, clone } => clone.target.as_deref().unwrap_or(&source.node),
            Self::Create { node, .. } => node,
        }
    }

    fn places(&self) -> Vec<String> {
        match self {
            Self::Clone { source, .. } => {
                vec![format!("node:{}", source.node), format!("guest:{}", source.vmid)]
            }
            Self::Create { node, storage, .. } => {
                let storage = storage.iter().map(|storage| format!("storage:{node}/{storage}"));
                std::iter::once(format!("node:{node}")).chain(storage).collect()
            }
        }
    }

    async fn send(self, px: &Proxmox, vmid: Vmid, budget: Budget) -> Result<Upid, ApiError> {
        match self {
            Self::Clone { source, clone } => {
                let clone = CloneGuest { newid: vmid, ..*clone };
                px.api.clone_guest(&source, &clone, &budget).await
            }
            Self::Create { node, form, .. } => {
                px.api.create_guest(&GuestRef::lxc(node, vmid), form, &budget).await
            }
        }
    }
}
