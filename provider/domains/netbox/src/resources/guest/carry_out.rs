//! Doing what a step says.

use serde_json::Value as Json;
use tf_framework::Path;
use transport_rest::Budget;

use super::facts::{Facts, INTERFACE, Ip, fields, macs};
use super::steps::Step;
use super::wish::Body;
use super::{ADDRESSES, DISKS, INTERFACES, MACHINES, MACS};
use crate::api::{Error, NetBox, Object};

/// What a step sent, to compare the answer with.
pub(super) struct Done {
    pub(super) answer: Option<Object>,
    pub(super) sent: Body,
}

/// One step as one request.
///
/// # Errors
/// The server refused, or did not answer.
pub(super) async fn carry_out(
    api: &NetBox,
    facts: &Facts,
    step: &Step,
    stamp: &str,
    budget: &Budget,
) -> Result<Done, Error> {
    let request = Request { api, facts, budget };
    match step {
        Step::CreateVm { body } => request.create(MACHINES, body.clone(), Some(stamp)).await,
        Step::UpdateVm { changes } => request.update(MACHINES, facts.vm.as_ref(), changes.clone()).await,
        Step::SetPrimary { addresses } => {
            let mut body = Body::new();
            for (family, (interface, ip)) in addresses {
                body.insert(family.field().to_owned(), request.address(interface, *ip)?.into());
            }
            // The server has changed the machine itself where a primary address was deleted.
            request.set(MACHINES, request.machine()?, body).await
        }
        Step::DeleteVm => request.delete(MACHINES, request.machine()?).await,
        Step::CreateInterface { name, body } => {
            request.create(INTERFACES, request.of_machine(name, body)?, None).await
        }
        Step::UpdateInterface { name, changes, .. } => {
            request.update(INTERFACES, facts.interface(name), changes.clone()).await
        }
        Step::SetPrimaryMac { interface, mac } => {
            let there = facts.interface(interface);
            let known = there.map(macs).unwrap_or_default();
            let id = known.into_iter().filter(|known| known.text == *mac).map(|known| known.id).max();
            let body = fields(serde_json::json!({ "primary_mac_address": id }));
            request.set(INTERFACES, there.ok_or_else(|| missing(INTERFACES))?.id, body).await
        }
        Step::DeleteInterface { id, .. } => request.delete(INTERFACES, *id).await,
        Step::CreateMac { interface, mac, body } => {
            let mut body = request.assigned(interface, body)?;
            body.insert("mac_address".to_owned(), mac.clone().into());
            request.create(MACS, body, None).await
        }
        Step::DeleteMac { id, .. } => request.delete(MACS, *id).await,
        Step::CreateAddress { interface, body, .. } => {
            request.create(ADDRESSES, request.assigned(interface, body)?, None).await
        }
        Step::UpdateAddress { id, assign_to, changes, .. } => {
            let body = match assign_to {
                Some(interface) => request.assigned(interface, changes)?,
                None => changes.clone(),
            };
            request.update(ADDRESSES, facts.address(*id), body).await
        }
        Step::ReleaseAddress { id, .. } => {
            let body = serde_json::json!({ "assigned_object_type": null, "assigned_object_id": null });
            request.update(ADDRESSES, facts.address(*id), fields(body)).await
        }
        Step::DeleteAddress { id, .. } => request.delete(ADDRESSES, *id).await,
        Step::CreateDisk { name, body } => request.create(DISKS, request.of_machine(name, body)?, None).await,
        Step::UpdateDisk { name, changes, .. } => {
            request.update(DISKS, facts.disk(name), changes.clone()).await
        }
        Step::DeleteDisk { id, .. } => request.delete(DISKS, *id).await,
    }
}

struct Request<'a> {
    api: &'a NetBox,
    facts: &'a Facts,
    budget: &'a Budget,
}

impl Request<'_> {
    async fn create(&self, path: &str, body: Body, stamp: Option<&str>) -> Result<Done, Error> {
        let answer = self.api.create(path, body.clone(), stamp, self.budget).await?;
        Ok(Done { answer: Some(answer), sent: body })
    }

    /// On the condition that the object is as the facts have it: what was decided was decided on them.
    async fn update(&self, path: &str, there: Option<&Object>, body: Body) -> Result<Done, Error> {
        let there = there.ok_or_else(|| missing(path))?;
        let etag = there.etag();
        let answer = self.api.update(path, there.id, body.clone(), etag.as_ref(), self.budget).await?;
        Ok(Done { answer: Some(answer), sent: body })
    }

    /// Whatever state the object is in.
    async fn set(&self, path: &str, id: u64, body: Body) -> Result<Done, Error> {
        let answer = self.api.update(path, id, body.clone(), None, self.budget).await?;
        Ok(Done { answer: Some(answer), sent: body })
    }

    async fn delete(&self, path: &str, id: u64) -> Result<Done, Error> {
        self.api.delete(path, id, None, self.budget).await?;
        Ok(Done { answer: None, sent: Body::new() })
    }

    fn machine(&self) -> Result<u64, Error> {
        self.facts.vm.as_ref().map(|vm| vm.id).ok_or_else(|| missing(MACHINES))
    }

    fn of_machine(&self, name: &str, body: &Body) -> Result<Body, Error> {
        let mut body = body.clone();
        body.insert("virtual_machine".to_owned(), self.machine()?.into());
        body.insert("name".to_owned(), name.into());
        Ok(body)
    }

    fn assigned(&self, interface: &str, body: &Body) -> Result<Body, Error> {
        let interface = self.facts.interface(interface).ok_or_else(|| missing(INTERFACES))?;
        let mut body = body.clone();
        body.insert("assigned_object_type".to_owned(), INTERFACE.into());
        body.insert("assigned_object_id".to_owned(), interface.id.into());
        Ok(body)
    }

    fn address(&self, interface: &str, ip: Ip) -> Result<u64, Error> {
        let interface = self.facts.interface(interface).ok_or_else(|| missing(INTERFACES))?;
        let found = self.facts.addresses_of(interface.id).find(|address| Ip::of(address) == Some(ip));
        found.map(|address| address.id).ok_or_else(|| missing(ADDRESSES))
    }
}

