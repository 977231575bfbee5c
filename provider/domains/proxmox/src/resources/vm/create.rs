//! Making a guest: claim a number by cloning, restoring or creating, then bring it to its plan like any other.

use std::collections::BTreeSet;
use std::time::Duration;

use tf_framework::{Computed, Context, Diagnostic, Diagnostics, Result};
use tf_value::Path;
use transport_rest::{Budget, Form};

use super::apply::{Work, seen};
use super::model::*;
use super::settings::group_tag;
use super::source::{self, Route, is_clone, is_restore};
use super::state::{observe, settle};
use crate::api::{ApiError, CloneGuest, ConfigView, Guest, GuestKind, GuestRef, Inventory, Kind, Upid, Vmid};
use crate::client::{Proxmox, budget};
use crate::errors::failure;
use crate::guest::{
    Claim, ClaimFailure, Here, Placed, Policy, Stamp, Wish, leftover, look_up, place, wait_for_addresses,
};

/// How long an agent or an address is waited for where the configuration does not say.
const PATIENCE: Duration = Duration::from_secs(600);
/// Between two questions to an agent: a node holds a worker for three seconds when it does not answer.
const PINGS: Duration = Duration::from_secs(2);

/// No clone.
pub(super) fn no_clone() -> CloneSource {
    let nothing = || Computed::Known(None);
    CloneSource {
        vmid: Computed::Known(None),
        template: nothing(),
        full: Computed::Known(None),
        storage: nothing(),
        format: nothing(),
        snapshot: nothing(),
    }
}

/// No backup.
pub(super) fn no_restore() -> RestoreSource {
    let nothing = || Computed::Known(None);
    RestoreSource { archive: nothing(), storage: nothing(), unique: Computed::Known(None) }
}

/// Inputs that were left open, as what they stand for.
pub(super) fn normalised(mut plan: Vm) -> Vm {
    fn closed<T>(value: &mut Computed<Option<T>>) {
        if value.known().is_none() {
            *value = Computed::Known(None);
        }
    }
    let mut clone = plan.clone.into_known().unwrap_or_default();
    closed(&mut clone.vmid);
    closed(&mut clone.template);
    closed(&mut clone.full);
    closed(&mut clone.storage);
    closed(&mut clone.format);
    closed(&mut clone.snapshot);
    plan.clone = Computed::Known(clone);
    let mut restore = plan.restore.into_known().unwrap_or_default();
    closed(&mut restore.archive);
    closed(&mut restore.storage);
    closed(&mut restore.unique);
    plan.restore = Computed::Known(restore);
    closed(&mut plan.timeouts);
    closed(&mut plan.node);
    closed(&mut plan.nodes);
    for disk in plan.disks_mut() {
        closed(&mut disk.import_from);
    }
    if plan.wait_for.known().is_none() {
        plan.wait_for = Computed::Known(WaitFor { addresses: false, agent: false, timeout: None });
    }
    if let Computed::Known(Some(cloud_init)) = &mut plan.cloud_init {
        closed(&mut cloud_init.user_data);
        closed(&mut cloud_init.network_config);
        closed(&mut cloud_init.vendor_data);
    }
    plan
}

impl Vm {
    fn disks_mut(&mut self) -> impl Iterator<Item = &mut VmDisk> {
        let disks = match &mut self.disks {
            Computed::Known(disks) => Some(disks),
            Computed::Unknown => None,
        };
        disks.into_iter().flat_map(|disks| disks.values_mut())
    }
}

/// One making of a guest.
struct Making<'a> {
    px: &'a Proxmox,
    plan: &'a Vm,
    stamp: Stamp,
    node: String,
    budget: Budget,
}

/// Makes the guest, or goes on with what an earlier run began. `itself` is the guest it replaces.
pub(super) async fn create(cx: &mut Context<Vm>, plan: Vm, itself: Option<Vmid>) -> Result<Vm> {
    let px = cx.client()?;
    let budget = budget(cx);
    let plan = normalised(plan);
    let what = format!("Creating virtual machine {:?} failed", plan.name);
    let inventory = px.api.inventory(&budget).await.map_err(|error| failure(&what, &error))?;
    let fixed = plan.vmid.known().copied();
    let mut stamp = Stamp::new(&px.owner, GuestKind::Qemu, &plan.name, fixed);
    stamp.made = source::remembered(&plan);
    let not: Vec<Vmid> = itself.into_iter().collect();
    let found = leftover(&px, GuestKind::Qemu, &plan.name, &stamp, &not, &budget).await;
    let found = found.map_err(|error| failure(&what, &error))?;
    let node = match (&found, allowed(&plan)) {
        // It was placed when it was begun.
        (Some(here), Some(nodes)) if nodes.contains(&here.guest.node) => here.guest.node.clone(),
        _ => chosen(&px, &inventory, &plan).map_err(Diagnostics::from)?.node,
    };
    let making = Making { px: &px, plan: &plan, stamp, node, budget };
    let here = match found {
        Some(here) => {
            making.keep(cx, here.guest.vmid, &here.guest.node)?;
            here
        }
        None => making.claim(cx, &inventory).await?,
    };
    let vmid = here.guest.vmid;
    let work = Work::new(cx, &px, None, &plan, vmid);
    let here = work.run(cx, here, &making.node).await?;
    let seen = seen(&px, here, Some(&plan), &making.budget).await.map_err(|error| work.failed(&error))?;
    let mut made = settle(&plan, &observe(&seen, Some(&plan)))?;
    super::seed::name_instance(&mut made);
    made.addresses = Computed::Known(Vec::new());
    made.changes = Computed::Known(plan.changes.known().cloned().unwrap_or_default());
    cx.checkpoint(&made)?;
    made.addresses = Computed::Known(making.wait(&seen.here).await?);
    Ok(made)
}

