//! What would make a build fail, found at plan: node, storages, privileges, number, image.

use tf_framework::{Diagnostic, Diagnostics, PlanContext, Result};
use tf_value::Path;
use transport_rest::Budget;

use super::model::{Template, TemplatePartial, Transfer};
use crate::api::{Availability, DiskSize, GuestKind, Inventory, Presence};
use crate::client::{Proxmox, budget};
use crate::errors::{failed, failure};
use crate::images::{Looked, look};
use crate::preflight::{
    Operation, Scope, StorageNeed, check_node, lacking, problems_of_each, storage_problems,
};

/// Refuses a plan that cannot be carried out. What is not known yet is not judged.
pub(super) async fn check(cx: &PlanContext<Template>) -> Result<()> {
    let Some(px) = cx.try_client() else { return Ok(()) };
    let budget = budget(cx);
    let plan = cx.planned()?;
    let inventory = px.api.inventory(&budget).await;
    let inventory = inventory.map_err(|error| failure("Looking at the cluster failed", &error))?;
    let mut problems = Diagnostics::new();
    if let Some(adopt) = plan.adopt.known() {
        if let Some(vmid) = adopt.vmid.known() {
            problems.extend(adoptable(&px, *vmid, &budget).await?);
        }
        return problems.into_result(());
    }
    let Some(node) = plan.node.known() else { return Ok(()) };
    if let Some(problem) = check_node(&inventory, node, "no template can be built on it") {
        return Err(problem.at(Path::root().attribute("node")).into());
    }
    let looked = looked_at(&px, &plan, &budget).await?;
    problems.extend(too_small(&plan, looked.as_ref()));
    problems.extend(storages(&px, &inventory, &plan, node, &budget).await);
    problems.extend(privileges(&px, &plan, node, looked.as_ref(), &budget).await?);
    problems.extend(number(&px, cx, &plan, &budget).await?);
    problems.into_result(())
}

/// The image from outside, where it can be had from here.
async fn looked_at(px: &Proxmox, plan: &TemplatePartial, budget: &Budget) -> Result<Option<Looked>> {
    let Some(url) = plan.image.known().and_then(|image| image.url.known()) else { return Ok(None) };
    let at = Path::root().attribute("image").attribute("url");
    look(px, url, budget).await.map(Some).map_err(|error| {
        let detail = format!(
            "{url}: {error}. Give the URL of a qcow2, raw or vmdk image; it may be packed with gz, xz, zst or bz2."
        );
        Diagnostics::error_at(at, "The image is no disk image", detail)
    })
}

/// A disk that the image does not fit in.
fn too_small(plan: &TemplatePartial, looked: Option<&Looked>) -> Option<Diagnostic> {
    let size = plan.disk.known()?.size.known()?;
    disk_too_small(size, looked?.disk?)
}

/// Whether a disk of this size is too small for an image of so many bytes.
pub(super) fn disk_too_small(size: &str, image: u64) -> Option<Diagnostic> {
    let wanted: DiskSize = size.parse().ok()?;
    let at = Path::root().attribute("disk").attribute("size");
    let detail = format!(
        "The image's disk has {}, `size` is {wanted}. A disk can only grow: set `size` to at least that, or leave it out.",
        DiskSize(image)
    );
    (wanted.0 < image).then(|| Diagnostic::error("The disk is smaller than the image", detail).at(at))
}

fn image_storage(plan: &TemplatePartial) -> Option<&String> {
    let image = plan.image.known()?;
    if image.storage.is_unknown() {
        return None;
    }
    image.storage.known().or_else(|| plan.disk.known()?.storage.known())
}

async fn storages(
    px: &Proxmox,
    inventory: &Inventory,
    plan: &TemplatePartial,
    node: &str,
    budget: &Budget,
) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let (at_disk, at_image) = (Path::root().attribute("disk"), Path::root().attribute("image"));
    let (disk, image) = (plan.disk.known().and_then(|disk| disk.storage.known()), image_storage(plan));
    let for_disk =
        |storage| StorageNeed { node, storage, content: "images", purpose: "guest disks", bytes: None };
    let for_image =
        |storage| StorageNeed { content: "import", purpose: "disk images to import", ..for_disk(storage) };
    let named = plan.image.known().is_some_and(|image| image.storage.known().is_some());
    let hint = if named { "" } else { " Or pass the image through another storage: set `image.storage`." };
    let at_image = if named { at_image } else { at_disk.clone() }.attribute("storage");
    let at_disk = at_disk.attribute("storage");
    let hinted = |mut problem: Diagnostic| {
        problem.detail.push_str(hint);
        problem.at(at_image.clone())
    };
    match (disk, image) {
        (Some(disk), Some(image)) if disk == image => {
            let needs = [for_disk(disk.as_str()), for_image(image.as_str())];
            let mut found = problems_of_each(&px.api, inventory, &needs, budget).await.into_iter();
            problems.extend(found.next().into_iter().flatten().map(|problem| problem.at(at_disk.clone())));
            problems.extend(found.next().into_iter().flatten().map(hinted));
        }
        (disk, image) => {
            if let Some(disk) = disk {
                let found = storage_problems(&px.api, inventory, &for_disk(disk.as_str()), budget).await;
                problems.extend(found.into_iter().map(|problem| problem.at(at_disk.clone())));
            }
            if let Some(image) = image {
                let found = storage_problems(&px.api, inventory, &for_image(image.as_str()), budget).await;
                problems.extend(found.into_iter().map(hinted));
            }
        }
    }
    // One storage that is not there is one problem, whatever it is needed for.
    problems.dedup_by(|one, other| one.summary == other.summary);
    problems
}