fn missing(path: &str) -> Error {
    Error::Argument(format!("an object of {path} that this step needs is not there"))
}

/// The fields that the server did not take as they were sent.
pub(super) fn dropped(done: &Done) -> Vec<String> {
    let Some(answer) = &done.answer else { return Vec::new() };
    // The server writes addresses in its own way.
    let same_address = |sent: &Json| {
        let sent = sent.as_str().and_then(Ip::parse);
        sent.is_some() && sent == Ip::of(answer)
    };
    let differing = super::wish::differences(&done.sent, &answer.fields);
    let other = differing.iter().filter(|(key, sent)| key.as_str() != "address" || !same_address(sent));
    other.map(|(key, _)| key.clone()).collect()
}

impl Step {
    /// What the step does, for messages.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::CreateVm { .. } => "Creating the virtual machine".to_owned(),
            Self::UpdateVm { .. } => "Changing the virtual machine".to_owned(),
            Self::DeleteVm => "Deleting the virtual machine".to_owned(),
            Self::CreateInterface { name, .. } => format!("Creating the interface {name:?}"),
            Self::UpdateInterface { name, .. } => format!("Changing the interface {name:?}"),
            Self::DeleteInterface { name, .. } => format!("Deleting the interface {name:?}"),
            Self::CreateMac { interface, mac, .. } => {
                format!("Creating the MAC address {mac} of {interface:?}")
            }
            Self::SetPrimaryMac { interface, mac } => {
                format!("Making {mac} the MAC address of {interface:?}")
            }
            Self::DeleteMac { mac, .. } => format!("Deleting the MAC address {mac}"),
            Self::CreateAddress { interface, ip, .. } => {
                format!("Creating the address {ip} on {interface:?}")
            }
            Self::UpdateAddress { ip, assign_to: Some(interface), .. } => {
                format!("Assigning the address {ip} to {interface:?}")
            }
            Self::UpdateAddress { ip, .. } => format!("Changing the address {ip}"),
            Self::ReleaseAddress { ip, .. } => format!("Releasing the address {ip}"),
            Self::DeleteAddress { ip, .. } => format!("Deleting the address {ip}"),
            Self::CreateDisk { name, .. } => format!("Creating the disk {name:?}"),
            Self::UpdateDisk { name, .. } => format!("Changing the disk {name:?}"),
            Self::DeleteDisk { name, .. } => format!("Deleting the disk {name:?}"),
            Self::SetPrimary { .. } => "Setting the primary addresses".to_owned(),
        }
    }

    /// The argument to blame for a field of the wire.
    pub(super) fn place(&self, field: &str) -> Option<Path> {
        let root = Path::root();
        let known = |field: &str| !field.is_empty() && !field.starts_with('_');
        let machine = |name: &str| known(name) && name != "start_on_boot";
        match self {
            Self::CreateVm { .. } | Self::UpdateVm { .. } | Self::SetPrimary { .. } => {
                machine(field).then(|| root.attribute(field)).filter(is_argument)
            }
            Self::CreateInterface { name, .. } | Self::UpdateInterface { name, .. } => {
                Some(root.attribute("interfaces").key(name.clone()))
            }
            Self::CreateMac { interface, .. } | Self::SetPrimaryMac { interface, .. } => {
                Some(root.attribute("interfaces").key(interface.clone()).attribute("mac_address"))
            }
            Self::CreateAddress { interface, .. }
            | Self::UpdateAddress { assign_to: Some(interface), .. } => {
                Some(root.attribute("interfaces").key(interface.clone()).attribute("addresses"))
            }
            Self::CreateDisk { name, .. } | Self::UpdateDisk { name, .. } => {
                Some(root.attribute("disks").key(name.clone()))
            }
            _ => None,
        }
    }
}

fn is_argument(path: &Path) -> bool {
    use tf_framework::{Model as _, Step as PathStep};
    match path.last() {
        Some(PathStep::Attribute(name)) => super::Guest::block().attributes.contains_key(name.as_str()),
        _ => false,
    }
}