fn allowed(plan: &Vm) -> Option<BTreeSet<String>> {
    plan.nodes.known().cloned().flatten()
}

/// The node a guest goes to: the one that is named, one of those allowed, or the one of its source.
///
/// # Errors
/// None will do.
pub(super) fn chosen(px: &Proxmox, inventory: &Inventory, plan: &Vm) -> Result<Placed, Diagnostic> {
    let here = |node: &str| Placed { node: node.to_owned(), memory: 0, group: None, companions: 0 };
    if let Some(Some(node)) = plan.node.known() {
        return Ok(here(node));
    }
    let Some(nodes) = allowed(plan) else {
        let source = plan.clone.known().filter(|source| is_clone(source));
        let Some(source) = source else {
            return Err(Diagnostic::error(
                "The guest has no place",
                "Set `node`, or `nodes` with those it may be on. Only a clone may leave it to its source.",
            ));
        };
        return match source::find(inventory, source, None) {
            Ok(guest) => Ok(here(&guest.node)),
            Err(error) => {
                Err(Diagnostic::error("The source of the clone cannot be found", format!("{error}."))
                    .at(Path::root().attribute("clone")))
            }
        };
    };
    let policy = match plan.placement.as_ref().map_or(PlacementPolicy::Spread, |placement| placement.policy) {
        PlacementPolicy::Spread => Policy::Spread,
        PlacementPolicy::MostFreeMemory => Policy::MostFreeMemory,
        PlacementPolicy::First => Policy::First,
    };
    let group = group_tag(plan);
    let memory = u64::from(plan.memory.known().copied().unwrap_or(512)) << 20;
    let wish = Wish { allowed: &nodes, memory, policy, group: group.as_deref() };
    px.register.place(&plan.name, |placed| place(inventory, &wish, placed)).map_err(|error| {
        Diagnostic::error("There is no place for the guest", format!("{error}."))
            .at(Path::root().attribute("nodes"))
    })
}