async fn privileges(
    px: &Proxmox,
    plan: &TemplatePartial,
    node: &str,
    looked: Option<&Looked>,
    budget: &Budget,
) -> Result<Vec<Diagnostic>> {
    let permissions = px.api.shared_permissions(budget).await;
    let permissions =
        permissions.map_err(|error| failure("Reading the account's privileges failed", &error))?;
    let number = plan.vmid.known().map_or_else(|| "*".to_owned(), ToString::to_string);
    let guest = Scope { node, vmid: &number, ..Scope::default() };
    let mut needs = vec![
        (Operation::AllocateGuest, guest),
        (Operation::AuditGuest, guest),
        (Operation::ConfigureDisks, guest),
        (Operation::ConfigureCpu, guest),
        (Operation::ConfigureMemory, guest),
        (Operation::ConfigureHardware, guest),
        (Operation::ConfigureOptions, guest),
    ];
    if let Some(storage) = plan.disk.known().and_then(|disk| disk.storage.known()) {
        needs.push((Operation::AllocateDisk, Scope { storage, ..guest }));
    }
    if plan.cloud_init.known().is_some() {
        needs.push((Operation::ConfigureCloudInit, guest));
    }
    if let Some(storage) = image_storage(plan) {
        needs.push((Operation::StoreFile, Scope { storage, ..guest }));
    }
    let by_node = match plan.image.known().and_then(|image| image.transfer.known()) {
        Some(transfer) => *transfer == Transfer::Node,
        None => looked.is_some_and(|looked| !looked.packed),
    };
    if by_node {
        needs.push((Operation::NodeDownload, guest));
    }
    for network in plan.network.known().into_iter().flatten().filter_map(|(_, network)| network.known()) {
        if let Some(bridge) = network.bridge.known() {
            needs.push((Operation::ConfigureNetwork, guest));
            needs.push((Operation::UseBridge, Scope { bridge, ..guest }));
        }
    }
    Ok(lacking(&permissions, px.api.principal(), &needs))
}

/// A number the user chose must be free, unless it is the one this template has, or left half made.
async fn number(
    px: &Proxmox,
    cx: &PlanContext<Template>,
    plan: &TemplatePartial,
    budget: &Budget,
) -> Result<Vec<Diagnostic>> {
    let prior = cx.prior().and_then(|prior| prior.vmid.known().copied());
    let Some(vmid) = cx.config().vmid.known().copied().filter(|vmid| Some(*vmid) != prior) else {
        return Ok(Vec::new());
    };
    let availability = px.api.vmid_availability(vmid, budget).await;
    let what = format!("Asking whether VMID {vmid} is free failed");
    if availability.map_err(|error| failure(what, &error))? == Availability::Free {
        return Ok(Vec::new());
    }
    let holder = match px.api.presence(vmid, budget).await {
        Ok(Presence::Present(guest)) => {
            if plan.name.known() == Some(&guest.name) || guest.lock.as_deref() == Some("create") {
                // What a killed run left behind has this name, once it is made; whether it is ours its stamp tells at
                // apply.
                return Ok(Vec::new());
            }
            format!("{} {:?} on {}", guest.kind, guest.name, guest.node)
        }
        _ => "a guest this account cannot see".to_owned(),
    };
    let detail = format!(
        "It belongs to {holder}. Leave `vmid` out to let the cluster choose, choose a free number, or take the guest \
         over with `adopt = {{ vmid = {vmid} }}`."
    );
    Ok(vec![Diagnostic::error(format!("VMID {vmid} is taken"), detail).at(Path::root().attribute("vmid"))])
}

/// Whether a guest can be taken over.
async fn adoptable(px: &Proxmox, vmid: u32, budget: &Budget) -> Result<Vec<Diagnostic>> {
    let at = Path::root().attribute("adopt").attribute("vmid");
    let what = format!("Guest {vmid} cannot be taken over");
    let problem = match px.api.presence(vmid, budget).await {
        Ok(Presence::Present(guest)) if guest.kind != GuestKind::Qemu => {
            format!("It is the container {:?}; only virtual machines can be templates here.", guest.name)
        }
        Ok(Presence::Present(guest)) if guest.status == "running" => {
            format!("{:?} is running. Shut it down first: it is going to be a template.", guest.name)
        }
        Ok(Presence::Present(_)) => return Ok(Vec::new()),
        Ok(Presence::Gone) => "There is no guest with this number in the cluster.".to_owned(),
        Ok(Presence::Unclear(why)) => format!("{why}."),
        Err(error) => return Ok(vec![failed(what, &error).at(at)]),
    };
    Ok(vec![Diagnostic::error(what, problem).at(at)])
}