impl Making<'_> {
    fn what(&self) -> String {
        format!("Creating virtual machine {:?} on {} failed", self.plan.name, self.node)
    }

    /// Keeps track of the guest in state.
    fn keep(&self, cx: &mut Context<Vm>, vmid: Vmid, node: &str) -> Result<()> {
        cx.checkpoint(&half_made(self.plan, vmid, node))
    }

    /// Claims a number by the call that makes the guest.
    async fn claim(&self, cx: &mut Context<Vm>, inventory: &Inventory) -> Result<Here> {
        let failed = |error: &ApiError| failure(self.what(), error);
        let notes = self.stamp.notes(self.plan.description.known().and_then(Option::as_deref));
        let order = self.order(inventory, notes).await?;
        let places = order.places();
        let vmid = self.plan.vmid.known().copied();
        let claim = Claim { px: self.px, kind: GuestKind::Qemu, vmid, places, budget: &self.budget };
        let node = order.node().to_owned();
        let mut kept = false;
        let claimed = {
            let dispatch = |vmid, budget| order.clone().send(self.px, vmid, budget);
            let started = |vmid, _: &Upid| {
                kept = true;
                self.keep(cx, vmid, &node)
            };
            claim.run(dispatch, started).await
        };
        match claimed {
            Ok(claimed) => {
                for warning in claimed.warnings {
                    cx.warn(Diagnostic::warning(format!("Virtual machine {:?}", self.plan.name), warning));
                }
                look_up(self.px, claimed.vmid, &self.budget).await.map_err(|error| failed(&error))
            }
            Err(ClaimFailure::Told(errors)) => Err(errors),
            Err(ClaimFailure::Taken { vmid, error }) => {
                cx.forget();
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
                    cx.forget();
                }
                Err(failed(&error))
            }
        }
    }

    /// The call that makes the guest.
    async fn order(&self, inventory: &Inventory, notes: String) -> Result<Order> {
        let plan = self.plan;
        let pool = plan.pool.known().cloned().flatten();
        if let Some(source) = plan.clone.known().filter(|source| is_clone(source)) {
            let at = Path::root().attribute("clone");
            let guest = source::find(inventory, source, Some(&self.node))
                .map_err(|error| Diagnostics::error_at(at.clone(), self.what(), format!("{error}.")))?;
            let place = GuestRef::from(&guest);
            let config = self.px.api.guest_config(&place, ConfigView::Current, &self.budget).await;
            let config = config.map_err(|error| failure(self.what(), &error).at(&at))?;
            let target = match source::route(inventory, &guest, &config, source, &self.node) {
                Route::Here | Route::Then => None,
                Route::Direct => Some(self.node.clone()),
                Route::Never(storage) => return Err(never(&guest, &storage, &self.node).into()),
            };
            let full = source::is_full(source, &guest);
            let clone = CloneGuest {
                newid: 0,
                name: Some(plan.name.clone()),
                target,
                full: Some(full),
                storage: source.storage.known().cloned().flatten().filter(|_| full),
                format: source.format.known().cloned().flatten().filter(|_| full),
                pool,
                description: Some(notes),
                snapname: source.snapshot.known().cloned().flatten(),
            };
            return Ok(Order::Clone { source: place, clone: Box::new(clone) });
        }
        let mut form = Form::new().text("name", &plan.name).text("description", notes);
        form = form.maybe("pool", pool.as_deref());
        if let Some(source) = plan.restore.known().filter(|source| is_restore(source)) {
            form = form
                .maybe("archive", source.archive.known().and_then(Option::as_deref))
                .maybe("storage", source.storage.known().and_then(Option::as_deref))
                .flag("unique", source.unique.known().copied().flatten().unwrap_or(true));
        }
        Ok(Order::Create { node: self.node.clone(), form })
    }

    /// Waits for what the configuration wants to see before the guest counts as made.
    async fn wait(&self, here: &Here) -> Result<Vec<String>> {
        let Some(wait) = self.plan.wait_for.known() else { return Ok(Vec::new()) };
        if !wait.addresses && !wait.agent {
            return Ok(Vec::new());
        }
        let patience = wait.timeout.as_ref().map_or(PATIENCE, tf_framework::GoDuration::length);
        let budget = self.budget.shortened(patience);
        let guest = here.place();
        let at = |error: &ApiError| {
            let what = format!(
                "Virtual machine {:?} (VMID {}) was made, but does not answer",
                self.plan.name, guest.vmid
            );
            failure(what, error).at(&Path::root().attribute("wait_for"))
        };
        if wait.addresses {
            let found = wait_for_addresses(self.px, &guest, &budget).await.map_err(|error| at(&error))?;
            return Ok(found.all().map(|address| address.to_string()).collect());
        }
        loop {
            match self.px.api.agent_ping(&guest, &budget).await {
                Ok(()) => return Ok(Vec::new()),
                Err(error)
                    if !matches!(
                        error.kind(),
                        Some(Kind::AgentDown | Kind::GuestTimeout | Kind::NotRunning)
                    ) =>
                {
                    return Err(at(&error));
                }
                Err(_) => {}
            }
            let slept = budget.sleep(PINGS, || format!("the agent of guest {}", guest.vmid)).await;
            slept.map_err(|error| at(&error.into()))?;
        }
    }
}

/// Why a linked clone cannot be on another node.
pub(super) fn never(source: &Guest, storage: &str, node: &str) -> Diagnostic {
    Diagnostic::error(
        "A linked clone cannot leave its template",
        format!(
            "{:?} (VMID {}) is on {} with disks on {storage}, which {node} does not share. Clone in full (`full = true`), or put \
             a template on {node}.",
            source.name, source.vmid, source.node
        ),
    )
    .at(Path::root().attribute("clone").attribute("full"))
}

/// What is in state of a guest that is being made: enough to find and remove it.
fn half_made(plan: &Vm, vmid: Vmid, node: &str) -> Vm {
    let mut vm = plan.clone();
    vm.vmid = Computed::Known(vmid);
    vm.id = Computed::Known(vmid.to_string());
    vm.current_node = Computed::Known(node.to_owned());
    vm
}

/// A call that makes a guest.
#[derive(Clone)]
enum Order {
    Clone { source: GuestRef, clone: Box<CloneGuest> },
    Create { node: String, form: Form },
}

impl Order {
    /// Where the guest is first.
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
            Self::Create { node, .. } => vec![format!("node:{node}")],
        }
    }

    async fn send(self, px: &Proxmox, vmid: Vmid, budget: Budget) -> Result<Upid, ApiError> {
        match self {
            Self::Clone { source, clone } => {
                let clone = CloneGuest { newid: vmid, ..*clone };
                px.api.clone_guest(&source, &clone, &budget).await
            }
            Self::Create { node, form } => {
                px.api.create_guest(&GuestRef::qemu(node, vmid), form, &budget).await
            }
        }
    }
}
